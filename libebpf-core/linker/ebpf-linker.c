/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linker/ebpf-linker-private.h"

#include <string.h>

/**
 * EbpfLinker:
 *
 * Links several object files into one.
 *
 * A BPF program may be written in several files, as other programs are. What a file declares
 * `extern` and another one defines, functions, variables and maps alike, is found by its name; type
 * information of both sides must agree. A definition that is `__weak` gives way to one that is not.
 * Sections of one name become one, each static function and variable stays its file's own, and type
 * information is merged, with each type there once.
 *
 * ```c
 * g_autoptr (EbpfLinker) linker = ebpf_linker_new ();
 *
 * if (!ebpf_linker_add_file (linker, "main.bpf.o", &error) ||
 *     !ebpf_linker_add_file (linker, "filter.bpf.o", &error))
 *   return FALSE;
 *
 * bytes = ebpf_linker_finish (linker, &error);
 * spec = ebpf_collection_spec_new_from_bytes (bytes, &error);
 * ```
 *
 * What is `extern` and in none of the files stays so: it may be the kernel's (`__ksym`,
 * `__kconfig`), or the result may be linked with other files later. What debuggers read (DWARF) is
 * left out.
 *
 * The kernel has no part in it, and no privilege is needed.
 */
struct _EbpfLinker
{
  GObject parent_instance;

  GPtrArray *inputs; /* of EbpfLinkerInput */
};

G_DEFINE_FINAL_TYPE (EbpfLinker, ebpf_linker, G_TYPE_OBJECT)

static void
ebpf_linker_finalize (GObject *object)
{
  EbpfLinker *self = EBPF_LINKER (object);

  g_ptr_array_unref (self->inputs);

  G_OBJECT_CLASS (ebpf_linker_parent_class)->finalize (object);
}

static void
ebpf_linker_class_init (EbpfLinkerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ebpf_linker_finalize;
}

static void
ebpf_linker_init (EbpfLinker *self)
{
  self->inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) ebpf_linker_input_free);
}

/**
 * ebpf_linker_new:
 *
 * Creates a linker without files.
 *
 * Returns: (transfer full): a new linker
 */
EbpfLinker *
ebpf_linker_new (void)
{
  return g_object_new (EBPF_TYPE_LINKER, NULL);
}

static const EbpfElfSection *
find_unique (EbpfLinkerInput *input, const char *name)
{
  const EbpfElfSection *section = ebpf_elf_find_section (input->elf, name);

  if (section == NULL || !input->sections[section->index].kept || section->size == 0 ||
      section->data == NULL)
    return NULL;

  return section;
}

/* What there can be only one of must be the same in all files. */
static gboolean
check_unique (EbpfLinker *self, EbpfLinkerInput *input, const char *name, GError **error)
{
  const EbpfElfSection *section = find_unique (input, name);
  gboolean is_license = g_str_equal (name, "license");

  if (section == NULL)
    return TRUE;

  for (guint i = 0; i < self->inputs->len; i++)
    {
      EbpfLinkerInput *other = g_ptr_array_index (self->inputs, i);
      const EbpfElfSection *theirs = find_unique (other, name);

      if (theirs == NULL)
        continue;

      if (is_license ? g_strcmp0 (other->elf->license, input->elf->license) == 0
                     : theirs->size == section->size &&
                           memcmp (theirs->data, section->data, theirs->size) == 0)
        return TRUE;

      if (is_license)
        ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                        "%s: its licence is \"%s\", but that of %s is \"%s\"; what is linked must "
                        "be under one",
                        input->name, input->elf->license, other->name, other->elf->license);
      else
        ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0,
                        "%s: its section %s is not the same as that of %s, and there can be only "
                        "one",
                        input->name, name, other->name);
      return FALSE;
    }

  return TRUE;
}

static gboolean
add_input (EbpfLinker *self, const char *name, GBytes *bytes, GError **error)
{
  g_autoptr (EbpfLinkerInput) input = ebpf_linker_input_new (name, bytes, error);

  if (input == NULL)
    return FALSE;

  if (self->inputs->len > 0)
    {
      EbpfLinkerInput *first = g_ptr_array_index (self->inputs, 0);

      if (first->elf->swapped != input->elf->swapped)
        {
          gboolean big = input->elf->image[EI_DATA] == ELFDATA2MSB;

          ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                          "%s: it is of %s byte order, but %s is of %s; what is linked must be of "
                          "one",
                          name, big ? "big" : "little", first->name, big ? "little" : "big");
          return FALSE;
        }
    }

  if (!check_unique (self, input, "license", error) ||
      !check_unique (self, input, "version", error))
    return FALSE;

  g_ptr_array_add (self->inputs, g_steal_pointer (&input));

  return TRUE;
}

/**
 * ebpf_linker_add_file:
 * @self: a linker
 * @path: (type filename): path of an object file, as clang makes it or this linker
 * @error: return location for an error
 *
 * Reads an object file that is to be linked. The order in which files are added is that of their
 * contents; of several weak definitions, the first one counts.
 *
 * All files must have the same byte order and the same licence.
 *
 * Returns: whether it could be read; where not, @error is set and the linker is as it was
 */
gboolean
ebpf_linker_add_file (EbpfLinker *self, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *name = NULL;

  g_return_val_if_fail (EBPF_IS_LINKER (self), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  bytes = ebpf_elf_read_file (path, error);
  if (bytes == NULL)
    return FALSE;

  name = g_filename_display_name (path);

  return add_input (self, name, bytes, error);
}

/**
 * ebpf_linker_add_bytes:
 * @self: a linker
 * @name: what errors call it
 * @bytes: the contents of an object file
 * @error: return location for an error
 *
 * Reads an object that is to be linked from memory. See [method@Linker.add_file].
 *
 * Returns: whether it could be read; where not, @error is set and the linker is as it was
 */
gboolean
ebpf_linker_add_bytes (EbpfLinker *self, const char *name, GBytes *bytes, GError **error)
{
  g_return_val_if_fail (EBPF_IS_LINKER (self), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return add_input (self, name, bytes, error);
}

static void
output_free (gpointer data)
{
  EbpfLinkerOutput *self = data;

  g_free (self->data);
  g_array_unref (self->relocs);
  g_array_unref (self->func_infos);
  g_array_unref (self->line_infos);
  g_array_unref (self->core_relos);
  g_free (self);
}

static void
run_clear (EbpfLinkerRun *self)
{
  for (guint32 i = 0; i < self->n_parts; i++)
    {
      EbpfLinkerPart *part = &self->parts[i];

      for (guint32 j = 0; j < part->input->elf->n_sections; j++)
        g_clear_pointer (&part->places[j].dead, g_array_unref);
      g_free (part->places);
      g_free (part->symbols);
      g_free (part->ids);
    }

  g_free (self->parts);
  g_ptr_array_unref (self->outputs);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->globals);
  g_array_unref (self->symbols);
  g_hash_table_unref (self->matched);
  g_clear_pointer (&self->btf, g_bytes_unref);
  g_clear_pointer (&self->btf_ext, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EbpfLinkerRun, run_clear)

static void
run_init (EbpfLinkerRun *self, GPtrArray *inputs)
{
  EbpfLinkerInput *first = g_ptr_array_index (inputs, 0);
  EbpfLinkerSymbol none = { .name = "", .section = EBPF_LINKER_NONE };

  self->swapped = first->elf->swapped;
  self->big_endian = first->elf->image[EI_DATA] == ELFDATA2MSB;
  self->outputs = g_ptr_array_new_with_free_func (output_free);
  self->globals = g_ptr_array_new_with_free_func (g_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->symbols = g_array_new (FALSE, TRUE, sizeof (EbpfLinkerSymbol));
  self->matched = ebpf_linker_matched_new ();
  g_array_append_val (self->symbols, none);

  self->n_parts = inputs->len;
  self->parts = g_new0 (EbpfLinkerPart, inputs->len);
  for (guint32 i = 0; i < self->n_parts; i++)
    {
      EbpfLinkerPart *part = &self->parts[i];

      part->input = g_ptr_array_index (inputs, i);
      part->places = g_new0 (EbpfLinkerPlace, part->input->elf->n_sections);
      part->symbols = g_new (guint32, MAX (part->input->elf->n_symbols, 1));
      for (guint32 j = 0; j < part->input->elf->n_sections; j++)
        part->places[j].output = EBPF_LINKER_NONE;
      for (guint32 j = 0; j < part->input->elf->n_symbols; j++)
        part->symbols[j] = EBPF_LINKER_NONE;
    }
}

static GBytes *
link_inputs (GPtrArray *inputs, GError **error)
{
  g_auto (EbpfLinkerRun) run = { 0 };

  run_init (&run, inputs);

  if (!ebpf_linker_lay_out (&run, error) || !ebpf_linker_resolve (&run, error))
    return NULL;

  ebpf_linker_make_symbols (&run);

  if (!ebpf_linker_copy (&run, error) || !ebpf_linker_merge_btf (&run, error))
    return NULL;

  return ebpf_linker_write (&run, error);
}

/**
 * ebpf_linker_finish:
 * @self: a linker
 * @error: return location for an error
 *
 * Links what has been added. The linker stays as it is: more may be added, and be linked again.
 *
 * Errors name both files concerned: %EBPF_ERROR_EXISTS for a name that two of them define,
 * %EBPF_ERROR_INCOMPATIBLE for what they do not agree about, %EBPF_ERROR_BTF for type information
 * that is missing on one side, %EBPF_ERROR_LIMIT, %EBPF_ERROR_RELOCATION, %EBPF_ERROR_MALFORMED,
 * and %EBPF_ERROR_INVALID_ARGUMENT where nothing has been added.
 *
 * Returns: (transfer full): the contents of an object file, or %NULL with @error set
 */
GBytes *
ebpf_linker_finish (EbpfLinker *self, GError **error)
{
  g_return_val_if_fail (EBPF_IS_LINKER (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (self->inputs->len == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "there is nothing to be linked: no object file was added");
      return NULL;
    }

  return link_inputs (self->inputs, error);
}
