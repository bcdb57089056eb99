/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-attach.h"

#include <string.h>

#include "base/ebpf-enum-types.h"
#include "link/ebpf-attach-hooks-private.h"
#include "link/ebpf-attach-options-private.h"
#include "link/ebpf-binary-private.h"
#include "link/ebpf-cgroup-link.h"
#include "link/ebpf-kprobe-link.h"
#include "link/ebpf-link-private.h"
#include "link/ebpf-perf-event-link.h"
#include "link/ebpf-raw-tracepoint-link.h"
#include "link/ebpf-socket-filter-link.h"
#include "link/ebpf-struct-ops-link.h"
#include "link/ebpf-tracepoint-link.h"
#include "link/ebpf-tracing-link.h"
#include "link/ebpf-uprobe-link.h"
#include "link/ebpf-xdp-link.h"
#include "sys/ebpf-tracefs-private.h"

#define ANY (-1)
#define NONE (-2)
#define BIT(name) EBPF_ATTACH_OPTION_BIT (name)

/* A way to attach programs. */
typedef struct
{
  EbpfProgramType program_type;
  int attach_type;  /* ANY, NONE, or the one that the spec must tell */
  const char *word; /* the first word of the section, or NULL for any, or for a program without */
  const char *name; /* in errors */
  guint options;
  guint required; /* one of them must be given, whatever the section says */
  /* Whether the section says all that is needed; where NULL, it never does. */
  gboolean (*is_complete) (const char *attach_to);
  EbpfLink *(*attach) (EbpfProgram *program,
                       const char *word,
                       const char *attach_to,
                       const EbpfAttachOptions *options,
                       GError **error);
} Hook;

/* "uprobe" of "?uprobe.s//bin/bash:main"; NULL where there is no section. */
static char *
dup_section_word (EbpfProgram *program)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  const char *section = spec != NULL ? ebpf_program_spec_get_section (spec) : NULL;
  char *word;

  if (section == NULL || section[0] == '\0')
    return NULL;

  if (section[0] == '?')
    section++;
  word = g_strndup (section, strcspn (section, "/"));
  if (g_str_has_suffix (word, ".s"))
    word[strlen (word) - 2] = '\0';

  return word;
}

/* Tracepoints */

static gboolean
is_tracepoint_name (const char *attach_to)
{
  return attach_to != NULL && strchr (attach_to, '/') != NULL;
}

static EbpfLink *
attach_tracepoint (EbpfProgram *program,
                   const char *word,
                   const char *attach_to,
                   const EbpfAttachOptions *options,
                   GError **error)
{
  const char *full_name = options->tracepoint != NULL ? options->tracepoint : attach_to;
  g_auto (GStrv) parts = NULL;

  if (!is_tracepoint_name (full_name))
    {
      ebpf_attach_set_missing (error, program, "tracepoint",
                               "the option \"tracepoint\" is needed, CATEGORY/NAME such as "
                               "sched/sched_process_exec");
      return NULL;
    }

  parts = g_strsplit (full_name, "/", 2);
  return (EbpfLink *) ebpf_tracepoint_link_new (program, parts[0], parts[1], options->cookie,
                                                error);
}

static gboolean
is_given (const char *attach_to)
{
  return attach_to != NULL && attach_to[0] != '\0';
}

static EbpfLink *
attach_raw_tracepoint (EbpfProgram *program,
                       const char *word,
                       const char *attach_to,
                       const EbpfAttachOptions *options,
                       GError **error)
{
  const char *name = options->tracepoint != NULL ? options->tracepoint : attach_to;

  if (!is_given (name))
    {
      ebpf_attach_set_missing (
          error, program, "raw tracepoint",
          "the option \"tracepoint\" is needed, a name such as sched_process_exec");
      return NULL;
    }

  return (EbpfLink *) ebpf_raw_tracepoint_link_new (program, name, options->cookie, error);
}

/* The hook is in the program since it was loaded. */
static gboolean
is_always_complete (const char *attach_to)
{
  return TRUE;
}

static EbpfLink *
attach_tracing (EbpfProgram *program,
                const char *word,
                const char *attach_to,
                const EbpfAttachOptions *options,
                GError **error)
{
  return (EbpfLink *) ebpf_tracing_link_new (program, options->cookie, error);
}

/* Probes */

static gboolean
is_binary_and_symbol (const char *attach_to)
{
  const char *colon = attach_to != NULL ? strrchr (attach_to, ':') : NULL;

  return colon != NULL && colon != attach_to && colon[1] != '\0';
}

static EbpfLink *
attach_uprobe (EbpfProgram *program,
               const char *word,
               const char *attach_to,
               const EbpfAttachOptions *options,
               GError **error)
{
  gboolean at_return = options->retprobe || g_strcmp0 (word, "uretprobe") == 0;
  const char *place = options->symbol;
  g_autofree char *binary = g_strdup (options->binary);
  g_autofree char *symbol = NULL;
  guint64 offset = 0;

  /* "/path:symbol+offset", or the path alone; the options come first. */
  if (is_given (attach_to))
    {
      const char *colon = is_binary_and_symbol (attach_to) ? strrchr (attach_to, ':') : NULL;

      if (binary == NULL)
        binary = colon != NULL ? g_strndup (attach_to, (gsize) (colon - attach_to))
                               : g_strdup (attach_to);
      if (place == NULL && colon != NULL && !(options->given & BIT (OFFSET)))
        place = colon + 1;
    }

  if (binary == NULL)
    {
      ebpf_attach_set_missing (error, program, "uprobe",
                               "the option \"binary\" is needed, the path of a program or library");
      return NULL;
    }
  if (place == NULL && !(options->given & BIT (OFFSET)))
    {
      ebpf_attach_set_missing (
          error, program, "uprobe",
          "the option \"symbol\" is needed, the name of a function, or \"offset\"");
      return NULL;
    }

  if (place != NULL && !ebpf_binary_parse_location (place, &symbol, &offset, error))
    {
      g_prefix_error (error, "attaching program \"%s\": ", ebpf_program_get_name (program));
      return NULL;
    }

  return (EbpfLink *) ebpf_uprobe_link_new (program, binary, symbol, offset + options->offset,
                                            options->pid, at_return, options->cookie, error);
}

static EbpfLink *
attach_kprobe (EbpfProgram *program,
               const char *word,
               const char *attach_to,
               const EbpfAttachOptions *options,
               GError **error)
{
  gboolean at_return = options->retprobe || g_strcmp0 (word, "kretprobe") == 0 ||
                       g_strcmp0 (word, "kretsyscall") == 0;
  gboolean is_syscall = g_strcmp0 (word, "ksyscall") == 0 || g_strcmp0 (word, "kretsyscall") == 0;
  const char *place = options->symbol != NULL ? options->symbol : attach_to;
  g_autofree char *symbol = NULL;
  g_autofree char *full = NULL;
  guint64 offset;

  if (!is_given (place))
    {
      ebpf_attach_set_missing (
          error, program, "kprobe",
          "the option \"symbol\" is needed, the name of a function of the kernel");
      return NULL;
    }

  if (!ebpf_binary_parse_location (place, &symbol, &offset, error))
    {
      g_prefix_error (error, "attaching program \"%s\": ", ebpf_program_get_name (program));
      return NULL;
    }
  if (symbol == NULL)
    {
      ebpf_attach_set_missing (error, program, "kprobe", "a kprobe needs the name of a function");
      return NULL;
    }

  full = is_syscall ? g_strconcat ("sys_", symbol, NULL) : g_strdup (symbol);
  return (EbpfLink *) ebpf_kprobe_link_new (program, full, offset + options->offset, at_return,
                                            options->cookie, error);
}

/* Without a section, the options tell which it is. */
static EbpfLink *
attach_probe (EbpfProgram *program,
              const char *word,
              const char *attach_to,
              const EbpfAttachOptions *options,
              GError **error)
{
  if (options->binary == NULL && options->symbol == NULL)
    {
      ebpf_attach_set_missing (
          error, program, "probe",
          "the option \"symbol\" is needed, the name of a function, and where it is not "
          "one of the kernel, \"binary\", the path of a program or library");
      return NULL;
    }

  return options->binary != NULL ? attach_uprobe (program, word, attach_to, options, error)
                                 : attach_kprobe (program, word, attach_to, options, error);
}

static EbpfLink *
attach_perf_event (EbpfProgram *program,
                   const char *word,
                   const char *attach_to,
                   const EbpfAttachOptions *options,
                   GError **error)
{
  return (EbpfLink *) ebpf_perf_event_link_new (program, options->perf_event, options->cookie,
                                                error);
}

/* Networking and cgroups */

static EbpfLink *
attach_xdp (EbpfProgram *program,
            const char *word,
            const char *attach_to,
            const EbpfAttachOptions *options,
            GError **error)
{
  if (options->interface != NULL)
    return (EbpfLink *) ebpf_xdp_link_new (program, options->interface, options->xdp_flags, error);

  return (EbpfLink *) ebpf_xdp_link_new_for_ifindex (program, options->ifindex, options->xdp_flags,
                                                     error);
}

static EbpfLink *
attach_cgroup (EbpfProgram *program,
               const char *word,
               const char *attach_to,
               const EbpfAttachOptions *options,
               GError **error)
{
  EbpfAttachType attach_type;

  if (!ebpf_attach_options_get_attach_type (
          options, program, "cgroup program",
          "the option \"attach-type\" is needed, such as \"cgroup-inet-ingress\", since "
          "no section tells it",
          &attach_type, error))
    return NULL;

  return (EbpfLink *) ebpf_cgroup_link_new (program, options->cgroup, attach_type, error);
}

static EbpfLink *
attach_socket_filter (EbpfProgram *program,
                      const char *word,
                      const char *attach_to,
                      const EbpfAttachOptions *options,
                      GError **error)
{
  return (EbpfLink *) ebpf_socket_filter_link_new (program, options->socket, error);
}

#define TRACEPOINT_OPTIONS (BIT (TRACEPOINT) | BIT (COOKIE))
#define KPROBE_OPTIONS (BIT (SYMBOL) | BIT (OFFSET) | BIT (RETPROBE) | BIT (COOKIE))
#define UPROBE_OPTIONS (KPROBE_OPTIONS | BIT (BINARY) | BIT (PID))
#define XDP_TARGETS (BIT (INTERFACE) | BIT (IFINDEX))
#define CGROUP_OPTIONS (BIT (CGROUP) | BIT (ATTACH_TYPE))

#define CGROUP(type)                                                                               \
  {                                                                                                \
    EBPF_PROGRAM_TYPE_##type, ANY, NULL, "cgroup program", CGROUP_OPTIONS, BIT (CGROUP), NULL,     \
        attach_cgroup                                                                              \
  }
#define PROBE(word, options, is_complete, attach)                                                  \
  {                                                                                                \
    EBPF_PROGRAM_TYPE_KPROBE, NONE, word, word != NULL ? word : "probe", options, 0, is_complete,  \
        attach                                                                                     \
  }
#define KPROBE_MULTI(attach_type, word)                                                            \
  {                                                                                                \
    EBPF_PROGRAM_TYPE_KPROBE, EBPF_ATTACH_TYPE_##attach_type, word, "kprobe.multi",                \
        BIT (SYMBOL) | BIT (RETPROBE), 0, is_given, ebpf_attach_kprobe_multi                       \
  }
#define UPROBE_MULTI(attach_type, word)                                                            \
  {                                                                                                \
    EBPF_PROGRAM_TYPE_KPROBE, EBPF_ATTACH_TYPE_##attach_type, word, "uprobe.multi",                \
        BIT (BINARY) | BIT (SYMBOL) | BIT (PID) | BIT (RETPROBE), 0, is_binary_and_symbol,         \
        ebpf_attach_uprobe_multi                                                                   \
  }
#define DEVICE(attach_type, name)                                                                  \
  {                                                                                                \
    EBPF_PROGRAM_TYPE_SCHED_CLS, attach_type, NULL, name, XDP_TARGETS | BIT (ATTACH_TYPE),         \
        XDP_TARGETS, NULL, ebpf_attach_device                                                      \
  }
#define NETNS(type, name)                                                                          \
  {                                                                                                \
    EBPF_PROGRAM_TYPE_##type, ANY, NULL, name, BIT (NETNS), 0, NULL, ebpf_attach_netns             \
  }
#define TRACING(attach_type)                                                                       \
  {                                                                                                \
    EBPF_PROGRAM_TYPE_TRACING, attach_type, NULL, "tracing program", BIT (COOKIE), 0,              \
        is_always_complete, attach_tracing                                                         \
  }

/* The first that fits is taken. */
static const Hook hooks[] = {
  { EBPF_PROGRAM_TYPE_TRACEPOINT, ANY, NULL, "tracepoint", TRACEPOINT_OPTIONS, 0,
    is_tracepoint_name, attach_tracepoint },
  { EBPF_PROGRAM_TYPE_RAW_TRACEPOINT, ANY, NULL, "raw tracepoint", TRACEPOINT_OPTIONS, 0, is_given,
    attach_raw_tracepoint },
  { EBPF_PROGRAM_TYPE_RAW_TRACEPOINT_WRITABLE, ANY, NULL, "raw tracepoint", TRACEPOINT_OPTIONS, 0,
    is_given, attach_raw_tracepoint },
  TRACING (EBPF_ATTACH_TYPE_TRACE_RAW_TP),
  TRACING (EBPF_ATTACH_TYPE_TRACE_FENTRY),
  TRACING (EBPF_ATTACH_TYPE_TRACE_FEXIT),
  TRACING (EBPF_ATTACH_TYPE_TRACE_FSESSION),
  TRACING (EBPF_ATTACH_TYPE_MODIFY_RETURN),
  { EBPF_PROGRAM_TYPE_TRACING, EBPF_ATTACH_TYPE_TRACE_ITER, NULL, "iterator",
    BIT (MAP) | BIT (CGROUP) | BIT (PID), 0, ebpf_attach_iter_is_complete, ebpf_attach_iter },
  TRACING (NONE),
  { EBPF_PROGRAM_TYPE_LSM, EBPF_ATTACH_TYPE_LSM_MAC, NULL, "lsm", BIT (COOKIE), 0,
    is_always_complete, attach_tracing },
  { EBPF_PROGRAM_TYPE_LSM, EBPF_ATTACH_TYPE_LSM_CGROUP, NULL, "lsm_cgroup", CGROUP_OPTIONS,
    BIT (CGROUP), NULL, attach_cgroup },
  { EBPF_PROGRAM_TYPE_EXT, ANY, NULL, "freplace", BIT (COOKIE), 0, is_always_complete,
    attach_tracing },
  PROBE ("kprobe", KPROBE_OPTIONS, is_given, attach_kprobe),
  PROBE ("kretprobe", KPROBE_OPTIONS, is_given, attach_kprobe),
  PROBE ("ksyscall", KPROBE_OPTIONS, is_given, attach_kprobe),
  PROBE ("kretsyscall", KPROBE_OPTIONS, is_given, attach_kprobe),
  PROBE ("uprobe", UPROBE_OPTIONS, is_binary_and_symbol, attach_uprobe),
  PROBE ("uretprobe", UPROBE_OPTIONS, is_binary_and_symbol, attach_uprobe),
  KPROBE_MULTI (TRACE_KPROBE_MULTI, "kprobe.multi"),
  KPROBE_MULTI (TRACE_KPROBE_MULTI, "kretprobe.multi"),
  KPROBE_MULTI (TRACE_KPROBE_MULTI, NULL),
  KPROBE_MULTI (TRACE_KPROBE_SESSION, "kprobe.session"),
  KPROBE_MULTI (TRACE_KPROBE_SESSION, NULL),
  UPROBE_MULTI (TRACE_UPROBE_MULTI, "uprobe.multi"),
  UPROBE_MULTI (TRACE_UPROBE_MULTI, "uretprobe.multi"),
  UPROBE_MULTI (TRACE_UPROBE_MULTI, NULL),
  UPROBE_MULTI (TRACE_UPROBE_SESSION, "uprobe.session"),
  UPROBE_MULTI (TRACE_UPROBE_SESSION, NULL),
  PROBE (NULL, UPROBE_OPTIONS, NULL, attach_probe),
  { EBPF_PROGRAM_TYPE_PERF_EVENT, ANY, NULL, "perf event", BIT (PERF_EVENT) | BIT (COOKIE),
    BIT (PERF_EVENT), NULL, attach_perf_event },
  { EBPF_PROGRAM_TYPE_XDP, EBPF_ATTACH_TYPE_XDP, NULL, "xdp", XDP_TARGETS | BIT (XDP_FLAGS),
    XDP_TARGETS, NULL, attach_xdp },
  { EBPF_PROGRAM_TYPE_XDP, NONE, NULL, "xdp", XDP_TARGETS | BIT (XDP_FLAGS), XDP_TARGETS, NULL,
    attach_xdp },
  DEVICE (EBPF_ATTACH_TYPE_TCX_INGRESS, "tcx"),
  DEVICE (EBPF_ATTACH_TYPE_TCX_EGRESS, "tcx"),
  DEVICE (EBPF_ATTACH_TYPE_NETKIT_PRIMARY, "netkit"),
  DEVICE (EBPF_ATTACH_TYPE_NETKIT_PEER, "netkit"),
  DEVICE (NONE, "tcx"),
  NETNS (SK_LOOKUP, "sk_lookup"),
  NETNS (FLOW_DISSECTOR, "flow_dissector"),
  { EBPF_PROGRAM_TYPE_NETFILTER, ANY, NULL, "netfilter",
    BIT (FAMILY) | BIT (HOOK) | BIT (PRIORITY) | BIT (DEFRAG), BIT (HOOK), NULL,
    ebpf_attach_netfilter },
  CGROUP (CGROUP_SKB),
  CGROUP (CGROUP_SOCK),
  CGROUP (CGROUP_SOCK_ADDR),
  CGROUP (CGROUP_DEVICE),
  CGROUP (CGROUP_SYSCTL),
  CGROUP (CGROUP_SOCKOPT),
  CGROUP (SOCK_OPS),
  { EBPF_PROGRAM_TYPE_SOCKET_FILTER, ANY, NULL, "socket filter", BIT (SOCKET), BIT (SOCKET), NULL,
    attach_socket_filter },
};

static const Hook *
find_hook (EbpfProgram *program, const char *word)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  EbpfProgramType program_type = ebpf_program_get_program_type (program);
  int attach_type = NONE;

  if (spec != NULL && ebpf_program_spec_has_attach_type (spec))
    attach_type = (int) ebpf_program_spec_get_attach_type (spec);

  for (guint i = 0; i < G_N_ELEMENTS (hooks); i++)
    {
      const Hook *hook = &hooks[i];

      if (hook->program_type != program_type)
        continue;
      if (hook->attach_type != ANY && hook->attach_type != attach_type)
        continue;
      /* A program that was not loaded by this process is a probe of the kind that the options
       * tell; one of a section with a word of its own, such as usdt, is not. */
      if (program_type == EBPF_PROGRAM_TYPE_KPROBE && g_strcmp0 (hook->word, word) != 0)
        continue;

      return hook;
    }

  return NULL;
}

static const char *
get_attach_to (EbpfProgram *program)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);

  return spec != NULL ? ebpf_program_spec_get_attach_to (spec) : NULL;
}

/* What can be given for an option that is missing. */
static char *
suggest (const Hook *hook)
{
  if (hook->required & BIT (INTERFACE))
    {
      g_autofree char *list = ebpf_xdp_link_list_interfaces ();

      return g_strdup_printf (
          "the option \"interface\" is needed, a network interface's name (or \"ifindex\", its "
          "number); there are: %s",
          list);
    }

  if (hook->required & BIT (CGROUP))
    {
      g_autoptr (GPtrArray) mounts = ebpf_sys_list_mounts ("cgroup2");

      return mounts->len > 0
                 ? g_strdup_printf ("the option \"cgroup\" is needed, a folder of cgroup v2, which "
                                    "is mounted at %s",
                                    (char *) g_ptr_array_index (mounts, 0))
                 : g_strdup ("the option \"cgroup\" is needed, a folder of cgroup v2, which is not "
                             "mounted here: mount -t cgroup2 none DIR");
    }

  if (hook->required & BIT (HOOK))
    return g_strdup ("the option \"hook\" is needed: \"pre-routing\", \"local-in\", \"forward\", "
                     "\"local-out\" or \"post-routing\"");

  return g_strdup_printf ("the option \"%s\" is needed, a file descriptor",
                          hook->required & BIT (SOCKET) ? "socket" : "perf-event");
}

/**
 * ebpf_program_attach:
 * @self: a program
 * @options: (nullable): a dictionary of type `a{sv}`, or %NULL where the section says it all
 * @error: return location for an error
 *
 * Attaches a program to the hook that its section, or else its type, tells.
 *
 * Options come before what the section says. Which there are depends on the hook; any other is an
 * error that lists them, and so is one that is missing:
 *
 * | hook | options |
 * |---|---|
 * | `tracepoint` | `tracepoint` (`s`: CATEGORY/NAME), `cookie` (`t`) |
 * | `raw_tracepoint` | `tracepoint` (`s`: NAME), `cookie` (`t`) |
 * | `tp_btf`, `fentry`, `fexit`, `fmod_ret`, `lsm` | `cookie` (`t`) |
 * | `kprobe`, `kretprobe`, `ksyscall` | `symbol` (`s`), `offset` (`t`), `retprobe` (`b`), `cookie` (`t`) |
 * | `uprobe`, `uretprobe` | the same, and `binary` (`s`), `pid` (`i`: -1 for every process) |
 * | `kprobe.multi`, `kretprobe.multi`, `kprobe.session` | `symbol` (`s`, with `*` and `?`), `retprobe` (`b`) |
 * | `uprobe.multi`, `uretprobe.multi`, `uprobe.session` | `binary` (`s`), `symbol` (`s`, with `*` and `?`), `pid` (`i`), `retprobe` (`b`) |
 * | `iter` | `map` (`h`: an open map), `cgroup` (`s`: a folder) or `pid` (`i`) |
 * | `perf_event` | `perf-event` (`h`: an open perf event), `cookie` (`t`) |
 * | `xdp` | `interface` (`s`) or `ifindex` (`u`), `xdp-flags` (`s`: `skb`, `drv` or `hw`) |
 * | `tcx`, `tc`, `netkit` | `interface` (`s`) or `ifindex` (`u`), `attach-type` (`s`) |
 * | `netfilter` | `hook` (`s`: `local-in` …), `family` (`s`: `ipv4`, which is the default, or `ipv6`), `priority` (`i`), `defrag` (`b`) |
 * | `sk_lookup`, `flow_dissector` | `netns` (`s`: a file; this process's where it is left out) |
 * | cgroup hooks | `cgroup` (`s`: a folder), `attach-type` (`s`) |
 * | `socket` | `socket` (`h`: an open socket) |
 *
 * File descriptors stay the caller's. Numbers may be of any integer type.
 *
 * Returns: (transfer full): the attachment, of the class of its kind
 */
EbpfLink *
ebpf_program_attach (EbpfProgram *self, GVariant *options, GError **error)
{
  g_autoptr (GVariant) dictionary = NULL;
  g_autofree char *word = NULL;
  g_autofree char *what = NULL;
  EbpfAttachOptions values;
  const Hook *hook;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (options != NULL)
    dictionary = g_variant_ref_sink (options);

  word = dup_section_word (self);
  hook = find_hook (self, word);
  if (hook == NULL)
    {
      g_autofree char *type =
          ebpf_link_dup_nick (EBPF_TYPE_PROGRAM_TYPE, (guint) ebpf_program_get_program_type (self));
      g_autofree char *hint =
          ebpf_program_get_program_type (self) == EBPF_PROGRAM_TYPE_STRUCT_OPS
              ? g_strdup ("it is an operation of a struct_ops map, which is attached as a whole by "
                          "ebpf_map_attach ()")
              : g_strdup_printf ("programs of this kind (%s) have no hook here", type);

      what = ebpf_attach_describe (self, word != NULL ? word : type);
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0, "%s: %s", what, hint);
      return NULL;
    }

  what = ebpf_attach_describe (self, hook->name);
  if (!ebpf_attach_options_read (&values, dictionary, hook->options, what, error))
    return NULL;

  if (hook->required != 0 && (values.given & hook->required) == 0)
    {
      g_autofree char *hint = suggest (hook);

      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "%s: %s", what, hint);
      return NULL;
    }

  return hook->attach (self, word, get_attach_to (self), &values, error);
}

/**
 * ebpf_program_can_attach:
 * @self: a program
 *
 * Gets whether the program's section says all that [method@Program.attach] needs, so that no
 * option must be given. It says nothing of whether this kernel has the hook.
 *
 * Returns: whether it can be attached without options
 */
gboolean
ebpf_program_can_attach (EbpfProgram *self)
{
  g_autofree char *word = NULL;
  const Hook *hook;

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), FALSE);

  word = dup_section_word (self);
  hook = find_hook (self, word);

  return hook != NULL && hook->is_complete != NULL && hook->is_complete (get_attach_to (self));
}

/**
 * ebpf_map_attach:
 * @self: a map of type `struct-ops`
 * @error: return location for an error
 *
 * Gives the operations of a map to the kernel, which calls them from now on; see
 * [ctor@StructOpsLink.new]. Any other type of map is an error.
 *
 * Returns: (transfer full): the attachment, an [class@StructOpsLink]
 */
EbpfLink *
ebpf_map_attach (EbpfMap *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return (EbpfLink *) ebpf_struct_ops_link_new (self, error);
}

static gboolean
attach_programs (EbpfCollection *self, GPtrArray *links, GError **error)
{
  g_autoptr (GPtrArray) programs = ebpf_collection_list_programs (self);

  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgram *program = g_ptr_array_index (programs, i);
      EbpfProgramSpec *spec = ebpf_program_get_spec (program);
      EbpfLink *link;

      if ((spec != NULL && !ebpf_program_spec_get_autoattach (spec)) ||
          !ebpf_program_can_attach (program))
        continue;

      link = ebpf_program_attach (program, NULL, error);
      if (link == NULL)
        return FALSE;
      g_ptr_array_add (links, link);
    }

  return TRUE;
}

static gboolean
attach_maps (EbpfCollection *self, GPtrArray *links, GError **error)
{
  g_autoptr (GPtrArray) specs = ebpf_collection_spec_list_maps (ebpf_collection_get_spec (self));

  for (guint i = 0; i < specs->len; i++)
    {
      EbpfMapSpec *map_spec = g_ptr_array_index (specs, i);
      EbpfMap *map = ebpf_collection_get_map (self, ebpf_map_spec_get_name (map_spec));
      EbpfLink *link;

      if (map == NULL || ebpf_map_get_map_type (map) != EBPF_MAP_TYPE_STRUCT_OPS ||
          !ebpf_map_spec_get_autoattach (map_spec))
        continue;

      link = ebpf_map_attach (map, error);
      if (link == NULL)
        return FALSE;
      g_ptr_array_add (links, link);
    }

  return TRUE;
}

/**
 * ebpf_collection_attach_all:
 * @self: a loaded collection
 * @error: return location for an error
 *
 * Attaches every program whose section says all that is needed, unless its spec says not to
 * ([property@ProgramSpec:autoattach]). Programs that need more, such as those for network
 * interfaces, cgroups and sockets, are left alone.
 *
 * Then come the operations of its struct_ops maps, unless the spec of one says not to
 * ([property@MapSpec:autoattach]).
 *
 * It is all or nothing: where one cannot be attached, those attached before are detached again.
 *
 * Returns: (transfer container) (element-type EbpfLink): the attachments; there may be none
 */
GPtrArray *
ebpf_collection_attach_all (EbpfCollection *self, GError **error)
{
  g_autoptr (GPtrArray) links = NULL;

  g_return_val_if_fail (EBPF_IS_COLLECTION (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (ebpf_collection_get_state (self) != EBPF_COLLECTION_STATE_LOADED)
    {
      ebpf_error_set (error,
                      ebpf_collection_get_state (self) == EBPF_COLLECTION_STATE_CLOSED
                          ? EBPF_ERROR_CLOSED
                          : EBPF_ERROR_INVALID_ARGUMENT,
                      0, "attaching the programs of a collection that is not loaded");
      return NULL;
    }

  links = g_ptr_array_new_with_free_func (g_object_unref);
  if (attach_programs (self, links, error) && attach_maps (self, links, error))
    return g_steal_pointer (&links);

  for (guint i = links->len; i > 0; i--)
    ebpf_link_close (g_ptr_array_index (links, i - 1));
  return NULL;
}
