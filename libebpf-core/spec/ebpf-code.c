/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-code-private.h"

static void
reloc_clear (gpointer data)
{
  EbpfReloc *reloc = data;

  g_clear_pointer (&reloc->symbol, g_ref_string_release);
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
