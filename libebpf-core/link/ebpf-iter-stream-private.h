/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a run of an iterator writes. Takes @fd. @what: "iter task", for errors. */
GInputStream *ebpf_iter_stream_new (int fd, const char *what);

G_END_DECLS
