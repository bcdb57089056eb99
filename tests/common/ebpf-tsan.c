/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What GLib guarantees between threads, told to the thread sanitizer. GLib locks by futex(2) and
 * counts by atomic instructions in code that is not instrumented, so the sanitizer sees neither and
 * would report each use of a GMutex as a race. These functions come before GLib's own, which they
 * call; GLib's calls of itself do not pass through here. Linked into every test of a build with
 * -Db_sanitize=thread, and into nothing else. */

#include <dlfcn.h>
#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

/* Pairs of release and acquire, by address. */
void __tsan_acquire (void *address);
void __tsan_release (void *address);

#define REAL(func) ((__typeof__ (&func)) real (&real_##func, #func))
#define DECLARE(func) static gpointer real_##func

static gpointer
real (gpointer *cache, const char *name)
{
  gpointer symbol = __atomic_load_n (cache, __ATOMIC_RELAXED);

  if (symbol == NULL)
    {
      symbol = dlsym (RTLD_NEXT, name);
      __atomic_store_n (cache, symbol, __ATOMIC_RELAXED);
    }

  return symbol;
}

/* --- locks. The sanitizer finds orders in which two threads would wait for each other, too. */

#define LOCK(func, type, flags)                                                                    \
  DECLARE (func);                                                                                  \
  void func (type *lock)                                                                           \
  {                                                                                                \
    __tsan_mutex_pre_lock (lock, (flags));                                                         \
    REAL (func) (lock);                                                                            \
    __tsan_mutex_post_lock (lock, (flags), 0);                                                     \
  }

#define TRY_LOCK(func, type, flags)                                                                \
  DECLARE (func);                                                                                  \
  gboolean func (type *lock)                                                                       \
  {                                                                                                \
    gboolean locked;                                                                               \
                                                                                                   \
    __tsan_mutex_pre_lock (lock, (flags) | __tsan_mutex_try_lock);                                 \
    locked = REAL (func) (lock);                                                                   \
    __tsan_mutex_post_lock (                                                                       \
        lock, (flags) | __tsan_mutex_try_lock | (locked ? 0 : __tsan_mutex_try_lock_failed), 0);   \
                                                                                                   \
    return locked;                                                                                 \
  }

#define UNLOCK(func, type, flags)                                                                  \
  DECLARE (func);                                                                                  \
  void func (type *lock)                                                                           \
  {                                                                                                \
    __tsan_mutex_pre_unlock (lock, (flags));                                                       \
    REAL (func) (lock);                                                                            \
    __tsan_mutex_post_unlock (lock, (flags));                                                      \
  }

#define CLEAR(func, type)                                                                          \
  DECLARE (func);                                                                                  \
  void func (type *lock)                                                                           \
  {                                                                                                \
    __tsan_mutex_destroy (lock, 0);                                                                \
    REAL (func) (lock);                                                                            \
  }

#define RECURSIVE (__tsan_mutex_write_reentrant)
#define READER (__tsan_mutex_read_lock)

LOCK (g_mutex_lock, GMutex, 0)
TRY_LOCK (g_mutex_trylock, GMutex, 0)
UNLOCK (g_mutex_unlock, GMutex, 0)
CLEAR (g_mutex_clear, GMutex)

LOCK (g_rec_mutex_lock, GRecMutex, RECURSIVE)
TRY_LOCK (g_rec_mutex_trylock, GRecMutex, RECURSIVE)
UNLOCK (g_rec_mutex_unlock, GRecMutex, 0)
CLEAR (g_rec_mutex_clear, GRecMutex)

LOCK (g_rw_lock_writer_lock, GRWLock, 0)
TRY_LOCK (g_rw_lock_writer_trylock, GRWLock, 0)
UNLOCK (g_rw_lock_writer_unlock, GRWLock, 0)
LOCK (g_rw_lock_reader_lock, GRWLock, READER)
TRY_LOCK (g_rw_lock_reader_trylock, GRWLock, READER)
UNLOCK (g_rw_lock_reader_unlock, GRWLock, READER)
CLEAR (g_rw_lock_clear, GRWLock)

DECLARE (g_cond_wait);
void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

DECLARE (g_cond_wait_until);
gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);

  return signalled;
}

/* --- what is made once. The quick check of g_once_init_enter () is inline, and seen. */

#undef g_once_init_enter
#undef g_once_init_leave

DECLARE (g_once_init_enter);
gboolean
g_once_init_enter (volatile void *location)
{
  gboolean enter = REAL (g_once_init_enter) (location);

  if (!enter)
    __tsan_acquire ((void *) location);

  return enter;
}

DECLARE (g_once_init_leave);
void
g_once_init_leave (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  REAL (g_once_init_leave) (location, result);
}

/* --- reference counts: what was done before the reference was dropped comes before the end. */

#undef g_object_ref

DECLARE (g_object_ref);
gpointer
g_object_ref (gpointer object)
{
  __tsan_release (object);

  return REAL (g_object_ref) (object);
}

DECLARE (g_object_unref);
void
g_object_unref (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  REAL (g_object_unref) (object);
}

DECLARE (g_weak_ref_get);
gpointer
g_weak_ref_get (GWeakRef *weak_ref)
{
  gpointer object = REAL (g_weak_ref_get) (weak_ref);

  if (object != NULL)
    __tsan_acquire (object);

  return object;
}

DECLARE (g_weak_ref_init);
void
g_weak_ref_init (GWeakRef *weak_ref, gpointer object)
{
  if (object != NULL)
    __tsan_release (object);
  REAL (g_weak_ref_init) (weak_ref, object);
}

/* --- what is handed from thread to thread */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
callback_run (gpointer user_data)
{
  Callback *callback = user_data;
  GSource *source = g_main_current_source ();

  if (source != NULL)
    __tsan_acquire (source);
  __tsan_acquire (callback);

  return callback->func (callback->data);
}

static void
callback_free (gpointer user_data)
{
  Callback *callback = user_data;

  __tsan_acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

static Callback *
callback_new (GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  callback->func = func;
  callback->data = data;
  callback->notify = notify;
  __tsan_release (callback);

  return callback;
}

/* Callbacks with more arguments, as those of cancellables, are not for this; here they have no data. */
DECLARE (g_source_set_callback);
void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  if (func == NULL || data == NULL)
    {
      REAL (g_source_set_callback) (source, func, data, notify);
      return;
    }

  REAL (g_source_set_callback)
  (source, callback_run, callback_new (func, data, notify), callback_free);
}

/* Sources of one's own: their functions are called in another thread than the one that made them. */
typedef struct
{
  GSourceFuncs funcs;
  GSourceFuncs *own;
} Funcs;

static gboolean
source_prepare (GSource *source, int *timeout)
{
  __tsan_acquire (source);
  return ((Funcs *) source->source_funcs)->own->prepare (source, timeout);
}

static gboolean
source_check (GSource *source)
{
  __tsan_acquire (source);
  return ((Funcs *) source->source_funcs)->own->check (source);
}

static void
source_finalize (GSource *source)
{
  __tsan_acquire (source);
  if (((Funcs *) source->source_funcs)->own->finalize != NULL)
    ((Funcs *) source->source_funcs)->own->finalize (source);
}

DECLARE (g_source_new);
GSource *
g_source_new (GSourceFuncs *own, guint size)
{
  static GMutex lock;
  static GHashTable *known;
  Funcs *funcs;

  g_mutex_lock (&lock);
  if (known == NULL)
    known = g_hash_table_new (NULL, NULL);
  funcs = g_hash_table_lookup (known, own);
  if (funcs == NULL)
    {
      funcs = g_new0 (Funcs, 1);
      funcs->funcs = *own;
      funcs->own = own;
      if (own->prepare != NULL)
        funcs->funcs.prepare = source_prepare;
      if (own->check != NULL)
        funcs->funcs.check = source_check;
      funcs->funcs.finalize = source_finalize;
      g_hash_table_insert (known, own, funcs);
    }
  g_mutex_unlock (&lock);

  return REAL (g_source_new) (&funcs->funcs, size);
}

DECLARE (g_source_destroy);
void
g_source_destroy (GSource *source)
{
  __tsan_release (source);
  REAL (g_source_destroy) (source);
}

DECLARE (g_source_unref);
void
g_source_unref (GSource *source)
{
  __tsan_release (source);
  __tsan_acquire (source);
  REAL (g_source_unref) (source);
}

DECLARE (g_source_attach);
guint
g_source_attach (GSource *source, GMainContext *context)
{
  __tsan_release (source);

  return REAL (g_source_attach) (source, context);
}

DECLARE (g_task_run_in_thread);
static void
task_run (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  GTaskThreadFunc func = g_object_get_data (G_OBJECT (task), "ebpf-tsan");

  __tsan_acquire (task);
  func (task, source_object, task_data, cancellable);
}

void
g_task_run_in_thread (GTask *task, GTaskThreadFunc func)
{
  g_object_set_data (G_OBJECT (task), "ebpf-tsan", func);
  __tsan_release (task);
  REAL (g_task_run_in_thread) (task, task_run);
}

#define TASK_RETURN(func, parameters, arguments)                                                   \
  DECLARE (func);                                                                                  \
  void func parameters                                                                             \
  {                                                                                                \
    __tsan_release (task);                                                                         \
    REAL (func) arguments;                                                                         \
  }

#define TASK_PROPAGATE(func, type)                                                                 \
  DECLARE (func);                                                                                  \
  type func (GTask *task, GError **error)                                                          \
  {                                                                                                \
    __tsan_acquire (task);                                                                         \
    return REAL (func) (task, error);                                                              \
  }

TASK_RETURN (g_task_return_boolean, (GTask * task, gboolean result), (task, result))
TASK_RETURN (g_task_return_error, (GTask * task, GError *error), (task, error))
TASK_RETURN (g_task_return_pointer,
             (GTask * task, gpointer result, GDestroyNotify notify),
             (task, result, notify))
TASK_PROPAGATE (g_task_propagate_boolean, gboolean)
TASK_PROPAGATE (g_task_propagate_pointer, gpointer)

DECLARE (g_async_queue_push);
void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  REAL (g_async_queue_push) (queue, data);
}

DECLARE (g_async_queue_pop);
gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  __tsan_acquire (queue);

  return data;
}

DECLARE (g_async_queue_try_pop);
gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = REAL (g_async_queue_try_pop) (queue);

  __tsan_acquire (queue);

  return data;
}
