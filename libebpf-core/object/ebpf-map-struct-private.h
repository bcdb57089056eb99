/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <pthread.h>

#include "object/ebpf-map-private.h"
#include "object/ebpf-memory-private.h"
#include "object/ebpf-struct-ops-private.h"
#include "sys/ebpf-sys-private.h"

G_BEGIN_DECLS

/* What the files of EbpfMap share; nobody else includes this. */

struct _EbpfMap
{
  GObject parent_instance;

  gint fd;        /* atomic; -1 once closed */
  gint shared;    /* atomic; whether several threads have used fd */
  gpointer user;  /* atomic; the only thread that has, or NULL */
  int retired_fd; /* what was fd and is none of a map any more, or -1 */
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
  gint key_letter;         /* atomic; see ebpf_map_get_key_letter () */

  /* Under the lock: the types, and what they are fetched by where the application or the spec did
   * not bring them. */
  GMutex lock;
  EbpfBtfType *key_type;
  EbpfBtfType *value_type;
  const GVariantType *key_variant_type;   /* atomic, interned; or NULL */
  const GVariantType *value_variant_type; /* the same */
  guint32 btf_id;
  guint32 btf_key_type_id;
  guint32 btf_value_type_id;
  EbpfMemory *memory;
  guint32 data_offset;            /* an arena: where its variables start */
  guint32 struct_ops_type_id;     /* of the value, in the kernel's BTF; 0 where it is not of it */
  EbpfStructOpsValue *struct_ops; /* what it is registered with, or NULL */
};

/* Takes @fd, closes it on failure. @driver may be NULL: the registry is asked. @fresh: we have just
 * made the map, so that nobody can have frozen it. */
EbpfMap *ebpf_map_wrap_fd (int fd, EbpfMapDriver *driver, gboolean fresh, GError **error);

void ebpf_map_add_user (EbpfMap *self, gpointer thread);

/* The fd for one system call, or -1 where the map is closed. Closing asks who has used it: to the thread that
 * alone has, no system call of its own can be on its way. */
static inline int
ebpf_map_use_fd (EbpfMap *self)
{
  gpointer thread = (gpointer) pthread_self ();

  if (G_UNLIKELY (g_atomic_pointer_get (&self->user) != thread))
    ebpf_map_add_user (self, thread);

  return g_atomic_int_get (&self->fd);
}

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

/* The letter of the GVariants whose bytes are the keys, such as 'u' for a __u32; '?' where they are
 * something else. */
char ebpf_map_get_key_letter (EbpfMap *self);

/* What the application says that keys and values are, or NULL. */
const GVariantType *ebpf_map_peek_key_variant_type (EbpfMap *self);
const GVariantType *ebpf_map_peek_value_variant_type (EbpfMap *self);

/* Under the lock. */
void ebpf_map_unmap_memory (EbpfMap *self);

/* "0a 00 00 00", cut after some bytes. */
char *ebpf_map_format_bytes (gconstpointer data, gsize size);

/* Whether @self is a map that can be used, and @key has the size of its keys (NULL where it has
 * none). */
gboolean ebpf_map_check_key (EbpfMap *self, GBytes *key, GError **error);

/* The bytes of a checked key; NULL for a map without keys. */
gconstpointer ebpf_map_key_data (EbpfMap *self, GBytes *key);

/* The first key, for a kernel that answers EFAULT where it is asked without one (before 4.4.132): what
 * follows a key that is not there. 0 or an errno: EUSERS where no such key was found. */
int ebpf_map_find_first_key (EbpfMap *self, gpointer first);

/* Lookup into a fresh buffer of the kernel's form. */
GBytes *ebpf_map_lookup_packed (EbpfMap *self,
                                gconstpointer key,
                                gboolean take,
                                guint64 flags,
                                GError **error);

/* Update from the kernel's form, after checking its size. */
gboolean ebpf_map_update_packed (EbpfMap *self,
                                 GBytes *key,
                                 GBytes *packed,
                                 EbpfUpdateFlags flags,
                                 GError **error);

/* An empty tuple stands for no key, too. TRUE and NULL for a map without keys. */
gboolean ebpf_map_encode_key (EbpfMap *self, GVariant *key, GBytes **bytes, GError **error);

/* A batch call on the map's fd: 0, or -1 with errno. *@n_entries is what the kernel says. */
int ebpf_map_batch (EbpfMap *self,
                    EbpfSysCommand command,
                    gconstpointer in,
                    gpointer out,
                    gconstpointer keys,
                    gconstpointer values,
                    guint *n_entries,
                    guint64 flags);

/* Sets @error for what the kernel answered to an operation on entries. */
void ebpf_map_set_error_writing (EbpfMap *self,
                                 GError **error,
                                 int errsv,
                                 const char *doing,
                                 gconstpointer key);
void
ebpf_map_set_error (EbpfMap *self, GError **error, int errsv, const char *doing, gconstpointer key);

EbpfMapIterator *ebpf_map_iterator_new (EbpfMap *map);

G_END_DECLS
