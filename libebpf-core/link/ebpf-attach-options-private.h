/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/ebpf-enums.h"
#include "object/ebpf-program.h"

G_BEGIN_DECLS

/* What ebpf_program_attach () can be told. */
typedef enum
{
  EBPF_ATTACH_OPTION_ATTACH_TYPE,
  EBPF_ATTACH_OPTION_BINARY,
  EBPF_ATTACH_OPTION_CGROUP,
  EBPF_ATTACH_OPTION_COOKIE,
  EBPF_ATTACH_OPTION_DEFRAG,
  EBPF_ATTACH_OPTION_FAMILY,
  EBPF_ATTACH_OPTION_HOOK,
  EBPF_ATTACH_OPTION_IFINDEX,
  EBPF_ATTACH_OPTION_INTERFACE,
  EBPF_ATTACH_OPTION_MAP,
  EBPF_ATTACH_OPTION_NETNS,
  EBPF_ATTACH_OPTION_OFFSET,
  EBPF_ATTACH_OPTION_PERF_EVENT,
  EBPF_ATTACH_OPTION_PID,
  EBPF_ATTACH_OPTION_PRIORITY,
  EBPF_ATTACH_OPTION_RETPROBE,
  EBPF_ATTACH_OPTION_SOCKET,
  EBPF_ATTACH_OPTION_SYMBOL,
  EBPF_ATTACH_OPTION_TRACEPOINT,
  EBPF_ATTACH_OPTION_XDP_FLAGS,
  EBPF_N_ATTACH_OPTIONS
} EbpfAttachOption;

#define EBPF_ATTACH_OPTION_BIT(name) (1u << EBPF_ATTACH_OPTION_##name)

typedef struct
{
  guint given; /* of the bits above */
  const char *binary;
  const char *cgroup;
  const char *interface;
  const char *netns;
  const char *symbol;
  const char *tracepoint;
  guint attach_type;
  guint64 cookie;
  gboolean defrag;
  guint family;
  guint hook;
  guint ifindex;
  int map;
  guint64 offset;
  int perf_event;
  int pid;
  int priority;
  gboolean retprobe;
  int socket;
  EbpfXdpFlags xdp_flags;
} EbpfAttachOptions;

/* Reads @dictionary (a{sv} or NULL), whose strings @self then points into. An option that is not
 * among @known, bits of those that the hook takes, is an error that lists these. @what: "attaching
 * program …", the beginning of errors. */
gboolean ebpf_attach_options_read (EbpfAttachOptions *self,
                                   GVariant *dictionary,
                                   guint known,
                                   const char *what,
                                   GError **error);

const char *ebpf_attach_option_get_name (EbpfAttachOption option);

/* "attaching program "x" of section "y" as HOOK" */
char *ebpf_attach_describe (EbpfProgram *program, const char *hook);

/* That something is not known without an option. @hint: which. */
void
ebpf_attach_set_missing (GError **error, EbpfProgram *program, const char *hook, const char *hint);

/* The attach type of the options, or else that of the section; FALSE where neither says it. */
gboolean ebpf_attach_options_get_attach_type (const EbpfAttachOptions *self,
                                              EbpfProgram *program,
                                              const char *hook,
                                              const char *hint,
                                              EbpfAttachType *attach_type,
                                              GError **error);

G_END_DECLS
