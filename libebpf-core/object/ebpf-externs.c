/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-externs-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-core-spec-private.h"
#include "object/ebpf-kconfig-value-private.h"
#include "spec/ebpf-program-spec-private.h"
#include "sys/ebpf-kallsyms-private.h"
#include "sys/ebpf-kernel-config-private.h"
#include "sys/ebpf-sys-private.h"

#include <string.h>

/* The verifier's limit, of which the first one stands for vmlinux. */
#define MAX_FD_ARRAY 32767

/* A symbol that was looked for; found or not, it is not looked for again. */
typedef struct
{
  EbpfBtf *btf; /* the object's */
  guint32 btf_id;
  EbpfExternKind kind;

  GError *missing; /* why it cannot be used; NULL where it can */
  guint64 address;
  guint32 kernel_id;
  int module_fd; /* 0: vmlinux */
} Symbol;

struct _EbpfExterns
{
  EbpfCollectionSpec *spec;
  EbpfBtf *kernel;    /* as given, or opened when needed */
  GPtrArray *modules; /* of EbpfKernelModule; opened when needed */
  GError *no_kernel;  /* why there is none */
  char *kconfig_text;

  GHashTable *addresses; /* name -> EbpfKallsym; NULL before kallsyms was read */
  GError *no_addresses;
  GHashTable *symbols; /* see symbol_key () -> Symbol */
};

static void
symbol_free (gpointer data)
{
  Symbol *self = data;

  g_clear_object (&self->btf);
  g_clear_error (&self->missing);
  g_free (self);
}

EbpfExterns *
ebpf_externs_new (EbpfCollectionSpec *spec, EbpfBtf *kernel_btf)
{
  EbpfExterns *self = g_new0 (EbpfExterns, 1);

  self->spec = g_object_ref (spec);
  if (kernel_btf != NULL)
    self->kernel = g_object_ref (kernel_btf);
  self->symbols = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, symbol_free);

  return self;
}

void
ebpf_externs_free (EbpfExterns *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->symbols);
  g_clear_pointer (&self->addresses, g_hash_table_unref);
  g_clear_error (&self->no_addresses);
  g_clear_error (&self->no_kernel);
  g_clear_pointer (&self->modules, g_ptr_array_unref);
  g_clear_object (&self->kernel);
  g_object_unref (self->spec);
  g_free (self->kconfig_text);
  g_free (self);
}

void
ebpf_externs_set_kconfig_text (EbpfExterns *self, const char *text)
{
  g_free (self->kconfig_text);
  self->kconfig_text = g_strdup (text);
}

/* --- configuration */

static void
add_missing (GString *list, const char *format, ...)
{
  va_list args;

  if (list->len > 0)
    g_string_append (list, "; ");
  va_start (args, format);
  g_string_append_vprintf (list, format, args);
  va_end (args);
}

static guint32
extern_type (EbpfBtf *btf, const EbpfKconfigExtern *one)
{
  const struct btf_type *var = btf != NULL ? ebpf_btf_peek (btf, one->btf_id) : NULL;

  return var != NULL && ebpf_btf_kind_of (var) == EBPF_BTF_KIND_VAR ? var->type : 0;
}

/* Values that no configuration has. FALSE where @name is none of them. */
static gboolean
put_linux_value (EbpfBtf *btf,
                 const EbpfKconfigExtern *one,
                 gpointer data,
                 gboolean *done,
                 GError **error)
{
  guint64 value;

  if (strcmp (one->name, "LINUX_KERNEL_VERSION") == 0)
    {
      if (one->size != 4)
        {
          ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0, "it has to be an integer of 4 bytes");
          *done = FALSE;
          return TRUE;
        }
      value = ebpf_sys_get_kernel_version_code ();
    }
  else if (strcmp (one->name, "LINUX_HAS_SYSCALL_WRAPPER") == 0)
    {
      value = ebpf_sys_has_syscall_wrapper ();
    }
  else if (strcmp (one->name, "LINUX_HAS_BPF_COOKIE") == 0)
    {
      value = ebpf_sys_has_feature (EBPF_FEATURE_BPF_COOKIE);
    }
  else
    {
      return FALSE;
    }

  *done =
      ebpf_kconfig_put_number (btf, extern_type (btf, one), FALSE, value, data, one->size, error);
  return TRUE;
}

static gboolean
read_config (EbpfExterns *self, GHashTable *values, GError **no_config, GError **error)
{
  if (g_hash_table_size (values) == 0)
    return TRUE;

  if (self->kconfig_text != NULL &&
      !ebpf_kernel_config_parse (values, self->kconfig_text, strlen (self->kconfig_text),
                                 "the configuration given by the caller", error))
    return FALSE;

  /* That is an error only if something that is needed is missing. */
  ebpf_kernel_config_read (values, no_config);
  return TRUE;
}

GBytes *
ebpf_externs_kconfig_bytes (EbpfExterns *self, GError **error)
{
  GArray *externs = ebpf_collection_spec_peek_kconfig_externs (self->spec);
  EbpfBtf *btf = ebpf_collection_spec_get_btf (self->spec);
  EbpfMapSpec *map = ebpf_collection_spec_get_map (self->spec, ".kconfig");
  g_autoptr (GHashTable) values = ebpf_kernel_config_new (NULL);
  g_autoptr (GError) no_config = NULL;
  g_autoptr (GString) missing = g_string_new (NULL);
  g_autofree guint8 *data = NULL;
  guint64 size = map != NULL ? ebpf_map_spec_get_value_size (map) : 0;

  for (guint i = 0; i < externs->len; i++)
    {
      const EbpfKconfigExtern *one = &g_array_index (externs, EbpfKconfigExtern, i);

      size = MAX (size, (guint64) one->offset + one->size);
      if (g_str_has_prefix (one->name, "CONFIG_"))
        g_hash_table_insert (values, g_strdup (one->name), NULL);
    }

  if (externs->len > 0 && btf == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "values of the kernel's configuration are needed, but there is no type "
                      "information for them");
      return NULL;
    }

  if (!read_config (self, values, &no_config, error))
    return NULL;

  data = g_try_malloc0 (MAX (size, 1));
  if (data == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "map \".kconfig\" has %" G_GUINT64_FORMAT " bytes", size);
      return NULL;
    }

  for (guint i = 0; i < externs->len; i++)
    {
      const EbpfKconfigExtern *one = &g_array_index (externs, EbpfKconfigExtern, i);
      const char *value = g_hash_table_lookup (values, one->name);
      g_autoptr (GError) local_error = NULL;
      gpointer place = data + one->offset;
      gboolean done = TRUE;

      if (value != NULL)
        done = ebpf_kconfig_put_value (btf, extern_type (btf, one), value, place, one->size,
                                       &local_error);
      else if (!put_linux_value (btf, one, place, &done, &local_error) && !one->weak)
        add_missing (missing, "%s", one->name);

      if (!done)
        {
          ebpf_error_propagate_prefixed (error, g_steal_pointer (&local_error),
                                         "extern %s: ", one->name);
          return NULL;
        }
    }

  if (missing->len > 0)
    {
      if (no_config != NULL)
        ebpf_error_set (
            error, EBPF_ERROR_NOT_FOUND, ebpf_error_get_errno (no_config),
            "the object needs values of the kernel's configuration: %s; %s; declare them "
            "__weak where they may be missing",
            missing->str, no_config->message);
      else
        ebpf_error_set (
            error, EBPF_ERROR_NOT_FOUND, 0,
            "the kernel's configuration does not have what the object needs: %s; declare "
            "them __weak where they may be missing",
            missing->str);
      return NULL;
    }

  return g_bytes_new_take (g_steal_pointer (&data), size);
}

/* --- addresses */

EbpfExternKind
ebpf_externs_classify (EbpfBtf *btf, const EbpfReloc *reloc)
{
  const struct btf_type *type = btf != NULL ? ebpf_btf_peek (btf, reloc->btf_id) : NULL;

  if (reloc->kind == EBPF_RELOC_KFUNC)
    return EBPF_EXTERN_FUNCTION;
  if (type == NULL)
    return EBPF_EXTERN_ADDRESS;
  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FUNC)
    return EBPF_EXTERN_FUNCTION;
  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_VAR && ebpf_btf_strip (btf, type->type) != 0)
    return EBPF_EXTERN_VARIABLE;

  return EBPF_EXTERN_ADDRESS;
}

static void
gather_addresses (EbpfExterns *self, EbpfProgramSpec *program)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (program);
  EbpfBtf *btf = ebpf_program_spec_get_btf (program);

  for (guint i = 0; code != NULL && i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);

      if (reloc->kind == EBPF_RELOC_KSYM &&
          ebpf_externs_classify (btf, reloc) == EBPF_EXTERN_ADDRESS &&
          !g_hash_table_contains (self->addresses, reloc->symbol))
        g_hash_table_insert (self->addresses, g_strdup (reloc->symbol), g_new0 (EbpfKallsym, 1));
    }
}

/* One scan for all programs of the collection: going through kallsyms takes the kernel longer than
 * anything else here. */
static const EbpfKallsym *
get_kallsym (EbpfExterns *self, EbpfProgramSpec *program, const char *name)
{
  EbpfKallsym *symbol = NULL;

  if (self->addresses != NULL)
    symbol = g_hash_table_lookup (self->addresses, name);
  if (symbol != NULL)
    return symbol;

  g_clear_pointer (&self->addresses, g_hash_table_unref);
  g_clear_error (&self->no_addresses);
  self->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  gather_addresses (self, program);
  {
    GPtrArray *programs = ebpf_collection_spec_peek_programs (self->spec);

    for (guint i = 0; i < programs->len; i++)
      gather_addresses (self, g_ptr_array_index (programs, i));
  }
  ebpf_kallsyms_resolve (self->addresses, &self->no_addresses);

  return g_hash_table_lookup (self->addresses, name);
}

static void
find_address (EbpfExterns *self, EbpfProgramSpec *program, const char *name, Symbol *symbol)
{
  const EbpfKallsym *found = get_kallsym (self, program, name);

  if (self->no_addresses != NULL)
    symbol->missing = g_error_copy (self->no_addresses);
  else if (!found->found)
    ebpf_error_set (&symbol->missing, EBPF_ERROR_NOT_FOUND, 0, "%s is not in /proc/kallsyms", name);
  else if (found->ambiguous)
    ebpf_error_set (&symbol->missing, EBPF_ERROR_RELOCATION, 0,
                    "%s is ambiguous, the kernel has it at 0x%" G_GINT64_MODIFIER
                    "x and at 0x%" G_GINT64_MODIFIER "x",
                    name, found->address, found->other);
  else if (found->address == 0)
    ebpf_error_set (&symbol->missing, EBPF_ERROR_PERMISSION, 0,
                    "the address of %s is hidden from this process; it needs CAP_SYSLOG, and "
                    "kernel.kptr_restrict not to be 2",
                    name);
  else
    symbol->address = found->address;
}

/* --- type information */

static EbpfBtf *
peek_kernel (EbpfExterns *self)
{
  if (self->kernel == NULL && self->no_kernel == NULL)
    self->kernel = ebpf_btf_get_kernel (&self->no_kernel);

  return self->kernel;
}

/* Without the privilege to list them, modules have nothing: a weak symbol is a missing one then. */
static GPtrArray *
peek_modules (EbpfExterns *self)
{
  if (self->modules == NULL)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EbpfBtf) running = ebpf_btf_get_kernel (NULL);

      /* Those that are split on something else do not belong to what was given. */
      if (running != NULL && running == self->kernel)
        self->modules = ebpf_btf_get_kernel_modules (&error);
      if (error != NULL)
        g_debug ("symbols of kernel modules are not to be had: %s", error->message);
      if (self->modules == NULL)
        self->modules = g_ptr_array_new ();
    }

  return self->modules;
}

typedef struct
{
  guint kind;
  guint32 id;
} FindOwn;

static gboolean
find_own (EbpfBtf *btf, guint32 id, gpointer user_data)
{
  FindOwn *find = user_data;

  if (id < ebpf_btf_get_first_id (btf) || ebpf_btf_kind_of (ebpf_btf_peek (btf, id)) != find->kind)
    return TRUE;

  find->id = id;
  return FALSE;
}

/* "kfunc___v2" is another idea of the kernel's "kfunc". */
static char *
essential_name (const char *name)
{
  return g_strndup (name, ebpf_core_essential_length (name));
}

static void
find_typed (EbpfExterns *self, const char *name, Symbol *symbol)
{
  g_autofree char *kernel_name = essential_name (name);
  FindOwn find = {
    .kind = symbol->kind == EBPF_EXTERN_FUNCTION ? EBPF_BTF_KIND_FUNC : EBPF_BTF_KIND_VAR,
  };
  const char *what = symbol->kind == EBPF_EXTERN_FUNCTION ? "function" : "variable";
  const struct btf_type *local_type, *kernel_type;
  EbpfBtf *kernel = peek_kernel (self);
  const char *where = "vmlinux";

  if (kernel == NULL)
    {
      symbol->missing = g_error_copy (self->no_kernel);
      g_prefix_error (&symbol->missing, "the kernel's %s %s: ", what, kernel_name);
      return;
    }

  local_type = symbol->btf != NULL ? ebpf_btf_peek (symbol->btf, symbol->btf_id) : NULL;
  if (local_type == NULL || ebpf_btf_kind_of (local_type) != find.kind)
    {
      ebpf_error_set (&symbol->missing, EBPF_ERROR_BTF, 0, "the object does not say what %s %s is",
                      what, kernel_name);
      return;
    }

  ebpf_btf_foreach_named (kernel, kernel_name, find_own, &find);
  if (find.id == 0)
    {
      GPtrArray *modules = peek_modules (self);

      for (guint i = 0; i < modules->len && find.id == 0; i++)
        {
          EbpfKernelModule *module = g_ptr_array_index (modules, i);

          ebpf_btf_foreach_named (module->btf, kernel_name, find_own, &find);
          if (find.id == 0)
            continue;

          kernel = module->btf;
          where = module->name;
          symbol->module_fd = module->fd;
          if (module->fd <= 0)
            {
              ebpf_error_set (&symbol->missing, EBPF_ERROR_PERMISSION, 0,
                              "%s %s is in module %s, which this process may not open; it needs "
                              "CAP_SYS_ADMIN",
                              what, kernel_name, where);
              return;
            }
        }
    }

  if (find.id == 0)
    {
      ebpf_error_set (&symbol->missing, EBPF_ERROR_NOT_FOUND, 0,
                      "the kernel's type information has no %s %s", what, kernel_name);
      return;
    }

  kernel_type = ebpf_btf_peek (kernel, find.id);
  if (!ebpf_core_types_compatible (symbol->btf, local_type->type, kernel, kernel_type->type))
    {
      ebpf_error_set (&symbol->missing, EBPF_ERROR_INCOMPATIBLE, 0,
                      "the object declares %s %s with type [%u], which is not what %s has it with, "
                      "[%u]",
                      what, kernel_name, local_type->type, where, kernel_type->type);
      return;
    }

  symbol->kernel_id = find.id;
}

/* The same name may be declared in more than one way. */
static char *
symbol_key (const EbpfReloc *reloc, EbpfExternKind kind)
{
  return g_strdup_printf ("%d:%u:%s", kind, reloc->btf_id, reloc->symbol);
}

static const Symbol *
get_symbol (EbpfExterns *self, EbpfProgramSpec *program, const EbpfReloc *reloc)
{
  EbpfBtf *btf = ebpf_program_spec_get_btf (program);
  EbpfExternKind kind = ebpf_externs_classify (btf, reloc);
  g_autofree char *key = symbol_key (reloc, kind);
  Symbol *symbol = g_hash_table_lookup (self->symbols, key);

  if (symbol != NULL && symbol->btf == btf)
    return symbol;

  symbol = g_new0 (Symbol, 1);
  symbol->kind = kind;
  symbol->btf_id = reloc->btf_id;
  if (btf != NULL)
    symbol->btf = g_object_ref (btf);

  if (kind == EBPF_EXTERN_ADDRESS)
    find_address (self, program, reloc->symbol, symbol);
  else
    find_typed (self, reloc->symbol, symbol);

  g_hash_table_replace (self->symbols, g_steal_pointer (&key), symbol);
  return symbol;
}

/* Whether a weak symbol that cannot be had is simply not there. What contradicts itself is an error
 * all the same, but another kernel's idea of a function is just what weak ones are for. */
static gboolean
is_absent (const Symbol *symbol)
{
  return g_error_matches (symbol->missing, EBPF_ERROR, EBPF_ERROR_NOT_FOUND) ||
         g_error_matches (symbol->missing, EBPF_ERROR, EBPF_ERROR_NOT_SUPPORTED) ||
         g_error_matches (symbol->missing, EBPF_ERROR, EBPF_ERROR_PERMISSION) ||
         (symbol->kind == EBPF_EXTERN_FUNCTION &&
          g_error_matches (symbol->missing, EBPF_ERROR, EBPF_ERROR_INCOMPATIBLE));
}

/* --- instructions */

static gint16
put_into_fd_array (GArray *fd_array, int module_fd, GError **error)
{
  const int vmlinux = 0;

  if (module_fd == 0)
    return 0;

  if (fd_array->len == 0)
    g_array_append_val (fd_array, vmlinux);
  for (guint i = 1; i < fd_array->len; i++)
    if (g_array_index (fd_array, int, i) == module_fd)
      return (gint16) i;

  if (fd_array->len > MAX_FD_ARRAY)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "it calls functions of more than %d kernel modules", MAX_FD_ARRAY);
      return -1;
    }

  g_array_append_val (fd_array, module_fd);
  return (gint16) (fd_array->len - 1);
}

static gboolean
set_bad_instruction (GError **error, const EbpfReloc *reloc, const char *why)
{
  ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                  "instruction %u, which refers to the kernel's %s, %s", reloc->insn, reloc->symbol,
                  why);
  return FALSE;
}

static gboolean
patch_call (const Symbol *symbol,
            const EbpfReloc *reloc,
            EbpfInsn *insn,
            GArray *fd_array,
            GError **error)
{
  gint16 index;

  if (insn->code != EBPF_OP_CALL)
    return set_bad_instruction (error, reloc, "is no call");

  if (symbol->missing != NULL)
    {
      insn->dst = insn->src = 0;
      insn->off = 0;
      insn->imm = EBPF_EXTERNS_POISON_CALL;
      return TRUE;
    }

  index = put_into_fd_array (fd_array, symbol->module_fd, error);
  if (index < 0)
    return FALSE;

  insn->dst = 0;
  insn->src = EBPF_PSEUDO_KFUNC_CALL;
  insn->off = index;
  insn->imm = (gint32) symbol->kernel_id;
  return TRUE;
}

static gboolean
patch_load (const Symbol *symbol, const EbpfReloc *reloc, EbpfInsn *insn, GError **error)
{
  guint64 address;

  if (!ebpf_insn_is_ldimm64 (insn))
    return set_bad_instruction (error, reloc, "is no load of 64 bits");

  insn[0].src = insn[1].src = 0;
  insn[0].off = insn[1].off = 0;

  if (symbol->missing != NULL)
    {
      insn[0].imm = insn[1].imm = 0;
      return TRUE;
    }

  if (symbol->kind == EBPF_EXTERN_ADDRESS)
    {
      address = symbol->address + (guint64) reloc->addend;
      insn[0].imm = (gint32) (guint32) address;
      insn[1].imm = (gint32) (guint32) (address >> 32);
      return TRUE;
    }

  if (reloc->addend != 0)
    return set_bad_instruction (error, reloc, "takes an address inside it, which has no type");

  insn[0].src = EBPF_PSEUDO_BTF_ID;
  insn[0].imm = (gint32) symbol->kernel_id;
  insn[1].imm = symbol->module_fd;
  return TRUE;
}

/* The first error's code stands for all of them; a restricted kernel explains itself best. */
static void
set_missing (GError **error, GPtrArray *missing)
{
  const GError *first = ((const Symbol *) g_ptr_array_index (missing, 0))->missing;
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < missing->len; i++)
    {
      const Symbol *symbol = g_ptr_array_index (missing, i);

      g_string_append_printf (list, "%s%s", i > 0 ? "; " : "", symbol->missing->message);
      if (g_error_matches (symbol->missing, EBPF_ERROR, EBPF_ERROR_PERMISSION))
        first = symbol->missing;
    }

  ebpf_error_set (
      error, first->domain == EBPF_ERROR ? (EbpfError) first->code : EBPF_ERROR_NOT_FOUND,
      ebpf_error_get_errno (first), "it needs what the kernel does not give: %s%s", list->str,
      first->domain == EBPF_ERROR && first->code == EBPF_ERROR_PERMISSION
          ? ""
          : "; load the module that has it, or declare it __weak and ask for it before use");
}

gboolean
ebpf_externs_apply (EbpfExterns *self,
                    EbpfProgramSpec *program,
                    EbpfInsn *insns,
                    GArray *fd_array,
                    GError **error)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (program);
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();

  for (guint i = 0; i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);
      const Symbol *symbol;
      gboolean is_call;

      if (reloc->kind != EBPF_RELOC_KSYM && reloc->kind != EBPF_RELOC_KFUNC)
        continue;

      is_call = reloc->kind == EBPF_RELOC_KFUNC;
      if (reloc->insn + (is_call ? 0 : 1) >= code->insns->len)
        return set_bad_instruction (error, reloc, "is behind the end of the program");

      symbol = get_symbol (self, program, reloc);
      if (symbol->missing != NULL && !(reloc->weak && is_absent (symbol)))
        {
          if (!g_ptr_array_find (missing, symbol, NULL))
            g_ptr_array_add (missing, (gpointer) symbol);
          continue;
        }

      if (is_call ? !patch_call (symbol, reloc, &insns[reloc->insn], fd_array, error)
                  : !patch_load (symbol, reloc, &insns[reloc->insn], error))
        return FALSE;
    }

  if (missing->len > 0)
    {
      set_missing (error, missing);
      return FALSE;
    }

  return TRUE;
}
