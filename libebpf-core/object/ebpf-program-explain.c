/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-program-loader-private.h"
#include "object/ebpf-verifier-log-private.h"

#include <errno.h>
#include <string.h>

#include "sys/ebpf-sys-private.h"

/* Since which Linux there is a type of program, by its number. Source: the versions that tag the
 * commits which added them to include/uapi/linux/bpf.h. */
static const char *const program_type_versions[] = {
  [EBPF_PROGRAM_TYPE_SOCKET_FILTER] = "3.19",
  [EBPF_PROGRAM_TYPE_KPROBE] = "4.1",
  [EBPF_PROGRAM_TYPE_SCHED_CLS] = "4.1",
  [EBPF_PROGRAM_TYPE_SCHED_ACT] = "4.1",
  [EBPF_PROGRAM_TYPE_TRACEPOINT] = "4.7",
  [EBPF_PROGRAM_TYPE_XDP] = "4.8",
  [EBPF_PROGRAM_TYPE_PERF_EVENT] = "4.9",
  [EBPF_PROGRAM_TYPE_CGROUP_SKB] = "4.10",
  [EBPF_PROGRAM_TYPE_CGROUP_SOCK] = "4.10",
  [EBPF_PROGRAM_TYPE_LWT_IN] = "4.10",
  [EBPF_PROGRAM_TYPE_LWT_OUT] = "4.10",
  [EBPF_PROGRAM_TYPE_LWT_XMIT] = "4.10",
  [EBPF_PROGRAM_TYPE_SOCK_OPS] = "4.13",
  [EBPF_PROGRAM_TYPE_SK_SKB] = "4.14",
  [EBPF_PROGRAM_TYPE_CGROUP_DEVICE] = "4.15",
  [EBPF_PROGRAM_TYPE_SK_MSG] = "4.17",
  [EBPF_PROGRAM_TYPE_RAW_TRACEPOINT] = "4.17",
  [EBPF_PROGRAM_TYPE_CGROUP_SOCK_ADDR] = "4.17",
  [EBPF_PROGRAM_TYPE_LWT_SEG6LOCAL] = "4.18",
  [EBPF_PROGRAM_TYPE_LIRC_MODE2] = "4.18",
  [EBPF_PROGRAM_TYPE_SK_REUSEPORT] = "4.19",
  [EBPF_PROGRAM_TYPE_FLOW_DISSECTOR] = "4.20",
  [EBPF_PROGRAM_TYPE_CGROUP_SYSCTL] = "5.2",
  [EBPF_PROGRAM_TYPE_RAW_TRACEPOINT_WRITABLE] = "5.2",
  [EBPF_PROGRAM_TYPE_CGROUP_SOCKOPT] = "5.3",
  [EBPF_PROGRAM_TYPE_TRACING] = "5.5",
  [EBPF_PROGRAM_TYPE_STRUCT_OPS] = "5.6",
  [EBPF_PROGRAM_TYPE_EXT] = "5.6",
  [EBPF_PROGRAM_TYPE_LSM] = "5.7",
  [EBPF_PROGRAM_TYPE_SK_LOOKUP] = "5.9",
  [EBPF_PROGRAM_TYPE_SYSCALL] = "5.14",
  [EBPF_PROGRAM_TYPE_NETFILTER] = "6.4",
};

/* Those that came later than the program types they belong to. */
static const char *const attach_type_versions[] = {
  [EBPF_ATTACH_TYPE_CGROUP_UDP4_SENDMSG] = "4.18",
  [EBPF_ATTACH_TYPE_CGROUP_UDP6_SENDMSG] = "4.18",
  [EBPF_ATTACH_TYPE_CGROUP_UDP4_RECVMSG] = "5.2",
  [EBPF_ATTACH_TYPE_CGROUP_UDP6_RECVMSG] = "5.2",
  [EBPF_ATTACH_TYPE_MODIFY_RETURN] = "5.7",
  [EBPF_ATTACH_TYPE_TRACE_ITER] = "5.8",
  [EBPF_ATTACH_TYPE_CGROUP_INET4_GETPEERNAME] = "5.8",
  [EBPF_ATTACH_TYPE_CGROUP_INET6_GETPEERNAME] = "5.8",
  [EBPF_ATTACH_TYPE_CGROUP_INET4_GETSOCKNAME] = "5.8",
  [EBPF_ATTACH_TYPE_CGROUP_INET6_GETSOCKNAME] = "5.8",
  [EBPF_ATTACH_TYPE_XDP_DEVMAP] = "5.8",
  [EBPF_ATTACH_TYPE_CGROUP_INET_SOCK_RELEASE] = "5.9",
  [EBPF_ATTACH_TYPE_XDP_CPUMAP] = "5.9",
  [EBPF_ATTACH_TYPE_SK_SKB_VERDICT] = "5.13",
  [EBPF_ATTACH_TYPE_SK_REUSEPORT_SELECT_OR_MIGRATE] = "5.14",
  [EBPF_ATTACH_TYPE_TRACE_KPROBE_MULTI] = "5.18",
  [EBPF_ATTACH_TYPE_LSM_CGROUP] = "6.0",
  [EBPF_ATTACH_TYPE_TCX_INGRESS] = "6.6",
  [EBPF_ATTACH_TYPE_TCX_EGRESS] = "6.6",
  [EBPF_ATTACH_TYPE_TRACE_UPROBE_MULTI] = "6.6",
  [EBPF_ATTACH_TYPE_CGROUP_UNIX_CONNECT] = "6.7",
  [EBPF_ATTACH_TYPE_CGROUP_UNIX_SENDMSG] = "6.7",
  [EBPF_ATTACH_TYPE_CGROUP_UNIX_RECVMSG] = "6.7",
  [EBPF_ATTACH_TYPE_CGROUP_UNIX_GETPEERNAME] = "6.7",
  [EBPF_ATTACH_TYPE_CGROUP_UNIX_GETSOCKNAME] = "6.7",
  [EBPF_ATTACH_TYPE_NETKIT_PRIMARY] = "6.7",
  [EBPF_ATTACH_TYPE_NETKIT_PEER] = "6.7",
  [EBPF_ATTACH_TYPE_TRACE_KPROBE_SESSION] = "6.10",
  [EBPF_ATTACH_TYPE_TRACE_UPROBE_SESSION] = "6.13",
  [EBPF_ATTACH_TYPE_TRACE_FSESSION] = "7.0",
};

static guint32
version_code (const char *version)
{
  char *end;
  guint64 major = g_ascii_strtoull (version, &end, 10);
  guint64 minor = *end == '.' ? g_ascii_strtoull (end + 1, NULL, 10) : 0;

  return (guint32) (major << 16 | minor << 8);
}

const char *
ebpf_program_min_kernel_version (EbpfProgramType program_type,
                                 gboolean has_attach_type,
                                 EbpfAttachType attach_type)
{
  const char *version = NULL;

  if ((guint) program_type < G_N_ELEMENTS (program_type_versions))
    version = program_type_versions[program_type];

  if (has_attach_type && (guint) attach_type < G_N_ELEMENTS (attach_type_versions) &&
      attach_type_versions[attach_type] != NULL &&
      (version == NULL ||
       version_code (attach_type_versions[attach_type]) > version_code (version)))
    version = attach_type_versions[attach_type];

  return version;
}

/* "program type tracing, attach type trace-fentry" */
static char *
describe_hook (EbpfProgramSpec *spec)
{
  const char *program_type =
      ebpf_program_type_to_string (ebpf_program_spec_get_program_type (spec));
  const char *attach_type =
      ebpf_program_spec_has_attach_type (spec)
          ? ebpf_attach_type_to_string (ebpf_program_spec_get_attach_type (spec))
          : NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (program_type != NULL)
    g_string_append_printf (text, "program type %s", program_type);
  else
    g_string_append_printf (text, "program type %d",
                            (int) ebpf_program_spec_get_program_type (spec));
  if (attach_type != NULL)
    g_string_append_printf (text, ", attach type %s", attach_type);
  else if (ebpf_program_spec_has_attach_type (spec))
    g_string_append_printf (text, ", attach type %d",
                            (int) ebpf_program_spec_get_attach_type (spec));

  return g_strdup (text->str);
}

/* What a kernel of the right version may have been built without. */
static const char *
missing_option (EbpfProgramSpec *spec)
{
  switch (ebpf_program_spec_get_program_type (spec))
    {
    case EBPF_PROGRAM_TYPE_LSM:
      return "CONFIG_BPF_LSM";
    case EBPF_PROGRAM_TYPE_EXT:
      return "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS";
    case EBPF_PROGRAM_TYPE_TRACING:
      switch (ebpf_program_spec_get_attach_type (spec))
        {
        case EBPF_ATTACH_TYPE_TRACE_FENTRY:
        case EBPF_ATTACH_TYPE_TRACE_FEXIT:
        case EBPF_ATTACH_TYPE_TRACE_FSESSION:
        case EBPF_ATTACH_TYPE_MODIFY_RETURN:
          return "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS";
        default:
          return NULL;
        }
    case EBPF_PROGRAM_TYPE_NETFILTER:
      return "CONFIG_NETFILTER_BPF_LINK";
    case EBPF_PROGRAM_TYPE_LIRC_MODE2:
      return "CONFIG_BPF_LIRC_MODE2";
    case EBPF_PROGRAM_TYPE_SK_SKB:
    case EBPF_PROGRAM_TYPE_SK_MSG:
      return "CONFIG_BPF_STREAM_PARSER or CONFIG_INET";
    case EBPF_PROGRAM_TYPE_CGROUP_SKB:
    case EBPF_PROGRAM_TYPE_CGROUP_SOCK:
    case EBPF_PROGRAM_TYPE_CGROUP_SOCK_ADDR:
    case EBPF_PROGRAM_TYPE_CGROUP_SOCKOPT:
    case EBPF_PROGRAM_TYPE_CGROUP_SYSCTL:
    case EBPF_PROGRAM_TYPE_CGROUP_DEVICE:
    case EBPF_PROGRAM_TYPE_SOCK_OPS:
      return "CONFIG_CGROUP_BPF";
    case EBPF_PROGRAM_TYPE_KPROBE:
    case EBPF_PROGRAM_TYPE_TRACEPOINT:
    case EBPF_PROGRAM_TYPE_RAW_TRACEPOINT:
    case EBPF_PROGRAM_TYPE_PERF_EVENT:
      return "CONFIG_BPF_EVENTS";
    default:
      return NULL;
    }
}

static char *
describe_core_relo (EbpfProgramSpec *spec, guint32 insn)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (spec);
  EbpfBtf *btf = ebpf_program_spec_get_btf (spec);

  for (guint i = 0; code != NULL && btf != NULL && i < code->core_relos->len; i++)
    {
      const EbpfCoreRelo *relo = &g_array_index (code->core_relos, EbpfCoreRelo, i);

      if (relo->insn == insn)
        return ebpf_core_relo_describe (btf, relo);
    }

  return g_strdup ("a field or type");
}

static const char *
find_symbol (EbpfProgramSpec *spec, guint32 insn, EbpfRelocKind kind)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (spec);

  for (guint i = 0; code != NULL && i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);

      if (reloc->insn == insn && reloc->kind == kind)
        return reloc->symbol;
    }

  return "?";
}

/* Code that cannot be reached keeps what the loader put in place of what this kernel does not have.
 * Where the verifier came across it, the reason is not the odd call but what is missing. */
static char *
explain_poison (EbpfProgramSpec *spec, const char *log)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (spec);
  g_autofree char *what = NULL;
  guint32 helper = 0, insn;

  if (ebpf_verifier_log_find_unknown_call (log, &helper, &insn))
    {
      if (helper == EBPF_EXTERNS_POISON_CALL)
        return g_strdup_printf (
            "instruction %u calls the kernel function \"%s\", which this kernel "
            "does not have",
            insn, find_symbol (spec, insn, EBPF_RELOC_KFUNC));

      if (helper >= EBPF_MAP_POISON && helper - EBPF_MAP_POISON < code->relocs->len)
        {
          const EbpfReloc *reloc =
              &g_array_index (code->relocs, EbpfReloc, helper - EBPF_MAP_POISON);

          return g_strdup_printf ("instruction %u uses the map \"%s\", which was not to be created",
                                  reloc->insn, reloc->symbol);
        }
    }

  if (helper == EBPF_CORE_POISON_CALL ||
      ebpf_verifier_log_find_bad_load (log, EBPF_CORE_POISON_LOAD, &insn))
    {
      what = describe_core_relo (spec, insn);
      return g_strdup_printf ("instruction %u needs %s, which this kernel does not have", insn,
                              what);
    }

  return NULL;
}

static void
explain_without_log (EbpfProgramSpec *spec, int errsv, const char *hint, GError **error)
{
  g_autofree char *hook = describe_hook (spec);
  g_autofree char *missing = NULL;
  g_autofree char *kernel = NULL;
  const char *version = ebpf_program_min_kernel_version (ebpf_program_spec_get_program_type (spec),
                                                         ebpf_program_spec_has_attach_type (spec),
                                                         ebpf_program_spec_get_attach_type (spec));
  const char *option = missing_option (spec);
  gboolean refused = errsv == EPERM || errsv == EACCES;

  if (refused)
    missing = ebpf_sys_explain_privileges ();

  if (refused && missing != NULL)
    {
      ebpf_sys_set_error_with_hint (error, EBPF_ERROR_PERMISSION, errsv, missing,
                                    "the kernel refuses to load it");
      return;
    }

  if ((refused || errsv == EINVAL || errsv == ENOTSUP) && version != NULL &&
      ebpf_sys_get_kernel_version_code () < version_code (version))
    {
      kernel = g_strdup_printf ("it needs Linux %s", version);
      ebpf_sys_set_error_with_hint (error, EBPF_ERROR_NOT_SUPPORTED, errsv, kernel,
                                    "the kernel does not know %s", hook);
      return;
    }

  if (refused)
    {
      kernel = option != NULL
                   ? g_strdup_printf ("it may have been built without %s, or restricted", option)
                   : NULL;
      ebpf_sys_set_error_with_hint (error, EBPF_ERROR_NOT_SUPPORTED, errsv, kernel,
                                    "the kernel refuses this program type or attach type (%s), "
                                    "although the process has the privileges",
                                    hook);
      return;
    }

  switch (errsv)
    {
    case E2BIG:
      kernel = g_strdup_printf ("it has %u", ebpf_program_spec_get_n_instructions (spec));
      ebpf_sys_set_error_with_hint (error, EBPF_ERROR_LIMIT, errsv, kernel,
                                    "the kernel does not take a program of so many instructions");
      break;
    case EINVAL:
      if (option != NULL)
        kernel = g_strdup_printf ("it may have been built without %s", option);
      ebpf_sys_set_error_with_hint (
          error, EBPF_ERROR_INVALID_ARGUMENT, errsv, hint != NULL ? hint : kernel,
          "the kernel refuses it before it looks at the code (%s, flags 0x%x)", hook,
          ebpf_program_spec_get_program_flags (spec));
      break;
    default:
      ebpf_sys_set_error_with_hint (error, ebpf_sys_error_code (errsv), errsv, hint,
                                    "the kernel does not load it (%s)", hook);
      break;
    }
}

/* What can be done about it, or NULL. The words are the verifier's (kernel/bpf/verifier.c). */
static char *
advise (EbpfProgramSpec *spec, const char *reason, int errsv)
{
  const char *license = ebpf_program_spec_get_license (spec);

  if (errsv == E2BIG || strstr (reason, "jumps is too complex") != NULL)
    return g_strdup ("it is too complex for the verifier: bound its loops, or split it by tail "
                     "calls or global functions");

  if (strstr (reason, "GPL-restricted") != NULL || strstr (reason, "GPL compatible") != NULL)
    return g_strdup_printf (
        "%s%s%s; this needs one that is compatible with the GPL, such as "
        "char _license[] SEC (\"license\") = \"GPL\"",
        license == NULL || license[0] == '\0' ? "the object has no licence" : "its licence is \"",
        license != NULL ? license : "", license == NULL || license[0] == '\0' ? "" : "\"");

  if (g_str_has_prefix (reason, "invalid func unknown#"))
    return g_strdup ("this kernel has no helper of that number: it may be older than the program");

  if (strstr (reason, "cannot use helper") != NULL || strstr (reason, "unknown func ") != NULL)
    return g_strdup_printf (
        "the type of program decides which helpers there are, and it is %s",
        ebpf_program_type_to_string (ebpf_program_spec_get_program_type (spec)));

  if (g_str_has_prefix (reason, "calling kernel function "))
    return g_strdup_printf (
        "which programs may call it, the kernel decides by their type, and it "
        "is %s",
        ebpf_program_type_to_string (ebpf_program_spec_get_program_type (spec)));

  if (strstr (reason, "might sleep") != NULL || strstr (reason, "sleepable") != NULL)
    return g_strdup ("programs that may sleep are in sections with \".s\" behind the first word, "
                     "where their type has such (\"fentry.s/…\")");

  if (strstr (reason, "failed to find the address for kernel symbol") != NULL)
    return g_strdup ("this kernel knows variables by address where it was built with "
                     "CONFIG_KALLSYMS_ALL");

  if (strstr (reason, "_or_null'") != NULL || g_str_has_prefix (reason, "Possibly NULL pointer"))
    return g_strdup ("compare it with NULL first");

  if (strstr (reason, "infinite loop detected") != NULL)
    return g_strdup ("the verifier has to see that it ends: count up to a constant, or call "
                     "bpf_loop ()");

  if (g_str_has_prefix (reason, "invalid access to packet"))
    return g_strdup ("compare the end of what is accessed with the end of the packet first");

  if (strstr (reason, "unbounded m") != NULL || strstr (reason, "value is negative") != NULL ||
      strstr (reason, "outside of the allowed memory range") != NULL)
    return g_strdup ("compare the offset or length with its limits first");

  if (errsv == EFAULT)
    return g_strdup ("this may be a bug of the verifier: see the kernel's log");

  return NULL;
}

void
ebpf_program_explain_rejection (EbpfProgramSpec *spec,
                                int errsv,
                                const char *log,
                                const char *hint,
                                GError **error)
{
  g_autofree char *reason = ebpf_verifier_log_get_reason (log);
  g_autofree char *source = NULL;
  g_autofree char *poison = NULL;
  g_autofree char *missing = NULL;
  g_autofree char *advice = NULL;
  g_autoptr (GString) hints = g_string_new (NULL);
  GError *rejection = NULL;

  switch (errsv)
    {
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
    case EINTR:
    case ENOSYS:
      /* Not about the program, whatever the verifier wrote before. */
      g_clear_pointer (&reason, g_free);
      break;
    default:
      break;
    }

  if (reason == NULL)
    {
      explain_without_log (spec, errsv, hint, &rejection);
      ebpf_error_set_log (rejection, log);
      g_propagate_error (error, rejection);
      return;
    }

  poison = explain_poison (spec, log);
  if (poison != NULL)
    {
      ebpf_sys_set_error_with_hint (&rejection, EBPF_ERROR_RELOCATION, errsv,
                                    "guard it with a test for its existence", "%s", poison);
      ebpf_error_set_log (rejection, log);
      g_propagate_error (error, rejection);
      return;
    }

  source = ebpf_verifier_log_get_source_line (log);
  if (source != NULL)
    g_string_append_printf (hints, "near: %s", source);
  advice = advise (spec, reason, errsv);
  if (advice != NULL)
    g_string_append_printf (hints, "%s%s", hints->len > 0 ? "; " : "", advice);
  if (errsv == EPERM && (missing = ebpf_sys_explain_privileges ()) != NULL)
    g_string_append_printf (hints, "%s%s", hints->len > 0 ? "; " : "", missing);
  if (hint != NULL)
    g_string_append_printf (hints, "%s%s", hints->len > 0 ? "; " : "", hint);

  ebpf_sys_set_error_with_hint (&rejection,
                                missing != NULL ? EBPF_ERROR_PERMISSION : EBPF_ERROR_VERIFIER,
                                errsv, hints->len > 0 ? hints->str : "see the verifier's log",
                                "the verifier rejected it: %s", reason);
  ebpf_error_set_log (rejection, log);
  g_propagate_error (error, rejection);
}
