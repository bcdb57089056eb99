/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-attach-target-private.h"

#include "base/ebpf-error-private.h"
#include "object/ebpf-program-private.h"
#include "object/ebpf-struct-ops-private.h"
#include "spec/ebpf-program-spec-private.h"

#include <errno.h>
#include <string.h>

/* How the kernel calls, in its BTF, what a section names. Source: bpf_check_attach_target () of
 * kernel/bpf/verifier.c. */
typedef struct
{
  EbpfProgramType program_type;
  EbpfAttachType attach_type;
  const char *what;
  const char *prefix;
  EbpfBtfKind kind;
} Rule;

static const Rule rules[] = {
  { EBPF_PROGRAM_TYPE_TRACING, EBPF_ATTACH_TYPE_TRACE_RAW_TP, "tracepoint", "btf_trace_",
    EBPF_BTF_KIND_TYPEDEF },
  { EBPF_PROGRAM_TYPE_TRACING, EBPF_ATTACH_TYPE_TRACE_FENTRY, "function", "", EBPF_BTF_KIND_FUNC },
  { EBPF_PROGRAM_TYPE_TRACING, EBPF_ATTACH_TYPE_TRACE_FEXIT, "function", "", EBPF_BTF_KIND_FUNC },
  { EBPF_PROGRAM_TYPE_TRACING, EBPF_ATTACH_TYPE_TRACE_FSESSION, "function", "",
    EBPF_BTF_KIND_FUNC },
  { EBPF_PROGRAM_TYPE_TRACING, EBPF_ATTACH_TYPE_MODIFY_RETURN, "function", "", EBPF_BTF_KIND_FUNC },
  { EBPF_PROGRAM_TYPE_TRACING, EBPF_ATTACH_TYPE_TRACE_ITER, "iterator", "bpf_iter_",
    EBPF_BTF_KIND_FUNC },
  { EBPF_PROGRAM_TYPE_LSM, EBPF_ATTACH_TYPE_LSM_MAC, "LSM hook", "bpf_lsm_", EBPF_BTF_KIND_FUNC },
  { EBPF_PROGRAM_TYPE_LSM, EBPF_ATTACH_TYPE_LSM_CGROUP, "LSM hook", "bpf_lsm_",
    EBPF_BTF_KIND_FUNC },
};

static const Rule *
find_rule (EbpfProgramSpec *spec)
{
  EbpfProgramType program_type = ebpf_program_spec_get_program_type (spec);
  EbpfAttachType attach_type = ebpf_program_spec_get_attach_type (spec);

  if (!ebpf_program_spec_has_attach_type (spec))
    return NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    if (rules[i].program_type == program_type && rules[i].attach_type == attach_type)
      return &rules[i];

  return NULL;
}

typedef struct
{
  guint kind;
  guint32 first_id; /* ids below belong to the base */
  guint32 found;
  guint n_found;
} Search;

static gboolean
on_named_type (EbpfBtf *btf, guint32 id, gpointer user_data)
{
  Search *search = user_data;
  const struct btf_type *type = ebpf_btf_peek (btf, id);

  if (type != NULL && id >= search->first_id && ebpf_btf_kind_of (type) == search->kind)
    {
      search->found = id;
      search->n_found++;
    }

  return TRUE;
}

static gboolean
search_btf (EbpfBtf *btf,
            const char *owner,
            const char *name,
            const Rule *rule,
            guint32 *id,
            GError **error)
{
  Search search = {
    .kind = rule->kind,
    .first_id = ebpf_btf_get_base (btf) != NULL ? ebpf_btf_get_first_id (btf) : 1,
  };

  ebpf_btf_foreach_named (btf, name, on_named_type, &search);
  if (search.n_found > 1)
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "%s has %u functions named \"%s\"; which one is meant cannot be said", owner,
                      search.n_found, name);
      return FALSE;
    }

  *id = search.found;
  return TRUE;
}

/* "struct:member" */
static gboolean
resolve_struct_ops (EbpfAttachTarget *self, const char *attach_to, GError **error)
{
  const char *colon = attach_to != NULL ? strchr (attach_to, ':') : NULL;
  g_auto (EbpfStructOpsType) type = { 0 };
  g_autofree char *name = NULL;

  if (colon == NULL || colon == attach_to || colon[1] == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "it does not say which operation it is: put it into a variable of a section "
                      ".struct_ops.link, or set EbpfProgramSpec:attach-to to \"STRUCT:MEMBER\"");
      return FALSE;
    }

  name = g_strndup (attach_to, (gsize) (colon - attach_to));
  if (!ebpf_struct_ops_type_find (&type, name, error))
    return FALSE;

  self->member = ebpf_struct_ops_type_find_member (&type, colon + 1);
  if (self->member < 0)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "struct %s of this kernel has no member \"%s\"", name, colon + 1);
      return FALSE;
    }

  self->btf_id = type.struct_id;
  self->btf_fd = type.btf_fd;
  self->modules = g_steal_pointer (&type.modules);
  return TRUE;
}

/**
 * ebpf_program_spec_set_attach_target:
 * @self: a spec of type `ext` (section `freplace`), or of `fentry` or `fexit`
 * @target: (nullable): the program that it attaches to, which has to be open when this one is
 *   loaded; or %NULL for the kernel
 * @function: (nullable): the name of a function of @target; or %NULL for what the section says
 *   ([property@ProgramSpec:attach-to])
 *
 * Makes the program one for a function of another BPF program: to replace it (`freplace`), or to see
 * its calls (`fentry`, `fexit`). An object file cannot tell which program that is; `freplace/NAME`
 * tells the name of the function.
 *
 * The target needs type information. Whether it has the function is found out when this one is loaded;
 * [method@Program.list_functions] tells which there are. Needs Linux 5.6.
 */
void
ebpf_program_spec_set_attach_target (EbpfProgramSpec *self,
                                     EbpfProgram *target,
                                     const char *function)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));
  g_return_if_fail (target == NULL || EBPF_IS_PROGRAM (target));

  ebpf_program_spec_set_target_object (self, (GObject *) target);
  if (function != NULL)
    ebpf_program_spec_set_attach_to (self, function);
}

/**
 * ebpf_program_spec_get_attach_target:
 * @self: a program spec
 *
 * Gets the program that it attaches to.
 *
 * Returns: (nullable) (transfer none): the program, or %NULL where it attaches to the kernel
 */
EbpfProgram *
ebpf_program_spec_get_attach_target (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  return (EbpfProgram *) ebpf_program_spec_peek_target_object (self);
}

/* A function of another program. */
static gboolean
resolve_in_program (EbpfAttachTarget *self,
                    EbpfProgramSpec *spec,
                    EbpfProgram *target,
                    GError **error)
{
  EbpfProgramType type = ebpf_program_spec_get_program_type (spec);
  const char *function = ebpf_program_spec_get_attach_to (spec);
  gboolean fits = type == EBPF_PROGRAM_TYPE_EXT;

  if (type == EBPF_PROGRAM_TYPE_TRACING && ebpf_program_spec_has_attach_type (spec))
    switch (ebpf_program_spec_get_attach_type (spec))
      {
      case EBPF_ATTACH_TYPE_TRACE_FENTRY:
      case EBPF_ATTACH_TYPE_TRACE_FEXIT:
      case EBPF_ATTACH_TYPE_TRACE_FSESSION:
        fits = TRUE;
        break;
      default:
        break;
      }

  if (!fits)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "it was given program \"%s\" to attach to, which programs of sections "
                      "freplace, fentry and fexit alone can",
                      ebpf_program_get_name (target));
      return FALSE;
    }
  if (function == NULL || *function == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "it does not say which function of program \"%s\" it is for: name one in its "
                      "section, or give it to ebpf_program_spec_set_attach_target ()",
                      ebpf_program_get_name (target));
      return FALSE;
    }

  self->btf_id = ebpf_program_find_function (target, function, error);
  if (self->btf_id == 0)
    return FALSE;

  /* The same field of bpf(2) says which program, and which module. */
  self->btf_fd = ebpf_program_peek_fd (target);
  return TRUE;
}

gboolean
ebpf_attach_target_resolve (EbpfAttachTarget *self, EbpfProgramSpec *spec, GError **error)
{
  EbpfProgramType program_type = ebpf_program_spec_get_program_type (spec);
  const char *attach_to = ebpf_program_spec_get_attach_to (spec);
  EbpfProgram *target = ebpf_program_spec_get_attach_target (spec);
  const Rule *rule = find_rule (spec);
  g_autofree char *owner = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GPtrArray) modules = NULL;
  g_autoptr (EbpfBtf) vmlinux = NULL;
  g_autoptr (GError) module_error = NULL;
  const char *colon;

  memset (self, 0, sizeof *self);
  self->member = -1;

  if (target != NULL)
    return resolve_in_program (self, spec, target, error);
  if (program_type == EBPF_PROGRAM_TYPE_EXT)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "it replaces the function \"%s\" of another program (freplace), which has to "
                      "be loaded first and told by ebpf_program_spec_set_attach_target ()",
                      attach_to != NULL ? attach_to : "");
      return FALSE;
    }
  if (program_type == EBPF_PROGRAM_TYPE_STRUCT_OPS)
    return resolve_struct_ops (self, attach_to, error);
  if (rule == NULL)
    return TRUE;

  if (attach_to == NULL || *attach_to == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "it does not say which %s it is for: name one in its section (\"%s/NAME\") "
                      "or set EbpfProgramSpec:attach-to",
                      rule->what,
                      ebpf_program_spec_get_section (spec) != NULL
                          ? ebpf_program_spec_get_section (spec)
                          : "…");
      return FALSE;
    }

  /* "module:function" */
  colon =
      rule->kind == EBPF_BTF_KIND_FUNC && *rule->prefix == '\0' ? strchr (attach_to, ':') : NULL;
  if (colon != NULL)
    owner = g_strndup (attach_to, (gsize) (colon - attach_to));
  name = g_strconcat (rule->prefix, colon != NULL ? colon + 1 : attach_to, NULL);

  vmlinux = ebpf_btf_get_kernel (error);
  if (vmlinux == NULL)
    {
      g_prefix_error (error, "its %s \"%s\" cannot be looked up: ", rule->what, attach_to);
      return FALSE;
    }

  if (owner == NULL || strcmp (owner, "vmlinux") == 0)
    {
      if (!search_btf (vmlinux, "the kernel", name, rule, &self->btf_id, error))
        return FALSE;
      if (self->btf_id != 0)
        return TRUE;
    }

  /* Modules can be listed with CAP_SYS_ADMIN alone; without, what is in one is as good as not
   * there. */
  modules = ebpf_btf_get_kernel_modules (&module_error);
  for (guint i = 0; modules != NULL && i < modules->len; i++)
    {
      const EbpfKernelModule *module = g_ptr_array_index (modules, i);

      if (owner != NULL && strcmp (owner, module->name) != 0)
        continue;
      if (!search_btf (module->btf, module->name, name, rule, &self->btf_id, error))
        return FALSE;
      if (self->btf_id != 0 && module->fd < 0)
        {
          ebpf_error_set (error, EBPF_ERROR_PERMISSION, EPERM,
                          "its %s \"%s\" is in module %s, whose type information can be opened "
                          "with CAP_SYS_ADMIN only",
                          rule->what, attach_to, module->name);
          return FALSE;
        }
      if (self->btf_id != 0)
        {
          self->btf_fd = module->fd;
          self->modules = g_steal_pointer (&modules);
          return TRUE;
        }
    }

  ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                  "this kernel has no %s \"%s\" (no %s \"%s\" in the type information of the "
                  "kernel%s%s)%s%s",
                  rule->what, attach_to,
                  rule->kind == EBPF_BTF_KIND_TYPEDEF ? "typedef" : "function", name,
                  owner != NULL ? "'s module " : " and its modules", owner != NULL ? owner : "",
                  module_error != NULL ? "; its modules could not be looked at: " : "",
                  module_error != NULL ? module_error->message : "");
  return FALSE;
}

gboolean
ebpf_attach_target_describe (EbpfProgramSpec *spec, char **name, EbpfBtfKind *kind, GError **error)
{
  EbpfProgramType program_type = ebpf_program_spec_get_program_type (spec);
  const char *attach_to = ebpf_program_spec_get_attach_to (spec);
  const Rule *rule = find_rule (spec);

  *name = NULL;
  *kind = EBPF_BTF_KIND_VOID;

  if (program_type == EBPF_PROGRAM_TYPE_EXT || program_type == EBPF_PROGRAM_TYPE_STRUCT_OPS)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0, "%s",
                      program_type == EBPF_PROGRAM_TYPE_EXT
                          ? "it replaces a function of another program, which has to be open"
                          : "it implements an operation of the kernel, whose place in its struct "
                            "has to be looked up in that kernel's type information");
      return FALSE;
    }
  if (rule == NULL)
    return TRUE;

  if (attach_to == NULL || *attach_to == '\0')
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "it does not say which %s it is for: set EbpfProgramSpec:attach-to",
                      rule->what);
      return FALSE;
    }

  if (g_str_has_prefix (attach_to, "vmlinux:"))
    attach_to += strlen ("vmlinux:");
  if (strchr (attach_to, ':') != NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "its %s \"%s\" is of one certain module, and a name can be looked up in all "
                      "of them only",
                      rule->what, attach_to);
      return FALSE;
    }

  *name = g_strconcat (rule->prefix, attach_to, NULL);
  *kind = rule->kind;
  return TRUE;
}

void
ebpf_attach_target_clear (EbpfAttachTarget *self)
{
  g_clear_pointer (&self->modules, g_ptr_array_unref);
  self->btf_id = 0;
  self->btf_fd = 0;
}
