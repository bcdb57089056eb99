/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loader/ebpf-loader-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-parse-private.h"

#include <string.h>

/* The file: eight letters, the number ORDER in the byte order of the machine, a reserved zero, then
 * a GVariant in that byte order. */
#define MAGIC "EBPFLDR1"
#define MAGIC_SIZE 8
#define ORDER 0x01020304u
#define HEADER_SIZE 16

/* name, type, sizes of key and value, entries, flags, NUMA node, device; extra; ids of the types of
 * key and value; the value in the data; whether it is a section, and constant; what its inner maps
 * are like, the same or nothing */
#define MAP_TYPE "(suuuuuuut(uu)(uu)bbmv)"

/* Of inner maps in inner maps. */
#define MAX_NESTING 4
/* name, section, what it attaches to, type, attach type, flags, device, whether it is attached */
#define PROGRAM_TYPE "(smsmsumuuub)"
/* name, section, offset, size, id of the type */
#define VARIABLE_TYPE "(ssuuu)"
/* name, id of the type, offset, size, whether it may be missing */
#define KCONFIG_TYPE "(suuub)"
/* kind, name */
#define STEP_TYPE "(us)"

/* instructions, data, whether they are hashed, signature, keyring; source, license, type
 * information in the data; maps, programs, variables, externs, steps */
#define FILE_TYPE                                                                                  \
  "(ayaybmayimsms(uu)a" MAP_TYPE "a" PROGRAM_TYPE "a" VARIABLE_TYPE "a" KCONFIG_TYPE "a" STEP_TYPE \
  ")"

/* --- writing */

static GVariant *
new_bytes (GBytes *bytes)
{
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE);
}

/* Names are whatever the object file has. */
static GVariant *
new_string (const char *string)
{
  return g_variant_new_take_string (g_utf8_make_valid (string, -1));
}

static GVariant *
new_maybe_string (const char *string)
{
  return g_variant_new_maybe (G_VARIANT_TYPE_STRING, string != NULL ? new_string (string) : NULL);
}

static guint32
own_type_id (EbpfLoader *self, EbpfBtfType *type)
{
  EbpfBtf *btf = ebpf_collection_spec_get_btf (self->spec);

  return type != NULL && self->btf.size > 0 && ebpf_btf_type_get_btf (type) == btf
             ? ebpf_btf_type_get_id (type)
             : 0;
}

static GVariant *
encode_map (EbpfLoader *self, const EbpfLoaderRange *value, EbpfMapSpec *map)
{
  const EbpfLoaderRange none = { 0 };
  EbpfMapSpec *inner = ebpf_map_spec_get_inner_map (map);

  return g_variant_new (
      "(@suuuuuuut(uu)(uu)bb@mv)", new_string (ebpf_map_spec_get_name (map)),
      (guint32) ebpf_map_spec_get_map_type (map), ebpf_map_spec_get_key_size (map),
      ebpf_map_spec_get_value_size (map), ebpf_map_spec_get_max_entries (map),
      ebpf_map_spec_get_map_flags (map), ebpf_map_spec_get_numa_node (map),
      ebpf_map_spec_get_ifindex (map), ebpf_map_spec_get_map_extra (map),
      own_type_id (self, ebpf_map_spec_get_key_type (map)),
      own_type_id (self, ebpf_map_spec_get_value_type (map)), value->offset, value->size,
      ebpf_map_spec_is_data_section (map), ebpf_map_spec_is_constant (map),
      g_variant_new_maybe (G_VARIANT_TYPE_VARIANT,
                           inner != NULL ? g_variant_new_variant (encode_map (self, &none, inner))
                                         : NULL));
}

static GVariant *
encode_program (EbpfProgramSpec *program)
{
  GVariant *attach_type = NULL;

  if (ebpf_program_spec_has_attach_type (program))
    attach_type = g_variant_new_uint32 ((guint32) ebpf_program_spec_get_attach_type (program));

  return g_variant_new ("(@s@ms@msu@muuub)", new_string (ebpf_program_spec_get_name (program)),
                        new_maybe_string (ebpf_program_spec_get_section (program)),
                        new_maybe_string (ebpf_program_spec_get_attach_to (program)),
                        (guint32) ebpf_program_spec_get_program_type (program),
                        g_variant_new_maybe (G_VARIANT_TYPE_UINT32, attach_type),
                        ebpf_program_spec_get_program_flags (program),
                        ebpf_program_spec_get_ifindex (program),
                        ebpf_program_spec_get_autoattach (program));
}

GBytes *
ebpf_loader_encode (EbpfLoader *self)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->spec);
  GPtrArray *programs = ebpf_collection_spec_peek_programs (self->spec);
  GPtrArray *variables = ebpf_collection_spec_peek_variables (self->spec);
  GArray *externs = ebpf_collection_spec_peek_kconfig_externs (self->spec);
  g_auto (GVariantBuilder) map_builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a" MAP_TYPE));
  g_auto (GVariantBuilder) program_builder =
      G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a" PROGRAM_TYPE));
  g_auto (GVariantBuilder) variable_builder =
      G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a" VARIABLE_TYPE));
  g_auto (GVariantBuilder) kconfig_builder =
      G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a" KCONFIG_TYPE));
  g_auto (GVariantBuilder) step_builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a" STEP_TYPE));
  g_autoptr (GVariant) variant = NULL;
  guint32 header[2] = { ORDER, 0 };
  GByteArray *file;

  for (guint i = 0; i < maps->len; i++)
    g_variant_builder_add_value (
        &map_builder, encode_map (self, &g_array_index (self->values, EbpfLoaderRange, i),
                                  g_ptr_array_index (maps, i)));
  for (guint i = 0; i < programs->len; i++)
    g_variant_builder_add_value (&program_builder,
                                 encode_program (g_ptr_array_index (programs, i)));
  for (guint i = 0; i < variables->len; i++)
    {
      EbpfVariableSpec *variable = g_ptr_array_index (variables, i);

      g_variant_builder_add (
          &variable_builder, "(@s@suuu)", new_string (ebpf_variable_spec_get_name (variable)),
          new_string (ebpf_variable_spec_get_section (variable)),
          ebpf_variable_spec_get_offset (variable), ebpf_variable_spec_get_size (variable),
          own_type_id (self, ebpf_variable_spec_get_btf_type (variable)));
    }
  for (guint i = 0; i < externs->len; i++)
    {
      const EbpfKconfigExtern *one = &g_array_index (externs, EbpfKconfigExtern, i);

      g_variant_builder_add (&kconfig_builder, "(@suuub)", new_string (one->name), one->btf_id,
                             one->offset, one->size, one->weak);
    }
  for (guint i = 0; i < self->steps->len; i++)
    {
      const EbpfLoaderStep *step = g_ptr_array_index (self->steps, i);

      g_variant_builder_add (&step_builder, "(u@s)", (guint32) step->kind, new_string (step->name));
    }

  variant = g_variant_ref_sink (g_variant_new (
      "(@ay@ayb@mayi@ms@ms(uu)@a" MAP_TYPE "@a" PROGRAM_TYPE "@a" VARIABLE_TYPE "@a" KCONFIG_TYPE
      "@a" STEP_TYPE ")",
      new_bytes (self->insns), new_bytes (self->data), self->hashed,
      g_variant_new_maybe (G_VARIANT_TYPE_BYTESTRING,
                           self->signature != NULL ? new_bytes (self->signature) : NULL),
      self->keyring_id, new_maybe_string (ebpf_collection_spec_get_source (self->spec)),
      new_maybe_string (ebpf_collection_spec_get_license (self->spec)), self->btf.offset,
      self->btf.size, g_variant_builder_end (&map_builder),
      g_variant_builder_end (&program_builder), g_variant_builder_end (&variable_builder),
      g_variant_builder_end (&kconfig_builder), g_variant_builder_end (&step_builder)));

  file = g_byte_array_sized_new (HEADER_SIZE + (guint) g_variant_get_size (variant));
  g_byte_array_append (file, (const guint8 *) MAGIC, MAGIC_SIZE);
  g_byte_array_append (file, (const guint8 *) header, sizeof header);
  g_byte_array_append (file, g_variant_get_data (variant), (guint) g_variant_get_size (variant));
  return g_byte_array_free_to_bytes (file);
}

/* --- reading: nothing in it is trusted */

static gboolean malformed (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
malformed (GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "a damaged loader: %s", what);
  return FALSE;
}

static GBytes *
dup_range (EbpfLoader *self, const EbpfLoaderRange *range)
{
  if (range->offset > g_bytes_get_size (self->data) ||
      range->size > g_bytes_get_size (self->data) - range->offset)
    return NULL;

  return g_bytes_new_from_bytes (self->data, range->offset, range->size);
}

static GVariant *
parse (GBytes *bytes, GError **error)
{
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GVariant) variant = NULL;
  const guint8 *data;
  guint32 order, reserved;
  gsize size;

  data = g_bytes_get_data (bytes, &size);
  if (size < HEADER_SIZE || memcmp (data, MAGIC, MAGIC_SIZE) != 0)
    {
      ebpf_error_set (error, EBPF_ERROR_MALFORMED, 0, "it is no loader: it does not begin with %s",
                      MAGIC);
      return NULL;
    }

  memcpy (&order, data + MAGIC_SIZE, sizeof order);
  memcpy (&reserved, data + MAGIC_SIZE + sizeof order, sizeof reserved);
  if (order == GUINT32_SWAP_LE_BE (ORDER))
    {
      ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                      "the loader was made for machines of the other byte order");
      return NULL;
    }
  if (order != ORDER || reserved != 0)
    {
      malformed (error, "its header, at byte %d, is 0x%x and 0x%x", MAGIC_SIZE, order, reserved);
      return NULL;
    }

  body = g_bytes_new_from_bytes (bytes, HEADER_SIZE, size - HEADER_SIZE);
  variant = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (FILE_TYPE), body, FALSE));
  if (!g_variant_is_normal_form (variant))
    {
      malformed (error, "what follows its header is not of the form " FILE_TYPE);
      return NULL;
    }

  return g_steal_pointer (&variant);
}

static GBytes *
get_bytes (GVariant *variant)
{
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (variant);

  /* Not a view of the file, which may be a mapped one. */
  return g_bytes_new (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static gboolean
read_type (EbpfLoader *self, guint32 id, EbpfBtfType **type, GError **error)
{
  EbpfBtf *btf = ebpf_collection_spec_get_btf (self->spec);

  *type = NULL;
  if (id == 0)
    return TRUE;
  if (btf == NULL || ebpf_btf_peek (btf, id) == NULL)
    return malformed (error, "there is no type [%u]", id);

  *type = ebpf_btf_get_type_by_id (btf, id);
  return TRUE;
}

static EbpfMapSpec *
decode_map (EbpfLoader *self,
            GVariant *variant,
            guint depth,
            EbpfLoaderRange *value,
            GError **error)
{
  g_autoptr (EbpfMapSpec) map = NULL;
  g_autoptr (EbpfBtfType) key_type = NULL;
  g_autoptr (EbpfBtfType) value_type = NULL;
  g_autoptr (GVariant) inner = NULL;
  g_autoptr (GBytes) key = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint32 map_type, key_size, value_size, max_entries, flags, numa_node, ifindex, key_id, value_id;
  gboolean is_section, constant;
  const guint32 zero = 0;
  const char *name;
  guint64 extra;

  g_variant_get (variant, "(&suuuuuuut(uu)(uu)bbmv)", &name, &map_type, &key_size, &value_size,
                 &max_entries, &flags, &numa_node, &ifindex, &extra, &key_id, &value_id,
                 &value->offset, &value->size, &is_section, &constant, &inner);

  if (!read_type (self, key_id, &key_type, error) ||
      !read_type (self, value_id, &value_type, error))
    return NULL;

  map = ebpf_map_spec_new (name, (EbpfMapType) map_type, key_size, value_size, max_entries);
  ebpf_map_spec_set_map_flags (map, flags);
  ebpf_map_spec_set_numa_node (map, numa_node);
  ebpf_map_spec_set_ifindex (map, ifindex);
  ebpf_map_spec_set_map_extra (map, extra);
  if (key_type != NULL)
    ebpf_map_spec_set_key_type (map, key_type);
  if (value_type != NULL)
    ebpf_map_spec_set_value_type (map, value_type);

  if (is_section)
    {
      bytes = dup_range (self, value);
      if (bytes == NULL || value->size != value_size || key_size != sizeof zero)
        {
          malformed (error, "map \"%s\" has a value that is not in the data", name);
          return NULL;
        }
      key = g_bytes_new (&zero, sizeof zero);
      ebpf_map_spec_set_data_section (map, constant);
      ebpf_map_spec_add_content (map, key, bytes);
    }
  else
    {
      value->offset = value->size = 0;
    }

  if (inner != NULL)
    {
      g_autoptr (EbpfMapSpec) inner_map = NULL;
      EbpfLoaderRange none;

      if (depth >= MAX_NESTING || !g_variant_is_of_type (inner, G_VARIANT_TYPE (MAP_TYPE)))
        {
          malformed (error, "map \"%s\" has no such inner map", name);
          return NULL;
        }
      inner_map = decode_map (self, inner, depth + 1, &none, error);
      if (inner_map == NULL)
        return NULL;
      ebpf_map_spec_set_inner_map (map, inner_map);
    }

  return g_steal_pointer (&map);
}

static gboolean
read_map (EbpfLoader *self, GVariant *variant, GError **error)
{
  EbpfLoaderRange value;
  g_autoptr (EbpfMapSpec) map = decode_map (self, variant, 0, &value, error);

  if (map == NULL)
    return FALSE;
  if (*ebpf_map_spec_get_name (map) == '\0')
    return malformed (error, "a map has no name");

  g_array_append_val (self->values, value);
  return ebpf_collection_spec_add_map (self->spec, map, error);
}

static gboolean
read_program (EbpfLoader *self, GVariant *variant, GError **error)
{
  g_autoptr (EbpfProgramSpec) program = NULL;
  const char *name, *section, *attach_to;
  guint32 program_type, attach_type = 0, flags, ifindex;
  gboolean has_attach_type, autoattach;

  g_variant_get (variant, "(&sm&sm&sumuuub)", &name, &section, &attach_to, &program_type,
                 &has_attach_type, &attach_type, &flags, &ifindex, &autoattach);
  if (*name == '\0')
    return malformed (error, "a program has no name");

  program = ebpf_program_spec_new (name, (EbpfProgramType) program_type);
  ebpf_program_spec_set_section (program, section);
  if (has_attach_type)
    ebpf_program_spec_set_attach_type (program, (EbpfAttachType) attach_type);
  ebpf_program_spec_set_attach_to (program, attach_to);
  ebpf_program_spec_set_program_flags (program, flags);
  ebpf_program_spec_set_ifindex (program, ifindex);
  ebpf_program_spec_set_autoattach (program, autoattach);
  ebpf_program_spec_set_btf (program, ebpf_collection_spec_get_btf (self->spec));

  return ebpf_collection_spec_add_program (self->spec, program, error);
}

static gboolean
read_variable (EbpfLoader *self, GVariant *variant, GError **error)
{
  g_autoptr (EbpfVariableSpec) spec = NULL;
  g_autoptr (EbpfBtfType) type = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const char *name, *section;
  guint32 offset, size, type_id;
  EbpfMapSpec *map;
  GBytes *value;

  g_variant_get (variant, "(&s&suuu)", &name, &section, &offset, &size, &type_id);
  map = ebpf_collection_spec_get_map (self->spec, section);
  value = map != NULL && ebpf_map_spec_is_data_section (map)
              ? ebpf_map_spec_get_content_value (map, 0)
              : NULL;
  if (value == NULL || offset > g_bytes_get_size (value) ||
      size > g_bytes_get_size (value) - offset)
    return malformed (error, "variable \"%s\" is not in section \"%s\"", name, section);
  if (!read_type (self, type_id, &type, error))
    return FALSE;

  bytes = g_bytes_new_from_bytes (value, offset, size);
  spec = ebpf_variable_spec_new (name, section, offset, bytes, type);
  return ebpf_collection_spec_add_variable (self->spec, spec, error);
}

static gboolean
read_kconfig (EbpfLoader *self, GVariant *variant, GError **error)
{
  EbpfMapSpec *map = ebpf_collection_spec_get_map (self->spec, ".kconfig");
  guint32 btf_id, offset, size;
  const char *name;
  gboolean weak;

  g_variant_get (variant, "(&suuub)", &name, &btf_id, &offset, &size, &weak);
  if (map == NULL || offset > ebpf_map_spec_get_value_size (map) ||
      size > ebpf_map_spec_get_value_size (map) - offset)
    return malformed (error, "extern \"%s\" is not in section \".kconfig\"", name);

  ebpf_collection_spec_add_kconfig_extern (self->spec, name, btf_id, offset, size, weak);
  return TRUE;
}

static gboolean
read_step (EbpfLoader *self, GVariant *variant, GError **error)
{
  guint32 kind;
  const char *name;

  g_variant_get (variant, "(u&s)", &kind, &name);
  if (kind >= EBPF_LOADER_N_STEP_KINDS)
    return malformed (error, "step %u is of kind %u", self->steps->len + 1, kind);

  ebpf_loader_add_step (self, (EbpfLoaderStepKind) kind, name);
  return TRUE;
}

static gboolean
read_list (EbpfLoader *self,
           GVariant *file,
           guint child,
           gboolean (*read) (EbpfLoader *self, GVariant *variant, GError **error),
           GError **error)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (file, child);
  gsize n = g_variant_n_children (list);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (list, i);

      if (!read (self, item, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_btf (EbpfLoader *self, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfBtf) btf = NULL;

  if (self->btf.size == 0)
    return TRUE;

  bytes = dup_range (self, &self->btf);
  if (bytes == NULL)
    return malformed (error, "its type information is not in the data");
  btf = ebpf_btf_new_from_bytes (bytes, NULL, error);
  if (btf == NULL)
    {
      g_prefix_error (error, "a damaged loader: ");
      return FALSE;
    }

  ebpf_collection_spec_set_btf (self->spec, btf);
  return TRUE;
}

gboolean
ebpf_loader_decode (EbpfLoader *self, GBytes *bytes, GError **error)
{
  g_autoptr (GVariant) file = parse (bytes, error);
  g_autoptr (GVariant) insns = NULL;
  g_autoptr (GVariant) data = NULL;
  g_autoptr (GVariant) signature = NULL;
  const char *source, *license;

  if (file == NULL)
    return FALSE;

  g_variant_get_child (file, 0, "@ay", &insns);
  g_variant_get_child (file, 1, "@ay", &data);
  g_variant_get_child (file, 2, "b", &self->hashed);
  g_variant_get_child (file, 3, "m@ay", &signature);
  g_variant_get_child (file, 4, "i", &self->keyring_id);
  g_variant_get_child (file, 5, "m&s", &source);
  g_variant_get_child (file, 6, "m&s", &license);
  g_variant_get_child (file, 7, "(uu)", &self->btf.offset, &self->btf.size);

  self->insns = get_bytes (insns);
  self->data = get_bytes (data);
  self->signature = signature != NULL ? get_bytes (signature) : NULL;
  if (g_bytes_get_size (self->insns) == 0 || g_bytes_get_size (self->insns) % sizeof (EbpfInsn))
    return malformed (error, "%" G_GSIZE_FORMAT " bytes of instructions",
                      g_bytes_get_size (self->insns));
  if (g_bytes_get_size (self->data) < sizeof (guint32) ||
      g_bytes_get_size (self->data) > G_MAXINT32)
    return malformed (error, "%" G_GSIZE_FORMAT " bytes of data", g_bytes_get_size (self->data));

  self->spec = ebpf_collection_spec_new ();
  ebpf_collection_spec_set_source (self->spec, source);
  ebpf_collection_spec_set_license (self->spec, license);
  ebpf_collection_spec_set_byte_order (self->spec, EBPF_BYTE_ORDER_HOST);

  if (!read_btf (self, error) || !read_list (self, file, 8, read_map, error) ||
      !read_list (self, file, 9, read_program, error) ||
      !read_list (self, file, 10, read_variable, error) ||
      !read_list (self, file, 11, read_kconfig, error) ||
      !read_list (self, file, 12, read_step, error))
    return FALSE;

  if (ebpf_loader_context_size (ebpf_collection_spec_peek_maps (self->spec)->len,
                                ebpf_collection_spec_peek_programs (self->spec)->len) == 0)
    return malformed (error, "more maps and programs than a context can have");

  return TRUE;
}
