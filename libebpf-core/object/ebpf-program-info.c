/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-program-private.h"

#include <errno.h>
#include <string.h>

#include "sys/ebpf-sys-private.h"

/* A kernel may give more maps than it said a moment ago; a program has at most 64 (MAX_USED_MAPS).
 */
#define MAX_MAP_IDS 256

static void
add (GVariantBuilder *builder, const char *key, GVariant *value)
{
  g_variant_builder_add (builder, "{sv}", key, value);
}

/* What the info by fd does not have: "memlock:\t4096". */
static gboolean
read_fdinfo (int fd, const char *key, guint64 *value)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fdinfo/%d", fd);
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
    return FALSE;

  lines = g_strsplit (contents, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], key) && lines[i][strlen (key)] == ':')
      {
        *value = g_ascii_strtoull (lines[i] + strlen (key) + 1, NULL, 10);
        return TRUE;
      }

  return FALSE;
}

/**
 * ebpf_program_query_info:
 * @self: a program
 * @error: return location for an error
 *
 * Asks the kernel what it knows about the program (Linux 4.13).
 *
 * The keys, each there where the kernel has it: `id`, `type` (both `u`), `type-name`, `name`, `tag`
 * (hexadecimal), `uid` (`u`), `load-time` (`t`, nanoseconds since boot), `map-ids` (`au`),
 * `btf-id`, `translated-size`, `jited-size` (bytes), `verified-instructions` (`u`),
 * `gpl-compatible` (`b`), `ifindex`, `attach-btf-id`, `attach-btf-object-id` (`u`), `memlock` (`t`,
 * bytes) and, once statistics are switched on, `run-time` (`t`, nanoseconds), `run-count` and
 * `recursion-misses`
 * (`t`).
 *
 * Returns: (transfer full): an `a{sv}`
 */
GVariant *
ebpf_program_query_info (EbpfProgram *self, GError **error)
{
  g_autofree guint32 *map_ids = NULL;
  GVariantBuilder builder;
  struct bpf_prog_info info;
  EbpfSysInfo attr;
  char tag[2 * BPF_TAG_SIZE + 1];
  const char *type_name;
  guint64 memlock;
  guint n_map_ids;
  int fd;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);

  if (!ebpf_program_check_open (self, "asking about", error))
    return NULL;

  /* The ids of the maps come along with the rest, and a second call would see another moment. */
  fd = ebpf_program_peek_fd (self);
  map_ids = g_new0 (guint32, MAX_MAP_IDS);
  memset (&info, 0, sizeof info);
  info.nr_map_ids = MAX_MAP_IDS;
  info.map_ids = EBPF_PTR_TO_U64 (map_ids);

  memset (&attr, 0, sizeof attr);
  attr.bpf_fd = (guint32) fd;
  attr.info_len = sizeof info;
  attr.info = EBPF_PTR_TO_U64 (&info);
  if (ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) < 0)
    {
      /* Before Linux 4.15 there were no map ids to ask for. */
      n_map_ids = 0;
      if ((errno != EINVAL && errno != E2BIG) || ebpf_sys_get_info (fd, &info, sizeof info) < 0)
        {
          ebpf_sys_set_error (error, errno, "asking about program \"%s\"",
                              ebpf_program_get_name (self));
          return NULL;
        }
    }
  else
    {
      n_map_ids = MIN (info.nr_map_ids, MAX_MAP_IDS);
    }

  for (guint i = 0; i < BPF_TAG_SIZE; i++)
    g_snprintf (tag + 2 * i, 3, "%02x", info.tag[i]);

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add (&builder, "id", g_variant_new_uint32 (info.id));
  add (&builder, "type", g_variant_new_uint32 (info.type));
  type_name = ebpf_program_type_to_string ((EbpfProgramType) info.type);
  if (type_name != NULL)
    add (&builder, "type-name", g_variant_new_string (type_name));
  add (&builder, "name",
       g_variant_new_take_string (
           g_utf8_make_valid (info.name, (gssize) strnlen (info.name, sizeof info.name))));
  add (&builder, "tag", g_variant_new_string (tag));
  add (&builder, "uid", g_variant_new_uint32 (info.created_by_uid));
  if (info.load_time != 0)
    add (&builder, "load-time", g_variant_new_uint64 (info.load_time));
  add (&builder, "map-ids",
       g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, map_ids, n_map_ids, sizeof (guint32)));
  if (info.btf_id != 0)
    add (&builder, "btf-id", g_variant_new_uint32 (info.btf_id));
  if (info.xlated_prog_len != 0)
    add (&builder, "translated-size", g_variant_new_uint32 (info.xlated_prog_len));
  if (info.jited_prog_len != 0)
    add (&builder, "jited-size", g_variant_new_uint32 (info.jited_prog_len));
  if (info.verified_insns != 0)
    add (&builder, "verified-instructions", g_variant_new_uint32 (info.verified_insns));
  add (&builder, "gpl-compatible", g_variant_new_boolean (info.gpl_compatible));
  if (info.ifindex != 0)
    add (&builder, "ifindex", g_variant_new_uint32 (info.ifindex));
  if (info.attach_btf_id != 0)
    {
      add (&builder, "attach-btf-id", g_variant_new_uint32 (info.attach_btf_id));
      add (&builder, "attach-btf-object-id", g_variant_new_uint32 (info.attach_btf_obj_id));
    }
  if (read_fdinfo (fd, "memlock", &memlock))
    add (&builder, "memlock", g_variant_new_uint64 (memlock));
  if (info.run_cnt != 0)
    {
      add (&builder, "run-time", g_variant_new_uint64 (info.run_time_ns));
      add (&builder, "run-count", g_variant_new_uint64 (info.run_cnt));
      add (&builder, "recursion-misses", g_variant_new_uint64 (info.recursion_misses));
    }

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}
