/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "ebpfctl.h"

G_BEGIN_DECLS

/* The commands of `ebpfctl btf`: each takes its name, "btf NAME", and its arguments. */
int ebpfctl_btf_distill (int argc, char **argv);
int ebpfctl_btf_dump (int argc, char **argv);
int ebpfctl_btf_minimize (int argc, char **argv);

/* All types, or those of @ids (of guint), as text and as JSON on stdout. */
void ebpfctl_btf_print_raw (EbpfBtf *btf, GArray *ids);
void ebpfctl_btf_print_json (EbpfBtf *btf, GArray *ids);

G_END_DECLS
