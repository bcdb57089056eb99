/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/ebpf-types.h"

G_BEGIN_DECLS

/* How the values of a simple struct (numbers, text, bytes and arrays of numbers) become GVariants without
 * a GVariant for each of their parts: worked out once, it writes the serialised form. */
typedef struct _EbpfBtfPlan EbpfBtfPlan;

/* NULL where the type is not as simple, or @id is none. */
EbpfBtfPlan *ebpf_btf_plan_new (EbpfBtf *btf, guint32 id);
void ebpf_btf_plan_free (EbpfBtfPlan *plan);

/* Floating: the same as ebpf_btf_value_to_variant () gives. NULL where @size is too small, or it is
 * not for here to decide. */
GVariant *ebpf_btf_plan_read (const EbpfBtfPlan *plan, const guint8 *data, gsize size);

/* That of a type whose values are read more than once; NULL where there is none. */
const EbpfBtfPlan *ebpf_btf_type_peek_plan (EbpfBtfType *type);

G_END_DECLS
