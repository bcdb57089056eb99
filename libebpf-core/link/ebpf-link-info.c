/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-link-private.h"

#include <net/if.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-cgroup-link.h"
#include "link/ebpf-generic-link.h"
#include "link/ebpf-iter-link.h"
#include "link/ebpf-kprobe-link.h"
#include "link/ebpf-kprobe-multi-link.h"
#include "link/ebpf-netfilter-link.h"
#include "link/ebpf-netkit-link.h"
#include "link/ebpf-netns-link.h"
#include "link/ebpf-perf-event-link.h"
#include "link/ebpf-raw-tracepoint-link.h"
#include "link/ebpf-struct-ops-link.h"
#include "link/ebpf-tcx-link.h"
#include "link/ebpf-tracepoint-link.h"
#include "link/ebpf-tracing-link.h"
#include "link/ebpf-uprobe-link.h"
#include "link/ebpf-uprobe-multi-link.h"
#include "link/ebpf-xdp-link.h"

/* The kernel's words for the kinds, by number. */
static const char *const kinds[] = {
  [EBPF_SYS_LINK_TYPE_RAW_TRACEPOINT] = "raw-tracepoint",
  [EBPF_SYS_LINK_TYPE_TRACING] = "tracing",
  [EBPF_SYS_LINK_TYPE_CGROUP] = "cgroup",
  [EBPF_SYS_LINK_TYPE_ITER] = "iter",
  [EBPF_SYS_LINK_TYPE_NETNS] = "netns",
  [EBPF_SYS_LINK_TYPE_XDP] = "xdp",
  [EBPF_SYS_LINK_TYPE_PERF_EVENT] = "perf-event",
  [EBPF_SYS_LINK_TYPE_KPROBE_MULTI] = "kprobe-multi",
  [EBPF_SYS_LINK_TYPE_STRUCT_OPS] = "struct-ops",
  [EBPF_SYS_LINK_TYPE_NETFILTER] = "netfilter",
  [EBPF_SYS_LINK_TYPE_TCX] = "tcx",
  [EBPF_SYS_LINK_TYPE_UPROBE_MULTI] = "uprobe-multi",
  [EBPF_SYS_LINK_TYPE_NETKIT] = "netkit",
  [EBPF_SYS_LINK_TYPE_SOCKMAP] = "sockmap",
};

static const char *const perf_kinds[] = {
  [EBPF_SYS_PERF_EVENT_UPROBE] = "uprobe",         [EBPF_SYS_PERF_EVENT_URETPROBE] = "uretprobe",
  [EBPF_SYS_PERF_EVENT_KPROBE] = "kprobe",         [EBPF_SYS_PERF_EVENT_KRETPROBE] = "kretprobe",
  [EBPF_SYS_PERF_EVENT_TRACEPOINT] = "tracepoint", [EBPF_SYS_PERF_EVENT_EVENT] = "event",
};

/* The kernel has no name longer than a path. */
#define NAME_SIZE 4096

static gboolean
ask (int fd, EbpfSysLinkInfo *info)
{
  EbpfSysInfo attr = { 0 };

  attr.bpf_fd = (guint32) fd;
  attr.info_len = sizeof *info;
  attr.info = EBPF_PTR_TO_U64 (info);

  return ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) == 0;
}

gboolean
ebpf_link_read_info (int fd, EbpfSysLinkInfo *info, char **name)
{
  g_autofree char *buffer = NULL;
  EbpfSysLinkInfo named = { 0 };

  *name = NULL;
  memset (info, 0, sizeof *info);
  if (!ask (fd, info))
    return FALSE;

  /* Where the kind has a name, ask again with room for it. What the kernel then does not fill, it
   * must find zero. */
  buffer = g_malloc0 (NAME_SIZE);
  switch (info->type)
    {
    case EBPF_SYS_LINK_TYPE_RAW_TRACEPOINT:
      named.raw_tracepoint.tp_name = EBPF_PTR_TO_U64 (buffer);
      named.raw_tracepoint.tp_name_len = NAME_SIZE;
      break;
    case EBPF_SYS_LINK_TYPE_ITER:
      named.iter.target_name = EBPF_PTR_TO_U64 (buffer);
      named.iter.target_name_len = NAME_SIZE;
      break;
    case EBPF_SYS_LINK_TYPE_PERF_EVENT:
      if (info->perf_event.type < EBPF_SYS_PERF_EVENT_UPROBE ||
          info->perf_event.type > EBPF_SYS_PERF_EVENT_TRACEPOINT)
        return TRUE;
      named.perf_event.named.name = EBPF_PTR_TO_U64 (buffer);
      named.perf_event.named.name_len = NAME_SIZE;
      break;
    case EBPF_SYS_LINK_TYPE_UPROBE_MULTI:
      named.uprobe_multi.path = EBPF_PTR_TO_U64 (buffer);
      named.uprobe_multi.path_size = NAME_SIZE;
      break;
    default:
      return TRUE;
    }

  if (ask (fd, &named))
    {
      *info = named;
      buffer[NAME_SIZE - 1] = '\0';
      *name = g_steal_pointer (&buffer);
    }

  return TRUE;
}

static gboolean
is_perf (const EbpfSysLinkInfo *info, guint32 first, guint32 second)
{
  return info->type == EBPF_SYS_LINK_TYPE_PERF_EVENT &&
         (info->perf_event.type == first || info->perf_event.type == second);
}

GType
ebpf_link_info_get_gtype (const EbpfSysLinkInfo *info)
{
  switch (info->type)
    {
    case EBPF_SYS_LINK_TYPE_RAW_TRACEPOINT:
      return EBPF_TYPE_RAW_TRACEPOINT_LINK;
    case EBPF_SYS_LINK_TYPE_TRACING:
      return EBPF_TYPE_TRACING_LINK;
    case EBPF_SYS_LINK_TYPE_CGROUP:
      return EBPF_TYPE_CGROUP_LINK;
    case EBPF_SYS_LINK_TYPE_XDP:
      return EBPF_TYPE_XDP_LINK;
    case EBPF_SYS_LINK_TYPE_STRUCT_OPS:
      return EBPF_TYPE_STRUCT_OPS_LINK;
    case EBPF_SYS_LINK_TYPE_ITER:
      return EBPF_TYPE_ITER_LINK;
    case EBPF_SYS_LINK_TYPE_NETNS:
      return EBPF_TYPE_NETNS_LINK;
    case EBPF_SYS_LINK_TYPE_NETFILTER:
      return EBPF_TYPE_NETFILTER_LINK;
    case EBPF_SYS_LINK_TYPE_TCX:
      return EBPF_TYPE_TCX_LINK;
    case EBPF_SYS_LINK_TYPE_NETKIT:
      return EBPF_TYPE_NETKIT_LINK;
    case EBPF_SYS_LINK_TYPE_KPROBE_MULTI:
      return EBPF_TYPE_KPROBE_MULTI_LINK;
    case EBPF_SYS_LINK_TYPE_UPROBE_MULTI:
      return EBPF_TYPE_UPROBE_MULTI_LINK;
    case EBPF_SYS_LINK_TYPE_PERF_EVENT:
      if (is_perf (info, EBPF_SYS_PERF_EVENT_UPROBE, EBPF_SYS_PERF_EVENT_URETPROBE))
        return EBPF_TYPE_UPROBE_LINK;
      if (is_perf (info, EBPF_SYS_PERF_EVENT_KPROBE, EBPF_SYS_PERF_EVENT_KRETPROBE))
        return EBPF_TYPE_KPROBE_LINK;
      if (is_perf (info, EBPF_SYS_PERF_EVENT_TRACEPOINT, 0))
        return EBPF_TYPE_TRACEPOINT_LINK;
      return EBPF_TYPE_PERF_EVENT_LINK;
    default:
      return EBPF_TYPE_GENERIC_LINK;
    }
}

static const char *
get_kind (const EbpfSysLinkInfo *info)
{
  return info->type < G_N_ELEMENTS (kinds) ? kinds[info->type] : NULL;
}

static const char *
get_perf_kind (const EbpfSysLinkInfo *info)
{
  return info->perf_event.type < G_N_ELEMENTS (perf_kinds) ? perf_kinds[info->perf_event.type]
                                                           : NULL;
}

char *
ebpf_link_dup_nick (GType type, guint value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  const GEnumValue *found = g_enum_get_value (klass, (gint) value);

  return found != NULL ? g_strdup (found->value_nick) : g_strdup_printf ("%u", value);
}

static char *
describe_device (guint32 ifindex)
{
  char name[IF_NAMESIZE];

  /* 0 once the interface is gone; and it may be one of another network namespace. */
  if (ifindex == 0)
    return g_strdup ("an interface that is gone");
  if (if_indextoname (ifindex, name) != NULL)
    return g_strdup (name);

  return g_strdup_printf ("interface %u", ifindex);
}

char *
ebpf_link_info_describe (const EbpfSysLinkInfo *info, const char *name)
{
  g_autofree char *detail = NULL;
  const char *kind = get_kind (info);

  switch (info->type)
    {
    case EBPF_SYS_LINK_TYPE_RAW_TRACEPOINT:
      return g_strdup_printf ("raw tracepoint %s", name != NULL ? name : "(unnamed)");
    case EBPF_SYS_LINK_TYPE_TRACING:
      detail = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, info->tracing.attach_type);
      return g_strdup_printf ("%s on type %u", detail, info->tracing.target_btf_id);
    case EBPF_SYS_LINK_TYPE_CGROUP:
      detail = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, info->cgroup.attach_type);
      return g_strdup_printf ("%s of cgroup %" G_GUINT64_FORMAT, detail,
                              (guint64) info->cgroup.cgroup_id);
    case EBPF_SYS_LINK_TYPE_NETNS:
      detail = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, info->netns.attach_type);
      return g_strdup_printf ("%s of network namespace %u", detail, info->netns.netns_ino);
    case EBPF_SYS_LINK_TYPE_XDP:
    case EBPF_SYS_LINK_TYPE_TCX:
    case EBPF_SYS_LINK_TYPE_NETKIT:
      detail = describe_device (info->device.ifindex);
      return g_strdup_printf ("%s on %s", kind, detail);
    case EBPF_SYS_LINK_TYPE_STRUCT_OPS:
      return g_strdup_printf ("operations of map %u", info->map.map_id);
    case EBPF_SYS_LINK_TYPE_PERF_EVENT:
      if (name != NULL && is_perf (info, EBPF_SYS_PERF_EVENT_TRACEPOINT, 0))
        return g_strdup_printf ("tracepoint %s", name);
      if (name != NULL && get_perf_kind (info) != NULL)
        return g_strdup_printf ("%s %s+0x%x", get_perf_kind (info), name,
                                info->perf_event.named.offset);
      return g_strdup ("perf event");
    default:
      if (kind == NULL)
        return g_strdup_printf ("hook of kind %u", info->type);
      return name != NULL ? g_strdup_printf ("%s %s", kind, name) : g_strdup (kind);
    }
}

static void
add_uint (GVariantBuilder *builder, const char *key, guint32 value)
{
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_uint32 (value));
}

static void
add_uint64 (GVariantBuilder *builder, const char *key, guint64 value)
{
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_uint64 (value));
}

static void
add_string (GVariantBuilder *builder, const char *key, const char *value)
{
  g_autofree char *valid = NULL;

  if (value == NULL)
    return;

  /* A path is bytes. */
  valid = g_utf8_make_valid (value, -1);
  g_variant_builder_add (builder, "{sv}", key, g_variant_new_string (valid));
}

static void
add_attach_type (GVariantBuilder *builder, guint32 attach_type)
{
  g_autofree char *nick = ebpf_link_dup_nick (EBPF_TYPE_ATTACH_TYPE, attach_type);

  add_string (builder, "attach-type", nick);
}

static void
add_perf_event (GVariantBuilder *builder, const EbpfSysLinkInfo *info, const char *name)
{
  add_string (builder, "perf-event-type", get_perf_kind (info));
  add_string (builder, "name", name);

  switch (info->perf_event.type)
    {
    case EBPF_SYS_PERF_EVENT_UPROBE:
    case EBPF_SYS_PERF_EVENT_URETPROBE:
      add_uint (builder, "offset", info->perf_event.uprobe.offset);
      add_uint64 (builder, "cookie", info->perf_event.uprobe.cookie);
      break;
    case EBPF_SYS_PERF_EVENT_KPROBE:
    case EBPF_SYS_PERF_EVENT_KRETPROBE:
      add_uint (builder, "offset", info->perf_event.kprobe.offset);
      add_uint64 (builder, "address", info->perf_event.kprobe.addr);
      add_uint64 (builder, "missed", info->perf_event.kprobe.missed);
      add_uint64 (builder, "cookie", info->perf_event.kprobe.cookie);
      break;
    case EBPF_SYS_PERF_EVENT_TRACEPOINT:
      add_uint64 (builder, "cookie", info->perf_event.tracepoint.cookie);
      break;
    case EBPF_SYS_PERF_EVENT_EVENT:
      add_uint64 (builder, "config", info->perf_event.event.config);
      add_uint (builder, "event-type", info->perf_event.event.type);
      add_uint64 (builder, "cookie", info->perf_event.event.cookie);
      break;
    default:
      break;
    }
}

GVariant *
ebpf_link_info_to_variant (const EbpfSysLinkInfo *info, const char *name)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add_uint (&builder, "id", info->id);
  add_uint (&builder, "type", info->type);
  add_string (&builder, "type-name", get_kind (info));
  if (info->prog_id != 0)
    add_uint (&builder, "program-id", info->prog_id);

  switch (info->type)
    {
    case EBPF_SYS_LINK_TYPE_RAW_TRACEPOINT:
      add_string (&builder, "name", name);
      add_uint64 (&builder, "cookie", info->raw_tracepoint.cookie);
      break;
    case EBPF_SYS_LINK_TYPE_TRACING:
      add_attach_type (&builder, info->tracing.attach_type);
      add_uint (&builder, "target-object-id", info->tracing.target_obj_id);
      add_uint (&builder, "target-btf-id", info->tracing.target_btf_id);
      add_uint64 (&builder, "cookie", info->tracing.cookie);
      break;
    case EBPF_SYS_LINK_TYPE_CGROUP:
      add_attach_type (&builder, info->cgroup.attach_type);
      add_uint64 (&builder, "cgroup-id", info->cgroup.cgroup_id);
      break;
    case EBPF_SYS_LINK_TYPE_NETNS:
      add_attach_type (&builder, info->netns.attach_type);
      add_uint (&builder, "netns-inode", info->netns.netns_ino);
      break;
    case EBPF_SYS_LINK_TYPE_XDP:
      add_uint (&builder, "ifindex", info->device.ifindex);
      break;
    case EBPF_SYS_LINK_TYPE_TCX:
    case EBPF_SYS_LINK_TYPE_NETKIT:
      add_attach_type (&builder, info->device.attach_type);
      add_uint (&builder, "ifindex", info->device.ifindex);
      break;
    case EBPF_SYS_LINK_TYPE_STRUCT_OPS:
      add_uint (&builder, "map-id", info->map.map_id);
      break;
    case EBPF_SYS_LINK_TYPE_SOCKMAP:
      add_attach_type (&builder, info->map.attach_type);
      add_uint (&builder, "map-id", info->map.map_id);
      break;
    case EBPF_SYS_LINK_TYPE_NETFILTER:
      add_uint (&builder, "protocol-family", info->netfilter.pf);
      add_uint (&builder, "hook", info->netfilter.hooknum);
      g_variant_builder_add (&builder, "{sv}", "priority",
                             g_variant_new_int32 (info->netfilter.priority));
      add_uint (&builder, "flags", info->netfilter.flags);
      break;
    case EBPF_SYS_LINK_TYPE_KPROBE_MULTI:
      add_uint (&builder, "count", info->kprobe_multi.count);
      add_uint (&builder, "flags", info->kprobe_multi.flags);
      add_uint64 (&builder, "missed", info->kprobe_multi.missed);
      break;
    case EBPF_SYS_LINK_TYPE_UPROBE_MULTI:
      add_string (&builder, "name", name);
      add_uint (&builder, "count", info->uprobe_multi.count);
      add_uint (&builder, "flags", info->uprobe_multi.flags);
      add_uint (&builder, "pid", info->uprobe_multi.pid);
      break;
    case EBPF_SYS_LINK_TYPE_PERF_EVENT:
      add_perf_event (&builder, info, name);
      break;
    default:
      add_string (&builder, "name", name);
      break;
    }

  return g_variant_builder_end (&builder);
}

gboolean
ebpf_link_info_can_update (const EbpfSysLinkInfo *info)
{
  switch (info->type)
    {
    case EBPF_SYS_LINK_TYPE_RAW_TRACEPOINT:
    case EBPF_SYS_LINK_TYPE_TRACING:
    case EBPF_SYS_LINK_TYPE_PERF_EVENT:
    case EBPF_SYS_LINK_TYPE_KPROBE_MULTI:
    case EBPF_SYS_LINK_TYPE_UPROBE_MULTI:
    case EBPF_SYS_LINK_TYPE_STRUCT_OPS:
      return FALSE;
    default:
      /* The kernel says so of netfilter, and may learn more. */
      return TRUE;
    }
}
