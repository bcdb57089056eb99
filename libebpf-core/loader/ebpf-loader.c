/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loader/ebpf-loader-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/**
 * EbpfLoader:
 *
 * A BPF program that loads a collection.
 *
 * All that [method@Collection.load] does with system calls can be written down as a BPF program of
 * type `BPF_PROG_TYPE_SYSCALL`, which the kernel runs: it creates the maps and fills them, finds
 * the kernel's functions and variables, and loads the programs, whose CO-RE relocations the kernel
 * itself does. What is left to user space is to load and run that one program. bpftool calls it a
 * light skeleton; the context that the program takes is laid out as there.
 *
 * A loader is made from a collection spec, without privileges and without the kernel:
 *
 * ```c
 * loader = ebpf_loader_new (spec, EBPF_LOADER_FLAGS_NONE, &error);
 * bytes = ebpf_loader_to_bytes (loader);
 * ```
 *
 * and, on another machine with the same byte order, loads the collection:
 *
 * ```c
 * loader = ebpf_loader_new_from_bytes (bytes, &error);
 * ebpf_collection_spec_set_constants (ebpf_loader_get_spec (loader), constants, &error);
 * collection = ebpf_loader_load (loader, NULL, NULL, &error);
 * ```
 *
 * It needs Linux 5.17; what is in the collection may need a later one. A program cannot do all that
 * a process can: struct_ops maps, the contents of arenas, maps that are shared by pins, and
 * programs that replace others or attach to one certain module's function are refused when the
 * loader is made. [property@MapSpec:autocreate] and [property@ProgramSpec:autoload] leave them out.
 * And it finds functions and variables of the kernel by their names alone: a weak one is there
 * where the kernel has one of its name, even if it is declared in another way.
 *
 * ## Signatures
 *
 * One program is easily signed. With %EBPF_LOADER_FLAGS_HASHED it carries the SHA-256 of its data,
 * checks it first, and gives up where it is another: who signs the program has signed all that it
 * loads, but for the initial values of variables and the numbers of entries, which are up to who
 * runs it. With [method@Loader.set_signature] the kernel checks that signature before it runs the
 * program. Both need Linux 6.18.
 *
 * The signature is PKCS #7, over [method@Loader.get_instructions] with Linux 6.18. Later kernels
 * (7.3 at the latest) know of the data themselves: there it is over the instructions followed by
 * [method@Loader.get_data].
 */

G_DEFINE_FINAL_TYPE (EbpfLoader, ebpf_loader, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_SPEC,
  PROP_HASHED,
  PROP_SIGNATURE,
  PROP_KEYRING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
step_free (gpointer data)
{
  EbpfLoaderStep *step = data;

  g_free (step->name);
  g_free (step);
}

static void
ebpf_loader_finalize (GObject *object)
{
  EbpfLoader *self = EBPF_LOADER (object);

  g_clear_object (&self->spec);
  g_clear_pointer (&self->insns, g_bytes_unref);
  g_clear_pointer (&self->data, g_bytes_unref);
  g_clear_pointer (&self->signature, g_bytes_unref);
  g_ptr_array_unref (self->steps);
  g_array_unref (self->values);

  G_OBJECT_CLASS (ebpf_loader_parent_class)->finalize (object);
}

static void
ebpf_loader_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfLoader *self = EBPF_LOADER (object);

  switch (prop_id)
    {
    case PROP_SPEC:
      g_value_set_object (value, self->spec);
      break;
    case PROP_HASHED:
      g_value_set_boolean (value, self->hashed);
      break;
    case PROP_SIGNATURE:
      g_value_set_boxed (value, self->signature);
      break;
    case PROP_KEYRING:
      g_value_set_int (value, self->keyring_id);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_loader_class_init (EbpfLoaderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ebpf_loader_finalize;
  object_class->get_property = ebpf_loader_get_property;

  /**
   * EbpfLoader:spec:
   *
   * What it makes.
   */
  properties[PROP_SPEC] = g_param_spec_object ("spec", NULL, NULL, EBPF_TYPE_COLLECTION_SPEC,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoader:hashed: (getter is_hashed)
   *
   * Whether the program checks that its data are those it was made with.
   */
  properties[PROP_HASHED] =
      g_param_spec_boolean ("hashed", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoader:signature: (getter get_signature)
   *
   * The signature of the program, or %NULL.
   */
  properties[PROP_SIGNATURE] =
      g_param_spec_boxed ("signature", NULL, NULL, G_TYPE_BYTES,
                          G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfLoader:keyring: (getter get_keyring)
   *
   * Where the kernel looks for the key of the signature.
   */
  properties[PROP_KEYRING] =
      g_param_spec_int ("keyring", NULL, NULL, G_MININT, G_MAXINT, 0,
                        G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_loader_init (EbpfLoader *self)
{
  self->steps = g_ptr_array_new_with_free_func (step_free);
  self->values = g_array_new (FALSE, TRUE, sizeof (EbpfLoaderRange));
}

EbpfLoader *
ebpf_loader_new_empty (void)
{
  return g_object_new (EBPF_TYPE_LOADER, NULL);
}

void
ebpf_loader_add_step (EbpfLoader *self, EbpfLoaderStepKind kind, const char *name)
{
  EbpfLoaderStep *step = g_new (EbpfLoaderStep, 1);

  step->kind = kind;
  step->name = g_strdup (name);
  g_ptr_array_add (self->steps, step);
}

guint32
ebpf_loader_context_size (gsize n_maps, gsize n_programs)
{
  gsize size;

  if (n_maps > EBPF_LOADER_MAX_CONTEXT || n_programs > EBPF_LOADER_MAX_CONTEXT)
    return 0;

  size =
      sizeof (EbpfLoaderContext) + n_maps * sizeof (EbpfLoaderMap) + n_programs * sizeof (gint32);
  size = (size + 7) & ~(gsize) 7;
  return size <= EBPF_LOADER_MAX_CONTEXT ? (guint32) size : 0;
}

guint32
ebpf_loader_map_offset (guint map)
{
  return (guint32) (sizeof (EbpfLoaderContext) + map * sizeof (EbpfLoaderMap));
}

guint32
ebpf_loader_program_offset (EbpfLoader *self, guint program)
{
  return ebpf_loader_map_offset (ebpf_collection_spec_peek_maps (self->spec)->len) +
         program * (guint32) sizeof (gint32);
}

/**
 * ebpf_loader_new:
 * @spec: what is to be loaded
 * @flags: how the loader program is made
 * @error: return location for an error
 *
 * Makes a program that loads the maps and programs of @spec which are not to be left out.
 *
 * The spec is copied: what is changed in it later counts no more. Variables have the values that
 * they have now unless others are given in [method@Loader.get_spec].
 *
 * Returns: (transfer full): a loader, or %NULL with @error set: %EBPF_ERROR_NOT_SUPPORTED for what
 * a program cannot make, %EBPF_ERROR_RELOCATION for symbols that nothing defines
 */
EbpfLoader *
ebpf_loader_new (EbpfCollectionSpec *spec, EbpfLoaderFlags flags, GError **error)
{
  g_autoptr (EbpfLoader) self = NULL;
  g_autoptr (EbpfCollectionSpec) copy = NULL;

  g_return_val_if_fail (EBPF_IS_COLLECTION_SPEC (spec), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = ebpf_loader_new_empty ();
  self->hashed = (flags & EBPF_LOADER_FLAGS_HASHED) != 0;
  copy = ebpf_collection_spec_copy (spec);
  if (!ebpf_loader_generate (self, copy, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ebpf_loader_new_from_bytes:
 * @bytes: what [method@Loader.to_bytes] made
 * @error: return location for an error
 *
 * Reads a loader. Whatever the bytes are, nothing of them is run by this.
 *
 * Returns: (transfer full): a loader, or %NULL with @error set
 */
EbpfLoader *
ebpf_loader_new_from_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (EbpfLoader) self = NULL;

  g_return_val_if_fail (bytes != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = ebpf_loader_new_empty ();
  if (!ebpf_loader_decode (self, bytes, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ebpf_loader_new_from_path:
 * @path: (type filename): a file
 * @error: return location for an error
 *
 * Reads a loader from a file.
 *
 * Returns: (transfer full): a loader, or %NULL with @error set
 */
EbpfLoader *
ebpf_loader_new_from_path (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) local_error = NULL;
  EbpfLoader *self;
  char *data;
  gsize size;

  g_return_val_if_fail (path != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!g_file_get_contents (path, &data, &size, &local_error))
    {
      ebpf_error_set (error,
                      g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT)
                          ? EBPF_ERROR_NOT_FOUND
                          : EBPF_ERROR_IO,
                      0, "%s", local_error->message);
      return NULL;
    }

  bytes = g_bytes_new_take (data, size);
  self = ebpf_loader_new_from_bytes (bytes, &local_error);
  if (self == NULL)
    ebpf_error_propagate_prefixed (error, g_steal_pointer (&local_error), "%s: ", path);
  return self;
}

/**
 * ebpf_loader_to_bytes:
 * @self: a loader
 *
 * Writes the loader down: the program, its data, and what [method@Loader.load] has to know of the
 * maps, programs and variables. The values of variables in [method@Loader.get_spec] are not part of
 * it, those of the spec that the loader was made from are.
 *
 * Returns: (transfer full): the contents of a file
 */
GBytes *
ebpf_loader_to_bytes (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), NULL);

  return ebpf_loader_encode (self);
}

/**
 * ebpf_loader_get_spec: (get-property spec)
 * @self: a loader
 *
 * Gets what it makes: maps, programs and variables. Before a load, variables can be given other
 * values in it, and maps other numbers of entries; nothing else that is changed counts.
 *
 * In a loader that was read, the programs have no instructions here.
 *
 * Returns: (transfer none): the spec
 */
EbpfCollectionSpec *
ebpf_loader_get_spec (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), NULL);

  return self->spec;
}

/**
 * ebpf_loader_get_instructions:
 * @self: a loader
 *
 * Gets the program, which is what is signed. It is of type [enum@ProgramType] "syscall", sleepable, and has
 * one map, the first of its fd_array: an array with one entry, [method@Loader.get_data].
 *
 * Returns: (transfer none): the instructions, as the kernel takes them
 */
GBytes *
ebpf_loader_get_instructions (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), NULL);

  return self->insns;
}

/**
 * ebpf_loader_get_data:
 * @self: a loader
 *
 * Gets the contents of the program's map, which serve for one run.
 *
 * Returns: (transfer none): the data
 */
GBytes *
ebpf_loader_get_data (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), NULL);

  return self->data;
}

/**
 * ebpf_loader_is_hashed: (get-property hashed)
 * @self: a loader
 *
 * Gets whether the program checks its data; see %EBPF_LOADER_FLAGS_HASHED. To run such a program by
 * other means than [method@Loader.load], freeze its map, then ask for the map's hash.
 *
 * Returns: %TRUE where it does
 */
gboolean
ebpf_loader_is_hashed (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), FALSE);

  return self->hashed;
}

/**
 * ebpf_loader_get_context_size:
 * @self: a loader
 *
 * Gets the size of what the program takes as its context: 24 bytes (`struct bpf_loader_ctx`), then
 * 16 for each map (`struct bpf_map_desc`) and 4 for each program.
 *
 * Returns: bytes
 */
guint
ebpf_loader_get_context_size (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), 0);

  return ebpf_loader_context_size (ebpf_collection_spec_peek_maps (self->spec)->len,
                                   ebpf_collection_spec_peek_programs (self->spec)->len);
}

/**
 * ebpf_loader_get_map_offset:
 * @self: a loader
 * @name: the name of a map
 *
 * Gets where the context has a map: its descriptor after a run (4 bytes), its number of entries
 * (4 bytes, 0: as made) and the address of its initial value (8 bytes, %NULL: as made; for
 * variables only).
 *
 * Returns: the offset, or -1 where there is no map of this name
 */
gint
ebpf_loader_get_map_offset (EbpfLoader *self, const char *name)
{
  GPtrArray *maps;

  g_return_val_if_fail (EBPF_IS_LOADER (self), -1);
  g_return_val_if_fail (name != NULL, -1);

  maps = ebpf_collection_spec_peek_maps (self->spec);
  for (guint i = 0; i < maps->len; i++)
    if (strcmp (ebpf_map_spec_get_name (g_ptr_array_index (maps, i)), name) == 0)
      return (gint) ebpf_loader_map_offset (i);

  return -1;
}

/**
 * ebpf_loader_get_program_offset:
 * @self: a loader
 * @name: the name of a program
 *
 * Gets where the context has the descriptor of a program after a run (4 bytes).
 *
 * Returns: the offset, or -1 where there is no program of this name
 */
gint
ebpf_loader_get_program_offset (EbpfLoader *self, const char *name)
{
  GPtrArray *programs;

  g_return_val_if_fail (EBPF_IS_LOADER (self), -1);
  g_return_val_if_fail (name != NULL, -1);

  programs = ebpf_collection_spec_peek_programs (self->spec);
  for (guint i = 0; i < programs->len; i++)
    if (strcmp (ebpf_program_spec_get_name (g_ptr_array_index (programs, i)), name) == 0)
      return (gint) ebpf_loader_program_offset (self, i);

  return -1;
}

/**
 * ebpf_loader_get_signature: (get-property signature)
 * @self: a loader
 *
 * Gets the signature of the program.
 *
 * Returns: (transfer none) (nullable): the signature, or %NULL where there is none
 */
GBytes *
ebpf_loader_get_signature (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), NULL);

  return self->signature;
}

/**
 * ebpf_loader_get_keyring: (get-property keyring)
 * @self: a loader
 *
 * Gets where the kernel looks for the key of the signature.
 *
 * Returns: the serial number of a keyring; 0 for the keys that are built into the kernel
 */
gint
ebpf_loader_get_keyring (EbpfLoader *self)
{
  g_return_val_if_fail (EBPF_IS_LOADER (self), 0);

  return self->keyring_id;
}

/**
 * ebpf_loader_set_signature:
 * @self: a loader
 * @signature: (nullable): a detached signature (PKCS #7, DER), or %NULL
 * @keyring: the serial number of a keyring; 0 for the keys that are built into the kernel, 1 for
 *   those with what was added to them, 2 for the platform's
 *
 * Gives the program a signature, which the kernel checks when it loads the program (Linux 6.18).
 * See [class@Loader] for what it has to be of.
 */
void
ebpf_loader_set_signature (EbpfLoader *self, GBytes *signature, gint keyring)
{
  GBytes *before;

  g_return_if_fail (EBPF_IS_LOADER (self));

  g_object_freeze_notify (G_OBJECT (self));
  if (keyring != self->keyring_id)
    {
      self->keyring_id = keyring;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEYRING]);
    }
  if (signature != self->signature)
    {
      before = self->signature;
      self->signature = signature != NULL ? g_bytes_ref (signature) : NULL;
      g_clear_pointer (&before, g_bytes_unref);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SIGNATURE]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}
