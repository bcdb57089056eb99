/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-map-spec-private.h"

/* The entries that a map starts out with. They never change, and copies of a spec share them. */

typedef struct
{
  gatomicrefcount ref_count;
  GBytes *key;
  GBytes *value;   /* or */
  char *reference; /* the name of a map or program; or */
  GObject *object; /* a live one */
} Content;

static Content *
content_new (GBytes *key, GBytes *value, const char *reference, GObject *object)
{
  Content *content = g_new0 (Content, 1);

  g_atomic_ref_count_init (&content->ref_count);
  content->key = g_bytes_ref (key);
  content->value = value != NULL ? g_bytes_ref (value) : NULL;
  content->reference = g_strdup (reference);
  g_set_object (&content->object, object);

  return content;
}

static gpointer
content_ref (gconstpointer data, gpointer user_data)
{
  Content *content = (Content *) data;

  g_atomic_ref_count_inc (&content->ref_count);
  return content;
}

static void
content_unref (gpointer data)
{
  Content *content = data;

  if (!g_atomic_ref_count_dec (&content->ref_count))
    return;

  g_bytes_unref (content->key);
  g_clear_pointer (&content->value, g_bytes_unref);
  g_free (content->reference);
  g_clear_object (&content->object);
  g_free (content);
}

GPtrArray *
ebpf_map_contents_new (void)
{
  return g_ptr_array_new_with_free_func (content_unref);
}

GPtrArray *
ebpf_map_contents_copy (GPtrArray *contents)
{
  GPtrArray *copy = g_ptr_array_copy (contents, (GCopyFunc) (gpointer) content_ref, NULL);

  g_ptr_array_set_free_func (copy, content_unref);
  return copy;
}

/**
 * ebpf_map_spec_add_content:
 * @self: a map spec
 * @key: the key
 * @value: the value
 *
 * Adds an entry that the map starts out with. Entries are put in the order in which they were
 * added.
 */
void
ebpf_map_spec_add_content (EbpfMapSpec *self, GBytes *key, GBytes *value)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));
  g_return_if_fail (key != NULL);
  g_return_if_fail (value != NULL);

  g_ptr_array_add (ebpf_map_spec_peek_contents (self), content_new (key, value, NULL, NULL));
}

/**
 * ebpf_map_spec_add_reference:
 * @self: a map spec
 * @key: the key
 * @name: the name of a map or program of the same collection
 *
 * Adds an entry whose value is a map or program, which is looked up when the collection is
 * loaded.
 */
void
ebpf_map_spec_add_reference (EbpfMapSpec *self, GBytes *key, const char *name)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));
  g_return_if_fail (key != NULL);
  g_return_if_fail (name != NULL);

  g_ptr_array_add (ebpf_map_spec_peek_contents (self), content_new (key, NULL, name, NULL));
}

/**
 * ebpf_map_spec_add_object:
 * @self: a map spec
 * @key: the key
 * @object: (type GObject.Object): an open [class@Map] or [class@Program], or whatever else the map's
 *   driver takes for a value
 *
 * Adds an entry whose value is a map or program that is there already. It is kept alive by the spec,
 * and by copies of it; what counts is what it is when the map is created.
 */
void
ebpf_map_spec_add_object (EbpfMapSpec *self, GBytes *key, GObject *object)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));
  g_return_if_fail (key != NULL);
  g_return_if_fail (G_IS_OBJECT (object));

  g_ptr_array_add (ebpf_map_spec_peek_contents (self), content_new (key, NULL, NULL, object));
}

/* Entries are shared with copies of the spec. */
void
ebpf_map_spec_replace_content (EbpfMapSpec *self, guint index, GBytes *value)
{
  Content *old = g_ptr_array_index (ebpf_map_spec_peek_contents (self), index);

  g_ptr_array_index (ebpf_map_spec_peek_contents (self), index) =
      content_new (old->key, value, NULL, NULL);
  content_unref (old);
}

void
ebpf_map_spec_remove_content (EbpfMapSpec *self, guint index)
{
  g_ptr_array_remove_index (ebpf_map_spec_peek_contents (self), index);
}

/**
 * ebpf_map_spec_clear_contents:
 * @self: a map spec
 *
 * Takes away all entries that the map would start out with.
 */
void
ebpf_map_spec_clear_contents (EbpfMapSpec *self)
{
  g_return_if_fail (EBPF_IS_MAP_SPEC (self));

  g_ptr_array_set_size (ebpf_map_spec_peek_contents (self), 0);
}

/**
 * ebpf_map_spec_get_n_contents:
 * @self: a map spec
 *
 * Counts the entries that the map starts out with.
 *
 * Returns: their number
 */
guint
ebpf_map_spec_get_n_contents (EbpfMapSpec *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), 0);

  return ebpf_map_spec_peek_contents (self)->len;
}

/**
 * ebpf_map_spec_get_content_key:
 * @self: a map spec
 * @index: which entry
 *
 * Gets the key of an entry that the map starts out with.
 *
 * Returns: (transfer none): the key
 */
GBytes *
ebpf_map_spec_get_content_key (EbpfMapSpec *self, guint index)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);
  g_return_val_if_fail (index < ebpf_map_spec_peek_contents (self)->len, NULL);

  return ((Content *) g_ptr_array_index (ebpf_map_spec_peek_contents (self), index))->key;
}

/**
 * ebpf_map_spec_get_content_value:
 * @self: a map spec
 * @index: which entry
 *
 * Gets the value of an entry that the map starts out with.
 *
 * Returns: (transfer none) (nullable): the value, or %NULL where it is a map or a program
 */
GBytes *
ebpf_map_spec_get_content_value (EbpfMapSpec *self, guint index)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);
  g_return_val_if_fail (index < ebpf_map_spec_peek_contents (self)->len, NULL);

  return ((Content *) g_ptr_array_index (ebpf_map_spec_peek_contents (self), index))->value;
}

/**
 * ebpf_map_spec_get_content_reference:
 * @self: a map spec
 * @index: which entry
 *
 * Gets the name of the map or program that is the value of an entry.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL where the value is not given by name
 */
const char *
ebpf_map_spec_get_content_reference (EbpfMapSpec *self, guint index)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);
  g_return_val_if_fail (index < ebpf_map_spec_peek_contents (self)->len, NULL);

  return ((Content *) g_ptr_array_index (ebpf_map_spec_peek_contents (self), index))->reference;
}

/**
 * ebpf_map_spec_get_content_object:
 * @self: a map spec
 * @index: which entry
 *
 * Gets the map or program that is the value of an entry.
 *
 * Returns: (transfer none) (nullable) (type GObject.Object): the object, or %NULL where the value is
 *   bytes, or given by name
 */
GObject *
ebpf_map_spec_get_content_object (EbpfMapSpec *self, guint index)
{
  g_return_val_if_fail (EBPF_IS_MAP_SPEC (self), NULL);
  g_return_val_if_fail (index < ebpf_map_spec_peek_contents (self)->len, NULL);

  return ((Content *) g_ptr_array_index (ebpf_map_spec_peek_contents (self), index))->object;
}
