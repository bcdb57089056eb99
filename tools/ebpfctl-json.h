/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes JSON (RFC 8259). Made for this tool because JSON-GLib holds integers as gint64, and what
 * comes out of a map is often above that. */
typedef struct _EbpfctlJson EbpfctlJson;

typedef enum
{
  EBPFCTL_JSON_LINE,  /* all in one line */
  EBPFCTL_JSON_PRETTY /* one line for each member and each element of a member */
} EbpfctlJsonFormat;

EbpfctlJson *ebpfctl_json_new (EbpfctlJsonFormat format);

void ebpfctl_json_free (EbpfctlJson *self);

/* @name is the member's name inside an object and NULL elsewhere. */
void ebpfctl_json_begin_object (EbpfctlJson *self, const char *name);
void ebpfctl_json_end_object (EbpfctlJson *self);
void ebpfctl_json_begin_array (EbpfctlJson *self, const char *name);
void ebpfctl_json_end_array (EbpfctlJson *self);
void ebpfctl_json_add_null (EbpfctlJson *self, const char *name);
void ebpfctl_json_add_boolean (EbpfctlJson *self, const char *name, gboolean value);
void ebpfctl_json_add_int (EbpfctlJson *self, const char *name, gint64 value);
void ebpfctl_json_add_uint (EbpfctlJson *self, const char *name, guint64 value);
void ebpfctl_json_add_double (EbpfctlJson *self, const char *name, double value);

/* NULL becomes null. Bytes that are not UTF-8 become U+FFFD. */
void ebpfctl_json_add_string (EbpfctlJson *self, const char *name, const char *value);

/* Dictionaries with string keys become objects; tuples, arrays and other dictionaries arrays. */
void ebpfctl_json_add_variant (EbpfctlJson *self, const char *name, GVariant *value);

/* The text so far, which is whole once all that was begun is ended. */
const char *ebpfctl_json_peek (EbpfctlJson *self);

/* Writes the whole text and a line break to stdout, and begins anew. */
void ebpfctl_json_print (EbpfctlJson *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfctlJson, ebpfctl_json_free)

G_END_DECLS
