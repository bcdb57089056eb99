/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/ebpf-types.h"

G_BEGIN_DECLS

/**
 * EBPF_ERROR:
 *
 * The error domain of the library. Codes are of [enum@Error]; cancelling reports
 * %G_IO_ERROR_CANCELLED as everywhere.
 */
#define EBPF_ERROR (ebpf_error_quark ())

/**
 * EbpfError:
 * @EBPF_ERROR_FAILED: something else; the message and the errno say what
 * @EBPF_ERROR_INVALID_ARGUMENT: a value given by the caller cannot be used as it is
 * @EBPF_ERROR_IO: a file could not be read or written
 * @EBPF_ERROR_NOT_ELF: the bytes are not an ELF file
 * @EBPF_ERROR_WRONG_MACHINE: an ELF file, but not of BPF code
 * @EBPF_ERROR_MALFORMED: a damaged object file, or one that contradicts itself
 * @EBPF_ERROR_BTF: type information that is missing or damaged
 * @EBPF_ERROR_RELOCATION: a relocation that leads nowhere or cannot be applied
 * @EBPF_ERROR_BYTE_ORDER: an object of the other byte order was to be loaded
 * @EBPF_ERROR_NOT_FOUND: no such map, program, variable, key, symbol, type or file
 * @EBPF_ERROR_EXISTS: there is one already
 * @EBPF_ERROR_WRONG_TYPE: a GVariant or object of another type than expected
 * @EBPF_ERROR_WRONG_SIZE: bytes of another length than expected
 * @EBPF_ERROR_INCOMPATIBLE: an existing object that does not fit the description
 * @EBPF_ERROR_PERMISSION: the kernel refuses for want of a privilege
 * @EBPF_ERROR_NOT_SUPPORTED: this kernel, or this type of object, cannot do it
 * @EBPF_ERROR_VERIFIER: the verifier rejected a program; see [func@Error.get_log]
 * @EBPF_ERROR_LIMIT: a limit was reached: memory, number of entries, size
 * @EBPF_ERROR_BUSY: in use, or changed meanwhile; trying again may help
 * @EBPF_ERROR_CLOSED: the object was closed
 * @EBPF_ERROR_READ_ONLY: a write to what is frozen or constant
 * @EBPF_ERROR_PLUGIN: a plug-in could not be loaded or did not do its work
 * @EBPF_ERROR_PLUGIN_ABI: a plug-in made for another version of the library
 *
 * What went wrong. Each code means one thing that a caller can act on.
 */
typedef enum /*< enum >*/
{
  EBPF_ERROR_FAILED,
  EBPF_ERROR_INVALID_ARGUMENT,
  EBPF_ERROR_IO,
  EBPF_ERROR_NOT_ELF,
  EBPF_ERROR_WRONG_MACHINE,
  EBPF_ERROR_MALFORMED,
  EBPF_ERROR_BTF,
  EBPF_ERROR_RELOCATION,
  EBPF_ERROR_BYTE_ORDER,
  EBPF_ERROR_NOT_FOUND,
  EBPF_ERROR_EXISTS,
  EBPF_ERROR_WRONG_TYPE,
  EBPF_ERROR_WRONG_SIZE,
  EBPF_ERROR_INCOMPATIBLE,
  EBPF_ERROR_PERMISSION,
  EBPF_ERROR_NOT_SUPPORTED,
  EBPF_ERROR_VERIFIER,
  EBPF_ERROR_LIMIT,
  EBPF_ERROR_BUSY,
  EBPF_ERROR_CLOSED,
  EBPF_ERROR_READ_ONLY,
  EBPF_ERROR_PLUGIN,
  EBPF_ERROR_PLUGIN_ABI,
} EbpfError;

EBPF_AVAILABLE_IN_ALL
GQuark ebpf_error_quark (void);

EBPF_AVAILABLE_IN_ALL
int ebpf_error_get_errno (const GError *error);

EBPF_AVAILABLE_IN_ALL
const char *ebpf_error_get_log (const GError *error);

G_END_DECLS
