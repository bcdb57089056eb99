/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EbpfctlTable EbpfctlTable;

typedef enum
{
  EBPFCTL_COLUMN_LEFT = 0,
  EBPFCTL_COLUMN_RIGHT = 1 << 0,
  /* May be cut where the table does not fit; the widest such column is cut first. */
  EBPFCTL_COLUMN_SHRINK = 1 << 1,
} EbpfctlColumnFlags;

EbpfctlTable *ebpfctl_table_new (void);

void ebpfctl_table_free (EbpfctlTable *self);

void ebpfctl_table_add_column (EbpfctlTable *self, const char *heading, EbpfctlColumnFlags flags);

/* Cells are added one by one; a row is as long as there are columns. NULL is shown as "-". */
void ebpfctl_table_add_text (EbpfctlTable *self, const char *text);
void ebpfctl_table_add_number (EbpfctlTable *self, guint64 number);

guint ebpfctl_table_get_n_rows (EbpfctlTable *self);

/* Writes the table to stdout, each line after @indent spaces and none wider than the terminal. */
void ebpfctl_table_print (EbpfctlTable *self, guint indent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfctlTable, ebpfctl_table_free)

G_END_DECLS
