/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loader/ebpf-loader-generate-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-core-spec-private.h"
#include "object/ebpf-attach-target-private.h"
#include "object/ebpf-externs-private.h"
#include "object/ebpf-program-loader-private.h"
#include "object/ebpf-verifier-log-private.h"
#include "sys/ebpf-sys-private.h"

#include <string.h>

#define FIELD(type, member) ((guint32) G_STRUCT_OFFSET (type, member))

/* Parts of an instruction. */
#define INSN_REGS 1
#define INSN_OFF 2
#define INSN_IMM 4

/* struct bpf_core_relo counts bytes. */
typedef struct
{
  guint32 insn_off;
  guint32 type_id;
  guint32 access_str_off;
  guint32 kind;
} KernelCoreRelo;

/* Something of the kernel that is looked for once. Its address, or its id in the kernel's type
 * information, is kept at @at; and a slot has the descriptor of the module that it is in. */
typedef struct
{
  guint32 at;
  guint slot;
} Symbol;

void
ebpf_loader_symbol_free (gpointer symbol)
{
  g_free (symbol);
}

/* What is weak, and not there, is 0. */
static void
write_result_or_zero (EbpfLoaderWriter *writer, gboolean weak)
{
  if (!weak)
    {
      ebpf_loader_writer_check (writer);
      return;
    }

  ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JSGE | BPF_K, EBPF_LOADER_REG_RESULT, 0, 1, 0);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, EBPF_LOADER_REG_RESULT, 0, 0, 0);
}

static void
write_find_address (EbpfLoaderGenerator *self, const char *name, gboolean weak, Symbol *symbol)
{
  EbpfLoaderWriter *writer = &self->writer;
  guint32 name_at = ebpf_loader_writer_add_string (writer, name);

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_ADDRESS, name);
  ebpf_loader_writer_address (writer, 1, name_at);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0,
                           (gint32) strlen (name) + 1);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
  ebpf_loader_writer_address (writer, 4, symbol->at);
  /* Of what it does not find, it writes 0. */
  ebpf_loader_writer_call (writer, EBPF_LOADER_FUNC_KALLSYMS);
  if (!weak)
    ebpf_loader_writer_check (writer);
}

static void
write_find_type (EbpfLoaderGenerator *self,
                 const char *name,
                 guint kind,
                 gboolean weak,
                 Symbol *symbol)
{
  EbpfLoaderWriter *writer = &self->writer;
  guint32 name_at = ebpf_loader_writer_add_string (writer, name);

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_TYPE, name);
  ebpf_loader_writer_address (writer, 1, name_at);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0,
                           (gint32) strlen (name) + 1);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, (gint32) kind);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0);
  ebpf_loader_writer_call (writer, EBPF_LOADER_FUNC_BTF_FIND);
  write_result_or_zero (writer, weak);

  /* The id, and above it the descriptor of a module's type information. */
  ebpf_loader_writer_address (writer, 1, symbol->at);
  ebpf_loader_writer_emit (writer, BPF_STX | BPF_MEM | BPF_W, 1, EBPF_LOADER_REG_RESULT, 0, 0);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_RSH | BPF_K, EBPF_LOADER_REG_RESULT, 0, 0, 32);
  ebpf_loader_writer_slot (writer, 1, symbol->slot);
  ebpf_loader_writer_emit (writer, BPF_STX | BPF_MEM | BPF_W, 1, EBPF_LOADER_REG_RESULT, 0, 0);
}

/* @kind: of the type, or void for an address. */
static const Symbol *
need_symbol (EbpfLoaderGenerator *self, const char *name, guint kind, gboolean weak)
{
  g_autofree char *key = g_strdup_printf ("%u:%d:%s", kind, weak, name);
  Symbol *symbol = g_hash_table_lookup (self->symbols, key);

  if (symbol != NULL)
    return symbol;

  symbol = g_new0 (Symbol, 1);
  symbol->at = ebpf_loader_writer_add (&self->writer, NULL, sizeof (guint64));
  if (kind == EBPF_BTF_KIND_VOID)
    {
      write_find_address (self, name, weak, symbol);
    }
  else
    {
      symbol->slot = ebpf_loader_writer_add_slot (&self->writer);
      write_find_type (self, name, kind, weak, symbol);
    }

  g_hash_table_insert (self->symbols, g_steal_pointer (&key), symbol);
  return symbol;
}

static const Symbol *
need_extern (EbpfLoaderGenerator *self, EbpfProgramSpec *program, const EbpfReloc *reloc)
{
  EbpfExternKind kind = ebpf_externs_classify (ebpf_program_spec_get_btf (program), reloc);
  g_autofree char *name = NULL;

  if (kind == EBPF_EXTERN_ADDRESS)
    return need_symbol (self, reloc->symbol, EBPF_BTF_KIND_VOID, reloc->weak);

  /* "kfunc___v2" is another idea of the kernel's "kfunc". */
  name = g_strndup (reloc->symbol, ebpf_core_essential_length (reloc->symbol));
  return need_symbol (self, name,
                      kind == EBPF_EXTERN_FUNCTION ? EBPF_BTF_KIND_FUNC : EBPF_BTF_KIND_VAR,
                      reloc->weak);
}

/* --- instructions, which are at @at */

static void
store_field (EbpfLoaderWriter *writer, guint8 size, guint8 reg, gint16 field)
{
  ebpf_loader_writer_emit (writer, BPF_STX | BPF_MEM | size, 1, reg, field, 0);
}

static void
store_constant (EbpfLoaderWriter *writer, guint8 size, gint16 field, gint32 value)
{
  ebpf_loader_writer_emit (writer, BPF_ST | BPF_MEM | size, 1, 0, field, value);
}

/* Jumps over what follows unless r3 is 0; to be ended by end_if (). */
static guint
begin_if_zero (EbpfLoaderWriter *writer)
{
  ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JNE | BPF_K, 3, 0, 0, 0);
  return writer->insns->len - 1;
}

static void
end_if (EbpfLoaderWriter *writer, guint begin)
{
  g_array_index (writer->insns, EbpfInsn, begin).off = (gint16) (writer->insns->len - begin - 1);
}

static void
load_word (EbpfLoaderWriter *writer, guint8 reg, guint8 size, guint32 at)
{
  ebpf_loader_writer_address (writer, 2, at);
  ebpf_loader_writer_emit (writer, BPF_LDX | BPF_MEM | size, reg, 2, 0, 0);
}

static guint8
regs_byte (guint8 dst, guint8 src)
{
  EbpfInsn insn = { 0 };
  guint8 bytes[sizeof insn];

  insn.dst = dst & 0xf;
  insn.src = src & 0xf;
  memcpy (bytes, &insn, sizeof insn);
  return bytes[INSN_REGS];
}

static void
patch_call (EbpfLoaderWriter *writer, guint32 at, const Symbol *symbol, gboolean weak)
{
  guint begin;

  ebpf_loader_writer_address (writer, 1, at);
  load_word (writer, 3, BPF_W, symbol->at);
  store_field (writer, BPF_W, 3, INSN_IMM);
  if (weak)
    {
      begin = begin_if_zero (writer);
      store_constant (writer, BPF_B, INSN_REGS, regs_byte (0, 0));
      store_constant (writer, BPF_W, INSN_IMM, EBPF_EXTERNS_POISON_CALL);
      end_if (writer, begin);
    }

  /* That of a module says where in the fd_array; 0 is vmlinux. */
  ebpf_loader_writer_slot (writer, 2, symbol->slot);
  ebpf_loader_writer_emit (writer, BPF_LDX | BPF_MEM | BPF_W, 3, 2, 0, 0);
  ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1, 0);
  store_constant (writer, BPF_H, INSN_OFF, (gint32) symbol->slot);
}

static void
patch_typed_load (EbpfLoaderWriter *writer,
                  guint32 at,
                  const Symbol *symbol,
                  gboolean weak,
                  guint8 dst)
{
  guint begin;

  ebpf_loader_writer_address (writer, 1, at);
  ebpf_loader_writer_slot (writer, 2, symbol->slot);
  ebpf_loader_writer_emit (writer, BPF_LDX | BPF_MEM | BPF_W, 3, 2, 0, 0);
  store_field (writer, BPF_W, 3, sizeof (EbpfInsn) + INSN_IMM);
  load_word (writer, 3, BPF_W, symbol->at);
  store_field (writer, BPF_W, 3, INSN_IMM);
  if (weak)
    {
      begin = begin_if_zero (writer);
      store_constant (writer, BPF_B, INSN_REGS, regs_byte (dst, 0));
      end_if (writer, begin);
    }
}

static void
patch_address (EbpfLoaderWriter *writer, guint32 at, const Symbol *symbol, gint64 addend)
{
  guint begin;

  ebpf_loader_writer_address (writer, 1, at);
  load_word (writer, 3, BPF_DW, symbol->at);
  if (addend != 0)
    {
      /* Not of what is not there. */
      begin = writer->insns->len;
      ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 0, 0);
      ebpf_loader_writer_emit (writer, EBPF_OP_LDIMM64, 4, 0, 0, (gint32) (guint32) addend);
      ebpf_loader_writer_emit (writer, 0, 0, 0, 0, (gint32) (guint32) ((guint64) addend >> 32));
      ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_ADD | BPF_X, 3, 4, 0, 0);
      end_if (writer, begin);
    }
  store_field (writer, BPF_W, 3, INSN_IMM);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_RSH | BPF_K, 3, 0, 0, 32);
  store_field (writer, BPF_W, 3, sizeof (EbpfInsn) + INSN_IMM);
}

/* --- what is known now */

static gboolean
set_bad (GError **error, const EbpfReloc *reloc, const char *why)
{
  ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0, "instruction %u refers to \"%s\", %s",
                  reloc->insn, reloc->symbol, why);
  return FALSE;
}

static gboolean
refer_to_map (EbpfLoaderGenerator *self,
              guint index,
              const EbpfReloc *reloc,
              EbpfInsn *insn,
              GError **error)
{
  EbpfLoaderMapPlan *plan = g_hash_table_lookup (self->maps, reloc->symbol);

  if (!ebpf_insn_is_ldimm64 (insn))
    return set_bad (error, reloc, "a map, but is no 64-bit load");
  if (reloc->addend < 0 || reloc->addend > G_MAXINT32 ||
      (reloc->kind == EBPF_RELOC_MAP && reloc->addend != 0))
    return set_bad (error, reloc, "a map, at a byte which cannot be");

  if (plan == NULL)
    {
      if (ebpf_collection_spec_get_map (self->source, reloc->symbol) == NULL)
        return set_bad (error, reloc, "a map that is not there");

      /* It was left out; fine as long as the verifier finds that it is never reached. */
      for (guint i = 0; i < 2; i++)
        {
          memset (&insn[i], 0, sizeof insn[i]);
          insn[i].code = EBPF_OP_CALL;
          insn[i].imm = (gint32) (EBPF_MAP_POISON + MIN (index, EBPF_MAP_POISON_MAX));
        }
      return TRUE;
    }

  insn[0].src = reloc->kind == EBPF_RELOC_MAP ? EBPF_PSEUDO_MAP_IDX : EBPF_PSEUDO_MAP_IDX_VALUE;
  insn[0].imm = (gint32) plan->slot;
  insn[1].imm = (gint32) reloc->addend;
  return TRUE;
}

static gboolean
refer_to_nothing (const EbpfReloc *reloc, EbpfInsn *insn, GError **error)
{
  if (!reloc->weak)
    return set_bad (error, reloc, "which nothing defines");

  if (insn->code == EBPF_OP_CALL)
    {
      insn->src = 0;
      insn->imm = EBPF_EXTERNS_POISON_CALL;
    }
  return TRUE;
}

static gboolean
refer_to_kernel (EbpfProgramSpec *program, const EbpfReloc *reloc, EbpfInsn *insn, GError **error)
{
  EbpfExternKind kind = ebpf_externs_classify (ebpf_program_spec_get_btf (program), reloc);

  if (reloc->kind == EBPF_RELOC_KFUNC)
    {
      if (insn->code != EBPF_OP_CALL)
        return set_bad (error, reloc, "a function of the kernel, but is no call");
      insn->dst = 0;
      insn->src = EBPF_PSEUDO_KFUNC_CALL;
      insn->off = 0;
      return TRUE;
    }

  if (!ebpf_insn_is_ldimm64 (insn))
    return set_bad (error, reloc, "which the kernel has, but is no 64-bit load");
  if (kind != EBPF_EXTERN_ADDRESS && reloc->addend != 0)
    return set_bad (error, reloc, "at an address inside it, which has no type");

  insn[0].src = kind == EBPF_EXTERN_ADDRESS ? 0 : EBPF_PSEUDO_BTF_ID;
  insn[1].src = 0;
  insn[0].off = insn[1].off = 0;
  return TRUE;
}

static gboolean
relocate_now (EbpfLoaderGenerator *self, EbpfProgramSpec *program, EbpfInsn *insns, GError **error)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (program);

  for (guint i = 0; i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);
      EbpfInsn *insn;

      if (reloc->insn >= code->insns->len)
        return set_bad (error, reloc, "and is behind the end of the program");
      insn = &insns[reloc->insn];
      if (ebpf_insn_is_ldimm64 (insn) && reloc->insn + 1 >= code->insns->len)
        return set_bad (error, reloc, "and is cut off by the end of the program");

      switch (reloc->kind)
        {
        case EBPF_RELOC_MAP:
        case EBPF_RELOC_MAP_VALUE:
          if (!refer_to_map (self, i, reloc, insn, error))
            return FALSE;
          break;
        case EBPF_RELOC_KSYM:
        case EBPF_RELOC_KFUNC:
          if (!refer_to_kernel (program, reloc, insn, error))
            return FALSE;
          break;
        case EBPF_RELOC_JUMP_TABLE:
          ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                          "instruction %u jumps by a table, \"%s\", which a loader program cannot "
                          "make: it holds instructions of a program that is not loaded yet",
                          reloc->insn, reloc->symbol);
          return FALSE;
        case EBPF_RELOC_OTHER:
        default:
          if (!refer_to_nothing (reloc, insn, error))
            return FALSE;
          break;
        }
    }

  return TRUE;
}

static void
relocate_later (EbpfLoaderGenerator *self, EbpfProgramSpec *program, guint32 insns_at)
{
  const EbpfCode *code = ebpf_program_spec_peek_code (program);
  EbpfBtf *btf = ebpf_program_spec_get_btf (program);

  for (guint i = 0; i < code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (code->relocs, EbpfReloc, i);
      guint32 at = insns_at + reloc->insn * (guint32) sizeof (EbpfInsn);
      const Symbol *symbol;

      if (reloc->kind != EBPF_RELOC_KSYM && reloc->kind != EBPF_RELOC_KFUNC)
        continue;

      symbol = need_extern (self, program, reloc);
      ebpf_loader_writer_reach (&self->writer);
      if (reloc->kind == EBPF_RELOC_KFUNC)
        patch_call (&self->writer, at, symbol, reloc->weak);
      else if (ebpf_externs_classify (btf, reloc) == EBPF_EXTERN_ADDRESS)
        patch_address (&self->writer, at, symbol, reloc->addend);
      else
        patch_typed_load (&self->writer, at, symbol, reloc->weak,
                          g_array_index (code->insns, EbpfInsn, reloc->insn).dst);
    }
}

/* --- records */

static guint32
add_core_relos (EbpfLoaderGenerator *self, const EbpfCode *code)
{
  g_autoptr (GArray) relos = g_array_new (FALSE, FALSE, sizeof (KernelCoreRelo));

  for (guint i = 0; i < code->core_relos->len; i++)
    {
      const EbpfCoreRelo *relo = &g_array_index (code->core_relos, EbpfCoreRelo, i);
      KernelCoreRelo kernel = { relo->insn * (guint32) sizeof (EbpfInsn), relo->type_id,
                                relo->access_str_off, relo->kind };

      g_array_append_val (relos, kernel);
    }

  return ebpf_loader_writer_add (&self->writer, relos->data, relos->len * sizeof (KernelCoreRelo));
}

static guint32
add_records (EbpfLoaderGenerator *self, const GArray *records)
{
  return ebpf_loader_writer_add (&self->writer, records->data,
                                 (gsize) records->len *
                                     g_array_get_element_size ((GArray *) records));
}

gboolean
ebpf_loader_write_program (EbpfLoaderGenerator *self, EbpfProgramSpec *program, GError **error)
{
  EbpfLoaderWriter *writer = &self->writer;
  const EbpfCode *code = ebpf_program_spec_peek_code (program);
  const char *license = ebpf_program_spec_get_license (program);
  EbpfBtf *btf = ebpf_program_spec_get_btf (program);
  g_autofree EbpfInsn *insns = NULL;
  g_autofree char *target = NULL;
  EbpfSysProgLoad attr = { 0 };
  EbpfBtfKind target_kind;
  const Symbol *target_symbol = NULL;
  guint32 at, insns_at, license_at, func_infos_at = 0, line_infos_at = 0, core_relos_at = 0;
  gboolean has_records;
  guint slot, btf_slot = 0;

  if (code->insns->len == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "it has no instructions");
      return FALSE;
    }
  if (!ebpf_attach_target_describe (program, &target, &target_kind, error))
    return FALSE;

  insns = g_memdup2 (code->insns->data, sizeof (EbpfInsn) * code->insns->len);
  if (!relocate_now (self, program, insns, error))
    return FALSE;

  has_records =
      btf != NULL && ebpf_btf_get_base (btf) == NULL && ebpf_program_can_send_func_infos (code);
  if (code->core_relos->len > 0 && !has_records)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0,
                      "it has CO-RE relocations, and the kernel does them only for programs with "
                      "a record of each function");
      return FALSE;
    }

  if (license == NULL)
    license = ebpf_collection_spec_get_license (self->source);
  if (license == NULL)
    license = "";

  insns_at = ebpf_loader_writer_add (writer, insns, sizeof (EbpfInsn) * code->insns->len);
  license_at = ebpf_loader_writer_add_string (writer, license);

  attr.prog_type = (guint32) ebpf_program_spec_get_program_type (program);
  attr.insn_cnt = code->insns->len;
  attr.kern_version = ebpf_program_spec_get_kernel_version (program);
  attr.prog_flags = ebpf_program_spec_get_program_flags (program);
  attr.prog_ifindex = ebpf_program_spec_get_ifindex (program);
  if (ebpf_program_spec_has_attach_type (program))
    attr.expected_attach_type = (guint32) ebpf_program_spec_get_attach_type (program);
  ebpf_sys_copy_name (attr.prog_name, ebpf_program_spec_get_name (program));

  if (has_records)
    {
      btf_slot = ebpf_loader_need_btf (self, btf, NULL);
      attr.func_info_rec_size = sizeof (EbpfFuncInfo);
      attr.func_info_cnt = code->func_infos->len;
      func_infos_at = add_records (self, code->func_infos);
      if (ebpf_program_can_send_line_infos (code))
        {
          attr.line_info_rec_size = sizeof (EbpfLineInfo);
          attr.line_info_cnt = code->line_infos->len;
          line_infos_at = add_records (self, code->line_infos);
        }
      if (code->core_relos->len > 0)
        {
          attr.core_relo_rec_size = sizeof (KernelCoreRelo);
          attr.core_relo_cnt = code->core_relos->len;
          core_relos_at = add_core_relos (self, code);
        }
    }

  at = ebpf_loader_writer_add (writer, &attr, sizeof attr);
  slot = ebpf_loader_writer_add_slot (writer);
  g_hash_table_insert (self->programs, (gpointer) ebpf_program_spec_get_name (program),
                       GUINT_TO_POINTER (slot + 1));

  relocate_later (self, program, insns_at);
  if (target != NULL)
    target_symbol = need_symbol (self, target, target_kind, FALSE);

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_PROGRAM, ebpf_program_spec_get_name (program));
  ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysProgLoad, insns), insns_at);
  ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysProgLoad, license), license_at);
  ebpf_loader_writer_store_slot_address (writer, at + FIELD (EbpfSysProgLoad, fd_array), 0);
  ebpf_loader_store_log (self, at + FIELD (EbpfSysProgLoad, log_level),
                         at + FIELD (EbpfSysProgLoad, log_size),
                         at + FIELD (EbpfSysProgLoad, log_buf));
  if (has_records)
    {
      ebpf_loader_writer_store_fd (writer, at + FIELD (EbpfSysProgLoad, prog_btf_fd), btf_slot);
      ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysProgLoad, func_info),
                                        func_infos_at);
    }
  if (attr.line_info_cnt > 0)
    ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysProgLoad, line_info),
                                      line_infos_at);
  if (attr.core_relo_cnt > 0)
    ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysProgLoad, core_relos),
                                      core_relos_at);
  if (target_symbol != NULL)
    {
      load_word (writer, 3, BPF_W, target_symbol->at);
      ebpf_loader_writer_address (writer, 1, at + FIELD (EbpfSysProgLoad, attach_btf_id));
      store_field (writer, BPF_W, 3, 0);
      ebpf_loader_writer_store_fd (writer, at + FIELD (EbpfSysProgLoad, attach_prog_fd),
                                   target_symbol->slot);
    }

  ebpf_loader_writer_syscall (writer, EBPF_SYS_PROG_LOAD, at, sizeof attr);
  ebpf_loader_writer_keep (writer, slot);
  return TRUE;
}
