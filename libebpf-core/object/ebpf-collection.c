/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-collection-struct-private.h"

#include "base/ebpf-enum-types.h"
#include "base/ebpf-error-private.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-variable-private.h"
#include "spec/ebpf-collection-spec-private.h"
#include "sys/ebpf-sys-private.h"

/**
 * EbpfCollection:
 *
 * The maps, programs and variables of an object file, in the kernel.
 *
 * A collection is made from a [class@CollectionSpec] and loaded once: by [method@Collection.load],
 * or in the background by [method@Collection.load_async]. It is all or nothing: where anything
 * fails, nothing stays behind, and the error says what it was. A collection owns what it loaded
 * until it is closed, unless [method@Collection.take_map], [method@Collection.take_program] or
 * [method@Collection.assign] take something out.
 *
 * Signals and notifications come in the thread that made the collection: in its thread-default main
 * context at that time, whichever thread the load runs on.
 */

G_DEFINE_FINAL_TYPE (EbpfCollection, ebpf_collection, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_SPEC,
  PROP_STATE,
  PROP_PROGRESS,
  PROP_VERIFIER_LOG,
  N_PROPS
};

enum
{
  MAP_CREATED,
  PROGRAM_LOADED,
  CLOSED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* Frees what is still the collection's; the objects' own finalisers close them. */
void
ebpf_collection_clear_tables (EbpfCollection *self)
{
  g_clear_pointer (&self->variables, g_hash_table_unref);
  g_clear_pointer (&self->programs, g_hash_table_unref);
  g_clear_pointer (&self->maps, g_hash_table_unref);
  g_clear_pointer (&self->given_away, g_hash_table_unref);
}

static void
ebpf_collection_finalize (GObject *object)
{
  EbpfCollection *self = EBPF_COLLECTION (object);

  ebpf_collection_clear_tables (self);
  g_clear_pointer (&self->prepared, ebpf_collection_load_free);
  g_clear_pointer (&self->prepared_code, g_hash_table_unref);
  g_clear_pointer (&self->new_pins, g_array_unref);
  ebpf_sys_clear_fd (&self->btf_fd);
  g_clear_object (&self->spec);
  g_clear_error (&self->failure);
  g_free (self->verifier_log);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (ebpf_collection_parent_class)->finalize (object);
}

static void
ebpf_collection_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfCollection *self = EBPF_COLLECTION (object);

  switch (prop_id)
    {
    case PROP_SPEC:
      g_value_set_object (value, self->spec);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, self->progress);
      break;
    case PROP_VERIFIER_LOG:
      g_value_set_string (value, self->verifier_log);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_collection_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  EbpfCollection *self = EBPF_COLLECTION (object);

  switch (prop_id)
    {
    case PROP_SPEC:
      if (g_value_get_object (value) != NULL)
        self->spec = ebpf_collection_spec_copy (g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_collection_constructed (GObject *object)
{
  EbpfCollection *self = EBPF_COLLECTION (object);

  if (self->spec == NULL)
    self->spec = ebpf_collection_spec_new ();

  G_OBJECT_CLASS (ebpf_collection_parent_class)->constructed (object);
}

static void
ebpf_collection_class_init (EbpfCollectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = ebpf_collection_constructed;
  object_class->finalize = ebpf_collection_finalize;
  object_class->get_property = ebpf_collection_get_property;
  object_class->set_property = ebpf_collection_set_property;

  /**
   * EbpfCollection:spec:
   *
   * What it is loaded from: a copy of the spec that it was made from.
   */
  properties[PROP_SPEC] =
      g_param_spec_object ("spec", NULL, NULL, EBPF_TYPE_COLLECTION_SPEC,
                           G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfCollection:state:
   *
   * Where it stands.
   */
  properties[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, EBPF_TYPE_COLLECTION_STATE, EBPF_COLLECTION_STATE_NEW,
                         G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfCollection:progress:
   *
   * How much of the load is done: from 0 to 1.
   */
  properties[PROP_PROGRESS] =
      g_param_spec_double ("progress", NULL, NULL, 0, 1, 0,
                           G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfCollection:verifier-log:
   *
   * What the kernel's verifier wrote about the program that it rejected, or %NULL.
   */
  properties[PROP_VERIFIER_LOG] =
      g_param_spec_string ("verifier-log", NULL, NULL, NULL,
                           G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * EbpfCollection::map-created:
   * @self: the collection
   * @map: a map
   *
   * Emitted when a map is ready: created, or opened where it is shared with others.
   *
   * The load may still fail, and the map is closed then.
   */
  signals[MAP_CREATED] = g_signal_new ("map-created", EBPF_TYPE_COLLECTION, G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 1, EBPF_TYPE_MAP);

  /**
   * EbpfCollection::program-loaded:
   * @self: the collection
   * @program: a program
   *
   * Emitted when the kernel took a program.
   *
   * The load may still fail, and the program is closed then.
   */
  signals[PROGRAM_LOADED] = g_signal_new ("program-loaded", EBPF_TYPE_COLLECTION, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 1, EBPF_TYPE_PROGRAM);

  /**
   * EbpfCollection::closed:
   * @self: the collection
   *
   * Emitted once, when it is closed.
   */
  signals[CLOSED] = g_signal_new ("closed", EBPF_TYPE_COLLECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

GHashTable *
ebpf_collection_new_table (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

static void
ebpf_collection_init (EbpfCollection *self)
{
  self->btf_fd = -1;
  self->maps = ebpf_collection_new_table ();
  self->programs = ebpf_collection_new_table ();
  self->variables = ebpf_collection_new_table ();
  self->given_away = g_hash_table_new (NULL, NULL);
  self->context = g_main_context_ref_thread_default ();
  self->thread = g_thread_self ();
}

/**
 * ebpf_collection_new:
 * @spec: what is to be loaded
 *
 * Creates a collection; nothing is loaded yet. It works on a copy of @spec, which can serve any
 * number of collections.
 *
 * Returns: (transfer full): a new collection
 */
EbpfCollection *
ebpf_collection_new (EbpfCollectionSpec *spec)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (spec), NULL);

  return g_object_new (EBPF_TYPE_COLLECTION, "spec", spec, NULL);
}

EbpfCollection *
ebpf_collection_new_loaded (EbpfCollectionSpec *spec, GHashTable *maps, GHashTable *programs)
{
  EbpfCollection *self = ebpf_collection_new (spec);
  GPtrArray *variables = ebpf_collection_spec_peek_variables (self->spec);

  g_hash_table_unref (self->maps);
  self->maps = g_hash_table_ref (maps);
  g_hash_table_unref (self->programs);
  self->programs = g_hash_table_ref (programs);

  for (guint i = 0; i < variables->len; i++)
    {
      EbpfVariableSpec *variable = g_ptr_array_index (variables, i);
      EbpfMap *map = g_hash_table_lookup (maps, ebpf_variable_spec_get_section (variable));

      if (map != NULL)
        g_hash_table_insert (self->variables, g_strdup (ebpf_variable_spec_get_name (variable)),
                             ebpf_variable_new (variable, map));
    }

  self->state = EBPF_COLLECTION_STATE_LOADED;
  self->progress = 1;
  return self;
}

void
ebpf_collection_tell_step (EbpfCollection *self, GObject *object, double progress)
{
  self->progress = progress;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
  if (EBPF_IS_MAP (object))
    g_signal_emit (self, signals[MAP_CREATED], 0, object);
  else if (EBPF_IS_PROGRAM (object))
    g_signal_emit (self, signals[PROGRAM_LOADED], 0, object);
}

void
ebpf_collection_set_state (EbpfCollection *self, EbpfCollectionState state)
{
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
ebpf_collection_set_verifier_log (EbpfCollection *self, const char *log)
{
  g_free (self->verifier_log);
  self->verifier_log = g_strdup (log);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VERIFIER_LOG]);
}

/**
 * ebpf_collection_close:
 * @self: a collection
 *
 * Closes all programs, maps and variables that are still the collection's. What is attached or
 * pinned stays in the kernel. A load that is under way fails. Closing again does nothing.
 */
void
ebpf_collection_close (EbpfCollection *self)
{
  g_autoptr (GHashTable) maps = NULL;
  g_autoptr (GHashTable) programs = NULL;
  g_autoptr (GHashTable) variables = NULL;
  g_autoptr (GHashTable) given_away = NULL;
  GHashTableIter iter;
  gpointer object;

  g_return_if_fail (EBPF_IS_COLLECTION (self));

  if (self->state == EBPF_COLLECTION_STATE_CLOSED)
    return;

  g_object_ref (self);
  g_atomic_int_set (&self->aborted, TRUE);

  /* Out of reach first: handlers of what is closed may ask for it. */
  maps = g_steal_pointer (&self->maps);
  programs = g_steal_pointer (&self->programs);
  variables = g_steal_pointer (&self->variables);
  given_away = g_steal_pointer (&self->given_away);
  g_clear_pointer (&self->prepared, ebpf_collection_load_free);
  ebpf_sys_clear_fd (&self->btf_fd);
  self->maps = ebpf_collection_new_table ();
  self->programs = ebpf_collection_new_table ();
  self->variables = ebpf_collection_new_table ();
  self->given_away = g_hash_table_new (NULL, NULL);
  self->state = EBPF_COLLECTION_STATE_CLOSED;

  g_hash_table_iter_init (&iter, programs);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    ebpf_program_close (object);

  g_hash_table_iter_init (&iter, maps);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    if (!g_hash_table_contains (given_away, object))
      ebpf_map_close (object);

  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_signal_emit (self, signals[CLOSED], 0);
  g_object_unref (self);
}
