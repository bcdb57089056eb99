/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/ebpf-error.h"
#include "btf/ebpf-btf-parse-private.h"
#include "ebpf-test.h"
#include "elf-edit.h"
#include "elf/ebpf-elf.h"
#include "spec/ebpf-collection-spec-private.h"
#include "spec/ebpf-program-spec-private.h"

/* A type of the object, to be changed. */
static struct btf_type *
find_type (ElfEdit *edit, const char *name, EbpfBtfKind kind, guint *id)
{
  guint8 *data = elf_edit_contents (edit, ".BTF");
  g_autoptr (GBytes) bytes = g_bytes_new (data, elf_edit_section (edit, ".BTF")->sh_size);
  const struct btf_header *header = (gconstpointer) data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EbpfBtf) btf = ebpf_btf_new_from_bytes (bytes, NULL, &error);

  g_assert_no_error (error);
  *id = ebpf_btf_find (btf, name, kind, &error);
  g_assert_no_error (error);

  return (gpointer) (data + header->hdr_len + header->type_off + ebpf_btf_offset_of (btf, *id));
}

static struct btf_var_secinfo *
section_members (ElfEdit *edit, const char *name)
{
  guint id;

  return (gpointer) (find_type (edit, name, EBPF_BTF_KIND_DATASEC, &id) + 1);
}

static void
assert_refused (ElfEdit *edit, EbpfError code, const char *pattern)
{
  g_autoptr (GBytes) bytes = elf_edit_finish (edit);
  g_autoptr (GError) error = NULL;

  g_assert_null (ebpf_collection_spec_new_from_bytes (bytes, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, (int) code, pattern);
}

static void
test_ksyms_kind (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("ksyms.bpf.o");
  ElfEdit edit;

  elf_edit_init (&edit, good);
  section_members (&edit, ".ksyms")[0].type = 1;
  assert_refused (&edit, EBPF_ERROR_BTF,
                  "bytes: *section .ksyms, *lists type 1, which is neither variable nor function");
}

static void
test_kconfig_kind (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("externs.bpf.o");
  ElfEdit edit;
  guint id;

  elf_edit_init (&edit, good);
  find_type (&edit, "read_externs", EBPF_BTF_KIND_FUNC, &id);
  section_members (&edit, ".kconfig")[0].type = id;
  assert_refused (&edit, EBPF_ERROR_BTF, "bytes: *.kconfig, but no variable*");
}

static void
test_kconfig_size (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("externs.bpf.o");
  ElfEdit edit;
  guint id;

  elf_edit_init (&edit, good);
  find_type (&edit, "CONFIG_HZ", EBPF_BTF_KIND_VAR, &id)->type = 0;
  assert_refused (&edit, EBPF_ERROR_BTF, "bytes: *CONFIG_HZ*");
}

/* An object without records is as good as one with them, until it is to be relocated. */
static void
test_no_records (void)
{
  g_autoptr (GBytes) good = ebpf_test_object_bytes ("externs.bpf.o");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (EbpfCollectionSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  const EbpfCode *code;
  ElfEdit edit;

  elf_edit_init (&edit, good);
  elf_edit_section (&edit, ".BTF.ext")->sh_type = SHT_NULL;
  bytes = elf_edit_finish (&edit);
  spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_nonnull (ebpf_collection_spec_get_btf (spec));
  code = ebpf_program_spec_peek_code (ebpf_collection_spec_get_program (spec, "read_externs"));
  g_assert_cmpuint (code->insns->len, >, 0);
  g_assert_cmpuint (code->func_infos->len, ==, 0);
  g_assert_cmpuint (code->line_infos->len, ==, 0);
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/elf/extern-sections/ksyms-kind", test_ksyms_kind);
  ebpf_test_add ("/elf/extern-sections/kconfig-kind", test_kconfig_kind);
  ebpf_test_add ("/elf/extern-sections/kconfig-size", test_kconfig_size);
  ebpf_test_add ("/elf/extern-sections/no-records", test_no_records);

  return g_test_run ();
}
