/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads that use the same things at once, for EBPF_TEST_SECONDS each. What matters here is seen by
 * the thread sanitizer (./dev tsan) and the address sanitizer (./dev asan); without them it is seen
 * whether the library keeps its promises. */

#include <ebpf.h>

#include <glib/gstdio.h>
#include <string.h>

#include "ebpf-test.h"

#define N_THREADS 2
#define N_MAPS 4
#define N_KEYS 64

static double seconds = 0.5;

/* Until when a test goes on; the one that the issue names is the long one. */
static gint64
deadline (gboolean is_long)
{
  double share = is_long || seconds < 10 ? seconds : seconds / 12;

  return g_get_monotonic_time () + (gint64) (share * G_USEC_PER_SEC);
}

static void
run_threads (GThreadFunc func, gpointer data)
{
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("worker", func, data);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

/* --- maps: updated, gone through, pinned and closed by all threads */

typedef struct
{
  GMutex lock;
  EbpfMap *maps[N_MAPS];
  EbpfMapSpec *specs[N_MAPS];
  const char *bpffs;
  gint64 end;
  gint next_number; /* atomic */
  gint n_closed;    /* atomic */
  gint n_updates;   /* atomic */
  gint n_entries;   /* atomic */
  gint n_pins;      /* atomic */
} Maps;

static EbpfMap *
new_shared (Maps *test, guint slot)
{
  g_autoptr (GError) error = NULL;
  EbpfMap *map = ebpf_map_new (test->specs[slot], &error);

  g_assert_no_error (error);
  return map;
}

static EbpfMap *
ref_shared (Maps *test, guint slot)
{
  EbpfMap *map;

  g_mutex_lock (&test->lock);
  map = g_object_ref (test->maps[slot]);
  g_mutex_unlock (&test->lock);

  return map;
}

/* Another thread may have closed it, deleted the key, or filled the map; nothing else goes wrong. */
static gboolean
check (EbpfMap *map, gboolean ok, GError **error)
{
  if (ok)
    {
      g_assert_no_error (*error);
      return TRUE;
    }

  g_assert_nonnull (*error);
  if (ebpf_map_is_open (map) && !g_error_matches (*error, EBPF_ERROR, EBPF_ERROR_CLOSED) &&
      !g_error_matches (*error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND) &&
      !g_error_matches (*error, EBPF_ERROR, EBPF_ERROR_EXISTS) &&
      !g_error_matches (*error, EBPF_ERROR, EBPF_ERROR_BUSY) &&
      !g_error_matches (*error, EBPF_ERROR, EBPF_ERROR_LIMIT))
    g_error ("%s", (*error)->message);
  g_clear_error (error);

  return FALSE;
}

/* What is written into a map says which type it is of: what is read was written to such a map. Which key
 * it was for the kernel does not promise, since it gives the place of a deleted entry to the next while
 * another thread reads it. */
#define VALUE(map, key) ((guint32) ebpf_map_get_map_type (map) * 1000 + (key))

static void
check_value (EbpfMap *map, GBytes *value)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (value, &size);

  g_assert_cmpuint (size % 4, ==, 0);
  for (gsize i = 0; i < size; i += 4)
    {
      guint32 word;

      memcpy (&word, data + i, 4);
      /* Entries of an array and CPUs that nobody wrote to are zero. */
      g_assert_true (word == 0 || (word >= VALUE (map, 0) && word < VALUE (map, N_KEYS)));
    }
}

static GBytes *
new_value (EbpfMap *map, guint32 key)
{
  gsize size = ebpf_map_get_value_buffer_size (map);
  g_autofree guint32 *words = g_new (guint32, size / 4);

  for (gsize i = 0; i < size / 4; i++)
    words[i] = VALUE (map, key);

  return g_bytes_new (words, size);
}

static void
use_map (Maps *test, EbpfMap *map, GRand *rand)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) value = NULL;
  g_autoptr (GBytes) key_bytes = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (EbpfMapIterator) iterator = NULL;
  g_autoptr (EbpfMapSnapshot) snapshot = NULL;
  g_autoptr (EbpfMap) other = NULL;
  g_autofree char *path = NULL;
  guint32 key = (guint32) g_rand_int_range (rand, 0, N_KEYS);

  switch (g_rand_int_range (rand, 0, 9))
    {
    case 0:
    case 1:
      value = new_value (map, key);
      if (check (map, ebpf_map_update_raw (map, &key, g_bytes_get_data (value, NULL), 0, &error),
                 &error))
        g_atomic_int_inc (&test->n_updates);
      break;

    case 2:
      key_bytes = g_bytes_new (&key, sizeof key);
      value = ebpf_map_lookup_bytes (map, key_bytes, &error);
      if (check (map, value != NULL, &error))
        check_value (map, value);
      break;

    case 3:
      variant = ebpf_map_lookup (map, g_variant_new_uint32 (key), &error);
      check (map, variant != NULL, &error);
      break;

    case 4:
      if (ebpf_map_get_map_type (map) != EBPF_MAP_TYPE_ARRAY)
        check (map, ebpf_map_delete_key (map, g_variant_new_uint32 (key), &error), &error);
      break;

    case 5:
      iterator = ebpf_map_iterate (map);
      while (ebpf_map_iterator_next (iterator, &error))
        {
          g_autoptr (GBytes) one = ebpf_map_iterator_get_key_bytes (iterator);
          g_autoptr (GBytes) its = ebpf_map_iterator_get_value_bytes (iterator, &error);
          guint32 number;

          g_assert_no_error (error);
          memcpy (&number, g_bytes_get_data (one, NULL), 4);
          g_assert_cmpuint (number, <, N_KEYS);
          check_value (map, its);
          g_atomic_int_inc (&test->n_entries);
        }
      if (error != NULL)
        check (map, FALSE, &error);
      break;

    case 6:
      snapshot = ebpf_map_snapshot (map, &error);
      check (map, snapshot != NULL, &error);
      break;

    case 7:
      path = g_strdup_printf ("%s/m%d", test->bpffs, g_atomic_int_add (&test->next_number, 1));
      other = ebpf_map_dup (map, &error);
      if (!check (map, other != NULL, &error) ||
          !check (map, ebpf_map_pin (other, path, &error), &error))
        break;
      g_clear_object (&other);
      other = ebpf_map_new_from_pin (path, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (ebpf_map_get_map_type (other), ==, ebpf_map_get_map_type (map));
      g_assert_true (ebpf_map_unpin (other, &error));
      g_assert_no_error (error);
      g_atomic_int_inc (&test->n_pins);
      break;

    default:
      ebpf_map_get_value_type (map);
      ebpf_map_is_open (map);
      variant = ebpf_map_query_info (map, &error);
      check (map, variant != NULL, &error);
      break;
    }
}

static gpointer
use_maps (gpointer data)
{
  Maps *test = data;
  g_autoptr (GRand) rand = g_rand_new ();

  while (g_get_monotonic_time () < test->end)
    {
      guint slot = (guint) g_rand_int_range (rand, 0, N_MAPS);
      g_autoptr (EbpfMap) map = ref_shared (test, slot);

      for (guint i = 0; i < 20; i++)
        use_map (test, map, rand);

      /* Under the other thread's hands. */
      if (g_rand_int_range (rand, 0, 4) == 0)
        {
          g_autoptr (EbpfMap) next = new_shared (test, slot);
          EbpfMap *old;

          g_mutex_lock (&test->lock);
          old = g_steal_pointer (&test->maps[slot]);
          test->maps[slot] = g_steal_pointer (&next);
          g_mutex_unlock (&test->lock);
          ebpf_map_close (old);
          g_assert_false (ebpf_map_is_open (old));
          g_object_unref (old);
          g_atomic_int_inc (&test->n_closed);
        }
    }

  return NULL;
}

static void
test_maps (void)
{
  static const struct
  {
    EbpfMapType type;
    guint value_size;
  } kinds[N_MAPS] = {
    { EBPF_MAP_TYPE_HASH, 256 },
    { EBPF_MAP_TYPE_PERCPU_HASH, 8 },
    { EBPF_MAP_TYPE_ARRAY, 4 },
    { EBPF_MAP_TYPE_LRU_HASH, 64 },
  };
  Maps test = { 0 };
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;

  if (!ebpf_test_require_bpf ())
    return;
  test.bpffs = ebpf_test_bpffs ();
  if (test.bpffs == NULL)
    return;

  g_mutex_init (&test.lock);
  for (guint i = 0; i < N_MAPS; i++)
    {
      test.specs[i] = ebpf_map_spec_new ("shared", kinds[i].type, 4, kinds[i].value_size, N_KEYS);
      test.maps[i] = new_shared (&test, i);
    }

  test.end = deadline (TRUE);
  run_threads (use_maps, &test);

  g_test_message ("%d updates, %d entries seen, %d pins, %d maps closed", test.n_updates,
                  test.n_entries, test.n_pins, test.n_closed);
  g_assert_cmpint (test.n_updates, >, 0);
  g_assert_cmpint (test.n_entries, >, 0);
  g_assert_cmpint (test.n_pins, >, 0);
  g_assert_cmpint (test.n_closed, >, 0);

  for (guint i = 0; i < N_MAPS; i++)
    {
      g_object_unref (test.maps[i]);
      g_object_unref (test.specs[i]);
    }
  g_mutex_clear (&test.lock);

  dir = g_dir_open (test.bpffs, 0, &error);
  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_assert_true (g_str_has_suffix (name, ".debug"));
}

/* --- a map is closed in the middle of operations on it: they fail, and reach no other file that got
 * its number */

typedef struct
{
  EbpfMap *map;
  gint started; /* atomic */
  gint stop;    /* atomic */
} Closing;

static gpointer
look_up_until_closed (gpointer data)
{
  Closing *test = data;
  g_autoptr (EbpfMap) map = g_object_ref (test->map);
  guint64 value[8];
  guint32 key = 0;

  while (!g_atomic_int_get (&test->stop))
    {
      g_autoptr (GError) error = NULL;

      /* From its first operation on, it is a second thread that uses the map. */
      value[1] = 77;
      if (!ebpf_map_lookup_raw (map, &key, value, 0, &error))
        {
          g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
          continue;
        }
      /* A bigger value would be another map's. */
      g_assert_cmpuint (value[0], ==, 1);
      g_assert_cmpuint (value[1], ==, 77);
      g_atomic_int_set (&test->started, TRUE);
    }

  return NULL;
}

static void
test_close_in_use (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("small", EBPF_MAP_TYPE_ARRAY, 4, 8, 1);
  g_autoptr (EbpfMapSpec) other_spec = ebpf_map_spec_new ("big", EBPF_MAP_TYPE_ARRAY, 4, 64, 1);
  g_autoptr (GError) error = NULL;
  gint64 end = deadline (FALSE);

  if (!ebpf_test_require_bpf ())
    return;

  while (g_get_monotonic_time () < end)
    {
      g_autoptr (EbpfMap) map = ebpf_map_new (spec, &error);
      EbpfMap *others[4];
      Closing test = { .map = map };
      guint32 key = 0;
      guint64 one = 1;
      int fd;
      GThread *thread;

      g_assert_no_error (error);
      ebpf_map_update_raw (map, &key, &one, 0, &error);
      g_assert_no_error (error);
      fd = ebpf_map_peek_fd (map);

      thread = g_thread_new ("user", look_up_until_closed, &test);
      while (!g_atomic_int_get (&test.started))
        g_thread_yield ();
      ebpf_map_close (map);
      g_assert_cmpint (ebpf_map_peek_fd (map), ==, -1);

      /* The number is nobody else's as long as somebody may still use it. */
      for (guint i = 0; i < G_N_ELEMENTS (others); i++)
        {
          others[i] = ebpf_map_new (other_spec, &error);
          g_assert_no_error (error);
          g_assert_cmpint (ebpf_map_peek_fd (others[i]), !=, fd);
        }
      g_atomic_int_set (&test.stop, TRUE);
      g_thread_join (thread);
      for (guint i = 0; i < G_N_ELEMENTS (others); i++)
        g_object_unref (others[i]);
    }
}

/* --- collections: made of one spec, by all threads */

typedef struct
{
  EbpfCollectionSpec *spec;
  gint64 end;
  gint n; /* atomic */
} Collections;

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  gboolean *done = user_data;
  g_autoptr (GError) error = NULL;

  ebpf_collection_load_finish (EBPF_COLLECTION (source), result, &error);
  g_assert_no_error (error);
  *done = TRUE;
}

static void
on_step (EbpfCollection *collection, GObject *object, gpointer user_data)
{
  g_assert_true (g_thread_self () == user_data);
}

static gpointer
load_collections (gpointer data)
{
  Collections *test = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  static const guint8 packet[64];
  g_autoptr (GBytes) bytes = g_bytes_new_static (packet, sizeof packet);

  g_main_context_push_thread_default (context);
  while (g_get_monotonic_time () < test->end)
    {
      g_autoptr (EbpfCollection) collection = ebpf_collection_new (test->spec);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) number = NULL;
      gboolean done = FALSE;
      guint32 result;

      g_signal_connect (collection, "map-created", G_CALLBACK (on_step), g_thread_self ());
      g_signal_connect (collection, "program-loaded", G_CALLBACK (on_step), g_thread_self ());
      if (g_atomic_int_add (&test->n, 1) % 2 == 0)
        {
          ebpf_collection_load (collection, NULL, NULL, &error);
          g_assert_no_error (error);
        }
      else
        {
          ebpf_collection_load_async (collection, NULL, NULL, on_loaded, &done);
          while (!done)
            g_main_context_iteration (context, TRUE);
        }

      g_assert_true (ebpf_program_test_run (ebpf_collection_get_program (collection, "produce"),
                                            bytes, 3, &result, NULL, NULL, &error));
      g_assert_no_error (error);
      number = ebpf_variable_get_value (ebpf_collection_get_variable (collection, "next_number"),
                                        &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_variant_get_uint64 (number), ==, 3);
      ebpf_collection_close (collection);
    }
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_collections (void)
{
  g_autofree char *path = ebpf_test_object ("stream.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
  Collections test = { .spec = spec };

  g_assert_no_error (error);
  if (!ebpf_test_require_bpf ())
    return;

  test.end = deadline (FALSE);
  run_threads (load_collections, &test);
  g_assert_cmpint (test.n, >=, N_THREADS);
}

/* --- type information: one that all threads ask, and the kernel's, which they drop as well */

typedef struct
{
  EbpfBtf *btf;
  gint64 end;
  gint n; /* atomic */
} Types;

static gpointer
read_types (gpointer data)
{
  Types *test = data;
  g_autoptr (GRand) rand = g_rand_new ();

  while (g_get_monotonic_time () < test->end)
    {
      g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (NULL);
      g_autoptr (EbpfBtfType) record = NULL;
      g_autoptr (EbpfBtfType) type = NULL;
      g_autoptr (EbpfBtfType) resolved = NULL;
      g_autoptr (EbpfLayout) layout = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value = NULL;
      static const guint8 zeros[64];
      g_autoptr (GBytes) bytes = g_bytes_new_static (zeros, sizeof zeros);
      guint id;

      record = ebpf_btf_find_type (test->btf, "record", EBPF_BTF_KIND_STRUCT, &error);
      g_assert_no_error (error);
      for (guint i = 0; i < 4; i++)
        {
          g_clear_pointer (&value, g_variant_unref);
          value = ebpf_btf_type_to_variant (record, bytes, &error);
          g_assert_no_error (error);
        }
      layout = ebpf_layout_new (record, &error);
      g_assert_no_error (error);
      g_atomic_int_inc (&test->n);

      if (kernel == NULL)
        continue;
      g_clear_pointer (&record, ebpf_btf_type_unref);
      record = ebpf_btf_find_type (kernel, "task_struct", EBPF_BTF_KIND_STRUCT, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (ebpf_btf_type_get_size (record), >, 0);
      id = (guint) g_rand_int_range (rand, 1, (gint) ebpf_btf_get_n_types (kernel));
      type = ebpf_btf_get_type_by_id (kernel, id);
      g_assert_nonnull (type);
      resolved = ebpf_btf_type_resolve (type);
      if (g_rand_int_range (rand, 0, 16) == 0)
        ebpf_btf_drop_kernel ();
    }

  return NULL;
}

static void
test_types (void)
{
  g_autofree char *path = ebpf_test_object ("stream.bpf.o");
  g_autoptr (GError) error = NULL;
  Types test = { .btf = ebpf_btf_new_from_path (path, NULL, &error) };

  g_assert_no_error (error);
  test.end = deadline (FALSE);
  run_threads (read_types, &test);
  g_assert_cmpint (test.n, >, 0);
  g_object_unref (test.btf);
  ebpf_btf_drop_kernel ();
}

/* --- readers: run in one thread, started, stopped, read and closed by another */

typedef struct
{
  EbpfMap *map;
  EbpfProgram *program;
  GMainContext *context;
  GMutex lock;
  EbpfReader *reader;
  gint64 end;
  gint stop;      /* atomic */
  gint n_records; /* atomic */
  gint n_closed;  /* atomic */
} Readers;

static void
on_records (EbpfReader *reader, EbpfRecordBatch *batch, gpointer user_data)
{
  Readers *test = user_data;

  g_atomic_int_add (&test->n_records, (gint) ebpf_record_batch_get_n_records (batch));
}

static gpointer
run_context (gpointer data)
{
  Readers *test = data;

  g_main_context_push_thread_default (test->context);
  while (!g_atomic_int_get (&test->stop))
    g_main_context_iteration (test->context, TRUE);
  /* What was destroyed in other threads is freed here. */
  while (g_main_context_iteration (test->context, FALSE))
    ;
  g_main_context_pop_thread_default (test->context);

  return NULL;
}

static EbpfReader *
open_reader (Readers *test)
{
  g_autoptr (GError) error = NULL;
  EbpfReader *reader;

  reader = ebpf_map_open_reader (test->map, NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (reader, "records", G_CALLBACK (on_records), test);

  return reader;
}

static gpointer
use_readers (gpointer data)
{
  Readers *test = data;
  g_autoptr (GRand) rand = g_rand_new ();
  static const guint8 packet[64];
  g_autoptr (GBytes) bytes = g_bytes_new_static (packet, sizeof packet);

  while (g_get_monotonic_time () < test->end)
    {
      g_autoptr (EbpfReader) reader = NULL;
      g_autoptr (EbpfRecordBatch) batch = NULL;
      g_autoptr (GError) error = NULL;

      g_mutex_lock (&test->lock);
      if (test->reader == NULL)
        test->reader = open_reader (test);
      reader = g_object_ref (test->reader);
      g_mutex_unlock (&test->lock);

      switch (g_rand_int_range (rand, 0, 6))
        {
        case 0:
        case 1:
          if (!ebpf_reader_start (reader, &error))
            g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
          break;
        case 2:
          ebpf_reader_stop (reader);
          break;
        case 3:
          batch = ebpf_reader_read (reader, 0, NULL, &error);
          if (batch != NULL)
            g_atomic_int_add (&test->n_records, (gint) ebpf_record_batch_get_n_records (batch));
          else if (error != NULL && !g_error_matches (error, EBPF_ERROR, EBPF_ERROR_BUSY) &&
                   !g_error_matches (error, EBPF_ERROR, EBPF_ERROR_CLOSED))
            g_error ("%s", error->message);
          break;
        case 4:
          ebpf_program_test_run (test->program, bytes, 50, NULL, NULL, NULL, &error);
          g_assert_no_error (error);
          g_main_context_wakeup (test->context);
          break;
        default:
          if (g_rand_int_range (rand, 0, 8) != 0)
            break;
          g_mutex_lock (&test->lock);
          if (test->reader == reader)
            g_clear_object (&test->reader);
          g_mutex_unlock (&test->lock);
          ebpf_reader_close (reader);
          g_atomic_int_inc (&test->n_closed);
        }
    }

  return NULL;
}

static void
test_readers (void)
{
  g_autofree char *path = ebpf_test_object ("stream.bpf.o");
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
  g_autoptr (EbpfCollection) collection = NULL;
  Readers test = { 0 };
  GThread *runner;

  g_assert_no_error (error);
  if (!ebpf_test_require_bpf ())
    return;

  collection = ebpf_collection_new (spec);
  ebpf_collection_load (collection, NULL, NULL, &error);
  g_assert_no_error (error);
  test.map = ebpf_collection_get_map (collection, "records");
  test.program = ebpf_collection_get_program (collection, "produce");
  /* The default one is that of the threads that have none of their own. */
  test.context = g_main_context_ref (g_main_context_default ());
  g_mutex_init (&test.lock);
  test.end = deadline (FALSE);

  runner = g_thread_new ("runner", run_context, &test);
  run_threads (use_readers, &test);
  g_atomic_int_set (&test.stop, TRUE);
  g_main_context_wakeup (test.context);
  g_thread_join (runner);

  g_test_message ("%d records, %d readers closed", test.n_records, test.n_closed);
  g_assert_cmpint (test.n_records, >, 0);
  g_assert_cmpint (test.n_closed, >, 0);
  g_clear_object (&test.reader);
  g_main_context_unref (test.context);
  g_mutex_clear (&test.lock);
}

/* --- drivers: looked up by all threads, added and removed by all threads */

typedef struct
{
  EbpfMapDriver parent_instance;
} NumberDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} NumberDriverClass;

GType number_driver_get_type (void);
G_DEFINE_TYPE (NumberDriver, number_driver, EBPF_TYPE_MAP_DRIVER)

static GVariant *
number_driver_value_to_variant (EbpfMapDriver *driver, EbpfMap *map, GBytes *value, GError **error)
{
  guint32 number;

  memcpy (&number, g_bytes_get_data (value, NULL), sizeof number);
  return g_variant_ref_sink (g_variant_new_uint32 (number));
}

static void
number_driver_class_init (NumberDriverClass *klass)
{
  EBPF_MAP_DRIVER_CLASS (klass)->value_to_variant = number_driver_value_to_variant;
}

static void
number_driver_init (NumberDriver *self)
{
}

static gpointer
use_drivers (gpointer data)
{
  Types *test = data;
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  const guint32 type = EBPF_MAP_TYPE_HASH;

  while (g_get_monotonic_time () < test->end)
    {
      g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("driven", EBPF_MAP_TYPE_HASH, 4, 4, 4);
      g_autoptr (EbpfMapDriver) driver = NULL;
      g_autoptr (EbpfMapDriver) found = NULL;
      g_autoptr (EbpfMap) map = NULL;
      g_autoptr (GVariant) value = NULL;
      g_autoptr (GVariant) list = NULL;
      g_autoptr (GError) error = NULL;
      guint32 key = 3, number = 9;

      driver = g_object_new (number_driver_get_type (), "nick", "number", "thread-safe", TRUE,
                             "map-types",
                             g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, &type, 1, 4), NULL);
      g_assert_true (ebpf_plugin_registry_add_driver (registry, driver, &error));
      found = ebpf_plugin_registry_find_driver (registry, EBPF_MAP_TYPE_HASH, &error);
      g_assert_cmpstr (ebpf_map_driver_get_nick (found), ==, "number");
      list = ebpf_plugin_registry_list_plugins (registry);

      map = ebpf_map_new (spec, &error);
      g_assert_no_error (error);
      ebpf_map_update_raw (map, &key, &number, 0, &error);
      g_assert_no_error (error);
      value = ebpf_map_lookup (map, g_variant_new_uint32 (3), &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_variant_get_uint32 (value), ==, 9);
      g_assert_true (ebpf_plugin_registry_remove_driver (registry, driver));
      g_atomic_int_inc (&test->n);
    }

  return NULL;
}

static void
test_drivers (void)
{
  Types test = { 0 };

  if (!ebpf_test_require_bpf ())
    return;

  test.end = deadline (FALSE);
  run_threads (use_drivers, &test);
  g_assert_cmpint (test.n, >, 0);
}

int
main (int argc, char **argv)
{
  const char *text = g_getenv ("EBPF_TEST_SECONDS");

  ebpf_test_init (&argc, &argv);
  if (text != NULL)
    seconds = g_ascii_strtod (text, NULL);

  /* Makes its mount namespace while there is one thread. */
  ebpf_test_add ("/stream/threads/maps", test_maps);
  ebpf_test_add ("/stream/threads/close-in-use", test_close_in_use);
  ebpf_test_add ("/stream/threads/collections", test_collections);
  ebpf_test_add ("/stream/threads/types", test_types);
  ebpf_test_add ("/stream/threads/readers", test_readers);
  ebpf_test_add ("/stream/threads/drivers", test_drivers);

  return g_test_run ();
}
