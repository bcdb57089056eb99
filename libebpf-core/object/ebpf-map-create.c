/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-map-struct-private.h"

#include "btf/ebpf-btf-builder.h"
#include "btf/ebpf-btf-private.h"
#include "btf/ebpf-btf-type.h"
#include "plugin/ebpf-plain-map-driver-private.h"
#include "plugin/ebpf-plugin-registry-private.h"
#include "plugin/ebpf-plugin-registry.h"
#include "spec/ebpf-map-spec-private.h"
#include "sys/ebpf-system.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

/* The kernel allows one level of maps in maps; a spec may even hold itself. */
#define MAX_NESTING 4

/* BPF_F_VTYPE_BTF_OBJ_FD: the value's type is a module's. */
#define FLAG_VALUE_TYPE_FD (1u << 15)

/* SHA-256 */
#define HASH_SIZE 32u

/* The kernel's own words on why not: one line, mostly. */
#define LOG_SIZE 4096u
#define MAX_LOG_SIZE (1u << 20)

/* An object's types are some kilobytes. */
#define MAX_TYPES_SIZE (1u << 20)

static EbpfMap *create (EbpfMapSpec *spec, int btf_fd, guint depth, GError **error);

static EbpfMapDriver *
find_driver (EbpfMapSpec *spec, GError **error)
{
  EbpfMapDriver *driver;
  GError *local_error = NULL;

  driver = ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (),
                                             ebpf_map_spec_get_map_type (spec), &local_error);
  if (driver == NULL)
    ebpf_error_propagate_prefixed (error, local_error, "map '%s': ", ebpf_map_spec_get_name (spec));

  return driver;
}

static EbpfMapSpec *
fixup (EbpfMapSpec *spec, EbpfMapDriver *driver, GError **error)
{
  g_autoptr (EbpfMapSpec) copy = ebpf_map_spec_copy (spec);
  g_autofree char *subject = g_strdup_printf ("map %s", ebpf_map_spec_get_name (spec));
  GError *local_error = NULL;

  if (!ebpf_map_driver_fixup_spec (driver, copy, &local_error))
    {
      /* Most plug-ins say which map it is. */
      if (g_str_has_prefix (local_error->message, subject))
        g_propagate_error (error, local_error);
      else
        ebpf_error_propagate_prefixed (error, local_error,
                                       "map '%s': ", ebpf_map_spec_get_name (spec));
      return NULL;
    }

  return g_steal_pointer (&copy);
}

/**
 * ebpf_map_check_compatible:
 * @self: a map
 * @spec: what a map is to be like
 * @error: return location for an error
 *
 * Checks whether a map can stand in for one that would be made from @spec: whether the type, the
 * sizes of keys and values, the number of entries and the flags are those that the kernel would
 * give it. Neither names nor the types of keys and values are compared.
 *
 * A load does this with every map that is given in place of another, or was pinned before.
 *
 * Returns: %TRUE where it can; else the error is %EBPF_ERROR_INCOMPATIBLE and lists all differences
 */
gboolean
ebpf_map_check_compatible (EbpfMap *self, EbpfMapSpec *spec, GError **error)
{
  g_autoptr (EbpfMapDriver) driver = NULL;
  g_autoptr (EbpfMapSpec) fixed = NULL;

  g_return_val_if_fail (EBPF_IS_MAP (self), FALSE);
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (spec), FALSE);

  driver = find_driver (spec, error);
  if (driver == NULL)
    return FALSE;

  fixed = fixup (spec, driver, error);

  return fixed != NULL && ebpf_map_driver_check_compatible (driver, fixed, self, error);
}

static int
try_create (const EbpfSysMapCreate *attr)
{
  EbpfSysMapCreate copy;

  memcpy (&copy, attr, sizeof copy);

  return ebpf_sys_bpf (EBPF_SYS_MAP_CREATE, &copy, sizeof copy);
}

static gboolean
works (const EbpfSysMapCreate *attr)
{
  int fd = try_create (attr);

  if (fd < 0)
    return FALSE;

  ebpf_sys_clear_fd (&fd);
  return TRUE;
}

static const struct
{
  guint32 flag;
  const char *name;
  guint32 version;
} flags_by_version[] = {
  { EBPF_MAP_FLAGS_RDONLY_PROG, "BPF_F_RDONLY_PROG", EBPF_SYS_KERNEL_VERSION (5, 2, 0) },
  { EBPF_MAP_FLAGS_WRONLY_PROG, "BPF_F_WRONLY_PROG", EBPF_SYS_KERNEL_VERSION (5, 2, 0) },
  { EBPF_MAP_FLAGS_MMAPABLE, "BPF_F_MMAPABLE", EBPF_SYS_KERNEL_VERSION (5, 5, 0) },
  { EBPF_MAP_FLAGS_INNER_MAP, "BPF_F_INNER_MAP", EBPF_SYS_KERNEL_VERSION (5, 10, 0) },
  { EBPF_MAP_FLAGS_PRESERVE_ELEMS, "BPF_F_PRESERVE_ELEMS", EBPF_SYS_KERNEL_VERSION (5, 10, 0) },
  { EBPF_MAP_FLAGS_LINK, "BPF_F_LINK", EBPF_SYS_KERNEL_VERSION (6, 4, 0) },
  { EBPF_MAP_FLAGS_NO_PREALLOC, "BPF_F_NO_PREALLOC", 0 },
  { EBPF_MAP_FLAGS_NO_COMMON_LRU, "BPF_F_NO_COMMON_LRU", 0 },
  { EBPF_MAP_FLAGS_NUMA_NODE, "BPF_F_NUMA_NODE", 0 },
  { EBPF_MAP_FLAGS_RDONLY, "BPF_F_RDONLY", 0 },
  { EBPF_MAP_FLAGS_WRONLY, "BPF_F_WRONLY", 0 },
  { EBPF_MAP_FLAGS_STACK_BUILD_ID, "BPF_F_STACK_BUILD_ID", 0 },
  { EBPF_MAP_FLAGS_ZERO_SEED, "BPF_F_ZERO_SEED", 0 },
  { EBPF_MAP_FLAGS_CLONE, "BPF_F_CLONE", 0 },
};

/* The kernel answers EINVAL to nearly everything. What it would have taken instead says more, for
 * types of map that nobody here has heard of, too. */
static char *
explain_by_trying (const EbpfSysMapCreate *attr)
{
  EbpfSysMapCreate other;

  if (attr->max_entries == 0)
    {
      memcpy (&other, attr, sizeof other);
      other.max_entries = 1;
      if (works (&other))
        return g_strdup ("max_entries must not be 0");
    }
  else
    {
      memcpy (&other, attr, sizeof other);
      other.max_entries = 0;
      if (works (&other))
        return g_strdup ("max_entries must be 0 for this type");
    }

  {
    static const guint32 sizes[] = { 4, 8, 0, 1 };

    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
      {
        memcpy (&other, attr, sizeof other);
        other.key_size = sizes[i];
        if (works (&other))
          return g_strdup_printf ("a key of %u bytes would do, one of %u does not", sizes[i],
                                  attr->key_size);
        memcpy (&other, attr, sizeof other);
        other.value_size = sizes[i];
        if (works (&other))
          return g_strdup_printf ("a value of %u bytes would do, one of %u does not", sizes[i],
                                  attr->value_size);
      }
  }

  for (guint i = 0; i < G_N_ELEMENTS (flags_by_version); i++)
    {
      if ((attr->map_flags & flags_by_version[i].flag) == 0)
        continue;
      memcpy (&other, attr, sizeof other);
      other.map_flags &= ~flags_by_version[i].flag;
      if (works (&other))
        return g_strdup_printf ("this type of map does not take the flag %s",
                                flags_by_version[i].name);
    }

  if ((attr->map_flags & EBPF_MAP_FLAGS_NO_PREALLOC) == 0)
    {
      memcpy (&other, attr, sizeof other);
      other.map_flags |= EBPF_MAP_FLAGS_NO_PREALLOC;
      if (works (&other))
        return g_strdup ("this type of map needs the flag BPF_F_NO_PREALLOC");
    }

  if (attr->map_flags != 0)
    {
      memcpy (&other, attr, sizeof other);
      other.map_flags = 0;
      if (works (&other))
        return g_strdup_printf ("flags 0x%x are the reason: without, it works", attr->map_flags);
    }

  if (attr->map_extra != 0)
    {
      memcpy (&other, attr, sizeof other);
      other.map_extra = 0;
      if (works (&other))
        return g_strdup_printf ("map_extra 0x%" G_GINT64_MODIFIER "x is the reason: with 0, it "
                                "works",
                                attr->map_extra);
    }

  return NULL;
}

static char *
explain_generally (EbpfMapSpec *spec, const EbpfSysMapCreate *attr, int errsv)
{
  guint32 version = ebpf_sys_get_kernel_version_code ();
  const char *type_version = ebpf_sys_map_type_min_version (attr->map_type);
  gboolean refused = errsv == EINVAL || errsv == E2BIG || errsv == EOPNOTSUPP || errsv == 524;
  char *explanation;

  if (attr->map_type == BPF_MAP_TYPE_UNSPEC)
    return g_strdup ("the type of map is not set");

  if (refused && type_version != NULL && version < ebpf_sys_parse_kernel_version (type_version))
    {
      g_autofree char *running = ebpf_dup_kernel_version ();
      const char *word = ebpf_map_type_to_string (ebpf_map_spec_get_map_type (spec));

      return g_strdup_printf ("maps of type %s came with Linux %s, this is %s",
                              word != NULL ? word : "?", type_version, running);
    }
  if (refused)
    for (guint i = 0; i < G_N_ELEMENTS (flags_by_version); i++)
      if ((attr->map_flags & flags_by_version[i].flag) != 0 &&
          version < flags_by_version[i].version)
        return g_strdup_printf ("the flag %s came with Linux %u.%u", flags_by_version[i].name,
                                flags_by_version[i].version >> 16,
                                (flags_by_version[i].version >> 8) & 0xff);

  if (errsv == EINVAL || errsv == E2BIG)
    {
      explanation = explain_by_trying (attr);
      if (explanation != NULL)
        return explanation;
    }

  /* Not the only mistake, then. */
  if (errsv == EINVAL && attr->max_entries == 0)
    return g_strdup ("max_entries is 0, which few types of map take");

  if (refused && type_version == NULL)
    return g_strdup_printf ("this kernel does not know map type %u, or not like this",
                            attr->map_type);

  if (errsv == E2BIG || errsv == ENOMEM)
    return g_strdup_printf ("%u entries of %u and %u bytes may be more memory than there is, or "
                            "than the control group may have",
                            attr->max_entries, attr->key_size, attr->value_size);

  return NULL;
}

/* What the kernel itself says about a map that it refuses (Linux 7.0), or NULL. */
static char *
read_create_log (const EbpfSysMapCreate *attr)
{
  guint32 size = LOG_SIZE;

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *log = g_malloc0 (size + 1);
      EbpfSysMapCreate copy;
      EbpfSysCommon common;
      int fd;

      memcpy (&copy, attr, sizeof copy);
      memset (&common, 0, sizeof common);
      common.log_buf = EBPF_PTR_TO_U64 (log);
      common.log_size = size;
      common.log_level = 1;
      fd = ebpf_sys_bpf_common (EBPF_SYS_MAP_CREATE, &copy, sizeof copy, &common);
      if (fd >= 0)
        {
          ebpf_sys_clear_fd (&fd);
          return NULL;
        }

      if (common.log_true_size <= size || common.log_true_size > MAX_LOG_SIZE)
        {
          g_strchomp (log);
          return *log != '\0' ? g_steal_pointer (&log) : NULL;
        }
      size = common.log_true_size;
    }

  return NULL;
}

static const char *
explain_exclusive (const EbpfSysMapCreate *attr, int errsv)
{
  if (attr->excl_prog_hash == 0 || (errsv != E2BIG && errsv != EINVAL) ||
      ebpf_sys_get_kernel_version_code () >= EBPF_SYS_KERNEL_VERSION (6, 18, 0))
    return NULL;

  return "maps for one program alone came with Linux 6.18";
}

static char *
explain_device (const EbpfSysMapCreate *attr, int errsv)
{
  char name[IF_NAMESIZE];

  if (attr->map_ifindex == 0 || errsv == EPERM)
    return NULL;
  if (if_indextoname (attr->map_ifindex, name) == NULL)
    return g_strdup_printf ("there is no interface of index %u here", attr->map_ifindex);

  return g_strdup_printf ("the map is to be in the device %s (%u), which has to take programs, and "
                          "arrays and hashes are all that it does",
                          name, attr->map_ifindex);
}

static void
set_create_error (GError **error,
                  EbpfMapDriver *driver,
                  EbpfMapSpec *spec,
                  const EbpfSysMapCreate *attr,
                  int errsv)
{
  g_autofree char *summary = NULL;
  g_autofree char *hint = NULL;
  g_autofree char *log = NULL;
  EbpfError code = ebpf_sys_error_code (errsv);

  if (error == NULL)
    return;

  summary = ebpf_map_spec_to_string (spec);
  hint = g_strdup (explain_exclusive (attr, errsv));
  if (hint != NULL)
    code = EBPF_ERROR_NOT_SUPPORTED;
  if (hint == NULL)
    hint = explain_device (attr, errsv);
  if (hint == NULL)
    hint = ebpf_map_driver_explain_create_error (driver, spec, errsv);
  if (hint == NULL)
    hint = explain_generally (spec, attr, errsv);
  /* These have nothing to do with what was asked for. */
  if (errsv != EPERM && errsv != ENOMEM && errsv != EMFILE && errsv != ENFILE)
    log = read_create_log (attr);

  /* Perhaps a plug-in would have known what this type of map asks for. */
  if (errsv == EINVAL && EBPF_IS_PLAIN_MAP_DRIVER (driver))
    {
      g_autofree char *problems = ebpf_plugin_registry_dup_problems ();
      g_autofree char *cause = hint;

      hint = cause != NULL && problems != NULL ? g_strdup_printf ("%s; %s", cause, problems)
             : problems != NULL                ? g_strdup (problems)
                                               : g_steal_pointer (&cause);
    }

  if ((errsv == EINVAL || errsv == E2BIG) && attr->map_type != BPF_MAP_TYPE_UNSPEC)
    {
      const char *type_version = ebpf_sys_map_type_min_version (attr->map_type);

      /* It is not the caller's argument that is wrong then. */
      if (type_version == NULL ||
          ebpf_sys_get_kernel_version_code () < ebpf_sys_parse_kernel_version (type_version))
        code = EBPF_ERROR_NOT_SUPPORTED;
    }

  if (log != NULL)
    {
      g_autofree char *line = g_strdelimit (g_strdup (log), "\n", ' ');
      g_autofree char *cause = hint;

      hint = cause != NULL ? g_strdup_printf ("%s; the kernel says: %s", cause, line)
                           : g_strdup_printf ("the kernel says: %s", line);
    }

  ebpf_sys_set_error_with_hint (error, code, errsv, hint, "creating map '%s', %s",
                                ebpf_map_spec_get_name (spec), summary);
  ebpf_error_set_log (*error, log);
}

static gboolean
add_exclusive (EbpfSysMapCreate *attr, EbpfMapSpec *spec, GError **error)
{
  const char *program = ebpf_map_spec_get_exclusive_program (spec);
  GBytes *hash = ebpf_map_spec_get_exclusive_hash (spec);

  if (hash == NULL && program == NULL)
    return TRUE;
  if (hash == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                      "map '%s' is for the program '%s' alone, which only a collection knows",
                      ebpf_map_spec_get_name (spec), program);
      return FALSE;
    }
  if (g_bytes_get_size (hash) != HASH_SIZE)
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "map '%s': the hash of a program has %u bytes, not %" G_GSIZE_FORMAT,
                      ebpf_map_spec_get_name (spec), HASH_SIZE, g_bytes_get_size (hash));
      return FALSE;
    }

  attr->excl_prog_hash = EBPF_PTR_TO_U64 (g_bytes_get_data (hash, NULL));
  attr->excl_prog_hash_size = HASH_SIZE;
  return TRUE;
}

/* The types are those of the BTF behind the fd only where both are of one BTF. */
static void
add_types (EbpfSysMapCreate *attr, EbpfMapSpec *spec, int btf_fd)
{
  EbpfBtfType *key = ebpf_map_spec_get_key_type (spec);
  EbpfBtfType *value = ebpf_map_spec_get_value_type (spec);

  if (btf_fd < 0 || value == NULL)
    return;
  if (key != NULL && ebpf_btf_type_get_btf (key) != ebpf_btf_type_get_btf (value))
    return;

  attr->btf_fd = (guint32) btf_fd;
  attr->btf_key_type_id = key != NULL ? ebpf_btf_type_get_id (key) : 0;
  attr->btf_value_type_id = ebpf_btf_type_get_id (value);
}

/* The value is of a type of the kernel's, found by the object's own. */
static gboolean
add_struct_ops (EbpfSysMapCreate *attr,
                EbpfStructOpsType *type,
                EbpfMapSpec *spec,
                int btf_fd,
                GError **error)
{
  const char *name = ebpf_struct_ops_get_name (spec, error);
  GError *local_error = NULL;

  if (name == NULL)
    return FALSE;
  if (!ebpf_struct_ops_type_find (type, name, &local_error))
    {
      ebpf_error_propagate_prefixed (error, local_error,
                                     "map '%s': ", ebpf_map_spec_get_name (spec));
      return FALSE;
    }

  attr->value_size = type->value_size;
  attr->btf_vmlinux_value_type_id = type->value_id;
  attr->btf_fd = btf_fd >= 0 ? (guint32) btf_fd : 0;
  if (type->btf_fd > 0)
    {
      attr->map_flags |= FLAG_VALUE_TYPE_FD;
      attr->value_type_btf_obj_fd = type->btf_fd;
    }

  return TRUE;
}

static int
create_in_kernel (EbpfSysMapCreate *attr)
{
  int fd = try_create (attr);

  /* Many types of map do not take BTF, or not these types, and are as good without. */
  if (fd < 0 && attr->btf_value_type_id != 0 && errno != EPERM && errno != ENOMEM &&
      errno != EMFILE && errno != ENFILE)
    {
      attr->btf_fd = 0;
      attr->btf_key_type_id = 0;
      attr->btf_value_type_id = 0;
      fd = try_create (attr);
    }

  return fd;
}

/* A map outside of a collection has nobody else to load its types. Best effort: but for the
 * storages, which no kernel makes without, a map works without as well. */
static int
load_types (EbpfMapSpec *spec)
{
  EbpfBtfType *value = ebpf_map_spec_get_value_type (spec);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf;
  int fd;

  if (value == NULL)
    return -1;

  /* Not the kernel's own. */
  btf = ebpf_btf_type_get_btf (value);
  bytes = ebpf_btf_get_bytes (btf);
  if (ebpf_btf_get_base (btf) != NULL || g_bytes_get_size (bytes) > MAX_TYPES_SIZE)
    return -1;

  fd = ebpf_btf_load_into_kernel (btf, &error);
  if (fd < 0)
    g_debug ("types of map '%s': %s", ebpf_map_spec_get_name (spec), error->message);

  return fd;
}

/* Whether the types cannot be loaded as they are: of two BTFs, of one that is split, or of one as large
 * as the kernel's. */
static gboolean
needs_copies (EbpfMapSpec *spec)
{
  EbpfBtfType *types[] = { ebpf_map_spec_get_value_type (spec), ebpf_map_spec_get_key_type (spec) };
  EbpfBtf *first;

  if (types[0] == NULL)
    return FALSE;

  first = ebpf_btf_type_get_btf (types[0]);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      EbpfBtf *btf = types[i] != NULL ? ebpf_btf_type_get_btf (types[i]) : first;
      g_autoptr (GBytes) bytes = ebpf_btf_get_bytes (btf);

      if (btf != first || ebpf_btf_get_base (btf) != NULL ||
          g_bytes_get_size (bytes) > MAX_TYPES_SIZE)
        return TRUE;
    }

  return FALSE;
}

static guint
copy_type (EbpfBtfBuilder *builder, EbpfBtfType *type, GError **error)
{
  return type != NULL && ebpf_btf_type_get_id (type) != 0
             ? ebpf_btf_builder_copy_type (builder, type, error)
             : 0;
}

/* Loads these two and what they consist of, and nothing else. Best effort, too. */
static int
load_copies (EbpfSysMapCreate *attr, EbpfMapSpec *spec)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (EbpfBtf) btf = NULL;
  g_autoptr (GError) error = NULL;
  guint key = 0, value;
  int fd = -1;

  value = copy_type (builder, ebpf_map_spec_get_value_type (spec), &error);
  if (error == NULL)
    key = copy_type (builder, ebpf_map_spec_get_key_type (spec), &error);
  if (error == NULL)
    btf = ebpf_btf_builder_build (builder, &error);
  if (btf != NULL)
    fd = ebpf_btf_load_into_kernel (btf, &error);
  if (fd < 0)
    {
      g_debug ("types of map '%s': %s", ebpf_map_spec_get_name (spec), error->message);
      return -1;
    }

  attr->btf_fd = (guint32) fd;
  attr->btf_key_type_id = key;
  attr->btf_value_type_id = value;
  return fd;
}

/* Fields that only another loader knows may change what the map is. */
static gboolean
check_extra (EbpfMapSpec *spec, GError **error)
{
  GBytes *extra = ebpf_map_spec_get_extra (spec);
  const guint8 *data;
  gsize size;

  if (extra == NULL)
    return TRUE;

  data = g_bytes_get_data (extra, &size);
  for (gsize i = 0; i < size; i++)
    if (data[i] != 0)
      {
        ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                        "map '%s': byte %" G_GSIZE_FORMAT " behind the known fields of its "
                        "definition is not zero, and means something to another loader; define it "
                        "in .maps, or clear EbpfMapSpec:extra",
                        ebpf_map_spec_get_name (spec), i);
        return FALSE;
      }

  return TRUE;
}

static EbpfMap *
create (EbpfMapSpec *spec, int btf_fd, guint depth, GError **error)
{
  g_autoptr (EbpfMapDriver) driver = NULL;
  g_autoptr (EbpfMapSpec) fixed = NULL;
  g_autoptr (EbpfMap) inner = NULL;
  g_autoptr (EbpfMap) self = NULL;
  g_auto (EbpfStructOpsType) struct_ops = { 0 };
  EbpfMapSpec *inner_spec;
  EbpfSysMapCreate attr;
  GError *local_error = NULL;
  int own_btf_fd = -1;
  int fd;

  if (!check_extra (spec, error))
    return NULL;

  driver = find_driver (spec, error);
  if (driver == NULL)
    return NULL;
  fixed = fixup (spec, driver, error);
  if (fixed == NULL)
    return NULL;

  memset (&attr, 0, sizeof attr);
  attr.map_type = (guint32) ebpf_map_spec_get_map_type (fixed);
  attr.key_size = ebpf_map_spec_get_key_size (fixed);
  attr.value_size = ebpf_map_spec_get_value_size (fixed);
  attr.max_entries = ebpf_map_spec_get_max_entries (fixed);
  attr.map_flags = ebpf_map_spec_get_map_flags (fixed);
  attr.map_extra = ebpf_map_spec_get_map_extra (fixed);
  attr.map_ifindex = ebpf_map_spec_get_ifindex (fixed);
  if (!add_exclusive (&attr, fixed, error))
    return NULL;
  if (attr.map_flags & EBPF_MAP_FLAGS_NUMA_NODE)
    attr.numa_node = ebpf_map_spec_get_numa_node (fixed);
  if (ebpf_sys_has_feature (EBPF_FEATURE_PROG_NAME))
    ebpf_sys_copy_name (attr.map_name, ebpf_map_spec_get_name (fixed));

  inner_spec = ebpf_map_spec_get_inner_map (fixed);
  if (inner_spec != NULL)
    {
      if (depth >= MAX_NESTING)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "map '%s': maps are nested more than %d deep",
                          ebpf_map_spec_get_name (spec), MAX_NESTING);
          return NULL;
        }
      if (ebpf_map_spec_get_pinning (inner_spec) != EBPF_PINNING_NONE)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "map '%s': its inner map cannot be pinned",
                          ebpf_map_spec_get_name (spec));
          return NULL;
        }

      inner = create (inner_spec, btf_fd, depth + 1, &local_error);
      if (inner == NULL)
        {
          ebpf_error_propagate_prefixed (error, local_error,
                                         "the inner map of '%s': ", ebpf_map_spec_get_name (spec));
          return NULL;
        }
      attr.inner_map_fd = (guint32) ebpf_map_peek_fd (inner);
    }

  /* Types that the driver brought are not of the BTF that the caller has. */
  if (attr.map_type != BPF_MAP_TYPE_STRUCT_OPS && needs_copies (fixed))
    own_btf_fd = load_copies (&attr, fixed);
  else if (ebpf_map_spec_get_value_type (spec) == NULL || btf_fd == EBPF_MAP_OWN_TYPES)
    own_btf_fd = load_types (fixed);
  if (attr.map_type != BPF_MAP_TYPE_STRUCT_OPS && attr.btf_value_type_id == 0)
    add_types (&attr, fixed, own_btf_fd >= 0 ? own_btf_fd : btf_fd);
  else if (attr.map_type == BPF_MAP_TYPE_STRUCT_OPS &&
           !add_struct_ops (&attr, &struct_ops, fixed, own_btf_fd >= 0 ? own_btf_fd : btf_fd,
                            error))
    {
      ebpf_sys_clear_fd (&own_btf_fd);
      return NULL;
    }

  fd = create_in_kernel (&attr);
  if (fd < 0)
    set_create_error (error, driver, fixed, &attr, errno);
  ebpf_sys_clear_fd (&own_btf_fd);
  if (fd < 0)
    return NULL;

  self = ebpf_map_wrap_fd (fd, driver, TRUE, error);
  if (self == NULL)
    return NULL;

  /* Where the kernel does not tell, the spec does. */
  self->map_type = attr.map_type;
  self->key_size = attr.key_size;
  self->value_size = attr.value_size;
  self->max_entries = attr.max_entries;
  ebpf_map_adopt_spec (self, spec);
  if (struct_ops.value_id != 0)
    {
      g_autoptr (EbpfBtfType) type = ebpf_btf_get_type_by_id (struct_ops.btf, struct_ops.value_id);

      self->struct_ops_type_id = struct_ops.value_id;
      ebpf_map_set_value_type (self, type);
    }

  return g_steal_pointer (&self);
}

EbpfMap *
ebpf_map_create (EbpfMapSpec *spec, int btf_fd, GError **error)
{
  return create (spec, btf_fd, 0, error);
}

static gboolean
put_content (EbpfMap *self,
             EbpfMapSpec *spec,
             guint index,
             EbpfMapResolveFunc resolve,
             gpointer user_data,
             GError **error)
{
  GBytes *key = ebpf_map_spec_get_content_key (spec, index);
  GBytes *value = ebpf_map_spec_get_content_value (spec, index);
  const char *name = ebpf_map_spec_get_content_reference (spec, index);
  g_autoptr (GBytes) packed = NULL;
  g_autoptr (GObject) object = NULL;

  if (value != NULL)
    return ebpf_map_update_bytes (self, self->key_size > 0 ? key : NULL, value,
                                  EBPF_UPDATE_FLAGS_ANY, error);

  if (ebpf_map_spec_get_content_object (spec, index) != NULL)
    object = g_object_ref (ebpf_map_spec_get_content_object (spec, index));
  else if (resolve == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                      "it refers to '%s', which only a collection knows", name);
      return FALSE;
    }

  if (!ebpf_map_check_key (self, key, error))
    return FALSE;
  if (object == NULL)
    object = resolve (name, user_data, error);
  if (object == NULL)
    return *error == NULL;

  packed = ebpf_map_driver_value_from_object (self->driver, self, object, error);
  if (packed == NULL)
    return FALSE;
  if (g_bytes_get_size (packed) != ebpf_map_get_value_buffer_size (self))
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "map driver %s made a value of %" G_GSIZE_FORMAT
                      " bytes, not %" G_GSIZE_FORMAT,
                      G_OBJECT_TYPE_NAME (self->driver), g_bytes_get_size (packed),
                      ebpf_map_get_value_buffer_size (self));
      return FALSE;
    }

  return ebpf_map_update_raw (self, g_bytes_get_data (key, NULL), g_bytes_get_data (packed, NULL),
                              EBPF_UPDATE_FLAGS_ANY, error);
}

gboolean
ebpf_map_populate (EbpfMap *self,
                   EbpfMapSpec *spec,
                   EbpfMapResolveFunc resolve,
                   gpointer user_data,
                   GError **error)
{
  guint n_contents = ebpf_map_spec_get_n_contents (spec);

  /* To put it in would register it: that is what attaching does. */
  if (self->map_type == BPF_MAP_TYPE_STRUCT_OPS)
    {
      EbpfStructOpsValue *value = ebpf_struct_ops_value_new (spec, resolve, user_data, error);

      g_mutex_lock (&self->lock);
      g_clear_pointer (&self->struct_ops, ebpf_struct_ops_value_unref);
      self->struct_ops = value;
      g_mutex_unlock (&self->lock);
      return value != NULL;
    }

  if (ebpf_map_is_arena (self))
    return ebpf_map_fill_arena (
        self, n_contents > 0 ? ebpf_map_spec_get_content_value (spec, 0) : NULL, error);

  for (guint i = 0; i < n_contents; i++)
    {
      GError *local_error = NULL;

      if (!put_content (self, spec, i, resolve, user_data, &local_error))
        {
          ebpf_error_propagate_prefixed (error, local_error, "filling map '%s', entry %u of %u: ",
                                         ebpf_map_spec_get_name (spec), i + 1, n_contents);
          return FALSE;
        }
    }

  return !ebpf_map_spec_is_constant (spec) || ebpf_map_freeze (self, error);
}

/**
 * ebpf_map_new:
 * @spec: a map spec
 * @error: return location for an error
 *
 * Makes a map in the kernel and fills it with the contents of its spec. A spec that stands for
 * constants makes a frozen map.
 *
 * The spec does not change; what the type of map asks for (see [method@MapDriver.fixup_spec]) is
 * done to a copy. Pinning is up to the caller.
 *
 * Returns: (transfer full): the map, or %NULL with @error set
 */
EbpfMap *
ebpf_map_new (EbpfMapSpec *spec, GError **error)
{
  g_autoptr (EbpfMap) self = NULL;

  g_return_val_if_fail (EBPF_IS_MAP_SPEC (spec), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = ebpf_map_create (spec, EBPF_MAP_OWN_TYPES, error);
  if (self == NULL || !ebpf_map_populate (self, spec, NULL, NULL, error))
    return NULL;

  return g_steal_pointer (&self);
}
