/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

/* Each probe asks the kernel for the thing itself, as small as can be. Where every kernel since a
 * version has the thing, however it was configured, a kernel that says it is as new is not asked:
 * its word comes from the vDSO, so it is the kernel's own. */

typedef enum
{
  PROBE_NO,
  PROBE_YES,
  PROBE_UNKNOWN, /* not permitted, out of memory …: says nothing about the kernel */
} ProbeResult;

typedef struct
{
  const char *description;
  const char *min_version;
  ProbeResult (*probe) (void);
  guint32 always_since; /* a version code; 0 where the configuration has a say */
} Feature;

#define SINCE(major, minor) EBPF_SYS_KERNEL_VERSION (major, minor, 0)

/* What the kernel answers where it does not know the thing: EINVAL for an unknown number, E2BIG for
 * an attribute behind the last one that it knows. */
static ProbeResult
result_of (int ret)
{
  if (ret >= 0)
    {
      ebpf_sys_clear_fd (&ret);
      return PROBE_YES;
    }

  switch (errno)
    {
    case EINVAL:
    case E2BIG:
    case EOPNOTSUPP:
    case 524: /* ENOTSUPP */
      return PROBE_NO;
    default:
      return PROBE_UNKNOWN;
    }
}

/* BTF. Strings of all blobs: */
#define STRINGS "\0int\0a\0f\0sec\0tag\0"
#define STR_INT 1
#define STR_A 5
#define STR_F 7
#define STR_SEC 9
#define STR_TAG 13

#define INFO(kind, kflag, vlen) (((guint32) (kflag) << 31) | ((guint32) (kind) << 24) | (vlen))
#define INT_TYPE STR_INT, INFO (BTF_KIND_INT, 0, 0), 4, (1 << 24) | 32

/* Later than the Linux 6.1 headers may be. */
#define KIND_FLOAT 16
#define KIND_DECL_TAG 17
#define KIND_TYPE_TAG 18
#define KIND_ENUM64 19

static ProbeResult
probe_btf_types (const guint32 *types, gsize size)
{
  struct btf_header header = { 0 };
  g_autofree guint8 *blob = g_malloc (sizeof header + size + sizeof STRINGS);
  EbpfSysBtfLoad attr;

  header.magic = BTF_MAGIC;
  header.version = BTF_VERSION;
  header.hdr_len = sizeof header;
  header.type_len = (guint32) size;
  header.str_off = (guint32) size;
  header.str_len = sizeof STRINGS;

  memcpy (blob, &header, sizeof header);
  memcpy (blob + sizeof header, types, size);
  memcpy (blob + sizeof header + size, STRINGS, sizeof STRINGS);

  memset (&attr, 0, sizeof attr);
  attr.btf = EBPF_PTR_TO_U64 (blob);
  attr.btf_size = (guint32) (sizeof header + size + sizeof STRINGS);

  return result_of (ebpf_sys_bpf (EBPF_SYS_BTF_LOAD, &attr, sizeof attr));
}

static ProbeResult
probe_btf (void)
{
  static const guint32 types[] = { INT_TYPE };

  return probe_btf_types (types, sizeof types);
}

static ProbeResult
probe_btf_function (guint linkage)
{
  const guint32 types[] = {
    INT_TYPE,                                                /* [1] */
    0,        INFO (BTF_KIND_FUNC_PROTO, 0, 1), 1, STR_A, 1, /* [2] int (int a) */
    STR_F,    INFO (BTF_KIND_FUNC, 0, linkage), 2,           /* [3] f */
  };

  return probe_btf_types (types, sizeof types);
}

static ProbeResult
probe_btf_func (void)
{
  return probe_btf_function (BTF_FUNC_STATIC);
}

static ProbeResult
probe_btf_func_global (void)
{
  return probe_btf_function (BTF_FUNC_GLOBAL);
}

static ProbeResult
probe_btf_datasec (void)
{
  static const guint32 types[] = {
    INT_TYPE,                                            /* [1] */
    STR_A,    INFO (BTF_KIND_VAR, 0, 0),     1, 0,       /* [2] static int a */
    STR_SEC,  INFO (BTF_KIND_DATASEC, 0, 1), 4, 2, 0, 4, /* [3] */
  };

  return probe_btf_types (types, sizeof types);
}

static ProbeResult
probe_btf_float (void)
{
  static const guint32 types[] = { STR_F, INFO (KIND_FLOAT, 0, 0), 4 };

  return probe_btf_types (types, sizeof types);
}

static ProbeResult
probe_btf_decl_tag (void)
{
  static const guint32 types[] = {
    INT_TYPE,                                             /* [1] */
    STR_A,    INFO (BTF_KIND_VAR, 0, 0),  1, 0,           /* [2] static int a */
    STR_TAG,  INFO (KIND_DECL_TAG, 0, 0), 2, G_MAXUINT32, /* [3] of the variable itself */
  };

  return probe_btf_types (types, sizeof types);
}

static ProbeResult
probe_btf_type_tag (void)
{
  static const guint32 types[] = {
    INT_TYPE,                                /* [1] */
    STR_TAG,  INFO (KIND_TYPE_TAG, 0, 0), 1, /* [2] */
    0,        INFO (BTF_KIND_PTR, 0, 0),  2, /* [3] */
  };

  return probe_btf_types (types, sizeof types);
}

static ProbeResult
probe_btf_enum64 (void)
{
  static const guint32 types[] = { STR_F, INFO (KIND_ENUM64, 0, 1), 8, STR_A, 0, 0 };

  return probe_btf_types (types, sizeof types);
}

/* An int, and the header of Linux 7.1 with how long the types of kinds 0 and 1 are: an older kernel
 * knows no such header (E2BIG). */
static ProbeResult
probe_btf_layout (void)
{
  static const guint32 types[] = { INT_TYPE };
  static const guint8 layout[] = { 0, 0, 0, 0, 4, 0, 0, 0 };
  struct
  {
    struct btf_header header;
    guint32 layout_off;
    guint32 layout_len;
    guint8 types[sizeof types];
    guint8 layout[sizeof layout];
    char strings[sizeof STRINGS];
  } blob = {
    .header = {
      .magic = BTF_MAGIC,
      .version = BTF_VERSION,
      .hdr_len = sizeof blob.header + 8,
      .type_len = sizeof types,
      .str_off = sizeof types + sizeof layout,
      .str_len = sizeof STRINGS,
    },
    .layout_off = sizeof types,
    .layout_len = sizeof layout,
    .strings = STRINGS,
  };
  EbpfSysBtfLoad attr = { 0 };

  memcpy (blob.types, types, sizeof types);
  memcpy (blob.layout, layout, sizeof layout);
  attr.btf = EBPF_PTR_TO_U64 (&blob);
  attr.btf_size = G_STRUCT_OFFSET (__typeof__ (blob), strings) + sizeof STRINGS;

  return result_of (ebpf_sys_bpf (EBPF_SYS_BTF_LOAD, &attr, sizeof attr));
}

/* Maps */

static int
create_array (guint32 value_size, guint32 flags, const char *name)
{
  EbpfSysMapCreate attr;

  memset (&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = value_size;
  attr.max_entries = 1;
  attr.map_flags = flags;
  g_strlcpy (attr.map_name, name, sizeof attr.map_name);

  return ebpf_sys_bpf (EBPF_SYS_MAP_CREATE, &attr, sizeof attr);
}

static ProbeResult
probe_array_mmap (void)
{
  return result_of (create_array (4, 1 << 10 /* BPF_F_MMAPABLE */, ""));
}

static ProbeResult
probe_prog_name (void)
{
  return result_of (create_array (4, 0, "probe"));
}

/* Programs */

#define LD_IMM64(reg, pseudo, low, high)                                                           \
  { .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = (reg), .src_reg = (pseudo), .imm = (low) },      \
  {                                                                                                \
    .imm = (high)                                                                                  \
  }
#define MOV_IMM(reg, value)                                                                        \
  {                                                                                                \
    .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value)                          \
  }
#define MOV_REG(reg, from)                                                                         \
  {                                                                                                \
    .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (reg), .src_reg = (from)                       \
  }
#define ADD_IMM(reg, value)                                                                        \
  {                                                                                                \
    .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (reg), .imm = (value)                          \
  }
#define CALL(id)                                                                                   \
  {                                                                                                \
    .code = BPF_JMP | BPF_CALL, .imm = (id)                                                        \
  }
#define EXIT()                                                                                     \
  {                                                                                                \
    .code = BPF_JMP | BPF_EXIT                                                                     \
  }

#define PROG_TYPE_SOCKET_FILTER 1
#define PROG_TYPE_TRACEPOINT 5
#define PROG_TYPE_CGROUP_SKB 8
#define PROG_TYPE_CGROUP_SOCK 9

static int
load_program (guint32 type, guint32 attach_type, const struct bpf_insn *insns, guint n_insns)
{
  EbpfSysProgLoad attr;

  memset (&attr, 0, sizeof attr);
  attr.prog_type = type;
  attr.expected_attach_type = attach_type;
  attr.insns = EBPF_PTR_TO_U64 (insns);
  attr.insn_cnt = n_insns;
  attr.license = EBPF_PTR_TO_U64 ("GPL");

  return ebpf_sys_bpf (EBPF_SYS_PROG_LOAD, &attr, sizeof attr);
}

static int
load_trivial (guint32 type, guint32 attach_type)
{
  static const struct bpf_insn insns[] = { MOV_IMM (0, 0), EXIT () };

  return load_program (type, attach_type, insns, G_N_ELEMENTS (insns));
}

static ProbeResult
probe_global_data (void)
{
  int map = create_array (16, 0, "");
  ProbeResult result;

  if (map < 0)
    return PROBE_UNKNOWN;

  {
    const struct bpf_insn insns[] = {
      LD_IMM64 (1, BPF_PSEUDO_MAP_VALUE, map, 8),
      MOV_IMM (0, 0),
      EXIT (),
    };

    result = result_of (load_program (PROG_TYPE_SOCKET_FILTER, 0, insns, G_N_ELEMENTS (insns)));
  }

  ebpf_sys_clear_fd (&map);
  return result;
}

/* Bytes from 512 MiB on were not to be referred to, of any map; then it became a matter of the map.
 * Neither lets such a program pass: the verifier's words tell which it was. */
static ProbeResult
probe_full_range_offset (void)
{
  int map = create_array (16, 0, "");
  ProbeResult result = PROBE_UNKNOWN;
  g_autofree char *log = NULL;
  EbpfSysProgLoad attr;
  int fd;

  if (map < 0)
    return PROBE_UNKNOWN;

  {
    const struct bpf_insn insns[] = {
      LD_IMM64 (1, BPF_PSEUDO_MAP_VALUE, map, 1 << 30),
      MOV_IMM (0, 0),
      EXIT (),
    };

    log = g_malloc0 (4096);
    memset (&attr, 0, sizeof attr);
    attr.prog_type = PROG_TYPE_SOCKET_FILTER;
    attr.insns = EBPF_PTR_TO_U64 (insns);
    attr.insn_cnt = G_N_ELEMENTS (insns);
    attr.license = EBPF_PTR_TO_U64 ("GPL");
    attr.log_level = 1;
    attr.log_buf = EBPF_PTR_TO_U64 (log);
    attr.log_size = 4096;
    fd = ebpf_sys_bpf (EBPF_SYS_PROG_LOAD, &attr, sizeof attr);
  }

  if (fd < 0 && errno == EINVAL)
    result = strstr (log, "direct value offset") != NULL ? PROBE_NO : PROBE_YES;
  ebpf_sys_clear_fd (&fd);
  ebpf_sys_clear_fd (&map);

  return result;
}

static ProbeResult
probe_expected_attach_type (void)
{
  return result_of (load_trivial (PROG_TYPE_CGROUP_SOCK, 2 /* BPF_CGROUP_INET_SOCK_CREATE */));
}

/* A link to what is not there: a kernel that knows the kind of link looks for it (EBADF), one that
 * does not says EINVAL before. */
static ProbeResult
probe_link (guint32 program_type, guint32 attach_type)
{
  int program = load_trivial (program_type, 0);
  EbpfSysLinkCreate attr;
  ProbeResult result;

  if (program < 0)
    return PROBE_UNKNOWN;

  memset (&attr, 0, sizeof attr);
  attr.prog_fd = (guint32) program;
  attr.target_fd = G_MAXUINT32;
  attr.attach_type = attach_type;

  result = result_of (ebpf_sys_bpf (EBPF_SYS_LINK_CREATE, &attr, sizeof attr));
  if (result == PROBE_UNKNOWN && errno == EBADF)
    result = PROBE_YES;

  ebpf_sys_clear_fd (&program);
  return result;
}

static ProbeResult
probe_perf_link (void)
{
  return probe_link (PROG_TYPE_TRACEPOINT, 41 /* BPF_PERF_EVENT */);
}

static ProbeResult
probe_bpf_link (void)
{
  return probe_link (PROG_TYPE_CGROUP_SKB, 0 /* BPF_CGROUP_INET_INGRESS */);
}

static ProbeResult
probe_probe_read_kernel (void)
{
  static const struct bpf_insn insns[] = {
    MOV_REG (1, 10),
    ADD_IMM (1, -8),
    MOV_IMM (2, 8),
    MOV_IMM (3, 0),
    CALL (113 /* bpf_probe_read_kernel */),
    MOV_IMM (0, 0),
    EXIT (),
  };

  return result_of (load_program (PROG_TYPE_TRACEPOINT, 0, insns, G_N_ELEMENTS (insns)));
}

static ProbeResult
probe_bpf_cookie (void)
{
  static const struct bpf_insn insns[] = {
    CALL (174 /* bpf_get_attach_cookie */),
    MOV_IMM (0, 0),
    EXIT (),
  };

  return result_of (load_program (PROG_TYPE_TRACEPOINT, 0, insns, G_N_ELEMENTS (insns)));
}

static const Feature features[EBPF_N_FEATURES] = {
  [EBPF_FEATURE_BTF] = { "BTF", "4.18", probe_btf, SINCE (4, 18) },
  [EBPF_FEATURE_BTF_FUNC] = { "BTF of functions", "5.0", probe_btf_func, SINCE (5, 0) },
  [EBPF_FEATURE_BTF_FUNC_GLOBAL] = { "BTF of global functions", "5.6", probe_btf_func_global,
                                     SINCE (5, 6) },
  [EBPF_FEATURE_BTF_DATASEC] = { "BTF of variables", "5.2", probe_btf_datasec, SINCE (5, 2) },
  [EBPF_FEATURE_BTF_FLOAT] = { "BTF of floating point numbers", "5.13", probe_btf_float,
                               SINCE (5, 13) },
  [EBPF_FEATURE_BTF_DECL_TAG] = { "BTF declaration tags", "5.16", probe_btf_decl_tag,
                                  SINCE (5, 16) },
  [EBPF_FEATURE_BTF_TYPE_TAG] = { "BTF type tags", "5.17", probe_btf_type_tag, SINCE (5, 17) },
  [EBPF_FEATURE_BTF_ENUM64] = { "BTF enumerations of 64 bits", "6.0", probe_btf_enum64,
                                SINCE (6, 0) },
  [EBPF_FEATURE_BTF_LAYOUT] = { "BTF with the length of each kind", "7.1", probe_btf_layout,
                                SINCE (7, 1) },
  [EBPF_FEATURE_ARRAY_MMAP] = { "arrays mapped into memory", "5.5", probe_array_mmap,
                                SINCE (5, 5) },
  [EBPF_FEATURE_GLOBAL_DATA] = { "global variables", "5.2", probe_global_data, SINCE (5, 2) },
  [EBPF_FEATURE_PROG_NAME] = { "names of maps and programs", "4.15", probe_prog_name,
                               SINCE (4, 15) },
  [EBPF_FEATURE_EXPECTED_ATTACH_TYPE] = { "programs loaded for an attach type", "4.17",
                                          probe_expected_attach_type, SINCE (4, 17) },
  [EBPF_FEATURE_PERF_LINK] = { "links to perf events", "5.15", probe_perf_link },
  [EBPF_FEATURE_BPF_LINK] = { "links", "5.7", probe_bpf_link },
  [EBPF_FEATURE_PROBE_READ_KERNEL] = { "the helper bpf_probe_read_kernel", "5.5",
                                       probe_probe_read_kernel },
  [EBPF_FEATURE_BPF_COOKIE] = { "attach cookies", "5.15", probe_bpf_cookie },
  [EBPF_FEATURE_FULL_RANGE_OFFSET] = { "references to every byte of an arena", "7.0",
                                       probe_full_range_offset },
};

gboolean
ebpf_sys_has_feature (EbpfFeature feature)
{
  /* 0: not known yet; else ProbeResult + 1. Two threads that probe at once find the same. */
  static gint known[EBPF_N_FEATURES];
  int errsv = errno;
  ProbeResult result;
  gint state;

  g_return_val_if_fail (feature < EBPF_N_FEATURES, FALSE);

  state = g_atomic_int_get (&known[feature]);
  if (state != 0)
    return state == PROBE_YES + 1;

  if (features[feature].always_since != 0 &&
      ebpf_sys_get_kernel_version_code () >= features[feature].always_since)
    result = PROBE_YES;
  else
    result = features[feature].probe ();

  if (result != PROBE_UNKNOWN)
    {
      g_atomic_int_set (&known[feature], result + 1);
    }
  else
    {
      /* The version is the next best; kernels with backports are better than theirs. */
      g_debug ("probing for %s: %s (%s)", features[feature].description, ebpf_sys_strerror (errno),
               ebpf_sys_errno_name (errno));
      result = ebpf_sys_get_kernel_version_code () >=
                       ebpf_sys_parse_kernel_version (features[feature].min_version)
                   ? PROBE_YES
                   : PROBE_NO;
    }

  errno = errsv;
  return result == PROBE_YES;
}

gboolean
ebpf_sys_probe_feature (EbpfFeature feature)
{
  g_return_val_if_fail (feature < EBPF_N_FEATURES, FALSE);

  return features[feature].probe () == PROBE_YES;
}

const char *
ebpf_sys_feature_describe (EbpfFeature feature)
{
  g_return_val_if_fail (feature < EBPF_N_FEATURES, NULL);

  return features[feature].description;
}

const char *
ebpf_sys_feature_min_version (EbpfFeature feature)
{
  g_return_val_if_fail (feature < EBPF_N_FEATURES, NULL);

  return features[feature].min_version;
}
