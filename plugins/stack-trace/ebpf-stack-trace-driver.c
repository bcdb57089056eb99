/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The value of such a map is a stack, innermost frame first: addresses, or, with the flag
 * BPF_F_STACK_BUILD_ID, what file's build id and offset in it each address was mapped from; behind
 * the outermost there are zeros. As a GVariant it is `aa{sv}`, a dictionary for each frame:
 *
 *   address      t   where it is an address
 *   symbol       s   the function in the kernel, where it is in one and the kernel tells
 *   offset       t   how far into that function
 *   module       s   the module that has it
 *   build-id     s   of the mapped file, in hexadecimal
 *   file-offset  t   in that file
 *
 * Only the kernel writes values: bpf_get_stackid (). */

#include <ebpf-plugin.h>

#include <errno.h>
#include <string.h>

/* kernel.perf_event_max_stack, where nobody changed it. */
#define DEFAULT_DEPTH 127

typedef struct
{
  EbpfMapDriver parent_instance;
} EbpfStackTraceDriver;

typedef struct
{
  EbpfMapDriverClass parent_class;
} EbpfStackTraceDriverClass;

/* struct bpf_stack_build_id of include/uapi/linux/bpf.h. */
typedef struct
{
  gint32 status;
  guint8 build_id[20];
  guint64 offset_or_ip;
} Frame;

enum
{
  STATUS_EMPTY = 0,
  STATUS_VALID = 1,
  STATUS_IP = 2,
};

EBPF_DEFINE_PLUGIN (EbpfStackTraceDriver,
                    ebpf_stack_trace_driver,
                    "stack-trace",
                    "Stack traces, with the names of the kernel's functions",
                    EBPF_MAP_TYPE_STACK_TRACE)

static gsize
get_frame_size (guint map_flags)
{
  return (map_flags & EBPF_MAP_FLAGS_STACK_BUILD_ID) != 0 ? sizeof (Frame) : sizeof (guint64);
}

static gboolean
ebpf_stack_trace_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  const char *name = ebpf_map_spec_get_name (spec);
  guint key_size = ebpf_map_spec_get_key_size (spec);
  guint value_size = ebpf_map_spec_get_value_size (spec);
  guint frame_size = (guint) get_frame_size (ebpf_map_spec_get_map_flags (spec));

  if (key_size != 0 && key_size != sizeof (guint32))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the keys of a stack-trace have 4 bytes, not %u", name,
                             key_size);
      return FALSE;
    }

  if (value_size % frame_size != 0)
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: the values of a stack-trace are frames of %u bytes each, "
                             "which %u is no multiple of",
                             name, frame_size, value_size);
      return FALSE;
    }

  ebpf_map_spec_set_key_size (spec, sizeof (guint32));
  if (value_size == 0)
    ebpf_map_spec_set_value_size (spec, DEFAULT_DEPTH * frame_size);

  /* The kernel takes no types for it. */
  ebpf_map_spec_set_key_type (spec, NULL);
  ebpf_map_spec_set_value_type (spec, NULL);

  return TRUE;
}

static char *
ebpf_stack_trace_driver_explain_create_error (EbpfMapDriver *driver, EbpfMapSpec *spec, int errsv)
{
  guint frame_size = (guint) get_frame_size (ebpf_map_spec_get_map_flags (spec));

  if (errsv == EINVAL && ebpf_map_spec_get_max_entries (spec) == 0)
    return g_strdup ("max_entries is 0");
  if (errsv == EINVAL && ebpf_map_spec_get_value_size (spec) / frame_size > DEFAULT_DEPTH)
    return g_strdup_printf ("values of %u frames are deeper than the kernel goes: see the sysctl "
                            "kernel.perf_event_max_stack",
                            ebpf_map_spec_get_value_size (spec) / frame_size);

  return NULL;
}

static void
add_address (GVariantDict *dict, guint64 address)
{
  g_autofree char *module = NULL;
  g_autofree char *symbol = NULL;
  guint64 offset;

  g_variant_dict_insert (dict, "address", "t", address);

  /* User space has the lower half. */
  if (address >> 63 == 0)
    return;

  symbol = ebpf_plugin_find_kernel_symbol (address, &offset, &module);
  if (symbol == NULL)
    return;

  g_variant_dict_insert (dict, "symbol", "s", symbol);
  g_variant_dict_insert (dict, "offset", "t", offset);
  if (module != NULL)
    g_variant_dict_insert (dict, "module", "s", module);
}

/* FALSE at the end of the stack. */
static gboolean
add_frame (GVariantBuilder *builder, const guint8 *data, gsize frame_size)
{
  GVariantDict dict;
  guint64 address;
  Frame frame;

  if (frame_size == sizeof address)
    {
      memcpy (&address, data, sizeof address);
      if (address == 0)
        return FALSE;

      g_variant_dict_init (&dict, NULL);
      add_address (&dict, address);
    }
  else
    {
      memcpy (&frame, data, sizeof frame);
      if (frame.status == STATUS_EMPTY)
        return FALSE;

      g_variant_dict_init (&dict, NULL);
      if (frame.status == STATUS_VALID)
        {
          char text[2 * sizeof frame.build_id + 1];

          for (gsize i = 0; i < sizeof frame.build_id; i++)
            g_snprintf (text + 2 * i, 3, "%02x", frame.build_id[i]);
          g_variant_dict_insert (&dict, "build-id", "s", text);
          g_variant_dict_insert (&dict, "file-offset", "t", frame.offset_or_ip);
        }
      else
        {
          add_address (&dict, frame.offset_or_ip);
        }
    }

  g_variant_builder_add_value (builder, g_variant_dict_end (&dict));
  return TRUE;
}

static GVariant *
ebpf_stack_trace_driver_value_to_variant (EbpfMapDriver *driver,
                                          EbpfMap *map,
                                          GBytes *value,
                                          GError **error)
{
  gsize frame_size = get_frame_size (ebpf_map_get_map_flags (map));
  GVariantBuilder builder;
  const guint8 *data;
  gsize size;

  data = g_bytes_get_data (value, &size);
  if (size != ebpf_map_get_value_size (map))
    {
      ebpf_plugin_set_error (error, EBPF_ERROR_WRONG_SIZE, 0,
                             "map %s: a value has %u bytes, not %" G_GSIZE_FORMAT,
                             ebpf_map_get_name (map), ebpf_map_get_value_size (map), size);
      return NULL;
    }

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i + frame_size <= size; i += frame_size)
    if (!add_frame (&builder, data + i, frame_size))
      break;

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static GBytes *
ebpf_stack_trace_driver_value_from_variant (EbpfMapDriver *driver,
                                            EbpfMap *map,
                                            GVariant *value,
                                            GError **error)
{
  ebpf_plugin_set_error (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                         "map %s: only the kernel writes stack traces", ebpf_map_get_name (map));
  return NULL;
}

static void
ebpf_stack_trace_driver_class_init (EbpfStackTraceDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = ebpf_stack_trace_driver_fixup_spec;
  driver_class->explain_create_error = ebpf_stack_trace_driver_explain_create_error;
  driver_class->value_to_variant = ebpf_stack_trace_driver_value_to_variant;
  driver_class->value_from_variant = ebpf_stack_trace_driver_value_from_variant;
}

static void
ebpf_stack_trace_driver_init (EbpfStackTraceDriver *self)
{
}
