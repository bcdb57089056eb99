/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Definitions of maps, put together member by member. */

#include <ebpf.h>

#include <glib/gstdio.h>
#include <unistd.h>

#include "ebpf-test.h"
#include "elf-make.h"

typedef enum
{
  END,
  UINT,     /* __uint: a pointer to an array of so many */
  ULONG,    /* __ulong: the first of an enumeration */
  WIDE,     /* the same of 64 bits */
  TYPE,     /* __type: a pointer to a type of so many bytes */
  PLAIN,    /* an int: not what a member is made of */
  PROGRAMS, /* __array (values, int (void)) */
  MAPS,     /* __array (values, struct …) of a small array */
  PINNED,   /* the same, pinned by its name */
  NESTED,   /* the same, with values of its own */
  SIZED,    /* an array of so many elements */
} How;

typedef struct
{
  const char *name;
  How how;
  gint64 number;
} Field;

typedef struct
{
  const char *name;
  Field fields[10];
  EbpfError code; /* 0: it is good */
  const char *message;
} Definition;

#define HASH                                                                                       \
  {                                                                                                \
    "type", UINT, EBPF_MAP_TYPE_HASH                                                               \
  }
#define TYPE_OF(type)                                                                              \
  {                                                                                                \
    "type", UINT, EBPF_MAP_TYPE_##type                                                             \
  }

static const Definition definitions[] = {
  { "numbers",
    { HASH,
      { "key_size", UINT, 4 },
      { "value_size", ULONG, 8 },
      { "max_entries", UINT, 3 },
      { "map_flags", WIDE, 1 },
      { "map_extra", WIDE, G_GINT64_CONSTANT (0x123456789abcdef0) },
      { "numa_node", UINT, 1 } },
    0,
    NULL },
  { "agreeing",
    { HASH,
      { "key", TYPE, 4 },
      { "key_size", UINT, 4 },
      { "value_size", UINT, 8 },
      { "value", TYPE, 8 } },
    0,
    NULL },
  { "programs", { TYPE_OF (PROG_ARRAY), { "key", TYPE, 4 }, { "values", PROGRAMS, 0 } }, 0, NULL },
  { "programs-sized",
    { TYPE_OF (PROG_ARRAY),
      { "key", TYPE, 4 },
      { "value_size", UINT, 4 },
      { "values", PROGRAMS, 0 } },
    0,
    NULL },
  { "maps", { TYPE_OF (ARRAY_OF_MAPS), { "key", TYPE, 4 }, { "values", MAPS, 0 } }, 0, NULL },
  { "maps-zero",
    { TYPE_OF (HASH_OF_MAPS),
      { "key", TYPE, 4 },
      { "value_size", UINT, 0 },
      { "values", MAPS, 0 } },
    0,
    NULL },
  { "future", { { "type", UINT, 77 }, { "key", TYPE, 4 }, { "values", MAPS, 0 } }, 0, NULL },

  { "key-disagrees",
    { HASH, { "key", TYPE, 4 }, { "key_size", UINT, 8 } },
    EBPF_ERROR_MALFORMED,
    "*section .maps, offset 0x0: map m: key_size and the type of the key disagree: 8 and 4*" },
  { "value-disagrees",
    { HASH, { "value_size", UINT, 2 }, { "value", TYPE, 4 } },
    EBPF_ERROR_MALFORMED,
    "*map m: value_size and the type of the value disagree: 2 and 4*" },
  { "plain-number", { { "type", PLAIN, 0 } }, EBPF_ERROR_MALFORMED, "*map m: type is not*__uint*" },
  { "plain-type",
    { HASH, { "key", PLAIN, 0 } },
    EBPF_ERROR_MALFORMED,
    "*map m: key is not*__type*" },
  { "too-large",
    { HASH, { "max_entries", WIDE, G_GINT64_CONSTANT (0x100000000) } },
    EBPF_ERROR_MALFORMED,
    "*map m: max_entries is 4294967296, more than 4294967295*" },
  { "unknown",
    { HASH, { "colour", UINT, 1 } },
    EBPF_ERROR_MALFORMED,
    "*map m: \"colour\" is not known*" },
  { "values-first",
    { TYPE_OF (PROG_ARRAY), { "values", PROGRAMS, 0 }, { "key", TYPE, 4 } },
    EBPF_ERROR_MALFORMED,
    "*map m: values must be the last member*" },
  { "values-sized",
    { TYPE_OF (PROG_ARRAY), { "values", SIZED, 3 } },
    EBPF_ERROR_MALFORMED,
    "*map m: values is not written as a list*" },
  { "values-size",
    { TYPE_OF (ARRAY_OF_MAPS), { "value_size", UINT, 8 }, { "values", MAPS, 0 } },
    EBPF_ERROR_MALFORMED,
    "*map m: value_size*8*" },
  { "programs-in-hash",
    { HASH, { "key", TYPE, 4 }, { "values", PROGRAMS, 0 } },
    EBPF_ERROR_MALFORMED,
    "*map m: its values are programs, which maps of type hash do not hold*" },
  { "maps-in-programs",
    { TYPE_OF (PROG_ARRAY), { "key", TYPE, 4 }, { "values", MAPS, 0 } },
    EBPF_ERROR_MALFORMED,
    "*map m: its values are maps, which maps of type prog*array do not hold*" },
  { "inner-pinned",
    { TYPE_OF (ARRAY_OF_MAPS), { "values", PINNED, 0 } },
    EBPF_ERROR_MALFORMED,
    "*map m.inner: an inner map cannot be pinned*" },
  { "inner-nested",
    { TYPE_OF (ARRAY_OF_MAPS), { "values", NESTED, 0 } },
    EBPF_ERROR_MALFORMED,
    "*map m.inner: an inner map cannot have values*" },
  { "pinning",
    { HASH, { "pinning", UINT, 2 } },
    EBPF_ERROR_MALFORMED,
    "*map m: pinning is 2, and only 0 and 1 are known*" },
};

/* The type of a definition. */
static guint
add_definition (EbpfBtfBuilder *builder, const Field *fields)
{
  static const Field inner[] = { { "type", UINT, EBPF_MAP_TYPE_ARRAY },
                                 { "key_size", UINT, 4 },
                                 { NULL, END, 0 } };
  static const Field pinned[] = { { "type", UINT, EBPF_MAP_TYPE_ARRAY },
                                  { "pinning", UINT, 1 },
                                  { NULL, END, 0 } };
  static const Field nested[] = { { "type", UINT, EBPF_MAP_TYPE_ARRAY_OF_MAPS },
                                  { "values", MAPS, 0 },
                                  { NULL, END, 0 } };
  const guint number =
      ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, NULL);
  guint types[10];
  guint n = 0, structure;

  for (; fields[n].how != END; n++)
    {
      guint id = 0;

      switch (fields[n].how)
        {
        case UINT:
          id = ebpf_btf_builder_add_array (builder, number, number, (guint) fields[n].number, NULL);
          id = ebpf_btf_builder_add_pointer (builder, id, NULL);
          break;
        case ULONG:
        case WIDE:
          id = fields[n].how == WIDE ? ebpf_btf_builder_add_enum64 (builder, NULL, 8, FALSE, NULL)
                                     : ebpf_btf_builder_add_enum (builder, NULL, 4, FALSE, NULL);
          g_assert_true (ebpf_btf_builder_add_enumerator (builder, "a", fields[n].number, NULL));
          g_assert_true (ebpf_btf_builder_add_enumerator (builder, "b", 99, NULL));
          break;
        case TYPE:
          id = ebpf_btf_builder_add_int (builder, "t", (guint) fields[n].number, 0, NULL);
          id = ebpf_btf_builder_add_pointer (builder, id, NULL);
          break;
        case PROGRAMS:
          id = ebpf_btf_builder_add_prototype (builder, number, NULL);
          break;
        case MAPS:
          id = add_definition (builder, inner);
          break;
        case PINNED:
          id = add_definition (builder, pinned);
          break;
        case NESTED:
          id = add_definition (builder, nested);
          break;
        case SIZED:
          id = ebpf_btf_builder_add_array (builder, number, number, (guint) fields[n].number, NULL);
          break;
        case PLAIN:
        case END:
        default:
          id = number;
          break;
        }

      if (fields[n].how >= PROGRAMS && fields[n].how <= NESTED)
        {
          id = ebpf_btf_builder_add_pointer (builder, id, NULL);
          id = ebpf_btf_builder_add_array (builder, id, number, 0, NULL);
        }
      g_assert_cmpuint (id, !=, 0);
      types[n] = id;
    }

  structure = ebpf_btf_builder_add_struct (builder, NULL, 8 * n, NULL);
  for (guint i = 0; i < n; i++)
    g_assert_true (
        ebpf_btf_builder_add_member (builder, fields[i].name, types[i], 64 * i, 0, NULL));

  return structure;
}

/* An object whose one map, "m", is defined so; through two typedefs, one of a const. */
static GBytes *
make_object (const Field *fields)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GBytes) btf = NULL;
  guint8 zeros[80] = { 0 };
  guint id = add_definition (builder, fields), section, n = 0;
  GError *error = NULL;
  ElfMake elf;

  while (fields[n].how != END)
    n++;

  id = ebpf_btf_builder_add_typedef (builder, "one_t", id, NULL);
  id = ebpf_btf_builder_add_const (builder, id, NULL);
  id = ebpf_btf_builder_add_typedef (builder, "two_t", id, NULL);
  id = ebpf_btf_builder_add_variable (builder, "m", id, EBPF_BTF_LINKAGE_GLOBAL, NULL);
  ebpf_btf_builder_add_section (builder, ".maps", 8 * n, NULL);
  ebpf_btf_builder_add_section_entry (builder, id, 0, 8 * n, NULL);
  btf = ebpf_btf_builder_encode (builder,
                                 G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN
                                                                 : EBPF_BYTE_ORDER_BIG_ENDIAN,
                                 &error);
  g_assert_no_error (error);

  elf_make_init (&elf);
  section = elf_make_section (&elf, ".maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, zeros, 8 * n);
  elf_make_section (&elf, ".BTF", SHT_PROGBITS, 0, g_bytes_get_data (btf, NULL),
                    g_bytes_get_size (btf));
  elf_make_symbol (&elf, "m", section, 0, 8 * n, STB_GLOBAL, STT_OBJECT);

  return elf_make_finish (&elf);
}

static void
test_definition (gconstpointer data)
{
  const Definition *definition = data;
  g_autoptr (GBytes) bytes = make_object (definition->fields);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  EbpfMapSpec *map;

  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  if (definition->code != 0)
    {
      g_assert_null (spec);
      ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) definition->code,
                                      definition->message);
      return;
    }

  g_assert_no_error (error);
  map = ebpf_collection_spec_get_map (spec, "m");
  g_assert_nonnull (map);

  for (const Field *field = definition->fields; field->how != END; field++)
    {
      if (g_str_equal (field->name, "type"))
        g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, field->number);
      else if (g_str_equal (field->name, "key") || g_str_equal (field->name, "key_size"))
        g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, field->number);
      else if (g_str_equal (field->name, "value_size"))
        g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==,
                          field->number != 0 ? field->number : 4);
      else if (g_str_equal (field->name, "max_entries"))
        g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, field->number);
      else if (g_str_equal (field->name, "map_flags"))
        g_assert_cmpuint (ebpf_map_spec_get_map_flags (map), ==, field->number);
      else if (g_str_equal (field->name, "map_extra"))
        g_assert_cmpuint (ebpf_map_spec_get_map_extra (map), ==, field->number);
      else if (g_str_equal (field->name, "numa_node"))
        g_assert_cmpuint (ebpf_map_spec_get_numa_node (map), ==, field->number);
      else if (g_str_equal (field->name, "values"))
        {
          g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 4);
          g_assert_cmpint (ebpf_map_spec_get_inner_map (map) != NULL, ==, field->how == MAPS);
          if (field->how == MAPS)
            g_assert_cmpuint (ebpf_map_spec_get_map_type (ebpf_map_spec_get_inner_map (map)), ==,
                              EBPF_MAP_TYPE_ARRAY);
        }

      if (field->how == TYPE)
        g_assert_nonnull (field->name[0] == 'k' ? ebpf_map_spec_get_key_type (map)
                                                : ebpf_map_spec_get_value_type (map));
    }
}

/* What is not known of a map is passed over where that was asked for; what is known is not. */
static void
test_relaxed (void)
{
  static const Field strange[] = { HASH,
                                   { "colour", PLAIN, 0 },
                                   { "key", TYPE, 4 },
                                   { "", UINT, 3 },
                                   { "max_entries", UINT, 7 },
                                   { NULL, END, 0 } };
  static const Field wrong[] = { HASH, { "key", PLAIN, 0 }, { NULL, END, 0 } };
  g_autoptr (GBytes) bytes = make_object (strange);
  g_autoptr (GBytes) bad = make_object (wrong);
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  EbpfMapSpec *map;
  int fd;

  g_assert_null (ebpf_collection_spec_new_from_bytes (bytes, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "bytes: *\"colour\"*");
  g_clear_error (&error);
  g_assert_null (
      ebpf_collection_spec_new_from_bytes_full (bytes, "mine", EBPF_OPEN_FLAGS_NONE, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, "mine: *\"colour\"*");
  g_clear_error (&error);

  spec =
      ebpf_collection_spec_new_from_bytes_full (bytes, NULL, EBPF_OPEN_FLAGS_RELAXED_MAPS, &error);
  g_assert_no_error (error);
  map = ebpf_collection_spec_get_map (spec, "m");
  g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, 4);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, 7);
  g_clear_object (&spec);

  fd = g_file_open_tmp ("relaxed-XXXXXX.o", &path, &error);
  g_assert_no_error (error);
  close (fd);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), &error));
  g_assert_null (ebpf_collection_spec_new_from_path_full (path, EBPF_OPEN_FLAGS_NONE, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_MALFORMED);
  g_clear_error (&error);
  spec = ebpf_collection_spec_new_from_path_full (path, EBPF_OPEN_FLAGS_RELAXED_MAPS, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ebpf_collection_spec_get_map (spec, "m"));
  g_unlink (path);

  g_assert_null (
      ebpf_collection_spec_new_from_bytes_full (bad, NULL, EBPF_OPEN_FLAGS_RELAXED_MAPS, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_MALFORMED);
}

static GBytes *
make_other (guint type_of_variable)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GBytes) btf = NULL;
  guint8 zeros[8] = { 0 };
  guint id, section;
  ElfMake elf;

  id = ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, NULL);
  id = ebpf_btf_builder_add_variable (builder, "m", id, EBPF_BTF_LINKAGE_GLOBAL, NULL);
  ebpf_btf_builder_add_section (builder, ".maps", 8, NULL);
  ebpf_btf_builder_add_section_entry (builder, type_of_variable == 0 ? id : type_of_variable, 0, 8,
                                      NULL);
  btf = ebpf_btf_builder_encode (builder,
                                 G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN
                                                                 : EBPF_BYTE_ORDER_BIG_ENDIAN,
                                 NULL);
  elf_make_init (&elf);
  section = elf_make_section (&elf, ".maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, zeros, 8);
  elf_make_section (&elf, ".BTF", SHT_PROGBITS, 0, g_bytes_get_data (btf, NULL),
                    g_bytes_get_size (btf));
  elf_make_symbol (&elf, "m", section, 0, 4, STB_GLOBAL, STT_OBJECT);
  /* A second symbol of which the types know nothing. */
  if (type_of_variable != 0)
    elf_make_symbol (&elf, "n", section, 4, 4, STB_GLOBAL, STT_OBJECT);

  return elf_make_finish (&elf);
}

static void
test_no_struct (void)
{
  g_autoptr (GBytes) number = make_other (0);
  g_autoptr (GBytes) two = make_other (2);
  g_autoptr (GError) error = NULL;

  g_assert_null (ebpf_collection_spec_new_from_bytes (number, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED,
                                  "*map m: it is not defined by a struct*");
  g_clear_error (&error);
  g_assert_null (ebpf_collection_spec_new_from_bytes (two, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED,
                                  "*section .maps: there are 2 symbols, but types for 1 map*");
}

/* A section of old definitions, of @n_maps maps of @size bytes, whose fields are 1, 2, 3 … */
static GBytes *
make_legacy (const char *name, guint size, gboolean types)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GBytes) btf = NULL;
  guint32 *fields = g_malloc0 (size + 4);
  guint id, variable, section;
  ElfMake elf;

  for (guint i = 0; i < size / 4; i++)
    fields[i] = i + 1;
  elf_make_init (&elf);
  section = elf_make_section (&elf, name, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, fields, size);
  elf_make_symbol (&elf, "m", section, 0, size, STB_GLOBAL, STT_OBJECT);
  g_free (fields);

  if (types)
    {
      id = ebpf_btf_builder_add_struct (builder, "bpf_map_def", size, NULL);
      variable = ebpf_btf_builder_add_variable (builder, "m", id, EBPF_BTF_LINKAGE_GLOBAL, NULL);
      ebpf_btf_builder_add_declaration_tag (builder, "old", variable, -1, NULL);
      ebpf_btf_builder_add_declaration_tag (builder, "gold", variable, -1, NULL);
      ebpf_btf_builder_add_section (builder, name, size, NULL);
      ebpf_btf_builder_add_section_entry (builder, variable, 0, size, NULL);
      btf = ebpf_btf_builder_encode (builder,
                                     G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN
                                                                     : EBPF_BYTE_ORDER_BIG_ENDIAN,
                                     NULL);
      elf_make_section (&elf, ".BTF", SHT_PROGBITS, 0, g_bytes_get_data (btf, NULL),
                        g_bytes_get_size (btf));
    }

  return elf_make_finish (&elf);
}

/* Each number has to be there; what is behind them is kept. */
static void
test_legacy_fields (void)
{
  static const char *const fields[] = { "type", "key_size", "value_size", "max_entries",
                                        "map_flags" };

  for (guint size = 1; size <= 44; size++)
    {
      g_autoptr (GBytes) bytes = make_legacy ("maps", size, FALSE);
      g_autoptr (EbpfCollectionSpec) spec = NULL;
      g_autoptr (GError) error = NULL;
      EbpfMapSpec *map;

      spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
      if (size < 20)
        {
          g_autofree char *pattern = g_strdup_printf (
              "*section maps, offset 0x0: map m: *%u bytes has no %s", size, fields[size / 4]);

          g_assert_null (spec);
          ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_MALFORMED, pattern);
          continue;
        }

      g_assert_no_error (error);
      map = ebpf_collection_spec_get_map (spec, "m");
      g_assert_cmpuint (ebpf_map_spec_get_map_type (map), ==, 1);
      g_assert_cmpuint (ebpf_map_spec_get_key_size (map), ==, 2);
      g_assert_cmpuint (ebpf_map_spec_get_value_size (map), ==, 3);
      g_assert_cmpuint (ebpf_map_spec_get_max_entries (map), ==, 4);
      g_assert_cmpuint (ebpf_map_spec_get_map_flags (map), ==, 5);
      g_assert_null (ebpf_map_spec_get_tags (map));
      if (size == 20)
        g_assert_null (ebpf_map_spec_get_extra (map));
      else
        g_assert_cmpuint (g_bytes_get_size (ebpf_map_spec_get_extra (map)), ==, size - 20);
    }
}

static void
test_legacy_tags (void)
{
  static const char *const names[] = { "maps", "maps/one", "maps_of_mine" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) bytes = make_legacy (names[i], 28, TRUE);
      g_autoptr (EbpfCollectionSpec) spec = NULL;
      g_autoptr (EbpfMapSpec) copy = NULL;
      g_autoptr (GError) error = NULL;
      const char *const *tags;

      spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
      g_assert_no_error (error);
      copy = ebpf_map_spec_copy (ebpf_collection_spec_get_map (spec, "m"));
      tags = ebpf_map_spec_get_tags (copy);
      g_assert_cmpuint (g_strv_length ((char **) tags), ==, 2);
      g_assert_cmpstr (tags[0], ==, "old");
      g_assert_cmpstr (tags[1], ==, "gold");
    }
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  for (gsize i = 0; i < G_N_ELEMENTS (definitions); i++)
    {
      g_autofree char *path = g_strconcat ("/elf/definitions/", definitions[i].name, NULL);

      ebpf_test_add_data (path, &definitions[i], test_definition);
    }
  ebpf_test_add ("/elf/definitions/relaxed", test_relaxed);
  ebpf_test_add ("/elf/definitions/no-struct", test_no_struct);
  ebpf_test_add ("/elf/definitions/legacy/fields", test_legacy_fields);
  ebpf_test_add ("/elf/definitions/legacy/tags", test_legacy_tags);

  return g_test_run ();
}
