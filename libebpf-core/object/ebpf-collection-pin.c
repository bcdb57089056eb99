/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-collection-struct-private.h"

#include "base/ebpf-error-private.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Maps and programs are pinned alike. */
static const char *
get_pin_path (gpointer object)
{
  return EBPF_IS_MAP (object) ? ebpf_map_get_pin_path (object) : ebpf_program_get_pin_path (object);
}

static gboolean
pin (gpointer object, const char *folder, const char *name, GError **error)
{
  /* Names in a bpffs have no dots. */
  g_autofree char *file = g_strdelimit (g_strdup (name), "./", '_');
  g_autofree char *path = g_build_filename (folder, file, NULL);

  return EBPF_IS_MAP (object) ? ebpf_map_pin (object, path, error)
                              : ebpf_program_pin (object, path, error);
}

static gboolean
unpin (gpointer object, GError **error)
{
  return EBPF_IS_MAP (object) ? ebpf_map_unpin (object, error) : ebpf_program_unpin (object, error);
}

static gboolean
make_folder (const char *folder, gboolean *made, GError **error)
{
  *made = g_mkdir (folder, 0700) == 0;
  if (*made || errno == EEXIST)
    return TRUE;

  ebpf_sys_set_error (error, errno, "making the folder \"%s\" for pins", folder);
  return FALSE;
}

/* All of the values of @table that are not pinned yet, or none. */
static gboolean
pin_all (EbpfCollection *self, GHashTable *table, const char *folder, GError **error)
{
  const char *source = ebpf_collection_spec_get_source (self->spec);
  g_autoptr (GPtrArray) pinned = g_ptr_array_new ();
  GError *local_error = NULL;
  GHashTableIter iter;
  gpointer name, object;
  gboolean made;

  if (!make_folder (folder, &made, error))
    return FALSE;

  g_hash_table_iter_init (&iter, table);
  while (local_error == NULL && g_hash_table_iter_next (&iter, &name, &object))
    if (get_pin_path (object) == NULL && pin (object, folder, name, &local_error))
      g_ptr_array_add (pinned, object);

  if (local_error == NULL)
    return TRUE;

  for (guint i = pinned->len; i-- > 0;)
    {
      g_autoptr (GError) unpin_error = NULL;

      if (!unpin (g_ptr_array_index (pinned, i), &unpin_error))
        g_debug ("a pin stays behind: %s", unpin_error->message);
    }
  if (made && rmdir (folder) != 0)
    g_debug ("the folder \"%s\" stays behind: %s", folder, g_strerror (errno));

  if (source != NULL)
    ebpf_error_propagate_prefixed (error, local_error, "%s: ", source);
  else
    g_propagate_error (error, local_error);
  return FALSE;
}

/**
 * ebpf_collection_pin_maps:
 * @self: a collection
 * @folder: (type filename): a folder in a mounted bpffs, which is made where it is not there
 * @error: return location for an error
 *
 * Pins the maps that are still the collection's into a folder, by their names with underscores for
 * dots. A map that is pinned already stays where it is.
 *
 * Returns: whether all are pinned; where not, none of them was pinned by this
 */
gboolean
ebpf_collection_pin_maps (EbpfCollection *self, const char *folder, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (folder != NULL, FALSE);

  return pin_all (self, self->maps, folder, error);
}

/**
 * ebpf_collection_pin_programs:
 * @self: a collection
 * @folder: (type filename): a folder in a mounted bpffs, which is made where it is not there
 * @error: return location for an error
 *
 * Pins the programs that are still the collection's into a folder, by their names. A program that
 * is pinned already stays where it is.
 *
 * Returns: whether all are pinned; where not, none of them was pinned by this
 */
gboolean
ebpf_collection_pin_programs (EbpfCollection *self, const char *folder, GError **error)
{
  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);
  g_return_val_if_fail (folder != NULL, FALSE);

  return pin_all (self, self->programs, folder, error);
}

/**
 * ebpf_collection_unpin_all:
 * @self: a collection
 * @error: return location for an error
 *
 * Takes the pins of all maps and programs that are still the collection's away, whoever made them.
 * [method@Collection.remove_pins] does so with those alone that the load made.
 *
 * Returns: whether none is pinned any more; @error is the first of what went wrong
 */
gboolean
ebpf_collection_unpin_all (EbpfCollection *self, GError **error)
{
  GError *first = NULL;

  g_return_val_if_fail (EBPF_IS_COLLECTION (self), FALSE);

  for (guint i = 0; i < 2; i++)
    {
      GHashTableIter iter;
      gpointer object;

      g_hash_table_iter_init (&iter, i == 0 ? self->programs : self->maps);
      while (g_hash_table_iter_next (&iter, NULL, &object))
        unpin (object, first == NULL ? &first : NULL);
    }

  if (first == NULL)
    return TRUE;

  g_propagate_error (error, first);
  return FALSE;
}
