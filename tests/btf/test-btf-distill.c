/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Type information of modules that outlives the build of the kernel that it was made for. */

#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>

#include <ebpf.h>

#include "common/ebpf-test.h"

/* What differs between the builds of a kernel. */
typedef struct
{
  gboolean reversed;      /* all numbers are others */
  guint list_size;        /* of what the module has in structs of its own */
  guint task_size;        /* of what it points to */
  gboolean without_task;  /* not there at all */
  gboolean second_task;   /* two of one name */
  gboolean declared_task; /* and a declaration, which means any of them */
  guint state_size;
} Build;

static const Build build_a = { .list_size = 16, .task_size = 64, .state_size = 4 };

static void
add_part (EbpfBtfBuilder *builder, const Build *build, guint part, guint number, GError **error)
{
  guint id;

  switch (part)
    {
    case 0:
      ebpf_btf_builder_add_struct (builder, "list_head", build->list_size, error);
      for (guint i = 0; i < build->list_size / 8; i++)
        {
          g_autofree char *name = g_strdup_printf ("p%u", i);

          ebpf_btf_builder_add_member (builder, name, number + 1, i * 64, 0, error);
        }
      break;
    case 1:
      if (build->without_task)
        break;
      ebpf_btf_builder_add_struct (builder, "task", build->task_size, error);
      ebpf_btf_builder_add_member (builder, "pid", number, 32, 0, error);
      if (build->second_task)
        {
          ebpf_btf_builder_add_struct (builder, "task", build->task_size + 8, error);
          ebpf_btf_builder_add_member (builder, "other", number, 32, 0, error);
        }
      if (build->declared_task)
        ebpf_btf_builder_add_forward (builder, "task", EBPF_BTF_KIND_STRUCT, error);
      break;
    case 2:
      ebpf_btf_builder_add_union (builder, "either", 4, error);
      ebpf_btf_builder_add_member (builder, "left", number, 0, 0, error);
      break;
    case 3:
      ebpf_btf_builder_add_enum (builder, "state", build->state_size, FALSE, error);
      ebpf_btf_builder_add_enumerator (builder, "STATE_ON", 1, error);
      break;
    case 4:
      ebpf_btf_builder_add_enum64 (builder, "wide", 8, FALSE, error);
      ebpf_btf_builder_add_enumerator (builder, "WIDE", G_GINT64_CONSTANT (1) << 40, error);
      break;
    case 5:
      ebpf_btf_builder_add_forward (builder, "hidden", EBPF_BTF_KIND_STRUCT, error);
      break;
    case 6:
      ebpf_btf_builder_add_typedef (builder, "pid_t", number, error);
      break;
    case 7:
      id = ebpf_btf_builder_add_struct (builder, NULL, 4, error);
      ebpf_btf_builder_add_member (builder, "inner", number, 0, 0, error);
      ebpf_btf_builder_add_typedef (builder, "nameless_t", id, error);
      break;
    case 8:
      ebpf_btf_builder_add_float (builder, "double", 8, error);
      break;
    default:
      ebpf_btf_builder_add_struct (builder, "never_used", 4, error);
      ebpf_btf_builder_add_member (builder, "unused", number, 0, 0, error);
      break;
    }
}

static EbpfBtf *
make_kernel (const Build *build)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new ();
  g_autoptr (GError) error = NULL;
  EbpfBtf *btf;
  guint number;

  if (build->reversed)
    ebpf_btf_builder_add_int (builder, "char", 1, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  number = ebpf_btf_builder_add_int (builder, "int", 4, EBPF_BTF_INT_ENCODING_SIGNED, &error);
  ebpf_btf_builder_add_pointer (builder, 0, &error);
  for (guint i = 0; i <= 9; i++)
    add_part (builder, build, build->reversed ? 9 - i : i, number, &error);
  g_assert_no_error (error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  return btf;
}

static guint
find (EbpfBtf *btf, const char *name, EbpfBtfKind kind)
{
  g_autoptr (GError) error = NULL;
  guint id = ebpf_btf_find (btf, name, kind, &error);

  g_assert_no_error (error);
  return id;
}

static EbpfBtf *
make_module (EbpfBtf *kernel)
{
  g_autoptr (EbpfBtfBuilder) builder = ebpf_btf_builder_new_split (kernel);
  g_autoptr (GError) error = NULL;
  guint task = find (kernel, "task", EBPF_BTF_KIND_STRUCT), own, pointer, constant, proto, array;
  EbpfBtf *btf;

  pointer = ebpf_btf_builder_add_pointer (builder, task, &error);
  constant = ebpf_btf_builder_add_const (builder, task, &error);
  constant = ebpf_btf_builder_add_pointer (builder, constant, &error);
  proto = ebpf_btf_builder_add_prototype (builder, find (kernel, "pid_t", EBPF_BTF_KIND_TYPEDEF),
                                          &error);
  ebpf_btf_builder_add_parameter (builder, "task", pointer, &error);
  ebpf_btf_builder_add_function (builder, "module_function", proto, EBPF_BTF_LINKAGE_STATIC,
                                 &error);
  proto = ebpf_btf_builder_add_pointer (builder, proto, &error);
  array = ebpf_btf_builder_add_array (builder, find (kernel, "either", EBPF_BTF_KIND_UNION),
                                      find (kernel, "int", EBPF_BTF_KIND_INT), 2, &error);
  own = ebpf_btf_builder_add_struct (builder, "module_struct", 112, &error);
  ebpf_btf_builder_add_member (builder, "list", find (kernel, "list_head", EBPF_BTF_KIND_STRUCT), 0,
                               0, &error);
  ebpf_btf_builder_add_member (builder, "task", pointer, 128, 0, &error);
  ebpf_btf_builder_add_member (builder, "constant", constant, 192, 0, &error);
  ebpf_btf_builder_add_member (builder, "handler", proto, 256, 0, &error);
  ebpf_btf_builder_add_member (builder, "pid", find (kernel, "pid_t", EBPF_BTF_KIND_TYPEDEF), 320,
                               0, &error);
  ebpf_btf_builder_add_member (builder, "state", find (kernel, "state", EBPF_BTF_KIND_ENUM), 352, 0,
                               &error);
  ebpf_btf_builder_add_member (builder, "pairs", array, 384, 0, &error);
  ebpf_btf_builder_add_member (builder, "wide", find (kernel, "wide", EBPF_BTF_KIND_ENUM64), 448, 0,
                               &error);
  ebpf_btf_builder_add_member (builder, "nameless",
                               find (kernel, "nameless_t", EBPF_BTF_KIND_TYPEDEF), 512, 0, &error);
  ebpf_btf_builder_add_member (builder, "real", find (kernel, "double", EBPF_BTF_KIND_FLOAT), 576,
                               0, &error);
  pointer =
      ebpf_btf_builder_add_pointer (builder, find (kernel, "hidden", EBPF_BTF_KIND_FWD), &error);
  ebpf_btf_builder_add_struct (builder, "module_other", 16, &error);
  ebpf_btf_builder_add_member (builder, "hidden", pointer, 0, 0, &error);
  ebpf_btf_builder_add_member (builder, "back", ebpf_btf_builder_get_n_types (builder), 64, 0,
                               &error);
  ebpf_btf_builder_add_pointer (builder, own, &error);
  g_assert_no_error (error);
  btf = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  return btf;
}

/* The module's own types as C, without what they need from the base. */
static char *
dump_own (EbpfBtf *btf, const char *name)
{
  const guint id = find (btf, name, EBPF_BTF_KIND_STRUCT);
  g_autoptr (GError) error = NULL;
  g_autofree char *all = ebpf_btf_dump_c (btf, &id, 1, EBPF_BTF_DUMP_FLAGS_NONE, &error);
  g_autofree char *start = g_strdup_printf ("struct %s {", name);
  const char *definition;

  g_assert_no_error (error);
  definition = strstr (all, start);
  g_assert_nonnull (definition);
  return g_strdup (definition);
}

static void
assert_same_module (EbpfBtf *a, EbpfBtf *b)
{
  static const char *const names[] = { "module_struct", "module_other" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *first = dump_own (a, names[i]);
      g_autofree char *second = dump_own (b, names[i]);

      g_assert_cmpstr (first, ==, second);
    }
}

static void
assert_kind (EbpfBtf *btf, const char *name, EbpfBtfKind kind, gint64 size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtfType) type = ebpf_btf_find_type (btf, name, kind, &error);

  g_assert_no_error (error);
  g_assert_cmpint (ebpf_btf_type_get_size (type), ==, size);
  if (kind != EBPF_BTF_KIND_FWD)
    g_assert_cmpuint (ebpf_btf_type_get_n_members (type), ==, 0);
}

/* What is kept of the base, and what moves. */
static void
test_distill (void)
{
  g_autoptr (EbpfBtf) kernel = make_kernel (&build_a);
  g_autoptr (EbpfBtf) module = make_module (kernel);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) distilled = ebpf_btf_distill (module, &error);
  EbpfBtf *base;
  guint n_own = ebpf_btf_get_n_types (module) - ebpf_btf_get_first_id (module);

  g_assert_no_error (error);
  base = ebpf_btf_get_base (distilled);
  g_assert_nonnull (base);
  g_assert_null (ebpf_btf_get_base (base));

  /* void, int, list_head, task, either, state, wide, hidden, double */
  g_assert_cmpuint (ebpf_btf_get_n_types (base), ==, 9);
  assert_kind (base, "int", EBPF_BTF_KIND_INT, 4);
  assert_kind (base, "list_head", EBPF_BTF_KIND_STRUCT, 16);
  assert_kind (base, "task", EBPF_BTF_KIND_FWD, -1);
  assert_kind (base, "either", EBPF_BTF_KIND_UNION, 4);
  assert_kind (base, "state", EBPF_BTF_KIND_ENUM, 4);
  assert_kind (base, "wide", EBPF_BTF_KIND_ENUM64, 8);
  assert_kind (base, "hidden", EBPF_BTF_KIND_FWD, -1);
  assert_kind (base, "double", EBPF_BTF_KIND_FLOAT, 8);

  /* Its own come first, in their order; pid_t, nameless_t and the struct behind that follow. */
  g_assert_cmpuint (ebpf_btf_get_first_id (distilled), ==, 9);
  g_assert_cmpuint (ebpf_btf_get_n_types (distilled), ==, 9 + n_own + 3);
  for (guint i = 0; i < n_own; i++)
    {
      g_autoptr (EbpfBtfType) before =
          ebpf_btf_get_type_by_id (module, ebpf_btf_get_first_id (module) + i);
      g_autoptr (EbpfBtfType) after = ebpf_btf_get_type_by_id (distilled, 9 + i);

      g_assert_cmpint (ebpf_btf_type_get_kind (before), ==, ebpf_btf_type_get_kind (after));
      g_assert_cmpstr (ebpf_btf_type_get_name (before), ==, ebpf_btf_type_get_name (after));
    }
  g_assert_cmpuint (ebpf_btf_find (distilled, "pid_t", EBPF_BTF_KIND_TYPEDEF, NULL), >,
                    9 + n_own - 1);
}

static void
test_relocate (void)
{
  static const Build builds[] = {
    { .list_size = 16, .task_size = 64, .state_size = 4 },
    { .reversed = TRUE, .list_size = 16, .task_size = 4096, .state_size = 4 },
    { .reversed = TRUE,
      .list_size = 16,
      .task_size = 64,
      .second_task = TRUE,
      .declared_task = TRUE,
      .state_size = 4 },
  };
  g_autoptr (EbpfBtf) kernel = make_kernel (&build_a);
  g_autoptr (EbpfBtf) module = make_module (kernel);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) distilled = ebpf_btf_distill (module, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (builds); i++)
    {
      g_autoptr (EbpfBtf) other = make_kernel (&builds[i]);
      g_autoptr (EbpfBtf) moved = ebpf_btf_relocate (distilled, other, &error);
      g_autoptr (EbpfBtf) once = NULL;
      gsize n_found;

      g_assert_no_error (error);
      g_assert_true (ebpf_btf_get_base (moved) == other);
      g_assert_cmpuint (ebpf_btf_get_first_id (moved), ==, ebpf_btf_get_n_types (other));
      assert_same_module (module, moved);

      /* What moved into the module is the base's again. */
      once = ebpf_btf_dedup (moved, &error);
      g_assert_no_error (error);
      assert_same_module (module, once);
      g_assert_cmpuint (find (once, "pid_t", EBPF_BTF_KIND_TYPEDEF), <,
                        ebpf_btf_get_n_types (other));
      g_free (ebpf_btf_find_all (once, "pid_t", &n_found));
      g_assert_cmpuint (n_found, ==, 1);
      g_assert_cmpuint (find (moved, "module_function", EBPF_BTF_KIND_FUNC), !=, 0);
    }
}

static void
assert_not_relocated (EbpfBtf *distilled, const Build *build, EbpfError code, const char *reason)
{
  g_autoptr (EbpfBtf) kernel = make_kernel (build);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) moved = ebpf_btf_relocate (distilled, kernel, &error);

  g_assert_null (moved);
  g_assert_error (error, EBPF_ERROR, (int) code);
  if (strstr (error->message, reason) == NULL)
    g_error ("“%s” does not say “%s”", error->message, reason);
}

static void
test_errors (void)
{
  g_autoptr (EbpfBtf) kernel = make_kernel (&build_a);
  g_autoptr (EbpfBtf) module = make_module (kernel);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) distilled = ebpf_btf_distill (module, &error);
  g_autoptr (EbpfBtf) none = NULL;
  g_autoptr (EbpfBtf) foreign = NULL;
  g_autoptr (GBytes) bytes = NULL;
  Build build = build_a;

  g_assert_no_error (error);
  build.list_size = 24;
  build.state_size = 1;
  assert_not_relocated (distilled, &build, EBPF_ERROR_NOT_FOUND,
                        "no struct list_head of 16 bytes, enum state of 4 bytes");
  build = build_a;
  build.without_task = TRUE;
  assert_not_relocated (distilled, &build, EBPF_ERROR_NOT_FOUND, "no struct task");
  build = build_a;
  build.second_task = TRUE;
  assert_not_relocated (distilled, &build, EBPF_ERROR_BTF, "struct task may be type");

  none = ebpf_btf_distill (kernel, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  none = ebpf_btf_relocate (kernel, kernel, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  none = ebpf_btf_relocate (module, kernel, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "not a distilled one"));
  g_clear_error (&error);

  bytes = ebpf_btf_encode (kernel, G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_BIG_ENDIAN
                                                                   : EBPF_BYTE_ORDER_LITTLE_ENDIAN);
  foreign = ebpf_btf_new_from_bytes (bytes, NULL, &error);
  g_assert_no_error (error);
  none = ebpf_btf_relocate (distilled, foreign, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BYTE_ORDER);
}

/* A struct whose name is that of several is told apart by its size, even where it is only pointed
 * to. */
static void
test_ambiguous (void)
{
  const Build build = { .list_size = 16, .task_size = 64, .second_task = TRUE, .state_size = 4 };
  g_autoptr (EbpfBtf) kernel = make_kernel (&build);
  g_autoptr (EbpfBtf) module = make_module (kernel);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) distilled = ebpf_btf_distill (module, &error);
  g_autoptr (EbpfBtf) moved = NULL;

  g_assert_no_error (error);
  assert_kind (ebpf_btf_get_base (distilled), "task", EBPF_BTF_KIND_STRUCT, 64);
  moved = ebpf_btf_relocate (distilled, kernel, &error);
  g_assert_no_error (error);
  assert_same_module (module, moved);
}

/* A file such as kbuild makes of a module: null, .BTF, .BTF.base, .shstrtab. */
static void
write_elf (const char *path, EbpfBtf *btf, EbpfBtf *base)
{
  static const char names[] = "\0.BTF\0.BTF.base\0.shstrtab";
  g_autoptr (GBytes) types = ebpf_btf_get_bytes (btf);
  g_autoptr (GBytes) base_types = ebpf_btf_get_bytes (base);
  g_autoptr (GBytes) section_names = g_bytes_new_static (names, sizeof names);
  GBytes *const parts[] = { types, base_types, section_names };
  static const guint32 name_offsets[] = { 1, 6, 16 };
  g_autoptr (GByteArray) file = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  Elf64_Ehdr header = {
    .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
                 G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT },
    .e_type = ET_REL,
    .e_machine = EM_BPF,
    .e_version = EV_CURRENT,
    .e_ehsize = sizeof header,
    .e_shentsize = sizeof (Elf64_Shdr),
    .e_shnum = 4,
    .e_shstrndx = 3,
  };
  Elf64_Shdr sections[4] = { 0 };

  g_byte_array_append (file, (const guint8 *) &header, sizeof header);
  for (guint i = 0; i < 3; i++)
    {
      gsize size;
      gconstpointer data = g_bytes_get_data (parts[i], &size);

      while (file->len % 8 != 0)
        g_byte_array_append (file, (const guint8 *) "", 1);
      sections[i + 1] = (Elf64_Shdr){ .sh_name = name_offsets[i],
                                      .sh_type = i == 2 ? SHT_STRTAB : SHT_PROGBITS,
                                      .sh_offset = file->len,
                                      .sh_size = size,
                                      .sh_addralign = 1 };
      g_byte_array_append (file, data, size);
    }
  while (file->len % 8 != 0)
    g_byte_array_append (file, (const guint8 *) "", 1);
  ((Elf64_Ehdr *) (gpointer) file->data)->e_shoff = file->len;
  g_byte_array_append (file, (const guint8 *) sections, sizeof sections);
  g_file_set_contents (path, (const char *) file->data, file->len, &error);
  g_assert_no_error (error);
}

/* A module's file brings its base; where another is given, it is put on that. */
static void
test_file (void)
{
  const Build build = { .reversed = TRUE, .list_size = 16, .task_size = 4096, .state_size = 4 };
  g_autoptr (EbpfBtf) kernel = make_kernel (&build_a);
  g_autoptr (EbpfBtf) other = make_kernel (&build);
  g_autoptr (EbpfBtf) module = make_module (kernel);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) distilled = ebpf_btf_distill (module, &error);
  g_autofree char *folder = g_dir_make_tmp ("ebpf-distill-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "module.ko", NULL);
  g_autoptr (EbpfBtf) alone = NULL;
  g_autoptr (EbpfBtf) moved = NULL;
  g_autoptr (EbpfBtf) none = NULL;

  g_assert_no_error (error);
  write_elf (path, distilled, ebpf_btf_get_base (distilled));

  alone = ebpf_btf_new_from_path (path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (ebpf_btf_get_base (alone)), ==, 9);
  g_assert_cmpuint (ebpf_btf_get_n_types (alone), ==, ebpf_btf_get_n_types (distilled));

  moved = ebpf_btf_new_from_path (path, other, &error);
  g_assert_no_error (error);
  g_assert_true (ebpf_btf_get_base (moved) == other);
  assert_same_module (module, moved);

  /* A base that is none is said to be the one that is damaged. */
  {
    g_autoptr (EbpfBtf) empty = g_object_new (EBPF_TYPE_BTF, NULL);

    write_elf (path, distilled, empty);
  }
  none = ebpf_btf_new_from_path (path, other, &error);
  g_assert_null (none);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_BTF);
  g_assert_nonnull (strstr (error->message, ".BTF.base"));

  g_unlink (path);
  g_rmdir (folder);
}

/* With this kernel as the base, and back again. */
static void
test_kernel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) kernel = ebpf_btf_get_kernel (&error);
  g_autoptr (EbpfBtfBuilder) builder = NULL;
  g_autoptr (EbpfBtf) module = NULL;
  g_autoptr (EbpfBtf) distilled = NULL;
  g_autoptr (EbpfBtf) moved = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  guint pointer;

  if (kernel == NULL)
    {
      g_test_skip (error->message);
      return;
    }

  builder = ebpf_btf_builder_new_split (kernel);
  pointer = ebpf_btf_builder_add_pointer (
      builder, find (kernel, "task_struct", EBPF_BTF_KIND_STRUCT), &error);
  ebpf_btf_builder_add_struct (builder, "module_struct", 32, &error);
  ebpf_btf_builder_add_member (builder, "list", find (kernel, "list_head", EBPF_BTF_KIND_STRUCT), 0,
                               0, &error);
  ebpf_btf_builder_add_member (builder, "task", pointer, 128, 0, &error);
  ebpf_btf_builder_add_member (builder, "lock", find (kernel, "spinlock_t", EBPF_BTF_KIND_TYPEDEF),
                               192, 0, &error);
  g_assert_no_error (error);
  module = ebpf_btf_builder_build (builder, &error);
  g_assert_no_error (error);

  distilled = ebpf_btf_distill (module, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_btf_get_n_types (ebpf_btf_get_base (distilled)), <, 8);
  moved = ebpf_btf_relocate (distilled, kernel, &error);
  g_assert_no_error (error);
  before = dump_own (module, "module_struct");
  after = dump_own (moved, "module_struct");
  g_assert_cmpstr (before, ==, after);
}

static void
test_permute (void)
{
  g_autoptr (EbpfBtf) kernel = make_kernel (&build_a);
  g_autoptr (EbpfBtf) module = make_module (kernel);
  guint first = ebpf_btf_get_first_id (module), n = ebpf_btf_get_n_types (module) - first;
  g_autofree guint *order = g_new (guint, n);
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) reversed = NULL;
  g_autoptr (EbpfBtf) none = NULL;
  g_autoptr (EbpfBtfType) type = NULL;

  for (guint i = 0; i < n; i++)
    order[i] = first + n - 1 - i;
  reversed = ebpf_btf_permute (module, order, n, &error);
  g_assert_no_error (error);
  assert_same_module (module, reversed);
  type = ebpf_btf_get_type_by_id (reversed, first);
  g_assert_cmpint (ebpf_btf_type_get_kind (type), ==, EBPF_BTF_KIND_PTR);
  g_assert_cmpuint (find (reversed, "module_struct", EBPF_BTF_KIND_STRUCT) - first, ==,
                    n - 1 - (find (module, "module_struct", EBPF_BTF_KIND_STRUCT) - first));

  none = ebpf_btf_permute (module, order, n - 1, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  order[0] = order[1];
  none = ebpf_btf_permute (module, order, n, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "twice"));
  g_clear_error (&error);
  order[0] = 1;
  none = ebpf_btf_permute (module, order, n, &error);
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "own"));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/btf/distill/parts", test_distill);
  ebpf_test_add ("/btf/distill/relocate", test_relocate);
  ebpf_test_add ("/btf/distill/errors", test_errors);
  ebpf_test_add ("/btf/distill/ambiguous", test_ambiguous);
  ebpf_test_add ("/btf/distill/file", test_file);
  ebpf_test_add ("/btf/distill/kernel", test_kernel);
  ebpf_test_add ("/btf/distill/permute", test_permute);

  return g_test_run ();
}
