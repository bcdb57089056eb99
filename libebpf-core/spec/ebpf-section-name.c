/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-section-name.h"

#include <string.h>

/* How a section's name is compared with a pattern. The text behind the slash is the attach target.
 */
typedef enum
{
  MATCH_EXACT,     /* "name" */
  MATCH_OPTIONAL,  /* "name" or "name/target" */
  MATCH_MANDATORY, /* "name/target" */
  MATCH_IGNORED,   /* "name" or "name/anything", which means nothing to the kernel */
  MATCH_TARGET,    /* "name/target" */
} Match;

#define NO_ATTACH_TYPE (-1)

typedef struct
{
  const char *name;
  Match match;
  EbpfProgramType program_type;
  gint attach_type;
  guint program_flags;
} SectionName;

#define P(type) EBPF_PROGRAM_TYPE_##type
#define A(type) EBPF_ATTACH_TYPE_##type
#define NONE NO_ATTACH_TYPE
#define SLEEPABLE EBPF_PROGRAM_FLAGS_SLEEPABLE
#define FRAGS EBPF_PROGRAM_FLAGS_XDP_HAS_FRAGS

/* Every section name that libbpf (Documentation/bpf/libbpf/program_types.rst) or cilium/ebpf
 * gives a meaning. The first that fits is taken; no two fit the same name but by prefix. */
static const SectionName section_names[] = {
  /* sockets */
  { "socket", MATCH_EXACT, P (SOCKET_FILTER), NONE, 0 },
  { "sk_reuseport/migrate", MATCH_EXACT, P (SK_REUSEPORT), A (SK_REUSEPORT_SELECT_OR_MIGRATE), 0 },
  { "sk_reuseport", MATCH_EXACT, P (SK_REUSEPORT), A (SK_REUSEPORT_SELECT), 0 },
  { "sk_skb/stream_parser", MATCH_IGNORED, P (SK_SKB), A (SK_SKB_STREAM_PARSER), 0 },
  { "sk_skb/stream_verdict", MATCH_IGNORED, P (SK_SKB), A (SK_SKB_STREAM_VERDICT), 0 },
  { "sk_skb/verdict", MATCH_IGNORED, P (SK_SKB), A (SK_SKB_VERDICT), 0 },
  { "sk_skb", MATCH_EXACT, P (SK_SKB), NONE, 0 },
  { "sk_msg", MATCH_IGNORED, P (SK_MSG), A (SK_MSG_VERDICT), 0 },
  { "sk_lookup", MATCH_IGNORED, P (SK_LOOKUP), A (SK_LOOKUP), 0 },
  { "sockops", MATCH_IGNORED, P (SOCK_OPS), A (CGROUP_SOCK_OPS), 0 },
  { "flow_dissector", MATCH_EXACT, P (FLOW_DISSECTOR), A (FLOW_DISSECTOR), 0 },
  { "lirc_mode2", MATCH_EXACT, P (LIRC_MODE2), A (LIRC_MODE2), 0 },
  { "netfilter", MATCH_EXACT, P (NETFILTER), A (NETFILTER), 0 },

  /* probes */
  { "kprobe", MATCH_OPTIONAL, P (KPROBE), NONE, 0 },
  { "kretprobe", MATCH_OPTIONAL, P (KPROBE), NONE, 0 },
  { "kprobe.multi", MATCH_OPTIONAL, P (KPROBE), A (TRACE_KPROBE_MULTI), 0 },
  { "kretprobe.multi", MATCH_OPTIONAL, P (KPROBE), A (TRACE_KPROBE_MULTI), 0 },
  { "kprobe.session", MATCH_OPTIONAL, P (KPROBE), A (TRACE_KPROBE_SESSION), 0 },
  { "ksyscall", MATCH_OPTIONAL, P (KPROBE), NONE, 0 },
  { "kretsyscall", MATCH_OPTIONAL, P (KPROBE), NONE, 0 },
  { "uprobe", MATCH_OPTIONAL, P (KPROBE), NONE, 0 },
  { "uprobe.s", MATCH_OPTIONAL, P (KPROBE), NONE, SLEEPABLE },
  { "uretprobe", MATCH_OPTIONAL, P (KPROBE), NONE, 0 },
  { "uretprobe.s", MATCH_OPTIONAL, P (KPROBE), NONE, SLEEPABLE },
  { "uprobe.multi", MATCH_OPTIONAL, P (KPROBE), A (TRACE_UPROBE_MULTI), 0 },
  { "uprobe.multi.s", MATCH_OPTIONAL, P (KPROBE), A (TRACE_UPROBE_MULTI), SLEEPABLE },
  { "uretprobe.multi", MATCH_OPTIONAL, P (KPROBE), A (TRACE_UPROBE_MULTI), 0 },
  { "uretprobe.multi.s", MATCH_OPTIONAL, P (KPROBE), A (TRACE_UPROBE_MULTI), SLEEPABLE },
  { "uprobe.session", MATCH_OPTIONAL, P (KPROBE), A (TRACE_UPROBE_SESSION), 0 },
  { "uprobe.session.s", MATCH_OPTIONAL, P (KPROBE), A (TRACE_UPROBE_SESSION), SLEEPABLE },
  { "usdt", MATCH_OPTIONAL, P (KPROBE), NONE, 0 },
  { "usdt.s", MATCH_OPTIONAL, P (KPROBE), NONE, SLEEPABLE },
  { "perf_event", MATCH_EXACT, P (PERF_EVENT), NONE, 0 },

  /* tracing */
  { "tracepoint", MATCH_OPTIONAL, P (TRACEPOINT), NONE, 0 },
  { "tracepoint.s", MATCH_OPTIONAL, P (TRACEPOINT), NONE, SLEEPABLE },
  { "tp", MATCH_OPTIONAL, P (TRACEPOINT), NONE, 0 },
  { "tp.s", MATCH_OPTIONAL, P (TRACEPOINT), NONE, SLEEPABLE },
  { "raw_tracepoint", MATCH_OPTIONAL, P (RAW_TRACEPOINT), NONE, 0 },
  { "raw_tracepoint.s", MATCH_OPTIONAL, P (RAW_TRACEPOINT), NONE, SLEEPABLE },
  { "raw_tracepoint.w", MATCH_OPTIONAL, P (RAW_TRACEPOINT_WRITABLE), NONE, 0 },
  { "raw_tp", MATCH_OPTIONAL, P (RAW_TRACEPOINT), NONE, 0 },
  { "raw_tp.s", MATCH_OPTIONAL, P (RAW_TRACEPOINT), NONE, SLEEPABLE },
  { "raw_tp.w", MATCH_OPTIONAL, P (RAW_TRACEPOINT_WRITABLE), NONE, 0 },
  { "tp_btf", MATCH_OPTIONAL, P (TRACING), A (TRACE_RAW_TP), 0 },
  { "tp_btf.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_RAW_TP), SLEEPABLE },
  { "fentry", MATCH_OPTIONAL, P (TRACING), A (TRACE_FENTRY), 0 },
  { "fentry.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_FENTRY), SLEEPABLE },
  { "fexit", MATCH_OPTIONAL, P (TRACING), A (TRACE_FEXIT), 0 },
  { "fexit.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_FEXIT), SLEEPABLE },
  { "fsession", MATCH_OPTIONAL, P (TRACING), A (TRACE_FSESSION), 0 },
  { "fsession.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_FSESSION), SLEEPABLE },
  { "fentry.multi", MATCH_OPTIONAL, P (TRACING), A (TRACE_FENTRY_MULTI), 0 },
  { "fentry.multi.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_FENTRY_MULTI), SLEEPABLE },
  { "fexit.multi", MATCH_OPTIONAL, P (TRACING), A (TRACE_FEXIT_MULTI), 0 },
  { "fexit.multi.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_FEXIT_MULTI), SLEEPABLE },
  { "fsession.multi", MATCH_OPTIONAL, P (TRACING), A (TRACE_FSESSION_MULTI), 0 },
  { "fsession.multi.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_FSESSION_MULTI), SLEEPABLE },
  { "fmod_ret", MATCH_OPTIONAL, P (TRACING), A (MODIFY_RETURN), 0 },
  { "fmod_ret.s", MATCH_OPTIONAL, P (TRACING), A (MODIFY_RETURN), SLEEPABLE },
  { "freplace", MATCH_OPTIONAL, P (EXT), NONE, 0 },
  { "iter", MATCH_OPTIONAL, P (TRACING), A (TRACE_ITER), 0 },
  { "iter.s", MATCH_OPTIONAL, P (TRACING), A (TRACE_ITER), SLEEPABLE },
  { "lsm", MATCH_OPTIONAL, P (LSM), A (LSM_MAC), 0 },
  { "lsm.s", MATCH_OPTIONAL, P (LSM), A (LSM_MAC), SLEEPABLE },
  { "lsm_cgroup", MATCH_OPTIONAL, P (LSM), A (LSM_CGROUP), 0 },

  /* programs without a hook */
  { "syscall", MATCH_EXACT, P (SYSCALL), NONE, SLEEPABLE },
  { "struct_ops", MATCH_IGNORED, P (STRUCT_OPS), NONE, 0 },
  { "struct_ops.s", MATCH_IGNORED, P (STRUCT_OPS), NONE, SLEEPABLE },

  /* devices and traffic control */
  { "xdp.frags/devmap", MATCH_IGNORED, P (XDP), A (XDP_DEVMAP), FRAGS },
  { "xdp/devmap", MATCH_IGNORED, P (XDP), A (XDP_DEVMAP), 0 },
  { "xdp.frags/cpumap", MATCH_IGNORED, P (XDP), A (XDP_CPUMAP), FRAGS },
  { "xdp/cpumap", MATCH_IGNORED, P (XDP), A (XDP_CPUMAP), 0 },
  { "xdp_devmap", MATCH_MANDATORY, P (XDP), A (XDP_DEVMAP), 0 },
  { "xdp_cpumap", MATCH_MANDATORY, P (XDP), A (XDP_CPUMAP), 0 },
  { "xdp.frags", MATCH_EXACT, P (XDP), A (XDP), FRAGS },
  { "xdp", MATCH_EXACT, P (XDP), A (XDP), 0 },
  { "tc/ingress", MATCH_EXACT, P (SCHED_CLS), A (TCX_INGRESS), 0 },
  { "tc/egress", MATCH_EXACT, P (SCHED_CLS), A (TCX_EGRESS), 0 },
  { "tcx/ingress", MATCH_EXACT, P (SCHED_CLS), A (TCX_INGRESS), 0 },
  { "tcx/egress", MATCH_EXACT, P (SCHED_CLS), A (TCX_EGRESS), 0 },
  { "tc", MATCH_EXACT, P (SCHED_CLS), NONE, 0 },
  { "classifier", MATCH_EXACT, P (SCHED_CLS), NONE, 0 },
  { "action", MATCH_EXACT, P (SCHED_ACT), NONE, 0 },
  { "netkit/primary", MATCH_EXACT, P (SCHED_CLS), A (NETKIT_PRIMARY), 0 },
  { "netkit/peer", MATCH_EXACT, P (SCHED_CLS), A (NETKIT_PEER), 0 },
  { "lwt_in", MATCH_EXACT, P (LWT_IN), NONE, 0 },
  { "lwt_out", MATCH_EXACT, P (LWT_OUT), NONE, 0 },
  { "lwt_xmit", MATCH_EXACT, P (LWT_XMIT), NONE, 0 },
  { "lwt_seg6local", MATCH_EXACT, P (LWT_SEG6LOCAL), NONE, 0 },

  /* cgroups */
  { "cgroup_skb/ingress", MATCH_EXACT, P (CGROUP_SKB), A (CGROUP_INET_INGRESS), 0 },
  { "cgroup_skb/egress", MATCH_EXACT, P (CGROUP_SKB), A (CGROUP_INET_EGRESS), 0 },
  { "cgroup/skb", MATCH_EXACT, P (CGROUP_SKB), NONE, 0 },
  { "cgroup/dev", MATCH_EXACT, P (CGROUP_DEVICE), A (CGROUP_DEVICE), 0 },
  { "cgroup/sock_create", MATCH_EXACT, P (CGROUP_SOCK), A (CGROUP_INET_SOCK_CREATE), 0 },
  { "cgroup/sock_release", MATCH_EXACT, P (CGROUP_SOCK), A (CGROUP_INET_SOCK_RELEASE), 0 },
  { "cgroup/sock", MATCH_EXACT, P (CGROUP_SOCK), A (CGROUP_INET_SOCK_CREATE), 0 },
  { "cgroup/post_bind4", MATCH_EXACT, P (CGROUP_SOCK), A (CGROUP_INET4_POST_BIND), 0 },
  { "cgroup/post_bind6", MATCH_EXACT, P (CGROUP_SOCK), A (CGROUP_INET6_POST_BIND), 0 },
  { "cgroup/bind4", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET4_BIND), 0 },
  { "cgroup/bind6", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET6_BIND), 0 },
  { "cgroup/connect4", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET4_CONNECT), 0 },
  { "cgroup/connect6", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET6_CONNECT), 0 },
  { "cgroup/connect_unix", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UNIX_CONNECT), 0 },
  { "cgroup/sendmsg4", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UDP4_SENDMSG), 0 },
  { "cgroup/sendmsg6", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UDP6_SENDMSG), 0 },
  { "cgroup/sendmsg_unix", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UNIX_SENDMSG), 0 },
  { "cgroup/recvmsg4", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UDP4_RECVMSG), 0 },
  { "cgroup/recvmsg6", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UDP6_RECVMSG), 0 },
  { "cgroup/recvmsg_unix", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UNIX_RECVMSG), 0 },
  { "cgroup/getpeername4", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET4_GETPEERNAME), 0 },
  { "cgroup/getpeername6", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET6_GETPEERNAME), 0 },
  { "cgroup/getpeername_unix", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UNIX_GETPEERNAME), 0 },
  { "cgroup/getsockname4", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET4_GETSOCKNAME), 0 },
  { "cgroup/getsockname6", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_INET6_GETSOCKNAME), 0 },
  { "cgroup/getsockname_unix", MATCH_EXACT, P (CGROUP_SOCK_ADDR), A (CGROUP_UNIX_GETSOCKNAME), 0 },
  { "cgroup/sysctl", MATCH_EXACT, P (CGROUP_SYSCTL), A (CGROUP_SYSCTL), 0 },
  { "cgroup/getsockopt", MATCH_EXACT, P (CGROUP_SOCKOPT), A (CGROUP_GETSOCKOPT), 0 },
  { "cgroup/setsockopt", MATCH_EXACT, P (CGROUP_SOCKOPT), A (CGROUP_SETSOCKOPT), 0 },
};

#undef P
#undef A
#undef NONE
#undef SLEEPABLE
#undef FRAGS

/* Whether @section fits; @target is what it names behind the slash, or NULL. */
static gboolean
section_name_matches (const SectionName *self, const char *section, const char **target)
{
  gsize length;

  *target = NULL;

  /* Which is all that it takes to know of most names that they are not it. */
  if (section[0] != self->name[0])
    return FALSE;

  length = strlen (self->name);
  if (strncmp (section, self->name, length) != 0)
    return FALSE;

  if (section[length] == '\0')
    return self->match != MATCH_MANDATORY && self->match != MATCH_TARGET;

  if (section[length] != '/')
    return FALSE;

  switch (self->match)
    {
    case MATCH_EXACT:
      return FALSE;

    case MATCH_OPTIONAL:
      if (section[length + 1] != '\0')
        *target = section + length + 1;
      return TRUE;

    case MATCH_TARGET:
      if (section[length + 1] == '\0')
        return FALSE;
      *target = section + length + 1;
      return TRUE;

    case MATCH_MANDATORY:
    case MATCH_IGNORED:
      return TRUE;
    }

  return FALSE;
}

/* What the application added, the latest last. */
typedef struct
{
  guint id;
  char *name;
  SectionName section_name; /* its name is the above */
} OwnName;

static GMutex own_names_lock;
static GArray *own_names; /* of OwnName */
static guint last_id;

static void
own_name_clear (gpointer data)
{
  g_free (((OwnName *) data)->name);
}

static gboolean
find_own_name (const char *section, SectionName *found, const char **target)
{
  gboolean known = FALSE;

  g_mutex_lock (&own_names_lock);
  for (guint i = own_names != NULL ? own_names->len : 0; !known && i-- > 0;)
    {
      const OwnName *own = &g_array_index (own_names, OwnName, i);

      known = section_name_matches (&own->section_name, section, target);
      if (known)
        *found = own->section_name;
    }
  g_mutex_unlock (&own_names_lock);

  /* It may be gone by now. */
  found->name = NULL;
  return known;
}

/**
 * ebpf_section_name_register:
 * @pattern: a name: "name" for just that, "name+" for "name" and "name/target", "name/" for
 *   "name/target" alone
 * @program_type: the type of the programs in such sections
 * @attach_type: the attach type of the programs, where @has_attach_type is set
 * @has_attach_type: whether there is an attach type
 * @program_flags: the flags that the programs are loaded with, of [flags@ProgramFlags]
 *
 * Adds a name of sections to those that the library knows, for object files that are opened from
 * now on. It goes before the library's own names, and the latest before earlier ones.
 *
 * What stands behind the slash becomes [property@ProgramSpec:attach-to].
 *
 * Returns: a number for [func@section_name_unregister]; never 0
 */
guint
ebpf_section_name_register (const char *pattern,
                            EbpfProgramType program_type,
                            EbpfAttachType attach_type,
                            gboolean has_attach_type,
                            guint program_flags)
{
  OwnName own = { 0 };
  gsize length;

  g_return_val_if_fail (pattern != NULL, 0);

  length = strlen (pattern);
  own.section_name.match = g_str_has_suffix (pattern, "+")   ? MATCH_OPTIONAL
                           : g_str_has_suffix (pattern, "/") ? MATCH_TARGET
                                                             : MATCH_EXACT;
  if (own.section_name.match != MATCH_EXACT)
    length--;
  g_return_val_if_fail (length > 0, 0);

  own.name = g_strndup (pattern, length);
  own.section_name.name = own.name;
  own.section_name.program_type = program_type;
  own.section_name.attach_type = has_attach_type ? (gint) attach_type : NO_ATTACH_TYPE;
  own.section_name.program_flags = program_flags;

  g_mutex_lock (&own_names_lock);
  if (own_names == NULL)
    {
      own_names = g_array_new (FALSE, FALSE, sizeof (OwnName));
      g_array_set_clear_func (own_names, own_name_clear);
    }
  own.id = ++last_id;
  g_array_append_val (own_names, own);
  g_mutex_unlock (&own_names_lock);

  return own.id;
}

/**
 * ebpf_section_name_unregister:
 * @id: what [func@section_name_register] returned
 *
 * Takes a name of sections away again. Specs that were made with it stay as they are.
 *
 * Returns: whether there was one of this number
 */
gboolean
ebpf_section_name_unregister (guint id)
{
  gboolean found = FALSE;

  g_mutex_lock (&own_names_lock);
  for (guint i = 0; own_names != NULL && i < own_names->len; i++)
    if (g_array_index (own_names, OwnName, i).id == id)
      {
        g_array_remove_index (own_names, i);
        found = TRUE;
        break;
      }
  g_mutex_unlock (&own_names_lock);

  return found;
}

static const SectionName *
find_section_name (const char *section, const char **target)
{
  const SectionName *longest = NULL;
  gsize longest_length = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (section_names); i++)
    if (section_name_matches (&section_names[i], section, target))
      return &section_names[i];

  /* "xdp_drop", "socket1", "tc/from-container": objects made for loaders that compare no more than
   * the beginning. What stands behind it was never a target. */
  *target = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (section_names); i++)
    {
      const SectionName *candidate = &section_names[i];
      gsize length = strlen (candidate->name);

      if (candidate->match == MATCH_EXACT && length > longest_length &&
          strncmp (section, candidate->name, length) == 0)
        {
          longest = candidate;
          longest_length = length;
        }
    }

  return longest;
}

/**
 * ebpf_section_name_parse:
 * @section: the name of a section of an object file
 * @program_type: (out) (optional): the program type, %EBPF_PROGRAM_TYPE_UNSPEC where unknown
 * @attach_type: (out) (optional): the attach type, meaningful where @has_attach_type is set
 * @has_attach_type: (out) (optional): whether the name tells an attach type
 * @program_flags: (out) (optional): the flags that the program is to be loaded with, of
 *   [flags@ProgramFlags]
 * @attach_to: (out) (optional) (nullable) (transfer full): what the program attaches to, in the
 *   words of its kind: `sched/sched_process_exec` of `tracepoint/sched/sched_process_exec`, or
 *   %NULL where the name tells none
 *
 * Derives from a section's name of what kind the programs in it are.
 *
 * The names are those of libbpf and of cilium/ebpf, and those that the application added by
 * [func@section_name_register]. A `?` in front, which says that a program
 * is not to be loaded unless asked for, is skipped. `.s` stands for a program that may sleep.
 *
 * Returns: whether the name is known
 */
gboolean
ebpf_section_name_parse (const char *section,
                         EbpfProgramType *program_type,
                         EbpfAttachType *attach_type,
                         gboolean *has_attach_type,
                         guint *program_flags,
                         char **attach_to)
{
  const SectionName *found;
  SectionName own = { 0 };
  const char *target;

  g_return_val_if_fail (section != NULL, FALSE);

  if (section[0] == '?')
    section++;

  found = find_own_name (section, &own, &target) ? &own : find_section_name (section, &target);

  if (program_type != NULL)
    *program_type = found != NULL ? found->program_type : EBPF_PROGRAM_TYPE_UNSPEC;
  if (attach_type != NULL)
    *attach_type = found != NULL && found->attach_type >= 0 ? (EbpfAttachType) found->attach_type
                                                            : EBPF_ATTACH_TYPE_CGROUP_INET_INGRESS;
  if (has_attach_type != NULL)
    *has_attach_type = found != NULL && found->attach_type >= 0;
  if (program_flags != NULL)
    *program_flags = found != NULL ? found->program_flags : 0;
  if (attach_to != NULL)
    *attach_to = g_strdup (target);

  return found != NULL;
}
