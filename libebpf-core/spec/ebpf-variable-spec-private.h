/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "spec/ebpf-variable-spec.h"

G_BEGIN_DECLS

/* @tags: NULL-terminated, or NULL. */
void ebpf_variable_spec_set_tags (EbpfVariableSpec *self, const char *const *tags);

/* Another value, of any length, and another type (or NULL). */
void ebpf_variable_spec_replace (EbpfVariableSpec *self, GBytes *value, EbpfBtfType *btf_type);

G_END_DECLS
