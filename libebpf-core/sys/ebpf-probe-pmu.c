/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sys/ebpf-probe-pmu-private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/ebpf-sys-private.h"

#define DEVICES "/sys/bus/event_source/devices"

gboolean
ebpf_sys_get_probe_pmu (const char *name, EbpfSysProbePmu *pmu, GError **error)
{
  g_autofree char *type_path = g_strdup_printf (DEVICES "/%s/type", name);
  g_autofree char *retprobe_path = g_strdup_printf (DEVICES "/%s/format/retprobe", name);
  g_autofree char *type = NULL;
  g_autofree char *retprobe = NULL;
  g_autoptr (GError) local_error = NULL;
  guint64 number;

  if (!g_file_get_contents (type_path, &type, NULL, &local_error))
    {
      if (g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, ENOENT,
                        "this kernel has no %ss: %s does not exist; it was built without "
                        "CONFIG_%s_EVENTS%s, or is older than Linux 4.17",
                        name, type_path, strcmp (name, "kprobe") == 0 ? "KPROBE" : "UPROBE",
                        strcmp (name, "kprobe") == 0 ? " (CONFIG_KPROBES)" : "");
      else
        ebpf_error_set (error, EBPF_ERROR_IO, 0, "%s", local_error->message);
      return FALSE;
    }

  g_strchomp (type);
  if (!g_ascii_string_to_unsigned (type, 10, 0, G_MAXUINT32, &number, NULL))
    {
      ebpf_error_set (error, EBPF_ERROR_IO, 0, "%s: \"%s\" is not a number", type_path, type);
      return FALSE;
    }
  pmu->type = (guint32) number;

  pmu->retprobe_bit = -1;
  if (g_file_get_contents (retprobe_path, &retprobe, NULL, NULL) &&
      (sscanf (retprobe, "config:%d", &pmu->retprobe_bit) != 1 || pmu->retprobe_bit < 0 ||
       pmu->retprobe_bit > 63))
    pmu->retprobe_bit = -1;

  return TRUE;
}
