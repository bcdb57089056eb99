/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ebpf.h>

#include <malloc.h>
#include <string.h>

#include "ebpf-test.h"

static EbpfMap *
new_map (guint max_entries)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("model", EBPF_MAP_TYPE_HASH, 4, 4, max_entries);
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  if (!ebpf_test_require_bpf ())
    return NULL;
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);

  return map;
}

static void
put (EbpfMap *map, guint32 key, guint32 value)
{
  g_autoptr (GError) error = NULL;

  ebpf_map_update_raw (map, &key, &value, 0, &error);
  g_assert_no_error (error);
}

static void
drop (EbpfMap *map, guint32 key)
{
  g_autoptr (GError) error = NULL;

  ebpf_map_delete_key_raw (map, &key, &error);
  g_assert_no_error (error);
}

static guint32
number_of (GBytes *bytes)
{
  guint32 number;

  g_assert_cmpuint (g_bytes_get_size (bytes), ==, sizeof number);
  memcpy (&number, g_bytes_get_data (bytes, NULL), sizeof number);
  return number;
}

static guint32
key_of (EbpfMapEntry *entry)
{
  g_autoptr (GBytes) bytes = ebpf_map_entry_dup_key_bytes (entry);

  return number_of (bytes);
}

static guint32
value_of (EbpfMapEntry *entry)
{
  g_autoptr (GBytes) bytes = ebpf_map_entry_dup_value_bytes (entry);

  return number_of (bytes);
}

/* A list that is told of changes, and what it believes. */
typedef struct
{
  GListModel *model;
  GPtrArray *shadow;
  guint n_signals;
  guint n_notifies;
} Watcher;

static void
on_items_changed (GListModel *model,
                  guint position,
                  guint n_removed,
                  guint n_added,
                  gpointer user_data)
{
  Watcher *watcher = user_data;

  watcher->n_signals++;
  g_assert_cmpuint (position + n_removed, <=, watcher->shadow->len);
  if (n_removed > 0)
    g_ptr_array_remove_range (watcher->shadow, position, n_removed);
  for (guint i = 0; i < n_added; i++)
    g_ptr_array_insert (watcher->shadow, (gint) (position + i),
                        g_list_model_get_item (model, position + i));
}

static void
watcher_init (Watcher *watcher, EbpfMapModel *model)
{
  watcher->model = G_LIST_MODEL (model);
  watcher->shadow = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), watcher);
}

/* What it was told is what there is. */
static void
watcher_check (Watcher *watcher, guint n_signals)
{
  g_assert_cmpuint (watcher->n_signals, ==, n_signals);
  g_assert_cmpuint (watcher->shadow->len, ==, g_list_model_get_n_items (watcher->model));
  for (guint i = 0; i < watcher->shadow->len; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (watcher->model, i);

      g_assert_true (item == watcher->shadow->pdata[i]);
    }
}

static EbpfMapEntry *
find (EbpfMapModel *model, guint32 key)
{
  EbpfMapEntry *found = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (model)); i++)
    {
      g_autoptr (EbpfMapEntry) entry = g_list_model_get_item (G_LIST_MODEL (model), i);

      if (key_of (entry) != key)
        continue;
      g_assert_null (found);
      found = entry;
    }

  return found;
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

static void
test_refresh (void)
{
  g_autoptr (EbpfMap) map = new_map (64);
  g_autoptr (EbpfMapModel) model = NULL;
  g_autoptr (EbpfMapEntry) seven = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  Watcher watcher = { 0 };
  guint n_notifies = 0;
  double number;

  if (map == NULL)
    return;

  model = ebpf_map_model_new (map, 0);
  watcher_init (&watcher, model);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (model)) == EBPF_TYPE_MAP_ENTRY);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  g_assert_no_error (error);
  watcher_check (&watcher, 0);

  /* All at once. */
  for (guint32 i = 0; i < 20; i++)
    put (map, i, i * 10);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  watcher_check (&watcher, 1);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 20);
  seven = g_object_ref (find (model, 7));
  g_assert_cmpuint (value_of (seven), ==, 70);
  text = ebpf_map_entry_dup_value_text (seven);
  g_assert_cmpstr (text, ==, "[0x46, 0x00, 0x00, 0x00]");
  g_assert_true (ebpf_map_entry_get_number (seven, NULL, &number));
  g_assert_null (ebpf_map_entry_get_field (seven, "x"));

  /* Nothing new: nothing is said. */
  g_signal_connect (seven, "notify::value", G_CALLBACK (on_notify), &n_notifies);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  watcher_check (&watcher, 1);
  g_assert_cmpuint (n_notifies, ==, 0);

  /* A value changes: the object stays, and the list does not change. */
  put (map, 7, 71);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  watcher_check (&watcher, 1);
  g_assert_cmpuint (n_notifies, ==, 1);
  g_assert_true (find (model, 7) == seven);
  g_assert_cmpuint (value_of (seven), ==, 71);
  g_object_get (seven, "value", &value, NULL);
  g_assert_cmpstr (g_variant_get_type_string (value), ==, "ay");

  /* Some go, some come, some change: one signal. */
  drop (map, 3);
  drop (map, 15);
  put (map, 7, 72);
  put (map, 100, 1);
  put (map, 101, 2);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  watcher_check (&watcher, 2);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 20);
  g_assert_null (find (model, 3));
  g_assert_nonnull (find (model, 100));
  g_assert_true (find (model, 7) == seven);
  g_assert_cmpuint (n_notifies, ==, 2);

  /* Only some go. */
  drop (map, 100);
  drop (map, 0);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  watcher_check (&watcher, 3);

  /* All go; who holds one keeps it. */
  for (guint32 i = 0; i < 102; i++)
    ebpf_map_delete_key_raw (map, &i, NULL);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  watcher_check (&watcher, 4);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 0);
  g_assert_cmpuint (value_of (seven), ==, 72);

  g_clear_object (&model);
  g_ptr_array_unref (watcher.shadow);
}

/* Against a table kept here, over many rounds of chance. */
static void
test_chance (void)
{
  g_autoptr (EbpfMap) map = new_map (2000);
  g_autoptr (EbpfMapModel) model = NULL;
  g_autoptr (GHashTable) expected = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) objects = g_hash_table_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  Watcher watcher = { 0 };

  if (map == NULL)
    return;

  model = ebpf_map_model_new (map, 0);
  watcher_init (&watcher, model);
  for (guint round = 0; round < 60; round++)
    {
      guint n_changes = (guint) g_test_rand_int_range (0, 300);
      guint n_signals = watcher.n_signals, n_items;

      for (guint i = 0; i < n_changes; i++)
        {
          guint32 key = (guint32) g_test_rand_int_range (0, 1500);

          if (g_test_rand_bit () && g_hash_table_remove (expected, GUINT_TO_POINTER (key)))
            {
              drop (map, key);
              g_hash_table_remove (objects, GUINT_TO_POINTER (key));
            }
          else
            {
              guint32 value = (guint32) g_test_rand_int ();

              put (map, key, value);
              g_hash_table_insert (expected, GUINT_TO_POINTER (key), GUINT_TO_POINTER (value));
            }
        }

      g_assert_true (ebpf_map_model_refresh (model, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (watcher.n_signals, <=, n_signals + 1);
      watcher_check (&watcher, watcher.n_signals);
      n_items = g_list_model_get_n_items (G_LIST_MODEL (model));
      g_assert_cmpuint (n_items, ==, g_hash_table_size (expected));
      for (guint i = 0; i < n_items; i++)
        {
          g_autoptr (EbpfMapEntry) entry = g_list_model_get_item (G_LIST_MODEL (model), i);
          gpointer key = GUINT_TO_POINTER (key_of (entry));
          gpointer value, before;

          g_assert_true (g_hash_table_lookup_extended (expected, key, NULL, &value));
          g_assert_cmpuint (value_of (entry), ==, GPOINTER_TO_UINT (value));
          /* A key that stayed has its object. */
          before = g_hash_table_lookup (objects, key);
          g_assert_true (before == NULL || before == entry);
          g_hash_table_insert (objects, key, entry);
        }
    }
  g_clear_object (&model);
  g_ptr_array_unref (watcher.shadow);
}

static void
on_failed (EbpfMapModel *model, const GError *error, gpointer user_data)
{
  gboolean *failed = user_data;

  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
  *failed = TRUE;
}

static void
on_first_change (GListModel *model, guint a, guint b, guint c, gpointer user_data)
{
  gboolean *changed = user_data;

  *changed = TRUE;
}

static void
test_timer (void)
{
  g_autoptr (EbpfMap) map = new_map (64);
  g_autoptr (EbpfMapModel) model = NULL;
  g_autoptr (GError) error = NULL;
  gboolean changed = FALSE, failed = FALSE;

  if (map == NULL)
    return;

  put (map, 1, 1);
  model = ebpf_map_model_new (map, 10);
  g_assert_cmpuint (ebpf_map_model_get_interval (model), ==, 10);
  g_assert_true (ebpf_map_model_get_map (model) == map);
  g_signal_connect (model, "items-changed", G_CALLBACK (on_first_change), &changed);
  g_signal_connect (model, "failed", G_CALLBACK (on_failed), &failed);
  ebpf_test_wait_for (&changed);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 1);

  ebpf_map_close (map);
  ebpf_test_wait_for (&failed);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, 1);
  g_assert_false (ebpf_map_model_refresh (model, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
}

static void
on_refreshed (EbpfMapModel *model, guint n_changed, gpointer user_data)
{
  guint *n = user_data;

  g_assert_cmpuint (n_changed, >, 0);
  *n += n_changed;
}

static void
test_refreshed (void)
{
  g_autoptr (EbpfMap) map = new_map (64);
  g_autoptr (EbpfMapModel) model = NULL;
  guint n_changed = 0;

  if (map == NULL)
    return;

  model = ebpf_map_model_new (map, 0);
  g_signal_connect (model, "refreshed", G_CALLBACK (on_refreshed), &n_changed);
  g_assert_true (ebpf_map_model_refresh (model, NULL));
  g_assert_cmpuint (n_changed, ==, 0);

  for (guint32 i = 0; i < 5; i++)
    put (map, i, i);
  g_assert_true (ebpf_map_model_refresh (model, NULL));
  g_assert_cmpuint (n_changed, ==, 5);
  g_assert_true (ebpf_map_model_refresh (model, NULL));
  g_assert_cmpuint (n_changed, ==, 5);

  /* One of each: a value, one that came, two that went. */
  put (map, 2, 20);
  put (map, 9, 9);
  drop (map, 0);
  drop (map, 4);
  g_assert_true (ebpf_map_model_refresh (model, NULL));
  g_assert_cmpuint (n_changed, ==, 9);
}

/* A map whose keys and values are these numbers, seen as what they are. */
static EbpfMap *
new_typed_map (EbpfMapType type, const char *number)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfMapSpec) spec = NULL;
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (EbpfBtfType) value = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMap *map;

  ebpf_btf_builder_add_int (builder, "s64", 8, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  g_assert_no_error (error);
  ebpf_btf_builder_add_int (builder, "u64", 8, EBPF_BTF_INT_ENCODING_UNSIGNED, &error);
  g_assert_no_error (error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);
  value = ebpf_btf_find_type (btf, number, EBPF_BTF_KIND_INT, &error);
  g_assert_no_error (error);

  spec = ebpf_map_spec_new ("typed", type, 4, 8, 16);
  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);
  ebpf_map_set_value_type (map, value);

  return map;
}

static int
compare (EbpfMapModel *model, guint32 a, guint32 b)
{
  int order = ebpf_map_entry_compare (find (model, a), find (model, b), NULL);

  g_assert_cmpint (ebpf_map_entry_compare (find (model, b), find (model, a), NULL), ==, -order);
  return order;
}

static void
test_compare (void)
{
  const gint64 numbers[] = { -5, -4, 0, 4, G_MAXINT64 - 1, G_MAXINT64 };
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMapModel) model = NULL;
  g_autoptr (EbpfMap) big = NULL;
  g_autoptr (EbpfMapModel) big_model = NULL;
  g_autoptr (EbpfMap) per_cpu = NULL;
  g_autoptr (EbpfMapModel) per_cpu_model = NULL;
  g_autoptr (EbpfMap) bytes = NULL;
  g_autoptr (EbpfMapModel) bytes_model = NULL;
  g_autoptr (GError) error = NULL;
  guint64 number;
  guint n_cpus;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_typed_map (EBPF_MAP_TYPE_HASH, "s64");
  for (guint32 i = 0; i < G_N_ELEMENTS (numbers); i++)
    ebpf_map_update_raw (map, &i, &numbers[i], 0, NULL);
  model = ebpf_map_model_new (map, 0);
  g_assert_true (ebpf_map_model_refresh (model, &error));
  for (guint32 i = 0; i < G_N_ELEMENTS (numbers); i++)
    for (guint32 j = 0; j < G_N_ELEMENTS (numbers); j++)
      g_assert_cmpint (compare (model, i, j), ==, (i > j) - (i < j));
  g_assert_cmpint (ebpf_map_entry_compare_keys (find (model, 1), find (model, 2)), <, 0);
  /* There is no such member in either. */
  g_assert_cmpint (ebpf_map_entry_compare (find (model, 1), find (model, 2), "x"), ==, 0);

  /* Beyond what a double, or a signed one, holds. */
  big = new_typed_map (EBPF_MAP_TYPE_HASH, "u64");
  for (guint32 i = 0; i < 3; i++)
    {
      number = G_MAXUINT64 - 2 + i;
      ebpf_map_update_raw (big, &i, &number, 0, NULL);
    }
  big_model = ebpf_map_model_new (big, 0);
  g_assert_true (ebpf_map_model_refresh (big_model, &error));
  g_assert_cmpint (compare (big_model, 0, 1), ==, -1);
  g_assert_cmpint (compare (big_model, 1, 2), ==, -1);

  /* The sum counts, not what the first CPU has. */
  n_cpus = ebpf_get_n_possible_cpus ();
  per_cpu = new_typed_map (EBPF_MAP_TYPE_PERCPU_HASH, "u64");
  for (guint32 i = 0; i < 2; i++)
    {
      g_autofree guint64 *values = g_new0 (guint64, n_cpus);

      values[0] = i == 0 ? 5 : 3;
      values[n_cpus - 1] += i == 0 ? 1 : 9;
      ebpf_map_update_raw (per_cpu, &i, values, 0, &error);
      g_assert_no_error (error);
    }
  per_cpu_model = ebpf_map_model_new (per_cpu, 0);
  g_assert_true (ebpf_map_model_refresh (per_cpu_model, &error));
  g_assert_cmpint (compare (per_cpu_model, 0, 1), <, 0);

  /* Without a type, byte by byte. */
  bytes = new_map (4);
  put (bytes, 0, GUINT32_TO_BE (0x01020304));
  put (bytes, 1, GUINT32_TO_BE (0x01030000));
  bytes_model = ebpf_map_model_new (bytes, 0);
  g_assert_true (ebpf_map_model_refresh (bytes_model, &error));
  g_assert_cmpint (compare (bytes_model, 0, 1), <, 0);
}

/* What the documentation says that an entry takes beside its key and value. */
#define BYTES_PER_ENTRY 150

static void
test_memory (void)
{
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const guint n = 50000;
  g_autoptr (EbpfMap) map = new_map (n);
  g_autoptr (EbpfMapModel) model = NULL;
  gsize before, after;

  if (map == NULL)
    return;

  for (guint32 i = 0; i < n; i++)
    put (map, i, i);
  model = ebpf_map_model_new (map, 0);
  before = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
  g_assert_true (ebpf_map_model_refresh (model, NULL));
  after = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (model)), ==, n);
  g_test_message ("%.1f bytes an entry, key and value of 8 bytes among them",
                  (double) (after - before) / n);
  g_assert_cmpuint (after - before, <=, (BYTES_PER_ENTRY + 8) * (gsize) n);
  g_assert_cmpuint (after - before, >=, 32 * (gsize) n);
#else
  g_test_skip ("what is allocated cannot be told here");
#endif
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/stream/map-model/refresh", test_refresh);
  ebpf_test_add ("/stream/map-model/chance", test_chance);
  ebpf_test_add ("/stream/map-model/timer", test_timer);
  ebpf_test_add ("/stream/map-model/refreshed", test_refreshed);
  ebpf_test_add ("/stream/map-model/compare", test_compare);
  ebpf_test_add ("/stream/map-model/memory", test_memory);

  return g_test_run ();
}
