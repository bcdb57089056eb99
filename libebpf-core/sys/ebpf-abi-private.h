/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <linux/bpf.h>
#include <linux/btf.h>

G_BEGIN_DECLS

/* The attributes of bpf(2), one struct a command instead of the kernel's one union, so that the
 * library does not depend on how new the build machine's headers are. The kernel takes a longer
 * struct than it knows as long as the rest is zero. Source: include/uapi/linux/bpf.h of Linux
 * 6.18. */

typedef enum
{
  EBPF_SYS_MAP_CREATE = 0,
  EBPF_SYS_MAP_LOOKUP_ELEM = 1,
  EBPF_SYS_MAP_UPDATE_ELEM = 2,
  EBPF_SYS_MAP_DELETE_ELEM = 3,
  EBPF_SYS_MAP_GET_NEXT_KEY = 4,
  EBPF_SYS_PROG_LOAD = 5,
  EBPF_SYS_OBJ_PIN = 6,
  EBPF_SYS_OBJ_GET = 7,
  EBPF_SYS_PROG_ATTACH = 8,
  EBPF_SYS_PROG_DETACH = 9,
  EBPF_SYS_PROG_TEST_RUN = 10,
  EBPF_SYS_PROG_GET_NEXT_ID = 11,
  EBPF_SYS_MAP_GET_NEXT_ID = 12,
  EBPF_SYS_PROG_GET_FD_BY_ID = 13,
  EBPF_SYS_MAP_GET_FD_BY_ID = 14,
  EBPF_SYS_OBJ_GET_INFO_BY_FD = 15,
  EBPF_SYS_PROG_QUERY = 16,
  EBPF_SYS_RAW_TRACEPOINT_OPEN = 17,
  EBPF_SYS_BTF_LOAD = 18,
  EBPF_SYS_BTF_GET_FD_BY_ID = 19,
  EBPF_SYS_TASK_FD_QUERY = 20,
  EBPF_SYS_MAP_LOOKUP_AND_DELETE_ELEM = 21,
  EBPF_SYS_MAP_FREEZE = 22,
  EBPF_SYS_BTF_GET_NEXT_ID = 23,
  EBPF_SYS_MAP_LOOKUP_BATCH = 24,
  EBPF_SYS_MAP_LOOKUP_AND_DELETE_BATCH = 25,
  EBPF_SYS_MAP_UPDATE_BATCH = 26,
  EBPF_SYS_MAP_DELETE_BATCH = 27,
  EBPF_SYS_LINK_CREATE = 28,
  EBPF_SYS_LINK_UPDATE = 29,
  EBPF_SYS_LINK_GET_FD_BY_ID = 30,
  EBPF_SYS_LINK_GET_NEXT_ID = 31,
  EBPF_SYS_ENABLE_STATS = 32,
  EBPF_SYS_ITER_CREATE = 33,
  EBPF_SYS_LINK_DETACH = 34,
  EBPF_SYS_PROG_BIND_MAP = 35,
  EBPF_SYS_TOKEN_CREATE = 36,
} EbpfSysCommand;

/* Length of a kernel-visible name with its terminating zero. */
#define EBPF_SYS_NAME_SIZE 16

typedef struct
{
  guint32 map_type;
  guint32 key_size;
  guint32 value_size;
  guint32 max_entries;
  guint32 map_flags;
  guint32 inner_map_fd;
  guint32 numa_node;
  char map_name[EBPF_SYS_NAME_SIZE];
  guint32 map_ifindex;
  guint32 btf_fd;
  guint32 btf_key_type_id;
  guint32 btf_value_type_id;
  guint32 btf_vmlinux_value_type_id;
  guint64 map_extra __attribute__ ((aligned (8)));
  gint32 value_type_btf_obj_fd;
  gint32 map_token_fd;
  guint64 excl_prog_hash; /* SHA-256 of the one program that may use it; Linux 6.18 */
  guint32 excl_prog_hash_size;
} EbpfSysMapCreate;

/* What any command can be given beside its own attributes: struct bpf_common_attr (Linux 7.0), where
 * this is added to the command. */
#define EBPF_SYS_COMMON_ATTRS (1 << 16)

typedef struct
{
  guint64 log_buf __attribute__ ((aligned (8)));
  guint32 log_size;
  guint32 log_level;
  guint32 log_true_size; /* written by the kernel */
} EbpfSysCommon;

/* Lookup, update, delete, next key, freeze. */
typedef struct
{
  guint32 map_fd;
  guint64 key __attribute__ ((aligned (8)));
  guint64 value; /* or the next key */
  guint64 flags;
} EbpfSysMapElem;

typedef struct
{
  guint64 in_batch __attribute__ ((aligned (8)));
  guint64 out_batch;
  guint64 keys;
  guint64 values;
  guint32 count;
  guint32 map_fd;
  guint64 elem_flags;
  guint64 flags;
} EbpfSysMapBatch;

typedef struct
{
  guint32 prog_type;
  guint32 insn_cnt;
  guint64 insns __attribute__ ((aligned (8)));
  guint64 license;
  guint32 log_level;
  guint32 log_size;
  guint64 log_buf;
  guint32 kern_version;
  guint32 prog_flags;
  char prog_name[EBPF_SYS_NAME_SIZE];
  guint32 prog_ifindex;
  guint32 expected_attach_type;
  guint32 prog_btf_fd;
  guint32 func_info_rec_size;
  guint64 func_info;
  guint32 func_info_cnt;
  guint32 line_info_rec_size;
  guint64 line_info;
  guint32 line_info_cnt;
  guint32 attach_btf_id;
  guint32 attach_prog_fd; /* or attach_btf_obj_fd */
  guint32 core_relo_cnt;
  guint64 fd_array;
  guint64 core_relos;
  guint32 core_relo_rec_size;
  guint32 log_true_size; /* written by the kernel, Linux 6.4 */
  gint32 prog_token_fd;
  guint32 fd_array_cnt;
  guint64 signature; /* PKCS #7 of the instructions; Linux 6.18 */
  guint32 signature_size;
  gint32 keyring_id;
} EbpfSysProgLoad;

typedef struct
{
  guint64 pathname __attribute__ ((aligned (8)));
  guint32 bpf_fd;
  guint32 file_flags;
  gint32 path_fd;
} EbpfSysObj;

typedef struct
{
  guint32 target_fd; /* or ifindex */
  guint32 attach_bpf_fd;
  guint32 attach_type;
  guint32 attach_flags;
  guint32 replace_bpf_fd;
  guint32 relative_fd;
  guint64 expected_revision __attribute__ ((aligned (8)));
} EbpfSysProgAttach;

typedef struct
{
  guint32 prog_fd;
  guint32 retval;
  guint32 data_size_in;
  guint32 data_size_out;
  guint64 data_in __attribute__ ((aligned (8)));
  guint64 data_out;
  guint32 repeat;
  guint32 duration; /* nanoseconds a run */
  guint32 ctx_size_in;
  guint32 ctx_size_out;
  guint64 ctx_in;
  guint64 ctx_out;
  guint32 flags;
  guint32 cpu;
  guint32 batch_size;
} EbpfSysTestRun;

/* fd by id and next id. */
typedef struct
{
  guint32 id; /* or the id to start after */
  guint32 next_id;
  guint32 open_flags;
  gint32 fd_by_id_token_fd;
} EbpfSysId;

typedef struct
{
  guint32 bpf_fd;
  guint32 info_len;
  guint64 info __attribute__ ((aligned (8)));
} EbpfSysInfo;

typedef struct
{
  guint64 name __attribute__ ((aligned (8)));
  guint32 prog_fd;
  guint32 padding;
  guint64 cookie;
} EbpfSysRawTracepoint;

typedef struct
{
  guint64 btf __attribute__ ((aligned (8)));
  guint64 btf_log_buf;
  guint32 btf_size;
  guint32 btf_log_size;
  guint32 btf_log_level;
  guint32 btf_log_true_size; /* written by the kernel, Linux 6.4 */
  guint32 btf_flags;
  gint32 btf_token_fd;
} EbpfSysBtfLoad;

typedef struct
{
  guint32 prog_fd;   /* or map fd */
  guint32 target_fd; /* or ifindex */
  guint32 attach_type;
  guint32 flags;
  union
  {
    guint32 target_btf_id;
    struct
    {
      guint64 iter_info __attribute__ ((aligned (8)));
      guint32 iter_info_len;
    } iter;
    struct
    {
      guint64 bpf_cookie __attribute__ ((aligned (8)));
    } perf_event;
    struct
    {
      guint32 flags;
      guint32 cnt;
      guint64 syms __attribute__ ((aligned (8)));
      guint64 addrs;
      guint64 cookies;
    } kprobe_multi;
    struct
    {
      guint32 target_btf_id;
      guint64 cookie __attribute__ ((aligned (8)));
    } tracing;
    struct
    {
      guint32 pf;
      guint32 hooknum;
      gint32 priority;
      guint32 flags;
    } netfilter;
    struct
    {
      guint32 relative_fd; /* or relative id */
      guint64 expected_revision __attribute__ ((aligned (8)));
    } mprog; /* tcx, netkit, cgroup */
    struct
    {
      guint64 path __attribute__ ((aligned (8)));
      guint64 offsets;
      guint64 ref_ctr_offsets;
      guint64 cookies;
      guint32 cnt;
      guint32 flags;
      guint32 pid;
    } uprobe_multi;
  };
} EbpfSysLinkCreate;

typedef struct
{
  guint32 link_fd;
  guint32 new_prog_fd; /* or new map fd */
  guint32 flags;
  guint32 old_prog_fd; /* or old map fd */
} EbpfSysLinkUpdate;

typedef struct
{
  guint32 link_fd;
} EbpfSysLinkDetach;

typedef struct
{
  guint32 prog_fd;
  guint32 map_fd;
  guint32 flags;
} EbpfSysProgBindMap;

/* enum bpf_link_type */
enum
{
  EBPF_SYS_LINK_TYPE_RAW_TRACEPOINT = 1,
  EBPF_SYS_LINK_TYPE_TRACING = 2,
  EBPF_SYS_LINK_TYPE_CGROUP = 3,
  EBPF_SYS_LINK_TYPE_ITER = 4,
  EBPF_SYS_LINK_TYPE_NETNS = 5,
  EBPF_SYS_LINK_TYPE_XDP = 6,
  EBPF_SYS_LINK_TYPE_PERF_EVENT = 7,
  EBPF_SYS_LINK_TYPE_KPROBE_MULTI = 8,
  EBPF_SYS_LINK_TYPE_STRUCT_OPS = 9,
  EBPF_SYS_LINK_TYPE_NETFILTER = 10,
  EBPF_SYS_LINK_TYPE_TCX = 11,
  EBPF_SYS_LINK_TYPE_UPROBE_MULTI = 12,
  EBPF_SYS_LINK_TYPE_NETKIT = 13,
  EBPF_SYS_LINK_TYPE_SOCKMAP = 14,
};

/* enum bpf_perf_event_type */
enum
{
  EBPF_SYS_PERF_EVENT_UPROBE = 1,
  EBPF_SYS_PERF_EVENT_URETPROBE = 2,
  EBPF_SYS_PERF_EVENT_KPROBE = 3,
  EBPF_SYS_PERF_EVENT_KRETPROBE = 4,
  EBPF_SYS_PERF_EVENT_TRACEPOINT = 5,
  EBPF_SYS_PERF_EVENT_EVENT = 6,
};

/* struct bpf_link_info: the kinds this library knows */
typedef struct
{
  guint32 type;
  guint32 id;
  guint32 prog_id;
  union
  {
    struct
    {
      guint64 tp_name __attribute__ ((aligned (8)));
      guint32 tp_name_len;
      guint32 padding;
      guint64 cookie; /* Linux 6.16 */
    } raw_tracepoint;
    struct
    {
      guint32 attach_type;
      guint32 target_obj_id;
      guint32 target_btf_id;
      guint32 padding;
      guint64 cookie; /* Linux 6.16 */
    } tracing;
    struct
    {
      guint64 cgroup_id;
      guint32 attach_type;
    } cgroup;
    struct
    {
      guint64 target_name;
      guint32 target_name_len;
    } iter;
    struct
    {
      guint32 netns_ino;
      guint32 attach_type;
    } netns;
    struct
    {
      guint32 ifindex; /* XDP, tcx, netkit */
      guint32 attach_type;
    } device;
    struct
    {
      guint32 map_id; /* struct_ops, sockmap */
      guint32 attach_type;
    } map;
    struct
    {
      guint32 pf;
      guint32 hooknum;
      gint32 priority;
      guint32 flags;
    } netfilter;
    struct
    {
      guint64 addrs;
      guint32 count;
      guint32 flags;
      guint64 missed;
      guint64 cookies;
    } kprobe_multi;
    struct
    {
      guint64 path;
      guint64 offsets;
      guint64 ref_ctr_offsets;
      guint64 cookies;
      guint32 path_size;
      guint32 count;
      guint32 flags;
      guint32 pid;
    } uprobe_multi;
    struct
    {
      guint32 type;
      guint32 padding;
      union
      {
        struct
        {
          guint64 name;
          guint32 name_len;
          guint32 offset;
        } named; /* what the next three begin with */
        struct
        {
          guint64 file_name;
          guint32 name_len;
          guint32 offset;
          guint64 cookie;
          guint64 ref_ctr_offset;
        } uprobe;
        struct
        {
          guint64 func_name;
          guint32 name_len;
          guint32 offset;
          guint64 addr;
          guint64 missed;
          guint64 cookie;
        } kprobe;
        struct
        {
          guint64 tp_name;
          guint32 name_len;
          guint32 padding;
          guint64 cookie;
        } tracepoint;
        struct
        {
          guint64 config;
          guint32 type;
          guint32 padding;
          guint64 cookie;
        } event;
      };
    } perf_event; /* Linux 6.6 */
  };
} EbpfSysLinkInfo;

G_STATIC_ASSERT (G_STRUCT_OFFSET (EbpfSysLinkInfo, raw_tracepoint) == 16);
G_STATIC_ASSERT (sizeof (EbpfSysLinkInfo) == 64);

#define EBPF_PTR_TO_U64(p) ((guint64) (guintptr) (p))

G_END_DECLS
