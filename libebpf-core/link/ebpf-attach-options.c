/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/ebpf-attach-options-private.h"

#include <string.h>

#include "base/ebpf-enum-types.h"
#include "base/ebpf-error-private.h"

typedef enum
{
  KIND_STRING,
  KIND_BOOLEAN,
  KIND_UINT64,
  KIND_UINT,
  KIND_INT,
  KIND_FD,
  KIND_SIGNED,
  KIND_ATTACH_TYPE,
  KIND_FAMILY,
  KIND_HOOK,
  KIND_XDP_FLAGS,
} Kind;

typedef struct
{
  const char *name;
  Kind kind;
  gsize field;
} Option;

#define FIELD(name) G_STRUCT_OFFSET (EbpfAttachOptions, name)

static const Option options[EBPF_N_ATTACH_OPTIONS] = {
  [EBPF_ATTACH_OPTION_ATTACH_TYPE] = { "attach-type", KIND_ATTACH_TYPE, FIELD (attach_type) },
  [EBPF_ATTACH_OPTION_BINARY] = { "binary", KIND_STRING, FIELD (binary) },
  [EBPF_ATTACH_OPTION_CGROUP] = { "cgroup", KIND_STRING, FIELD (cgroup) },
  [EBPF_ATTACH_OPTION_COOKIE] = { "cookie", KIND_UINT64, FIELD (cookie) },
  [EBPF_ATTACH_OPTION_DEFRAG] = { "defrag", KIND_BOOLEAN, FIELD (defrag) },
  [EBPF_ATTACH_OPTION_FAMILY] = { "family", KIND_FAMILY, FIELD (family) },
  [EBPF_ATTACH_OPTION_HOOK] = { "hook", KIND_HOOK, FIELD (hook) },
  [EBPF_ATTACH_OPTION_IFINDEX] = { "ifindex", KIND_UINT, FIELD (ifindex) },
  [EBPF_ATTACH_OPTION_INTERFACE] = { "interface", KIND_STRING, FIELD (interface) },
  [EBPF_ATTACH_OPTION_MAP] = { "map", KIND_FD, FIELD (map) },
  [EBPF_ATTACH_OPTION_NETNS] = { "netns", KIND_STRING, FIELD (netns) },
  [EBPF_ATTACH_OPTION_OFFSET] = { "offset", KIND_UINT64, FIELD (offset) },
  [EBPF_ATTACH_OPTION_PERF_EVENT] = { "perf-event", KIND_FD, FIELD (perf_event) },
  [EBPF_ATTACH_OPTION_PID] = { "pid", KIND_INT, FIELD (pid) },
  [EBPF_ATTACH_OPTION_PRIORITY] = { "priority", KIND_SIGNED, FIELD (priority) },
  [EBPF_ATTACH_OPTION_RETPROBE] = { "retprobe", KIND_BOOLEAN, FIELD (retprobe) },
  [EBPF_ATTACH_OPTION_SOCKET] = { "socket", KIND_FD, FIELD (socket) },
  [EBPF_ATTACH_OPTION_SYMBOL] = { "symbol", KIND_STRING, FIELD (symbol) },
  [EBPF_ATTACH_OPTION_TRACEPOINT] = { "tracepoint", KIND_STRING, FIELD (tracepoint) },
  [EBPF_ATTACH_OPTION_XDP_FLAGS] = { "xdp-flags", KIND_XDP_FLAGS, FIELD (xdp_flags) },
};

static const char *const kind_words[] = {
  [KIND_STRING] = "a string (s)",
  [KIND_BOOLEAN] = "a boolean (b)",
  [KIND_UINT64] = "a number (t) of 0 or more",
  [KIND_UINT] = "a number (u) of 0 or more",
  [KIND_INT] = "a number (i) of -1 or more",
  [KIND_FD] = "an open file descriptor (h or i)",
  [KIND_SIGNED] = "a number (i)",
  [KIND_FAMILY] = "a protocol family (s), \"ipv4\" or \"ipv6\", or its number",
  [KIND_HOOK] =
      "\"pre-routing\", \"local-in\", \"forward\", \"local-out\" or \"post-routing\" (s), or "
      "its number",
  [KIND_ATTACH_TYPE] = "an attach type's name (s) such as cgroup-inet-ingress, or its number",
  [KIND_XDP_FLAGS] = "\"skb\", \"drv\" or \"hw\" (s)",
};

/* A script says a number as it likes. */
static gboolean
get_integer (GVariant *value, gint64 min, guint64 max, guint64 *result)
{
  gint64 number;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      number = g_variant_get_byte (value);
      break;
    case G_VARIANT_CLASS_INT16:
      number = g_variant_get_int16 (value);
      break;
    case G_VARIANT_CLASS_UINT16:
      number = g_variant_get_uint16 (value);
      break;
    case G_VARIANT_CLASS_INT32:
      number = g_variant_get_int32 (value);
      break;
    case G_VARIANT_CLASS_UINT32:
      number = g_variant_get_uint32 (value);
      break;
    case G_VARIANT_CLASS_INT64:
      number = g_variant_get_int64 (value);
      break;
    case G_VARIANT_CLASS_HANDLE:
      number = g_variant_get_handle (value);
      break;
    case G_VARIANT_CLASS_UINT64:
      *result = g_variant_get_uint64 (value);
      return *result <= max;
    default:
      return FALSE;
    }

  *result = (guint64) number;
  return number >= min && (number < 0 || (guint64) number <= max);
}

static gboolean
get_enum (GVariant *value, GType type, guint *result)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  g_autofree char *nick = NULL;
  const GEnumValue *found;
  guint64 number;

  if (get_integer (value, 0, G_MAXINT, &number))
    {
      *result = (guint) number;
      return TRUE;
    }

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return FALSE;

  nick = g_strdelimit (g_variant_dup_string (value, NULL), "_", '-');
  found = g_enum_get_value_by_nick (klass, nick);
  if (found == NULL)
    return FALSE;

  *result = (guint) found->value;
  return TRUE;
}

static gboolean
get_xdp_flags (GVariant *value, EbpfXdpFlags *flags)
{
  g_autoptr (GFlagsClass) klass = g_type_class_ref (EBPF_TYPE_XDP_FLAGS);
  const GFlagsValue *found;

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return FALSE;

  found = g_flags_get_value_by_nick (klass, g_variant_get_string (value, NULL));
  if (found == NULL)
    return FALSE;

  *flags = (EbpfXdpFlags) found->value;
  return TRUE;
}

static gboolean
read_option (EbpfAttachOptions *self, const Option *option, GVariant *value)
{
  gpointer field = (guint8 *) self + option->field;
  guint64 number;

  switch (option->kind)
    {
    case KIND_STRING:
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) &&
          !g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
        return FALSE;
      *(const char **) field = g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
                                   ? g_variant_get_string (value, NULL)
                                   : g_variant_get_bytestring (value);
      return TRUE;
    case KIND_BOOLEAN:
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
        return FALSE;
      *(gboolean *) field = g_variant_get_boolean (value);
      return TRUE;
    case KIND_UINT64:
      return get_integer (value, 0, G_MAXUINT64, field);
    case KIND_UINT:
      if (!get_integer (value, 0, G_MAXUINT, &number))
        return FALSE;
      *(guint *) field = (guint) number;
      return TRUE;
    case KIND_INT:
    case KIND_FD:
      if (!get_integer (value, option->kind == KIND_FD ? 0 : -1, G_MAXINT, &number))
        return FALSE;
      *(int *) field = (int) number;
      return TRUE;
    case KIND_SIGNED:
      if (!get_integer (value, G_MININT, G_MAXINT, &number))
        return FALSE;
      *(int *) field = (int) number;
      return TRUE;
    case KIND_ATTACH_TYPE:
      return get_enum (value, EBPF_TYPE_ATTACH_TYPE, field);
    case KIND_FAMILY:
      return get_enum (value, EBPF_TYPE_NETFILTER_FAMILY, field);
    case KIND_HOOK:
      return get_enum (value, EBPF_TYPE_NETFILTER_HOOK, field);
    case KIND_XDP_FLAGS:
      return get_xdp_flags (value, field);
    }

  return FALSE;
}

static char *
list_options (guint known)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < EBPF_N_ATTACH_OPTIONS; i++)
    if (known & (1u << i))
      g_string_append_printf (list, "%s\"%s\"", list->len > 0 ? ", " : "", options[i].name);

  return g_string_free (list, FALSE);
}

gboolean
ebpf_attach_options_read (EbpfAttachOptions *self,
                          GVariant *dictionary,
                          guint known,
                          const char *what,
                          GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *item;

  memset (self, 0, sizeof *self);
  self->pid = -1;
  self->socket = -1;
  self->perf_event = -1;

  if (dictionary == NULL)
    return TRUE;

  if (!g_variant_is_of_type (dictionary, G_VARIANT_TYPE_VARDICT))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0,
                      "%s: options are a dictionary of type a{sv}, not %s", what,
                      g_variant_get_type_string (dictionary));
      return FALSE;
    }

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &item))
    {
      /* Strings stay where they are: the dictionary outlives the options. */
      g_autoptr (GVariant) value = item;
      guint i;

      for (i = 0; i < EBPF_N_ATTACH_OPTIONS; i++)
        if (strcmp (options[i].name, name) == 0)
          break;

      if (i == EBPF_N_ATTACH_OPTIONS || (known & (1u << i)) == 0)
        {
          g_autofree char *list = list_options (known);

          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "%s: no option \"%s\"; the options for it are: %s", what, name,
                          list[0] != '\0' ? list : "none");
          return FALSE;
        }

      if (!read_option (self, &options[i], value))
        {
          g_autofree char *text = g_variant_print (value, TRUE);

          ebpf_error_set (error, EBPF_ERROR_WRONG_TYPE, 0, "%s: the option \"%s\" is %s, not %s",
                          what, name, kind_words[options[i].kind], text);
          return FALSE;
        }

      self->given |= 1u << i;
    }

  return TRUE;
}

const char *
ebpf_attach_option_get_name (EbpfAttachOption option)
{
  return options[option].name;
}

char *
ebpf_attach_describe (EbpfProgram *program, const char *hook)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);
  const char *section = spec != NULL ? ebpf_program_spec_get_section (spec) : NULL;

  if (section == NULL)
    return g_strdup_printf ("attaching program \"%s\" as %s", ebpf_program_get_name (program),
                            hook);

  return g_strdup_printf ("attaching program \"%s\" of section \"%s\" as %s",
                          ebpf_program_get_name (program), section, hook);
}

void
ebpf_attach_set_missing (GError **error, EbpfProgram *program, const char *hook, const char *hint)
{
  g_autofree char *what = ebpf_attach_describe (program, hook);

  ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "%s: %s", what, hint);
}

gboolean
ebpf_attach_options_get_attach_type (const EbpfAttachOptions *self,
                                     EbpfProgram *program,
                                     const char *hook,
                                     const char *hint,
                                     EbpfAttachType *attach_type,
                                     GError **error)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (program);

  if (self->given & EBPF_ATTACH_OPTION_BIT (ATTACH_TYPE))
    {
      *attach_type = (EbpfAttachType) self->attach_type;
    }
  else if (spec != NULL && ebpf_program_spec_has_attach_type (spec))
    {
      *attach_type = ebpf_program_spec_get_attach_type (spec);
    }
  else
    {
      ebpf_attach_set_missing (error, program, hook, hint);
      return FALSE;
    }

  return TRUE;
}
