/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-collection-struct-private.h"
#include "object/ebpf-map-private.h"

#include "base/ebpf-error-private.h"
#include "object/ebpf-load-options-private.h"

/* --- what others are told, and where */

typedef struct
{
  EbpfCollection *self;
  GObject *object; /* or NULL */
  double progress;
} Event;

static void
event_free (gpointer data)
{
  Event *event = data;

  g_object_unref (event->self);
  g_clear_object (&event->object);
  g_free (event);
}

static gboolean
on_event (gpointer user_data)
{
  Event *event = user_data;

  /* Closed meanwhile, which said all that there was to say. */
  if (event->self->state == EBPF_COLLECTION_STATE_LOADING)
    ebpf_collection_tell_step (event->self, event->object, event->progress);

  return G_SOURCE_REMOVE;
}

/* Into the main context of the collection, in the order of the calls. */
static void
queue_call (EbpfCollection *self, GSourceFunc func, gpointer data, GDestroyNotify free_data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, free_data);
  g_source_set_static_name (source, "EbpfCollection");
  g_source_attach (source, self->context);
}

static Event *
event_new (EbpfCollection *self, GObject *object, double progress)
{
  Event *event = g_new0 (Event, 1);

  event->self = g_object_ref (self);
  g_set_object (&event->object, object);
  event->progress = progress;

  return event;
}

static void
queue_step (EbpfCollectionLoad *load, GObject *object, double progress)
{
  EbpfCollection *self = load->user_data;

  queue_call (self, on_event, event_new (self, object, progress), event_free);
}

static void
emit_step (EbpfCollectionLoad *load, GObject *object, double progress)
{
  Event *event = event_new (load->user_data, object, progress);

  on_event (event);
  event_free (event);
}

/* --- loading */

static gboolean
begin_load (EbpfCollection *self, GError **error)
{
  const char *source = ebpf_collection_spec_get_source (self->spec);

  switch (self->state)
    {
    case EBPF_COLLECTION_STATE_NEW:
    case EBPF_COLLECTION_STATE_PREPARED:
      ebpf_collection_set_state (self, EBPF_COLLECTION_STATE_LOADING);
      return TRUE;
    case EBPF_COLLECTION_STATE_LOADING:
      ebpf_error_set (error, EBPF_ERROR_BUSY, 0, "%s is being loaded already",
                      source != NULL ? source : "the collection");
      return FALSE;
    case EBPF_COLLECTION_STATE_LOADED:
      ebpf_error_set (error, EBPF_ERROR_EXISTS, 0,
                      "%s is loaded already; make another collection to load it once more",
                      source != NULL ? source : "the collection");
      return FALSE;
    case EBPF_COLLECTION_STATE_FAILED:
      if (error != NULL)
        ebpf_error_propagate_prefixed (error, g_error_copy (self->failure),
                                       "the load failed before: ");
      return FALSE;
    case EBPF_COLLECTION_STATE_CLOSED:
    default:
      ebpf_error_set (error, EBPF_ERROR_CLOSED, 0, "%s was closed",
                      source != NULL ? source : "the collection");
      return FALSE;
    }
}

/* What was taken out of a collection that was prepared is not the load's any more. */
static void
drop_taken_maps (EbpfCollection *self, EbpfCollectionLoad *load)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, load->maps);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_hash_table_contains (self->maps, name))
      g_hash_table_iter_remove (&iter);
}

/* Closes what the target of a load did not ask for. */
static void
close_rest (EbpfCollection *self)
{
  g_autoptr (GHashTable) maps = g_steal_pointer (&self->maps);
  g_autoptr (GHashTable) programs = g_steal_pointer (&self->programs);
  g_autoptr (GHashTable) variables = g_steal_pointer (&self->variables);
  GHashTableIter iter;
  gpointer object;

  self->maps = ebpf_collection_new_table ();
  self->programs = ebpf_collection_new_table ();
  self->variables = ebpf_collection_new_table ();

  g_hash_table_iter_init (&iter, programs);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    ebpf_program_close (object);

  g_hash_table_iter_init (&iter, maps);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    if (!g_hash_table_contains (self->given_away, object))
      ebpf_map_close (object);
}

/* Takes over what @load made, or undoes it. In the thread of the collection. @failure: taken. */
static gboolean
end_load (EbpfCollection *self, EbpfCollectionLoad *load, GError *failure, GError **error)
{
  const char *log;

  if (load->prepared)
    drop_taken_maps (self, load);

  if (failure == NULL && self->state == EBPF_COLLECTION_STATE_CLOSED)
    ebpf_error_set (&failure, EBPF_ERROR_CLOSED, 0, "it was closed while it was being loaded");

  if (failure != NULL)
    {
      ebpf_collection_load_undo (load);
      if (load->prepared)
        g_hash_table_remove_all (self->maps);
      log = ebpf_error_get_log (failure);
      if (log != NULL)
        {
          ebpf_collection_set_verifier_log (self, log);
        }
      if (self->state == EBPF_COLLECTION_STATE_LOADING)
        {
          self->failure = g_error_copy (failure);
          ebpf_collection_set_state (self, EBPF_COLLECTION_STATE_FAILED);
        }
      g_propagate_error (error, failure);
      return FALSE;
    }

  ebpf_collection_clear_tables (self);
  self->maps = g_hash_table_ref (load->maps);
  self->programs = g_hash_table_ref (load->programs);
  self->variables = g_hash_table_ref (load->variables);
  self->given_away = g_hash_table_new (NULL, NULL);
  g_clear_pointer (&self->new_pins, g_array_unref);
  self->new_pins = g_array_ref (load->new_pins);

  /* Nothing can be missing: it was checked, and all of it was made. */
  if (load->target != NULL)
    {
      GError *unexpected = NULL;

      if (!ebpf_collection_assign (self, load->target, &unexpected))
        {
          close_rest (self);
          self->failure = g_error_copy (unexpected);
          ebpf_collection_set_state (self, EBPF_COLLECTION_STATE_FAILED);
          g_propagate_error (error, unexpected);
          return FALSE;
        }
      close_rest (self);
    }
  else
    {
      self->btf_fd = load->btf_fd;
      load->btf_fd = -1;
    }

  ebpf_collection_set_state (self, EBPF_COLLECTION_STATE_LOADED);

  return TRUE;
}

/* The load that is to be run: the one that was prepared, or a new one. Beyond it, @self is not
 * looked at. NULL, with the collection as it was, where it cannot be. */
static EbpfCollectionLoad *
start_load (EbpfCollection *self,
            EbpfLoadOptions *options,
            GObject *target,
            gboolean detached,
            GCancellable *cancellable,
            GError **error)
{
  const char *source = ebpf_collection_spec_get_source (self->spec);
  g_autoptr (EbpfCollectionSpec) own_spec = NULL;
  g_autoptr (EbpfLoadOptions) own_options = NULL;
  g_autoptr (EbpfCollectionLoad) load = NULL;

  if (self->state == EBPF_COLLECTION_STATE_PREPARED)
    {
      if (options != NULL || target != NULL)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "%s was prepared, which decided on how and what; it is loaded without "
                          "options and without a target",
                          source != NULL ? source : "the collection");
          return NULL;
        }
      if (!begin_load (self, error))
        return NULL;

      load = g_steal_pointer (&self->prepared);
      g_set_object (&load->cancellable, cancellable);
      return g_steal_pointer (&load);
    }

  /* Whatever the application changes from now on is not seen. */
  if (detached)
    {
      own_spec = ebpf_collection_spec_copy (self->spec);
      own_options = ebpf_load_options_copy (options);
    }
  load = ebpf_collection_load_new (detached ? own_spec : self->spec,
                                   detached ? own_options : options, cancellable, &self->aborted);
  load->user_data = self;

  /* A target that asks for what is not there leaves the collection to be loaded otherwise. */
  if (target != NULL && self->state == EBPF_COLLECTION_STATE_NEW &&
      !ebpf_collection_load_set_target (load, target, error))
    return NULL;
  if (!begin_load (self, error))
    return NULL;

  return g_steal_pointer (&load);
}

static gboolean
load_now (EbpfCollection *self,
          EbpfLoadOptions *options,
          GObject *target,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (EbpfCollection) alive = g_object_ref (self);
  g_autoptr (EbpfCollectionLoad) load =
      start_load (self, options, target, FALSE, cancellable, error);
  GError *failure = NULL;

  if (load == NULL)
    return FALSE;

  load->step = g_thread_self () == self->thread ? emit_step : queue_step;
  ebpf_collection_load_run (load, &failure);

  return end_load (self, load, failure, error);
}

/**
 * ebpf_collection_load:
 * @self: a collection
 * @options: (nullable): how to load it
 * @cancellable: (nullable): to give up
 * @error: return location for an error
 *
 * Loads the collection: creates its maps and gives them their first contents, then loads its
 * programs. Blocks until that is done, which can take seconds where the verifier has much to look
 * at.
 *
 * To be called by the thread that made the collection. A collection can be loaded once.
 *
 * Returns: whether it was loaded; where not, nothing was left behind
 */
gboolean
ebpf_collection_load (EbpfCollection *self,
                      EbpfLoadOptions *options,
                      GCancellable *cancellable,
                      GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return load_now (self, options, NULL, cancellable, error);
}

/**
 * ebpf_collection_load_target:
 * @self: a collection
 * @target: an object whose properties are to be filled
 * @options: (nullable): how to load it
 * @cancellable: (nullable): to give up
 * @error: return location for an error
 *
 * Loads what the properties of @target ask for, with what that needs, and nothing else; then fills
 * them as [method@Collection.assign] does. What is not asked for is not even looked at: a program
 * that this kernel rejects does no harm.
 *
 * All of it belongs to @target afterwards, and the collection is left empty: maps that programs
 * need and the target did not ask for live on in those programs. An array of programs that is
 * filled by the object file has to be asked for, or pinned, since the kernel empties one that
 * nobody has open: leaving it out is %EBPF_ERROR_INVALID_ARGUMENT.
 *
 * A target that asks for what the object file does not have is an error before anything is made,
 * which leaves the collection as it was. Where the load fails, nothing was assigned.
 *
 * Returns: whether it was loaded and assigned; where not, nothing was left behind
 */
gboolean
ebpf_collection_load_target (EbpfCollection *self,
                             GObject *target,
                             EbpfLoadOptions *options,
                             GCancellable *cancellable,
                             GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (G_IS_OBJECT (target), FALSE);
  g_return_val_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  return load_now (self, options, target, cancellable, error);
}

static EbpfCollectionLoad *
start_preparation (EbpfCollection *self,
                   EbpfLoadOptions *options,
                   GCancellable *cancellable,
                   GError **error)
{
  const char *source = ebpf_collection_spec_get_source (self->spec);

  if (self->state != EBPF_COLLECTION_STATE_PREPARED)
    return start_load (self, options, NULL, TRUE, cancellable, error);

  ebpf_error_set (error, EBPF_ERROR_EXISTS, 0, "%s was prepared already",
                  source != NULL ? source : "the collection");
  return NULL;
}

/* Keeps what was prepared, or undoes it. In the thread of the collection. @load: taken where it is
 * kept. @failure: taken. */
static gboolean
end_preparation (EbpfCollection *self, EbpfCollectionLoad **load, GError *failure, GError **error)
{
  GHashTableIter iter;
  gpointer name, map;

  if (failure != NULL || self->state == EBPF_COLLECTION_STATE_CLOSED)
    return end_load (self, *load, failure, error);

  /* Tables of their own: what is taken out of the collection is not to be taken from the load. */
  g_hash_table_iter_init (&iter, (*load)->maps);
  while (g_hash_table_iter_next (&iter, &name, &map))
    g_hash_table_insert (self->maps, g_strdup (name), g_object_ref (map));
  self->prepared_code = g_hash_table_ref ((*load)->prepared_code);
  self->new_pins = g_array_ref ((*load)->new_pins);
  self->prepared = g_steal_pointer (load);
  ebpf_collection_set_state (self, EBPF_COLLECTION_STATE_PREPARED);

  return TRUE;
}

/**
 * ebpf_collection_prepare:
 * @self: a collection
 * @options: (nullable): how to load it
 * @cancellable: (nullable): to give up
 * @error: return location for an error
 *
 * Does the first part of a load: creates the maps, gives them their first contents, and adapts the
 * programs to the running kernel without loading them. [method@Collection.load] then does the rest,
 * with the same options.
 *
 * In between, the maps can be used, [method@Collection.dup_prepared_code] tells the instructions
 * that the kernel is going to be given, and a program can be loaded alone, any number of times, by
 * [ctor@Program.new] with these maps in [method@LoadOptions.replace_map]. What is changed in the
 * collection's spec after this counts no more. Maps that hold programs are filled by the load.
 *
 * Returns: whether it was prepared; where not, nothing was left behind
 */
gboolean
ebpf_collection_prepare (EbpfCollection *self,
                         EbpfLoadOptions *options,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (EbpfCollection) alive = NULL;
  g_autoptr (EbpfCollectionLoad) load = NULL;
  GError *failure = NULL;

  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options), FALSE);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), FALSE);

  alive = g_object_ref (self);
  load = start_preparation (self, options, cancellable, error);
  if (load == NULL)
    return FALSE;

  load->step = g_thread_self () == self->thread ? emit_step : queue_step;
  ebpf_collection_load_prepare (load, &failure);

  return end_preparation (self, &load, failure, error);
}

typedef struct
{
  GTask *task; /* the caller's */
  EbpfCollectionLoad *load;
  gboolean prepare; /* and no more */
  GError *failure;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_object_unref (job->task);
  g_clear_pointer (&job->load, ebpf_collection_load_free);
  g_clear_error (&job->failure);
  g_free (job);
}

static gboolean
on_load_done (gpointer user_data)
{
  Job *job = user_data;
  EbpfCollection *self = g_task_get_source_object (job->task);
  GError *failure = g_steal_pointer (&job->failure);
  GError *error = NULL;

  if (job->prepare ? end_preparation (self, &job->load, failure, &error)
                   : end_load (self, job->load, failure, &error))
    g_task_return_boolean (job->task, TRUE);
  else
    g_task_return_error (job->task, error);

  return G_SOURCE_REMOVE;
}

static void
run_job (GTask *worker, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  Job *job = task_data;
  EbpfCollection *self = g_task_get_source_object (job->task);
  GHashTableIter iter;
  gpointer map;

  if (job->prepare)
    ebpf_collection_load_prepare (job->load, &job->failure);
  else
    ebpf_collection_load_run (job->load, &job->failure);

  g_hash_table_iter_init (&iter, job->load->maps);
  while (g_hash_table_iter_next (&iter, NULL, &map))
    ebpf_map_release_user (map);

  /* The worker's task is over before this is run, and does not own the job. */
  queue_call (self, on_load_done, job, job_free);
}

/* @load: taken; NULL with @error set where there is nothing to be run. */
static void
run_later (GTask *task, EbpfCollectionLoad *load, gboolean prepare, GError *error)
{
  g_autoptr (GTask) worker = NULL;
  Job *job;

  /* Whether it was cancelled is for the load to say: a success that nobody hears of would leak. */
  g_task_set_check_cancellable (task, FALSE);

  if (load == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  job = g_new0 (Job, 1);
  job->task = g_object_ref (task);
  job->load = load;
  job->load->step = queue_step;
  job->prepare = prepare;

  worker = g_task_new (NULL, NULL, NULL, NULL);
  g_task_set_source_tag (worker, run_job);
  g_task_set_task_data (worker, job, NULL);
  g_task_run_in_thread (worker, run_job);
}

static void
load_later (EbpfCollection *self,
            EbpfLoadOptions *options,
            GObject *target,
            GTask *task,
            GCancellable *cancellable)
{
  GError *error = NULL;
  EbpfCollectionLoad *load = start_load (self, options, target, TRUE, cancellable, &error);

  run_later (task, load, FALSE, error);
}

/**
 * ebpf_collection_load_async:
 * @self: a collection
 * @options: (nullable): how to load it; a copy of them is used
 * @cancellable: (nullable): to give up
 * @callback: (scope async) (closure user_data): called when it is done
 * @user_data: data for @callback
 *
 * Loads the collection on a thread of its own.
 *
 * Signals and notifications are dispatched where the collection was made, all of them before
 * @callback. Cancelling takes effect at the next map or program; a program that the verifier is
 * looking at cannot be called back.
 */
void
ebpf_collection_load_async (EbpfCollection *self,
                            EbpfLoadOptions *options,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (EBPF_IS_COLLECTION (self));
  g_return_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ebpf_collection_load_async);
  load_later (self, options, NULL, task, cancellable);
}

/**
 * ebpf_collection_load_target_async:
 * @self: a collection
 * @target: an object whose properties are to be filled
 * @options: (nullable): how to load it; a copy of them is used
 * @cancellable: (nullable): to give up
 * @callback: (scope async) (closure user_data): called when it is done
 * @user_data: data for @callback
 *
 * Loads what @target asks for on a thread of its own; see [method@Collection.load_target]. The
 * properties are set in the thread of the collection, before @callback is called.
 */
void
ebpf_collection_load_target_async (EbpfCollection *self,
                                   GObject *target,
                                   EbpfLoadOptions *options,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (EBPF_IS_COLLECTION (self));
  g_return_if_fail (G_IS_OBJECT (target));
  g_return_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ebpf_collection_load_target_async);
  load_later (self, options, target, task, cancellable);
}

/**
 * ebpf_collection_load_target_finish:
 * @self: a collection
 * @result: the result that the callback was given
 * @error: return location for an error
 *
 * Ends [method@Collection.load_target_async].
 *
 * Returns: whether it was loaded and assigned; where not, nothing was left behind
 */
gboolean
ebpf_collection_load_target_finish (EbpfCollection *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ebpf_collection_load_finish:
 * @self: a collection
 * @result: the result that the callback was given
 * @error: return location for an error
 *
 * Ends [method@Collection.load_async].
 *
 * Returns: whether it was loaded; where not, nothing was left behind
 */
gboolean
ebpf_collection_load_finish (EbpfCollection *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ebpf_collection_prepare_async:
 * @self: a collection
 * @options: (nullable): how to load it; a copy of them is used
 * @cancellable: (nullable): to give up
 * @callback: (scope async) (closure user_data): called when it is done
 * @user_data: data for @callback
 *
 * Does the first part of a load on a thread of its own; see [method@Collection.prepare]. Signals and
 * notifications are dispatched as with [method@Collection.load_async], which can do the rest.
 */
void
ebpf_collection_prepare_async (EbpfCollection *self,
                               EbpfLoadOptions *options,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  EbpfCollectionLoad *load;
  GError *error = NULL;

  g_return_if_fail (EBPF_IS_COLLECTION (self));
  g_return_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options));
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ebpf_collection_prepare_async);
  load = start_preparation (self, options, cancellable, &error);
  run_later (task, load, TRUE, error);
}

/**
 * ebpf_collection_prepare_finish:
 * @self: a collection
 * @result: the result that the callback was given
 * @error: return location for an error
 *
 * Ends [method@Collection.prepare_async].
 *
 * Returns: whether it was prepared; where not, nothing was left behind
 */
gboolean
ebpf_collection_prepare_finish (EbpfCollection *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
