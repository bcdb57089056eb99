/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What older and newer kernels than this one answer, by calls that are made up. */

#include "base/ebpf-enum-types.h"
#include "elf/ebpf-elf.h"
#include "object/ebpf-collection.h"
#include "object/ebpf-map-iterator.h"
#include "object/ebpf-map-private.h"
#include "object/ebpf-map-snapshot.h"
#include "sys/ebpf-sys-private.h"
#include "sys/ebpf-system.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ebpf-test.h"

/* The plug-in itself, as it is linked into a static library. */
#define EBPF_PLUGIN_STATIC test_per_cpu
#include "../../plugins/per-cpu/ebpf-per-cpu-driver.c"

static EbpfMap *
new_map (EbpfMapType type, guint key_size, guint value_size, guint max_entries)
{
  g_autoptr (EbpfMapSpec) spec =
      ebpf_map_spec_new ("kernels", type, key_size, value_size, max_entries);
  g_autoptr (GError) error = NULL;
  EbpfMap *map = ebpf_map_new (spec, &error);

  g_assert_no_error (error);
  return map;
}

/* Linux before 4.4.132: EFAULT without a key. */
static int
refuse_no_key (EbpfSysCommand command, gpointer user_data)
{
  const EbpfSysMapElem *attr = ebpf_sys_fault_attr;

  if (command == EBPF_SYS_MAP_LOOKUP_BATCH)
    return EINVAL;

  return command == EBPF_SYS_MAP_GET_NEXT_KEY && attr->key == 0 ? EFAULT : 0;
}

static guint
count_entries (EbpfMap *map)
{
  g_autoptr (EbpfMapIterator) iterator = ebpf_map_iterate (map);
  g_autoptr (EbpfMapSnapshot) snapshot = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (ebpf_map_iterator_next (iterator, &error))
    n++;
  g_assert_no_error (error);
  snapshot = ebpf_map_snapshot (map, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_snapshot_get_n_entries (snapshot), ==, n);

  return n;
}

static void
test_first_key (void)
{
  static const struct
  {
    EbpfMapType type;
    guint key_size;
    guint max_entries;
    guint n_entries;
    guint expected;
  } cases[] = {
    { EBPF_MAP_TYPE_HASH, 4, 16, 0, 0 },      { EBPF_MAP_TYPE_HASH, 4, 16, 5, 5 },
    { EBPF_MAP_TYPE_HASH, 1, 256, 255, 255 }, { EBPF_MAP_TYPE_HASH, 12, 16, 16, 16 },
    { EBPF_MAP_TYPE_ARRAY, 4, 7, 7, 7 },
  };
  g_autoptr (EbpfMap) full = NULL;
  g_autoptr (GError) error = NULL;
  guint8 byte;

  if (!ebpf_test_require_bpf ())
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (EbpfMap) map = new_map (cases[i].type, cases[i].key_size, 4, cases[i].max_entries);

      for (guint32 j = 0; j < cases[i].n_entries; j++)
        {
          guint8 key[16] = { 0 };

          memcpy (key, &j, sizeof j);
          g_assert_true (ebpf_map_update_raw (map, key, &j, 0, &error));
          g_assert_no_error (error);
        }
      ebpf_sys_set_fault_func (refuse_no_key, NULL);
      g_assert_cmpuint (count_entries (map), ==, cases[i].expected);
      ebpf_sys_set_fault_func (NULL, NULL);
    }

  /* There is no key that is not in it: an error rather than a wrong first key. */
  full = new_map (EBPF_MAP_TYPE_HASH, 1, 4, 256);
  for (guint32 j = 0; j < 256; j++)
    {
      byte = (guint8) j;
      g_assert_true (ebpf_map_update_raw (full, &byte, &j, 0, &error));
    }
  ebpf_sys_set_fault_func (refuse_no_key, NULL);
  g_assert_false (ebpf_map_next_key_raw (full, NULL, &byte, NULL));
  g_assert_false (ebpf_map_next_key_raw (full, NULL, &byte, &error));
  ebpf_sys_set_fault_func (NULL, NULL);
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_LIMIT, "*no such key was found");
  g_clear_error (&error);
  /* This kernel knows: one byte, all values, and no end before the last. */
  g_assert_cmpuint (count_entries (full), ==, 256);
}

/* Every type of map before the Linux that brought it. */
static int
refuse_maps (EbpfSysCommand command, gpointer user_data)
{
  return command == EBPF_SYS_MAP_CREATE ? EINVAL : 0;
}

static void
test_versions (void)
{
  g_autoptr (GEnumClass) types = g_type_class_ref (EBPF_TYPE_MAP_TYPE);
  guint n = 0;

  for (guint i = 0; i < types->n_values; i++)
    {
      const EbpfMapType type = (EbpfMapType) types->values[i].value;
      const char *version = ebpf_sys_map_type_min_version ((guint32) type);
      g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("new", type, 4, 8, 16);
      g_autoptr (GError) error = NULL;
      g_autofree char *pattern = NULL;

      /* What it is made of is in the kernel's own types, which an older kernel does not have. */
      if (type == EBPF_MAP_TYPE_UNSPEC || type == EBPF_MAP_TYPE_STRUCT_OPS)
        continue;

      g_assert_nonnull (version);
      ebpf_sys_set_kernel_version_code (ebpf_sys_parse_kernel_version (version) - 1);
      ebpf_sys_set_fault_func (refuse_maps, NULL);
      g_assert_null (ebpf_map_new (spec, &error));
      ebpf_sys_set_fault_func (NULL, NULL);
      ebpf_sys_set_kernel_version_code (0);

      pattern = g_strdup_printf ("creating map 'new', %s map*maps of type %s came with Linux %s, "
                                 "this is *",
                                 types->values[i].value_nick, types->values[i].value_nick, version);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, pattern);
      g_assert_cmpint (ebpf_error_get_errno (error), ==, EINVAL);
      n++;
    }
  g_assert_cmpuint (n, ==, 33);
}

/* Linux 7.0 says why. */
typedef struct
{
  const char *text;
  guint n_calls;
  guint32 last_size;
} KernelLog;

static int
refuse_with_log (EbpfSysCommand command, gpointer user_data)
{
  KernelLog *log = user_data;
  EbpfSysCommon *common = ebpf_sys_fault_common;
  gsize needed = strlen (log->text) + 1;

  if (command != EBPF_SYS_MAP_CREATE)
    return 0;
  if (common == NULL)
    return EINVAL;

  log->n_calls++;
  log->last_size = common->log_size;
  g_assert_cmpuint (common->log_level, ==, 1);
  common->log_true_size = (guint32) needed;
  g_strlcpy ((char *) (guintptr) common->log_buf, log->text, common->log_size);
  return needed > common->log_size ? ENOSPC : EINVAL;
}

static void
test_log (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("logged", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autofree char *text = g_strnfill (10000, 'x');
  g_autoptr (GError) error = NULL;
  KernelLog log = { .text = "it is not to be\nat all\n" };

  ebpf_sys_set_fault_func (refuse_with_log, &log);
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*(EINVAL); *the kernel says: it is not to be at all*");
  g_assert_cmpstr (ebpf_error_get_log (error), ==, "it is not to be\nat all");
  g_assert_cmpuint (log.n_calls, ==, 1);
  g_clear_error (&error);

  /* A log that does not fit is asked for again, as large as the kernel says. */
  memset (&log, 0, sizeof log);
  log.text = text;
  g_assert_null (ebpf_map_new (spec, &error));
  g_assert_cmpstr (ebpf_error_get_log (error), ==, text);
  g_assert_cmpuint (log.n_calls, ==, 2);
  g_assert_cmpuint (log.last_size, ==, 10001);
  g_clear_error (&error);

  /* Nothing to say. */
  log.text = "";
  g_assert_null (ebpf_map_new (spec, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_null (strstr (error->message, "the kernel says"));
  g_assert_null (ebpf_error_get_log (error));
  ebpf_sys_set_fault_func (NULL, NULL);
}

/* The kernel at hand, whichever it is. */
static void
test_real_log (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("logged", EBPF_MAP_TYPE_ARRAY, 4, 8, 16);
  g_autoptr (GError) error = NULL;
  const char *log;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (5, 16))
    return;

  ebpf_map_spec_set_map_extra (spec, 7);
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*map_extra 0x7 is the reason*");
  log = ebpf_error_get_log (error);
  g_test_message ("log: %s", log != NULL ? log : "none");
  if (ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (7, 3, 0))
    {
      g_assert_cmpstr (log, ==, "Invalid map_extra.");
      g_assert_nonnull (strstr (error->message, "the kernel says: Invalid map_extra."));
    }
}

static void
test_device (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("there", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  /* The loopback device takes no maps, and the library says which device was meant. */
  ebpf_map_spec_set_ifindex (spec, 1);
  g_assert_null (ebpf_map_new (spec, &error));
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "the device lo (1)"));
  g_clear_error (&error);

  ebpf_map_spec_set_ifindex (spec, 1u << 30);
  g_assert_null (ebpf_map_new (spec, &error));
  g_assert_nonnull (strstr (error->message, "no interface of index 1073741824"));
}

static guint32 seen_ifindex;

static int
watch_ifindex (EbpfSysCommand command, gpointer user_data)
{
  if (command != EBPF_SYS_MAP_CREATE)
    return 0;

  seen_ifindex = ((const EbpfSysMapCreate *) ebpf_sys_fault_attr)->map_ifindex;
  /* As if it had been there. */
  ((EbpfSysMapCreate *) ebpf_sys_fault_attr)->map_ifindex = 0;
  return 0;
}

static void
test_device_given (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("there", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_set_ifindex (spec, 7);
  ebpf_sys_set_fault_func (watch_ifindex, NULL);
  map = ebpf_map_new (spec, &error);
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (seen_ifindex, ==, 7);
}

/* Values of single CPUs: a kernel that takes the flag gets one plain value, one that does not gets
 * those of all. */
typedef struct
{
  gboolean has_flags;
  guint64 flags;
  guint32 value;
} Slots;

/* Where it has them: the call is carried out with the values of all CPUs. */
static int
watch_slots (EbpfSysCommand command, gpointer user_data)
{
  static guint64 buffer[1024];
  EbpfSysMapElem *attr = ebpf_sys_fault_attr;
  EbpfSysMapElem all;
  Slots *slots = user_data;
  gboolean one = (attr->flags & 8) != 0;
  guint cpu = (guint) (attr->flags >> 32);

  if ((command != EBPF_SYS_MAP_UPDATE_ELEM && command != EBPF_SYS_MAP_LOOKUP_ELEM) ||
      (attr->flags & 0x18) == 0)
    return 0;
  if (!slots->has_flags)
    return EINVAL;

  slots->flags = attr->flags;
  all = *attr;
  all.value = EBPF_PTR_TO_U64 (buffer);
  all.flags = 0;
  g_assert_cmpint (ebpf_sys_bpf_bare (EBPF_SYS_MAP_LOOKUP_ELEM, &all, sizeof all), ==, 0);
  if (command == EBPF_SYS_MAP_LOOKUP_ELEM)
    {
      memcpy ((gpointer) (guintptr) attr->value, &buffer[cpu], sizeof (guint32));
      return EBPF_SYS_FAULT_DONE;
    }

  memcpy (&slots->value, (gconstpointer) (guintptr) attr->value, sizeof slots->value);
  for (guint i = 0; i < ebpf_get_n_possible_cpus (); i++)
    if (!one || i == cpu)
      buffer[i] = slots->value;
  *attr = all;
  return 0;
}

static guint32
value_of_cpu (EbpfMap *map, guint cpu)
{
  g_autoptr (GError) error = NULL;
  guint32 key = 1;
  g_autoptr (GBytes) key_bytes = g_bytes_new (&key, sizeof key);
  g_autoptr (GBytes) value = ebpf_map_lookup_cpu_bytes (map, key_bytes, cpu, &error);
  guint32 number;

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (value), ==, sizeof number);
  memcpy (&number, g_bytes_get_data (value, NULL), sizeof number);

  return number;
}

static void
test_slots (void)
{
  const guint32 types[] = { EBPF_MAP_TYPE_PERCPU_ARRAY };
  const guint last = ebpf_get_n_possible_cpus () - 1;
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  g_autoptr (EbpfMapDriver) driver = NULL;
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (EbpfMap) plain = NULL;
  g_autoptr (GError) error = NULL;
  Slots slots = { .has_flags = FALSE };

  if (!ebpf_test_require_bpf ())
    return;

  plain = new_map (EBPF_MAP_TYPE_HASH, 4, 4, 4);
  g_assert_false (ebpf_map_update_all_cpus (
      plain, g_variant_new_uint32 (1), g_variant_new_uint32 (7), EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*single CPUs*");
  g_clear_error (&error);
  g_assert_null (ebpf_map_lookup_cpu (plain, g_variant_new_uint32 (1), 0, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  /* Internal tests load no plug-in module. */
  driver = g_object_new (
      ebpf_plugin_static_test_per_cpu.get_type (), "nick", "test-per-cpu", "map-types",
      g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, types, 1, sizeof types[0]), NULL);
  ebpf_plugin_registry_add_driver (registry, driver, &error);
  g_assert_no_error (error);
  map = new_map (EBPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 4);
  g_assert_true (ebpf_map_get_driver (map) == driver);

  /* An older kernel: one value for all is written by all, one alone is not written. */
  ebpf_sys_set_fault_func (watch_slots, &slots);
  g_assert_true (ebpf_map_update_all_cpus (map, g_variant_new_uint32 (1), g_variant_new_uint32 (7),
                                           EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (value_of_cpu (map, 0), ==, 7);
  g_assert_cmpuint (value_of_cpu (map, last), ==, 7);
  g_assert_false (ebpf_map_update_cpu (map, g_variant_new_uint32 (1), g_variant_new_uint32 (8),
                                       last, EBPF_UPDATE_FLAGS_ANY, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED, "*Linux 7.0*");
  g_clear_error (&error);

  /* One that has it. */
  slots.has_flags = TRUE;
  g_assert_true (ebpf_map_update_cpu (map, g_variant_new_uint32 (1), g_variant_new_uint32 (8), last,
                                      EBPF_UPDATE_FLAGS_EXIST, &error));
  g_assert_no_error (error);
  g_assert_cmphex (slots.flags, ==, (guint64) last << 32 | 8 | EBPF_UPDATE_FLAGS_EXIST);
  g_assert_cmpuint (slots.value, ==, 8);
  g_assert_cmpuint (value_of_cpu (map, last), ==, 8);
  if (last > 0)
    g_assert_cmpuint (value_of_cpu (map, 0), ==, 7);
  g_assert_true (ebpf_map_update_all_cpus (map, g_variant_new_uint32 (1), g_variant_new_uint32 (9),
                                           EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  g_assert_cmphex (slots.flags, ==, 16);
  g_assert_cmpuint (value_of_cpu (map, 0), ==, 9);
  g_assert_cmpuint (value_of_cpu (map, last), ==, 9);

  g_assert_null (ebpf_map_lookup_cpu (map, g_variant_new_uint32 (1), last + 1, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  ebpf_sys_set_fault_func (NULL, NULL);

  g_clear_object (&map);
  g_assert_true (ebpf_plugin_registry_remove_driver (registry, driver));
}

/* Types that the kernel does not take do not keep it from the map. */
typedef struct
{
  int errsv;
  guint n_with_types;
  guint n_without;
} Types;

static int
refuse_types (EbpfSysCommand command, gpointer user_data)
{
  const EbpfSysMapCreate *attr = ebpf_sys_fault_attr;
  Types *types = user_data;

  if (command != EBPF_SYS_MAP_CREATE)
    return 0;
  if (attr->btf_fd == 0 && attr->btf_key_type_id == 0 && attr->btf_value_type_id == 0)
    {
      types->n_without++;
      return 0;
    }

  types->n_with_types++;
  return types->errsv;
}

static void
test_without_types (void)
{
  static const int answers[] = { 524 /* ENOTSUPP */, EINVAL };
  g_autofree char *path = ebpf_test_object ("exclusive.bpf.o");
  g_autoptr (EbpfCollectionSpec) collection = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMapSpec *spec;

  if (!ebpf_test_require_bpf () || !ebpf_sys_has_feature (EBPF_FEATURE_BTF))
    return;

  collection = ebpf_collection_spec_new_from_path (path, &error);
  g_assert_no_error (error);
  spec = ebpf_collection_spec_get_map (collection, "secret");
  g_assert_nonnull (spec);
  g_assert_nonnull (ebpf_map_spec_get_value_type (spec));

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (EbpfMap) map = NULL;
      g_autoptr (EbpfBtf) btf = NULL;
      Types types = { .errsv = answers[i] };

      ebpf_sys_set_fault_func (refuse_types, &types);
      map = ebpf_map_new (spec, &error);
      ebpf_sys_set_fault_func (NULL, NULL);
      g_assert_no_error (error);
      g_assert_cmpuint (types.n_with_types, ==, 1);
      g_assert_cmpuint (types.n_without, ==, 1);
      /* What the spec knew is known of the map; the kernel has nothing. */
      g_assert_nonnull (ebpf_map_get_value_type (map));
      g_assert_null (ebpf_map_open_btf (map, &error));
      ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                      "*was made without type information");
      g_clear_error (&error);
    }

  {
    g_autoptr (EbpfMap) map = ebpf_map_new (spec, &error);
    g_autoptr (EbpfBtf) btf = NULL;
    g_autoptr (EbpfMap) opened = NULL;
    g_autoptr (GVariant) info = NULL;
    EbpfBtfType *type;
    guint32 id;

    g_assert_no_error (error);
    btf = ebpf_map_open_btf (map, &error);
    g_assert_no_error (error);
    info = ebpf_map_query_info (map, &error);
    g_assert_true (g_variant_lookup (info, "btf-id", "u", &id));
    g_assert_cmpuint (id, >, 0);
    g_assert_true (g_variant_lookup (info, "btf-value-type-id", "u", &id));
    type = ebpf_btf_get_type_by_id (btf, id);
    g_assert_nonnull (type);
    g_assert_cmpint (ebpf_btf_type_get_size (type), ==, ebpf_map_get_value_size (map));
    ebpf_btf_type_unref (type);

    /* A kernel that does not tell who made what. */
    opened = ebpf_map_new_from_id (ebpf_map_get_id (map), &error);
    g_assert_nonnull (ebpf_map_get_value_type (opened));
    ebpf_map_close (map);
    g_assert_null (ebpf_map_open_btf (map, &error));
    g_assert_error (error, EBPF_ERROR, EBPF_ERROR_CLOSED);
    g_clear_error (&error);
  }
}

static int
refuse_freezing (EbpfSysCommand command, gpointer user_data)
{
  return command == EBPF_SYS_MAP_FREEZE ? EINVAL : 0;
}

static int
refuse_privileges (EbpfSysCommand command, gpointer user_data)
{
  return command == EBPF_SYS_MAP_CREATE ? EPERM : 0;
}

static void
test_old_answers (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("old", EBPF_MAP_TYPE_HASH, 4, 8, 16);
  g_autoptr (EbpfMapSpec) twice = ebpf_map_spec_new ("twice", EBPF_MAP_TYPE_HASH, 0, 8, 0);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit limit;

  if (!ebpf_test_require_bpf ())
    return;

  map = new_map (EBPF_MAP_TYPE_ARRAY, 4, 8, 1);
  ebpf_sys_set_kernel_version_code (EBPF_SYS_KERNEL_VERSION (5, 1, 0));
  ebpf_sys_set_fault_func (refuse_freezing, NULL);
  g_assert_false (ebpf_map_freeze (map, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                  "freezing map 'kernels': *freezing maps came with Linux 5.2");
  g_clear_error (&error);
  g_assert_false (ebpf_map_is_frozen (map));

  /* Memory that is locked counts before Linux 5.11, and the limit that was too low is the first thing
   * that is said; unless it could be raised, and the kernel still refuses. */
  ebpf_sys_set_fault_func (refuse_privileges, NULL);
  g_assert_null (ebpf_map_new (spec, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_PERMISSION);
  g_assert_no_errno (getrlimit (RLIMIT_MEMLOCK, &limit));
  if (limit.rlim_cur != RLIM_INFINITY && geteuid () == 0)
    g_assert_nonnull (strstr (error->message, "RLIMIT_MEMLOCK of"));
  g_test_message ("%s", error->message);
  g_clear_error (&error);
  ebpf_sys_set_fault_func (NULL, NULL);
  ebpf_sys_set_kernel_version_code (0);

  /* Two mistakes at once: the likelier is said. */
  g_assert_null (ebpf_map_new (twice, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT,
                                  "*(EINVAL); max_entries is 0*");
}

/* A type that is in no list: keys and values are bytes. The kernel takes it for a hash here. */
static int
take_for_hash (EbpfSysCommand command, gpointer user_data)
{
  EbpfSysMapCreate *attr = ebpf_sys_fault_attr;

  if (command == EBPF_SYS_MAP_CREATE && attr->map_type == 4711)
    attr->map_type = EBPF_MAP_TYPE_HASH;
  return 0;
}

static void
test_unknown_type (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("new", EBPF_MAP_TYPE_UNSPEC, 4, 4, 4);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint number;

  if (!ebpf_test_require_bpf ())
    return;

  g_object_set (spec, "map-type-number", 4711, NULL);
  g_assert_cmpuint (ebpf_map_spec_get_map_type_number (spec), ==, 4711);
  g_assert_cmpint ((int) ebpf_map_spec_get_map_type (spec), ==, 4711);
  ebpf_sys_set_fault_func (take_for_hash, NULL);
  map = ebpf_map_new (spec, &error);
  ebpf_sys_set_fault_func (NULL, NULL);
  g_assert_no_error (error);
  g_object_get (map, "map-type-number", &number, NULL);
  g_assert_cmpuint (number, ==, 4711);
  g_assert_cmpuint (ebpf_map_get_map_type_number (map), ==, 4711);
  text = ebpf_map_to_string (map);
  g_assert_true (g_str_has_prefix (text, "type 4711(new)#"));

  g_assert_true (ebpf_map_update (map, g_variant_new_uint32 (1), g_variant_new_uint32 (7),
                                  EBPF_UPDATE_FLAGS_ANY, &error));
  g_assert_no_error (error);
  value = ebpf_map_lookup (map, g_variant_new_uint32 (1), &error);
  g_assert_cmpstr (g_variant_get_type_string (value), ==, "ay");
  g_assert_cmpuint (count_entries (map), ==, 1);
}

static GBytes *
all_zeros (gsize size)
{
  return g_bytes_new_take (g_malloc0 (size), size);
}

static void
test_exclusive (void)
{
  g_autoptr (EbpfMapSpec) spec = ebpf_map_spec_new ("mine", EBPF_MAP_TYPE_ARRAY, 4, 8, 1);
  g_autoptr (GBytes) hash = all_zeros (32);
  g_autoptr (GBytes) short_hash = all_zeros (20);
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;
  gboolean supported = ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (6, 18, 0);

  if (!ebpf_test_require_bpf ())
    return;

  ebpf_map_spec_set_exclusive_hash (spec, short_hash);
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_WRONG_SIZE, "*32 bytes, not 20");
  g_clear_error (&error);

  ebpf_map_spec_set_exclusive_hash (spec, NULL);
  ebpf_map_spec_set_exclusive_program (spec, "somebody");
  g_assert_null (ebpf_map_new (spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                  "*'somebody' alone, which only a collection knows");
  g_clear_error (&error);

  ebpf_map_spec_set_exclusive_hash (spec, hash);
  map = ebpf_map_new (spec, &error);
  if (supported)
    g_assert_no_error (error);
  else
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED,
                                    "*came with Linux 6.18*");
}

static EbpfCollection *
load_exclusive (const char *program, GError **error)
{
  g_autofree char *path = ebpf_test_object ("exclusive.bpf.o");
  g_autoptr (EbpfLoadOptions) options = ebpf_load_options_new ();
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (EbpfCollection) collection = NULL;

  spec = ebpf_collection_spec_new_from_path (path, error);
  g_assert_no_error (*error);
  ebpf_map_spec_set_exclusive_program (ebpf_collection_spec_get_map (spec, "secret"), "allowed");
  ebpf_load_options_select_program (options, program);
  collection = ebpf_collection_new (spec);
  if (!ebpf_collection_load (collection, options, NULL, error))
    return NULL;

  return g_steal_pointer (&collection);
}

static void
test_exclusive_program (void)
{
  g_autoptr (EbpfCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf () || !ebpf_test_require_kernel (6, 18))
    return;

  collection = load_exclusive ("allowed", &error);
  g_assert_no_error (error);
  g_clear_object (&collection);

  g_assert_null (load_exclusive ("refused", &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_VERIFIER);
  g_test_message ("%s", error->message);
  g_clear_error (&error);

  {
    g_autofree char *path = ebpf_test_object ("exclusive.bpf.o");
    g_autoptr (EbpfCollectionSpec) spec = ebpf_collection_spec_new_from_path (path, &error);
    g_autoptr (EbpfCollection) nobody = NULL;

    ebpf_map_spec_set_exclusive_program (ebpf_collection_spec_get_map (spec, "secret"), "nobody");
    nobody = ebpf_collection_new (spec);
    g_assert_false (ebpf_collection_load (nobody, NULL, NULL, &error));
    ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_NOT_FOUND,
                                    "*map \"secret\" is for the program \"nobody\" alone*");
  }
}

int
main (int argc, char *argv[])
{
  /* Modules link the shared library; this is the static one. */
  g_unsetenv ("EBPF_PLUGIN_PATH");
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/object/map-kernels/first-key", test_first_key);
  ebpf_test_add ("/object/map-kernels/versions", test_versions);
  ebpf_test_add ("/object/map-kernels/log", test_log);
  ebpf_test_add ("/object/map-kernels/real-log", test_real_log);
  ebpf_test_add ("/object/map-kernels/device", test_device);
  ebpf_test_add ("/object/map-kernels/device-given", test_device_given);
  ebpf_test_add ("/object/map-kernels/slots", test_slots);
  ebpf_test_add ("/object/map-kernels/without-types", test_without_types);
  ebpf_test_add ("/object/map-kernels/old-answers", test_old_answers);
  ebpf_test_add ("/object/map-kernels/unknown-type", test_unknown_type);
  ebpf_test_add ("/object/map-kernels/exclusive", test_exclusive);
  ebpf_test_add ("/object/map-kernels/exclusive-program", test_exclusive_program);

  return g_test_run ();
}
