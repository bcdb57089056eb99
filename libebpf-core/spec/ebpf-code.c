/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-code-private.h"

static void
reloc_clear (gpointer data)
{
  EbpfReloc *reloc = data;

  g_clear_pointer (&reloc->symbol, g_ref_string_release);
}

static void
jump_table_clear (gpointer data)
{
  EbpfJumpTable *table = data;

  g_clear_pointer (&table->targets, g_free);
}

static void
code_clear (gpointer data)
{
  EbpfCode *self = data;

  g_array_unref (self->insns);
  g_array_unref (self->relocs);
  g_array_unref (self->func_infos);
  g_array_unref (self->line_infos);
  g_array_unref (self->core_relos);
  g_array_unref (self->jump_tables);
}

EbpfCode *
ebpf_code_new (void)
{
  EbpfCode *self = g_atomic_rc_box_new0 (EbpfCode);

  self->insns = g_array_new (FALSE, FALSE, sizeof (EbpfInsn));
  self->relocs = g_array_new (FALSE, FALSE, sizeof (EbpfReloc));
  g_array_set_clear_func (self->relocs, reloc_clear);
  self->func_infos = g_array_new (FALSE, FALSE, sizeof (EbpfFuncInfo));
  self->line_infos = g_array_new (FALSE, FALSE, sizeof (EbpfLineInfo));
  self->core_relos = g_array_new (FALSE, FALSE, sizeof (EbpfCoreRelo));
  self->jump_tables = g_array_new (FALSE, FALSE, sizeof (EbpfJumpTable));
  g_array_set_clear_func (self->jump_tables, jump_table_clear);

  return self;
}

EbpfCode *
ebpf_code_ref (EbpfCode *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
ebpf_code_unref (EbpfCode *self)
{
  g_atomic_rc_box_release_full (self, code_clear);
}

void
ebpf_code_add_reloc (EbpfCode *self,
                     guint32 insn,
                     EbpfRelocKind kind,
                     const char *symbol,
                     gint64 addend)
{
  EbpfReloc reloc = {
    .insn = insn,
    .kind = kind,
    .symbol = g_ref_string_new (symbol),
    .addend = addend,
  };

  g_array_append_val (self->relocs, reloc);
}

guint32
ebpf_code_add_jump_table (EbpfCode *self, const EbpfJumpTable *table, gint64 shift)
{
  EbpfJumpTable copy = { .n_targets = table->n_targets };

  copy.targets = g_new (guint32, table->n_targets);
  for (guint32 i = 0; i < table->n_targets; i++)
    copy.targets[i] = (guint32) (table->targets[i] + shift);
  g_array_append_val (self->jump_tables, copy);

  return self->jump_tables->len - 1;
}

EbpfCode *
ebpf_code_copy (const EbpfCode *self)
{
  EbpfCode *copy = ebpf_code_new ();

  g_array_append_vals (copy->insns, self->insns->data, self->insns->len);
  g_array_append_vals (copy->func_infos, self->func_infos->data, self->func_infos->len);
  g_array_append_vals (copy->line_infos, self->line_infos->data, self->line_infos->len);
  g_array_append_vals (copy->core_relos, self->core_relos->data, self->core_relos->len);
  g_array_append_vals (copy->relocs, self->relocs->data, self->relocs->len);
  for (guint i = 0; i < self->jump_tables->len; i++)
    ebpf_code_add_jump_table (copy, &g_array_index (self->jump_tables, EbpfJumpTable, i), 0);
  for (guint i = 0; i < copy->relocs->len; i++)
    g_ref_string_acquire (g_array_index (copy->relocs, EbpfReloc, i).symbol);

  return copy;
}

static void
clear_immediates (EbpfInsn *insns, guint n_insns, guint32 at)
{
  insns[at].imm = 0;
  if (at + 1 < n_insns)
    insns[at + 1].imm = 0;
}

/* Source: bpf_prog_calc_tag () of kernel/bpf/core.c. What differs from load to load, descriptors of
 * maps and offsets in them, does not count. */
static GChecksum *
compute_checksum (const EbpfCode *self, const EbpfInsn *insns, GChecksumType type)
{
  g_autoptr (GChecksum) sum = g_checksum_new (type);
  g_autofree EbpfInsn *copy = NULL;
  guint n_insns = self->insns->len;

  if (sum == NULL)
    return NULL;

  copy = g_memdup2 (insns, sizeof (EbpfInsn) * n_insns);
  for (guint i = 0; i < self->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (self->relocs, EbpfReloc, i);

      if (reloc->insn >= n_insns ||
          (reloc->kind != EBPF_RELOC_MAP && reloc->kind != EBPF_RELOC_MAP_VALUE &&
           reloc->kind != EBPF_RELOC_JUMP_TABLE))
        continue;
      copy[reloc->insn].src =
          reloc->kind == EBPF_RELOC_MAP ? EBPF_PSEUDO_MAP_FD : EBPF_PSEUDO_MAP_VALUE;
      clear_immediates (copy, n_insns, reloc->insn);
    }
  for (guint i = 0; i < n_insns; i++)
    if (ebpf_insn_is_ldimm64 (&copy[i]))
      {
        if (copy[i].src == EBPF_PSEUDO_MAP_FD || copy[i].src == EBPF_PSEUDO_MAP_VALUE)
          clear_immediates (copy, n_insns, i);
        i++;
      }

  g_checksum_update (sum, (const guchar *) copy, (gssize) (sizeof (EbpfInsn) * n_insns));
  return g_steal_pointer (&sum);
}

char *
ebpf_code_compute_tag (const EbpfCode *self, const EbpfInsn *insns, GChecksumType checksum)
{
  g_autoptr (GChecksum) sum = compute_checksum (self, insns, checksum);

  return sum != NULL ? g_strndup (g_checksum_get_string (sum), 16) : NULL;
}

GBytes *
ebpf_code_compute_digest (const EbpfCode *self, const EbpfInsn *insns)
{
  g_autoptr (GChecksum) sum = compute_checksum (self, insns, G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize size = sizeof digest;

  g_checksum_get_digest (sum, digest, &size);
  return g_bytes_new (digest, size);
}
