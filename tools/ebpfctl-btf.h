/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "ebpfctl.h"

G_BEGIN_DECLS

/* The commands of `ebpfctl btf`: each takes its name, "btf NAME", and its arguments. */
int ebpfctl_btf_minimize (int argc, char **argv);

G_END_DECLS
