/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EBPF_INSIDE) && !defined(EBPF_COMPILATION)
#error "Only <ebpf.h> (and <ebpf-plugin.h>, in a plug-in) can be included directly."
#endif

#include <glib.h>

#include "base/ebpf-version.h"

#ifndef _EBPF_EXTERN
#define _EBPF_EXTERN __attribute__ ((visibility ("default"))) extern
#endif

/**
 * EBPF_VERSION_0_1:
 *
 * The version 0.1, to be compared with `EBPF_VERSION_MIN_REQUIRED` and
 * `EBPF_VERSION_MAX_ALLOWED`.
 */
#define EBPF_VERSION_0_1 (G_ENCODE_VERSION (0, 1))

#define EBPF_VERSION_CUR_STABLE (G_ENCODE_VERSION (EBPF_MAJOR_VERSION, EBPF_MINOR_VERSION))

#ifndef EBPF_VERSION_MIN_REQUIRED
#define EBPF_VERSION_MIN_REQUIRED EBPF_VERSION_CUR_STABLE
#endif

#ifndef EBPF_VERSION_MAX_ALLOWED
#define EBPF_VERSION_MAX_ALLOWED EBPF_VERSION_CUR_STABLE
#endif

#if EBPF_VERSION_MAX_ALLOWED < EBPF_VERSION_MIN_REQUIRED
#error "EBPF_VERSION_MAX_ALLOWED must not be lower than EBPF_VERSION_MIN_REQUIRED"
#endif

#define EBPF_AVAILABLE_IN_ALL _EBPF_EXTERN

#if EBPF_VERSION_MAX_ALLOWED < EBPF_VERSION_0_1
#define EBPF_AVAILABLE_IN_0_1 G_UNAVAILABLE (0, 1) _EBPF_EXTERN
#else
#define EBPF_AVAILABLE_IN_0_1 _EBPF_EXTERN
#endif
