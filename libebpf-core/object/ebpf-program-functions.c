/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-program-private.h"

#include "btf/ebpf-btf-loaded.h"
#include "btf/ebpf-btf-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

/* The functions of a program, by what the kernel keeps of the function records that it was loaded
 * with. Other programs attach to them. */

/* The kernel's limit on subprograms is 256. */
#define MAX_FUNCTIONS 4096

typedef struct
{
  EbpfBtf *btf;
  GArray
      *ids; /* of guint32: functions, in the order of the code; empty where the kernel hides them */
} Functions;

static void
functions_clear (Functions *self)
{
  g_clear_object (&self->btf);
  g_clear_pointer (&self->ids, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Functions, functions_clear)

/* The ids of the functions, out of @info of a call before. */
static gboolean
read_ids (int fd, const struct bpf_prog_info *info, GArray *ids)
{
  const guint32 n = info->nr_func_info, size = info->func_info_rec_size;
  g_autofree guint8 *records = NULL;
  struct bpf_prog_info again;
  EbpfSysInfo attr = { 0 };

  if (n == 0)
    return TRUE;
  if (n > MAX_FUNCTIONS || size < sizeof (struct bpf_func_info) || size > 4096)
    {
      errno = EOVERFLOW;
      return FALSE;
    }

  records = g_malloc0 ((gsize) n * size);
  memset (&again, 0, sizeof again);
  again.nr_func_info = n;
  again.func_info_rec_size = size;
  again.func_info = EBPF_PTR_TO_U64 (records);
  attr.bpf_fd = (guint32) fd;
  attr.info_len = sizeof again;
  attr.info = EBPF_PTR_TO_U64 (&again);
  if (ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) < 0)
    return FALSE;

  /* It gives none to those who may not see the code. */
  for (guint32 i = 0; again.func_info != 0 && i < MIN (n, again.nr_func_info); i++)
    {
      struct bpf_func_info record;

      memcpy (&record, records + (gsize) i * size, sizeof record);
      if (record.type_id != 0)
        g_array_append_val (ids, record.type_id);
    }

  return TRUE;
}

static gboolean
read_functions (EbpfProgram *self, const char *doing, Functions *functions, GError **error)
{
  EbpfProgramSpec *spec = ebpf_program_get_spec (self);
  const char *name = ebpf_program_get_name (self);
  struct bpf_prog_info info;
  int fd;

  if (!ebpf_program_check_open (self, doing, error))
    return FALSE;

  fd = ebpf_program_peek_fd (self);
  if (ebpf_sys_get_info (fd, &info, sizeof info) < 0)
    {
      ebpf_sys_set_error (error, errno, "asking about program \"%s\"", name);
      return FALSE;
    }
  if (info.btf_id == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "program \"%s\" has no type information in the kernel, without which its "
                      "functions cannot be told; compile it with -g",
                      name);
      return FALSE;
    }

  functions->ids = g_array_new (FALSE, FALSE, sizeof (guint32));
  if (!read_ids (fd, &info, functions->ids))
    {
      ebpf_sys_set_error (error, errno, "asking for the functions of program \"%s\"", name);
      return FALSE;
    }

  /* What it was loaded with has the same numbers, and takes no privilege. */
  if (spec != NULL && ebpf_program_spec_get_btf (spec) != NULL)
    functions->btf = g_object_ref (ebpf_program_spec_get_btf (spec));
  else
    functions->btf = ebpf_btf_new_from_id (info.btf_id, NULL, error);
  if (functions->btf == NULL)
    {
      g_prefix_error (error, "the functions of program \"%s\": ", name);
      return FALSE;
    }

  return TRUE;
}

static const char *
function_name (EbpfBtf *btf, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (btf, id);

  return type != NULL && ebpf_btf_kind_of (type) == BTF_KIND_FUNC ? ebpf_btf_name_of (btf, type)
                                                                  : NULL;
}

static char **
list_names (const Functions *functions)
{
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; i < functions->ids->len; i++)
    {
      const char *name = function_name (functions->btf, g_array_index (functions->ids, guint32, i));

      if (name != NULL)
        g_ptr_array_add (names, g_strdup (name));
    }
  g_ptr_array_add (names, NULL);

  return (char **) g_ptr_array_free (names, FALSE);
}

/**
 * ebpf_program_list_functions:
 * @self: a program
 * @error: return location for an error
 *
 * Lists the functions that the program is made of, in the order of its code; the first is where it
 * begins. Another program can attach to one; see [method@ProgramSpec.set_attach_target].
 *
 * Needs Linux 5.0, and a program with type information. For one that was opened rather than loaded
 * here, it takes `CAP_SYS_ADMIN`.
 *
 * Returns: (transfer full) (array zero-terminated=1): their names, or %NULL with @error set
 */
char **
ebpf_program_list_functions (EbpfProgram *self, GError **error)
{
  g_auto (Functions) functions = { 0 };

  g_return_val_if_fail (EBPF_IS_PROGRAM (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!read_functions (self, "listing the functions of", &functions, error))
    return NULL;

  return list_names (&functions);
}

guint32
ebpf_program_find_function (EbpfProgram *self, const char *name, GError **error)
{
  g_auto (Functions) functions = { 0 };
  g_auto (GStrv) names = NULL;
  g_autofree char *list = NULL;
  guint32 found = 0;
  guint n_found = 0;

  if (!read_functions (self, "attaching to", &functions, error))
    return 0;

  for (guint i = 0; i < functions.ids->len; i++)
    {
      guint32 id = g_array_index (functions.ids, guint32, i);

      if (g_strcmp0 (function_name (functions.btf, id), name) == 0)
        {
          found = id;
          n_found++;
        }
    }

  /* Where the kernel hides the records, it checks itself. */
  if (functions.ids->len == 0)
    {
      found = ebpf_btf_lookup (functions.btf, name, BTF_KIND_FUNC);
      n_found = found != 0;
    }

  if (n_found == 1)
    return found;

  if (n_found > 1)
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "program \"%s\" has %u functions named \"%s\"; which one is meant cannot be "
                      "said",
                      ebpf_program_get_name (self), n_found, name);
      return 0;
    }

  names = list_names (&functions);
  list = g_strjoinv (", ", names);
  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                  "program \"%s\" has no function \"%s\"%s%s; a function that the compiler has "
                  "inlined is none: declare it __noinline, and not static",
                  ebpf_program_get_name (self), name, *list != '\0' ? ", but " : "", list);
  return 0;
}
