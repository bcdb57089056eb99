/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "object/ebpf-map-private.h"
#include "object/ebpf-struct-ops-private.h"
#include "sys/ebpf-sys-private.h"

G_BEGIN_DECLS

/* What the files of EbpfMap share; nobody else includes this. */

struct _EbpfMap
{
  GObject parent_instance;

  gint fd; /* atomic; -1 once closed */
  char *name;
  guint32 map_type;
  guint32 key_size;
  guint32 value_size;
  guint32 max_entries;
  guint32 map_flags;
  guint64 map_extra;
  guint32 id;
  gint frozen; /* atomic */
  char *pin_path;
  EbpfMapDriver *driver;
  gsize value_buffer_size; /* plus 1; 0: the driver was not asked yet */

  /* Under the lock: the types, and what they are fetched by where the application or the spec did
   * not bring them. */
  GMutex lock;
  EbpfBtfType *key_type;
  EbpfBtfType *value_type;
  guint32 btf_id;
  guint32 btf_key_type_id;
  guint32 btf_value_type_id;
  gpointer memory;
  gsize memory_size;
  gboolean memory_writable;
  EbpfStructOpsValue *struct_ops; /* what it is registered with, or NULL */
};

/* Takes @fd, closes it on failure. @driver may be NULL: the registry is asked. @fresh: we have just
 * made the map, so that nobody can have frozen it. */
EbpfMap *ebpf_map_wrap_fd (int fd, EbpfMapDriver *driver, gboolean fresh, GError **error);

/* The fd, or -1 with @error where the map is closed. */
int ebpf_map_check_open (EbpfMap *self, GError **error);

/* "map 'NAME'", or "map of id 7". */
char *ebpf_map_describe (EbpfMap *self);

void ebpf_map_set_pin_path (EbpfMap *self, const char *path);
void ebpf_map_set_frozen (EbpfMap *self);

/* The field of /proc/self/fdinfo; FALSE where it is not there. */
gboolean ebpf_map_read_fdinfo (int fd, const char *field, guint64 *value);

/* Fetches the types of key and value by their ids, once, where nothing else is known. */
void ebpf_map_fetch_types (EbpfMap *self);

/* Under the lock. */
void ebpf_map_unmap_memory (EbpfMap *self);

/* "0a 00 00 00", cut after some bytes. */
char *ebpf_map_format_bytes (gconstpointer data, gsize size);

/* Whether @self is a map that can be used, and @key has the size of its keys (NULL where it has
 * none). */
gboolean ebpf_map_check_key (EbpfMap *self, GBytes *key, GError **error);

/* Lookup into a fresh buffer of the kernel's form. */
GBytes *ebpf_map_lookup_packed (EbpfMap *self, gconstpointer key, gboolean take, GError **error);

/* Sets @error for what the kernel answered to an operation on entries. */
void
ebpf_map_set_error (EbpfMap *self, GError **error, int errsv, const char *doing, gconstpointer key);

EbpfMapIterator *ebpf_map_iterator_new (EbpfMap *map);

G_END_DECLS
