/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-struct-ops-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-core-spec-private.h"
#include "object/ebpf-program.h"

#include <errno.h>
#include <string.h>

/* The kernel's side of a struct_ops map: its value is "struct bpf_struct_ops_NAME", which has what
 * the kernel keeps about it in front of the struct NAME itself. Members are told by name: an object
 * may have been compiled against another kernel's struct. Source: kernel/bpf/bpf_struct_ops.c. */

#define VALUE_PREFIX "bpf_struct_ops_"

void
ebpf_struct_ops_type_clear (EbpfStructOpsType *self)
{
  g_clear_object (&self->btf);
  g_clear_pointer (&self->modules, g_ptr_array_unref);
}

const char *
ebpf_struct_ops_get_name (EbpfMapSpec *spec, GError **error)
{
  EbpfBtfType *type = ebpf_map_spec_get_value_type (spec);

  if (type == NULL || ebpf_btf_type_get_kind (type) != EBPF_BTF_KIND_STRUCT)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                      "map '%s': the value-type of a struct_ops map has to be a struct, the one "
                      "whose operations it implements",
                      ebpf_map_spec_get_name (spec));
      return NULL;
    }

  return ebpf_btf_type_get_name (type);
}

static gboolean
find_in (EbpfStructOpsType *self, EbpfBtf *btf, const char *value_name, const char *name)
{
  guint32 value_id = ebpf_btf_lookup (btf, value_name, EBPF_BTF_KIND_STRUCT);
  const struct btf_type *value = ebpf_btf_peek (btf, value_id);
  const struct btf_member *members;

  if (value == NULL)
    return FALSE;

  members = ebpf_btf_tail_of (value);
  for (guint i = 0; i < ebpf_btf_vlen_of (value); i++)
    {
      guint32 id = ebpf_btf_strip (btf, members[i].type);
      const struct btf_type *member = ebpf_btf_peek (btf, id);
      guint32 bit_offset, bit_size;

      if (member == NULL || ebpf_btf_kind_of (member) != BTF_KIND_STRUCT ||
          strcmp (ebpf_btf_name_of (btf, member), name) != 0)
        continue;

      ebpf_btf_member_bits (btf, value, i, &bit_offset, &bit_size);
      if (bit_offset / 8 + (guint64) member->size > value->size)
        return FALSE;

      self->btf = g_object_ref (btf);
      self->struct_id = id;
      self->value_id = value_id;
      self->value_size = value->size;
      self->offset = bit_offset / 8;
      return TRUE;
    }

  return FALSE;
}

gboolean
ebpf_struct_ops_type_find (EbpfStructOpsType *self, const char *name, GError **error)
{
  g_autofree char *essential = g_strndup (name, ebpf_core_essential_length (name));
  g_autofree char *value_name = g_strconcat (VALUE_PREFIX, essential, NULL);
  g_autoptr (EbpfBtf) vmlinux = NULL;
  g_autoptr (GPtrArray) modules = NULL;
  g_autoptr (GError) module_error = NULL;

  memset (self, 0, sizeof *self);

  vmlinux = ebpf_btf_get_kernel (error);
  if (vmlinux == NULL)
    return FALSE;
  if (find_in (self, vmlinux, value_name, essential))
    return TRUE;

  modules = ebpf_btf_get_kernel_modules (&module_error);
  for (guint i = 0; modules != NULL && i < modules->len; i++)
    {
      const EbpfKernelModule *module = g_ptr_array_index (modules, i);

      if (!find_in (self, module->btf, value_name, essential))
        continue;

      if (module->fd < 0)
        {
          ebpf_struct_ops_type_clear (self);
          ebpf_error_set (error, EBPF_ERROR_PERMISSION, EPERM,
                          "struct %s is in module %s, whose type information can be opened with "
                          "CAP_SYS_ADMIN only",
                          essential, module->name);
          return FALSE;
        }

      self->btf_fd = module->fd;
      self->modules = g_steal_pointer (&modules);
      return TRUE;
    }

  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "this kernel has no operations \"%s\" (no struct %s in the type information of "
                  "the kernel and its modules)%s%s",
                  essential, value_name,
                  module_error != NULL ? "; its modules could not be looked at: " : "",
                  module_error != NULL ? module_error->message : "");
  return FALSE;
}

static gint
find_member (EbpfBtf *btf, guint32 struct_id, const char *name)
{
  const struct btf_type *type = ebpf_btf_peek (btf, struct_id);
  const struct btf_member *members = ebpf_btf_tail_of (type);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    if (strcmp (ebpf_btf_peek_name (btf, members[i].name_off), name) == 0)
      return (gint) i;

  return -1;
}

gint
ebpf_struct_ops_type_find_member (const EbpfStructOpsType *self, const char *name)
{
  return find_member (self->btf, self->struct_id, name);
}

/* The name of the member at a byte of the object's struct, or NULL. */
static const char *
find_member_at (EbpfBtf *btf, guint32 struct_id, guint32 offset)
{
  const struct btf_type *type = ebpf_btf_peek (btf, struct_id);
  const struct btf_member *members = ebpf_btf_tail_of (type);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      guint32 bit_offset, bit_size;

      ebpf_btf_member_bits (btf, type, i, &bit_offset, &bit_size);
      if (bit_size == 0 && bit_offset == (guint64) offset * 8)
        return ebpf_btf_peek_name (btf, members[i].name_off);
    }

  return NULL;
}

static const char *
member_of_reference (EbpfMapSpec *map, guint index)
{
  EbpfBtfType *type = ebpf_map_spec_get_value_type (map);
  GBytes *key = ebpf_map_spec_get_content_key (map, index);
  guint32 offset;

  if (g_bytes_get_size (key) != sizeof offset)
    return NULL;
  memcpy (&offset, g_bytes_get_data (key, NULL), sizeof offset);

  return find_member_at (ebpf_btf_type_get_btf (type), ebpf_btf_type_get_id (type), offset);
}

gboolean
ebpf_struct_ops_calls (EbpfMapSpec *map, const char *program)
{
  g_auto (EbpfStructOpsType) type = { 0 };
  const char *name = ebpf_struct_ops_get_name (map, NULL);

  /* Whoever makes the map says what is wrong. */
  if (name == NULL || !ebpf_struct_ops_type_find (&type, name, NULL))
    return TRUE;

  for (guint i = 0; i < ebpf_map_spec_get_n_contents (map); i++)
    {
      const char *reference = ebpf_map_spec_get_content_reference (map, i);
      const char *member;

      if (reference == NULL || strcmp (reference, program) != 0)
        continue;

      member = member_of_reference (map, i);
      if (member == NULL || ebpf_struct_ops_type_find_member (&type, member) >= 0)
        return TRUE;
    }

  return FALSE;
}

char *
ebpf_struct_ops_dup_operation (EbpfMapSpec *map, guint index)
{
  const char *name = ebpf_struct_ops_get_name (map, NULL);
  const char *member = NULL;

  if (name != NULL && ebpf_map_spec_get_content_reference (map, index) != NULL)
    member = member_of_reference (map, index);

  return member != NULL
             ? g_strdup_printf ("%.*s:%s", (int) ebpf_core_essential_length (name), name, member)
             : NULL;
}

typedef struct
{
  guint32 offset;
  EbpfProgram *program;
} Slot;

struct _EbpfStructOpsValue
{
  guint8 *data;
  gsize size;
  GArray *slots; /* of Slot */
};

static void
slot_clear (gpointer data)
{
  Slot *slot = data;

  g_object_unref (slot->program);
}

static void
value_clear (gpointer data)
{
  EbpfStructOpsValue *self = data;

  g_array_unref (self->slots);
  g_free (self->data);
}

EbpfStructOpsValue *
ebpf_struct_ops_value_ref (EbpfStructOpsValue *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
ebpf_struct_ops_value_unref (EbpfStructOpsValue *self)
{
  g_atomic_rc_box_release_full (self, value_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EbpfStructOpsValue, ebpf_struct_ops_value_unref)

/* What is being written: the object's struct to the left, the kernel's to the right. */
typedef struct
{
  EbpfMapSpec *spec;
  const EbpfStructOpsType *type;
  EbpfBtf *btf;
  guint32 struct_id;
  EbpfStructOpsValue *value;
} Copy;

static gboolean copy_error (const Copy *self, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static gboolean
copy_error (const Copy *self, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);

  ebpf_error_set (error, EBPF_ERROR_INCOMPATIBLE, 0, "map '%s', struct %s: %s",
                  ebpf_map_spec_get_name (self->spec),
                  ebpf_btf_name_of (self->btf, ebpf_btf_peek (self->btf, self->struct_id)), what);
  return FALSE;
}

static gboolean
is_zero (const guint8 *data, gsize size)
{
  return size == 0 || (data[0] == 0 && memcmp (data, data + 1, size - 1) == 0);
}

/* A part of the value: of the object's type to the left, of the kernel's to the right. */
typedef struct
{
  guint32 id, kernel_id; /* without typedefs and qualifiers */
  const guint8 *from;
  guint8 *to;
  const char *name; /* of the member */
} Part;

static gboolean copy_part (const Copy *self, const Part *part, GError **error);

/* Member by member, by their names. */
static gboolean
copy_member (const Copy *self, const Part *whole, guint index, GError **error)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, whole->id);
  const struct btf_member *member = (const struct btf_member *) ebpf_btf_tail_of (type) + index;
  EbpfBtf *kernel_btf = self->type->btf;
  const struct btf_type *kernel_type = ebpf_btf_peek (kernel_btf, whole->kernel_id);
  const struct btf_member *kernel_members = ebpf_btf_tail_of (kernel_type);
  const char *name = ebpf_btf_peek_name (self->btf, member->name_off);
  guint32 offset, bits, kernel_offset, kernel_bits;
  gint64 size, kernel_size;
  Part part;
  gint found;

  ebpf_btf_member_bits (self->btf, type, index, &offset, &bits);
  part.name = name;
  part.id = ebpf_btf_strip (self->btf, member->type);
  part.from = whole->from + offset / 8;
  size = ebpf_btf_size_of (self->btf, part.id);
  if (size < 0 || offset / 8 > type->size || (guint64) size > type->size - offset / 8)
    return copy_error (self, error, "member %s is outside of the value", name);

  found = find_member (kernel_btf, whole->kernel_id, name);
  if (found < 0)
    {
      if (is_zero (part.from, (gsize) size))
        return TRUE;
      return copy_error (self, error, "this kernel's has no member %s, which is set", name);
    }

  ebpf_btf_member_bits (kernel_btf, kernel_type, (guint) found, &kernel_offset, &kernel_bits);
  if (bits != 0 || kernel_bits != 0)
    return copy_error (self, error, "member %s is a bitfield, which cannot be copied", name);

  part.kernel_id = ebpf_btf_strip (kernel_btf, kernel_members[found].type);
  part.to = whole->to + kernel_offset / 8;
  kernel_size = ebpf_btf_size_of (kernel_btf, part.kernel_id);
  if (kernel_size < 0 || kernel_offset / 8 > kernel_type->size ||
      (guint64) kernel_size > kernel_type->size - kernel_offset / 8)
    return copy_error (self, error, "member %s is outside of this kernel's", name);

  return copy_part (self, &part, error);
}

static gboolean
copy_struct (const Copy *self, const Part *part, GError **error)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, part->id);

  for (guint i = 0; i < ebpf_btf_vlen_of (type); i++)
    if (!copy_member (self, part, i, error))
      return FALSE;

  return TRUE;
}

static gboolean
copy_array (const Copy *self, const Part *part, GError **error)
{
  const struct btf_array *array = ebpf_btf_tail_of (ebpf_btf_peek (self->btf, part->id));
  const struct btf_array *kernel_array =
      ebpf_btf_tail_of (ebpf_btf_peek (self->type->btf, part->kernel_id));
  Part element = *part;
  gint64 size, kernel_size;

  element.id = ebpf_btf_strip (self->btf, array->type);
  element.kernel_id = ebpf_btf_strip (self->type->btf, kernel_array->type);
  size = ebpf_btf_size_of (self->btf, element.id);
  kernel_size = ebpf_btf_size_of (self->type->btf, element.kernel_id);
  if (array->nelems != kernel_array->nelems)
    return copy_error (self, error, "member %s has %u elements, and %u in this kernel's",
                       part->name, array->nelems, kernel_array->nelems);

  for (guint32 i = 0; i < array->nelems && size > 0; i++)
    {
      element.from = part->from + (gsize) i * (gsize) size;
      element.to = part->to + (gsize) i * (gsize) kernel_size;
      if (!copy_part (self, &element, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
copy_part (const Copy *self, const Part *part, GError **error)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, part->id);
  const struct btf_type *wanted = ebpf_btf_peek (self->type->btf, part->kernel_id);
  gint64 size = ebpf_btf_size_of (self->btf, part->id);
  gint64 kernel_size = ebpf_btf_size_of (self->type->btf, part->kernel_id);

  if (type == NULL || wanted == NULL || size < 0 || kernel_size < 0 ||
      ebpf_btf_kind_of (type) != ebpf_btf_kind_of (wanted))
    return copy_error (self, error, "member %s is of another kind in this kernel's", part->name);

  switch (ebpf_btf_kind_of (type))
    {
    case BTF_KIND_PTR:
      /* Functions come as references, and other addresses of an object file mean nothing. */
      if (is_zero (part->from, (gsize) size))
        return TRUE;
      return copy_error (self, error,
                         "member %s is a pointer, which can be set to no more than a "
                         "program",
                         part->name);
    case BTF_KIND_STRUCT:
      return copy_struct (self, part, error);
    case BTF_KIND_ARRAY:
      return copy_array (self, part, error);
    default:
      break;
    }

  if (size != kernel_size)
    return copy_error (self, error,
                       "member %s has %" G_GINT64_FORMAT " bytes, and %" G_GINT64_FORMAT
                       " in this kernel's",
                       part->name, size, kernel_size);

  memcpy (part->to, part->from, (gsize) size);
  return TRUE;
}

static gboolean
add_program (const Copy *self,
             guint index,
             EbpfMapResolveFunc resolve,
             gpointer user_data,
             GError **error)
{
  const struct btf_type *kernel_type = ebpf_btf_peek (self->type->btf, self->type->struct_id);
  const struct btf_member *kernel_members = ebpf_btf_tail_of (kernel_type);
  const char *reference = ebpf_map_spec_get_content_reference (self->spec, index);
  const char *member = member_of_reference (self->spec, index);
  g_autoptr (GObject) object = NULL;
  const struct btf_type *type;
  guint32 bit_offset, bit_size;
  GError *local_error = NULL;
  gint found;
  Slot slot;

  if (member == NULL)
    return copy_error (self, error, "program %s is given for no member of it", reference);

  found = ebpf_struct_ops_type_find_member (self->type, member);
  if (found < 0)
    {
      g_debug ("map %s: this kernel does not call %s, and program %s is left out",
               ebpf_map_spec_get_name (self->spec), member, reference);
      return TRUE;
    }

  type =
      ebpf_btf_peek (self->type->btf, ebpf_btf_strip (self->type->btf, kernel_members[found].type));
  if (type != NULL && ebpf_btf_kind_of (type) == BTF_KIND_PTR)
    type = ebpf_btf_peek (self->type->btf, ebpf_btf_strip (self->type->btf, type->type));
  if (type == NULL || ebpf_btf_kind_of (type) != BTF_KIND_FUNC_PROTO)
    return copy_error (self, error, "member %s is no function in this kernel's", member);

  if (resolve == NULL)
    return copy_error (self, error, "member %s refers to program %s, which only a collection knows",
                       member, reference);

  object = resolve (reference, user_data, &local_error);
  if (object == NULL)
    {
      if (local_error == NULL)
        return TRUE;
      g_propagate_error (error, local_error);
      return FALSE;
    }
  if (!EBPF_IS_PROGRAM (object) ||
      ebpf_program_get_program_type (EBPF_PROGRAM (object)) != EBPF_PROGRAM_TYPE_STRUCT_OPS)
    return copy_error (self, error,
                       "member %s refers to %s, which is no program of a section struct_ops",
                       member, reference);

  ebpf_btf_member_bits (self->type->btf, kernel_type, (guint) found, &bit_offset, &bit_size);
  slot.offset = self->type->offset + bit_offset / 8;
  if (slot.offset > self->value->size || self->value->size - slot.offset < sizeof (guint64))
    return copy_error (self, error, "member %s is outside of this kernel's", member);
  slot.program = EBPF_PROGRAM (g_steal_pointer (&object));
  g_array_append_val (self->value->slots, slot);

  return TRUE;
}

EbpfStructOpsValue *
ebpf_struct_ops_value_new (EbpfMapSpec *spec,
                           EbpfMapResolveFunc resolve,
                           gpointer user_data,
                           GError **error)
{
  g_autoptr (EbpfStructOpsValue) self = NULL;
  g_auto (EbpfStructOpsType) type = { 0 };
  const char *name = ebpf_struct_ops_get_name (spec, error);
  Copy copy = { .spec = spec, .type = &type };
  gsize size;

  if (name == NULL || !ebpf_struct_ops_type_find (&type, name, error))
    return NULL;

  self = g_atomic_rc_box_new0 (EbpfStructOpsValue);
  self->size = type.value_size;
  self->data = g_malloc0 (self->size);
  self->slots = g_array_new (FALSE, FALSE, sizeof (Slot));
  g_array_set_clear_func (self->slots, slot_clear);

  copy.value = self;
  copy.btf = ebpf_btf_type_get_btf (ebpf_map_spec_get_value_type (spec));
  copy.struct_id = ebpf_btf_type_get_id (ebpf_map_spec_get_value_type (spec));
  size = (gsize) ebpf_btf_type_get_size (ebpf_map_spec_get_value_type (spec));

  for (guint i = 0; i < ebpf_map_spec_get_n_contents (spec); i++)
    {
      GBytes *bytes = ebpf_map_spec_get_content_value (spec, i);
      Part whole = { .id = copy.struct_id, .kernel_id = type.struct_id };

      if (bytes == NULL)
        {
          if (ebpf_map_spec_get_content_reference (spec, i) == NULL)
            {
              ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                              "map \"%s\": programs of a struct_ops map are given by name",
                              ebpf_map_spec_get_name (spec));
              ebpf_struct_ops_value_unref (self);
              return NULL;
            }
          if (!add_program (&copy, i, resolve, user_data, error))
            return NULL;
          continue;
        }

      if (g_bytes_get_size (bytes) != size)
        {
          ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                          "map '%s': its value has %" G_GSIZE_FORMAT
                          " bytes, and struct %s %" G_GSIZE_FORMAT,
                          ebpf_map_spec_get_name (spec), g_bytes_get_size (bytes), name, size);
          return NULL;
        }

      whole.from = g_bytes_get_data (bytes, NULL);
      whole.to = self->data + type.offset;
      if (!copy_struct (&copy, &whole, error))
        return NULL;
    }

  return g_steal_pointer (&self);
}

GBytes *
ebpf_struct_ops_value_to_bytes (EbpfStructOpsValue *self, GError **error)
{
  g_autofree guint8 *data = g_memdup2 (self->data, self->size);

  for (guint i = 0; i < self->slots->len; i++)
    {
      const Slot *slot = &g_array_index (self->slots, Slot, i);
      guint64 fd;

      if (!ebpf_program_is_open (slot->program))
        {
          ebpf_error_set (error, EBPF_ERROR_CLOSED, 0,
                          "program \"%s\", one of its functions, was "
                          "closed",
                          ebpf_program_get_name (slot->program));
          return NULL;
        }

      fd = (guint64) ebpf_program_peek_fd (slot->program);
      memcpy (data + slot->offset, &fd, sizeof fd);
    }

  return g_bytes_new_take (g_steal_pointer (&data), self->size);
}
