/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loader/ebpf-loader-generate-private.h"

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-parse-private.h"
#include "plugin/ebpf-map-driver.h"
#include "plugin/ebpf-plugin-registry.h"
#include "spec/ebpf-map-spec-private.h"
#include "spec/ebpf-map-type.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <string.h>

#define KCONFIG_SECTION ".kconfig"

#define MAX_NESTING 4

/* The kernel's own limit of what can be pointed into (BPF_MAX_VAR_OFF). */
#define MAX_DATA (1u << 29)

#define FIELD(type, member) ((guint32) G_STRUCT_OFFSET (type, member))

void
ebpf_loader_begin_step (EbpfLoaderGenerator *self, EbpfLoaderStepKind kind, const char *name)
{
  ebpf_loader_add_step (self->loader, kind, name);
  ebpf_loader_writer_step (&self->writer, self->loader->steps->len);
}

/* r1 = what the context has at @from; into the data at @to. */
static void
store_context (EbpfLoaderGenerator *self, guint8 size, guint32 from, guint32 to)
{
  ebpf_loader_writer_emit (&self->writer, BPF_LDX | BPF_MEM | size, 1, EBPF_LOADER_REG_CONTEXT,
                           (gint16) from, 0);
  ebpf_loader_writer_address (&self->writer, 2, to);
  ebpf_loader_writer_emit (&self->writer, BPF_STX | BPF_MEM | size, 2, 1, 0, 0);
}

void
ebpf_loader_store_log (EbpfLoaderGenerator *self,
                       guint32 level_offset,
                       guint32 size_offset,
                       guint32 buffer_offset)
{
  store_context (self, BPF_W, FIELD (EbpfLoaderContext, log_level), level_offset);
  store_context (self, BPF_W, FIELD (EbpfLoaderContext, log_size), size_offset);
  store_context (self, BPF_DW, FIELD (EbpfLoaderContext, log_buf), buffer_offset);
}

guint
ebpf_loader_need_btf (EbpfLoaderGenerator *self, EbpfBtf *btf, EbpfLoaderRange *range)
{
  EbpfLoaderWriter *writer = &self->writer;
  gpointer known = g_hash_table_lookup (self->btfs, btf);
  gboolean features[EBPF_N_FEATURES];
  g_autoptr (GBytes) bytes = NULL;
  EbpfSysBtfLoad attr = { 0 };
  guint32 types, at;
  guint slot;

  if (known != NULL)
    return GPOINTER_TO_UINT (known) - 1;

  /* A kernel that runs such programs knows all kinds; what none of them takes is put right. */
  for (guint i = 0; i < EBPF_N_FEATURES; i++)
    features[i] = TRUE;
  bytes = ebpf_btf_sanitize (btf, features);
  types = ebpf_loader_writer_add (writer, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  if (range != NULL)
    {
      range->offset = types;
      range->size = (guint32) g_bytes_get_size (bytes);
    }

  attr.btf_size = (guint32) g_bytes_get_size (bytes);
  at = ebpf_loader_writer_add (writer, &attr, sizeof attr);
  slot = ebpf_loader_writer_add_slot (writer);
  g_hash_table_insert (self->btfs, g_object_ref (btf), GUINT_TO_POINTER (slot + 1));

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_BTF, "");
  ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysBtfLoad, btf), types);
  ebpf_loader_store_log (self, at + FIELD (EbpfSysBtfLoad, btf_log_level),
                         at + FIELD (EbpfSysBtfLoad, btf_log_size),
                         at + FIELD (EbpfSysBtfLoad, btf_log_buf));
  ebpf_loader_writer_syscall (writer, EBPF_SYS_BTF_LOAD, at, sizeof attr);
  ebpf_loader_writer_keep (writer, slot);

  return slot;
}

/* --- maps */

static gboolean
check_map (EbpfMapSpec *map, GError **error)
{
  const char *name = ebpf_map_spec_get_name (map);
  const char *why = NULL;

  if (ebpf_map_spec_get_map_type (map) == EBPF_MAP_TYPE_STRUCT_OPS)
    why = "its value is laid out as one certain kernel has it; leave it out by "
          "EbpfMapSpec:autocreate";
  else if (ebpf_map_spec_is_memory (map) && ebpf_map_spec_get_n_contents (map) > 0)
    why = "the memory of an arena can be filled by a process that has mapped it only";
  else if (ebpf_map_spec_is_memory (map) && ebpf_map_spec_get_map_extra (map) == 0)
    why = "an arena has no address before a process maps it; set EbpfMapSpec:map-extra";
  else if (!ebpf_map_spec_is_memory (map) && ebpf_map_spec_get_pinning (map) != EBPF_PINNING_NONE)
    why = "it is shared by a pin, and programs cannot open files; clear EbpfMapSpec:pinning";

  if (why == NULL)
    return TRUE;

  ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                  "map \"%s\" cannot be made by a loader program: %s", name, why);
  return FALSE;
}

static EbpfMapSpec *
fixup (EbpfMapSpec *map, GError **error)
{
  g_autoptr (EbpfMapDriver) driver = NULL;
  g_autoptr (EbpfMapSpec) copy = ebpf_map_spec_copy (map);

  if (ebpf_map_spec_is_data_section (copy))
    ebpf_map_spec_set_map_flags (copy,
                                 ebpf_map_spec_get_map_flags (copy) | EBPF_MAP_FLAGS_MMAPABLE);

  driver = ebpf_plugin_registry_find_driver (ebpf_plugin_registry_get_default (),
                                             ebpf_map_spec_get_map_type (copy), error);
  if (driver == NULL || !ebpf_map_driver_fixup_spec (driver, copy, error))
    return NULL;

  return g_steal_pointer (&copy);
}

/* The object's own types, or those that the driver brought. */
static gboolean
find_types (EbpfMapSpec *fixed, EbpfSysMapCreate *attr, EbpfBtf **btf)
{
  EbpfBtfType *key = ebpf_map_spec_get_key_type (fixed);
  EbpfBtfType *value = ebpf_map_spec_get_value_type (fixed);

  if (value == NULL || ebpf_btf_get_base (ebpf_btf_type_get_btf (value)) != NULL)
    return FALSE;
  *btf = ebpf_btf_type_get_btf (value);
  if (key != NULL && ebpf_btf_type_get_btf (key) != *btf)
    return FALSE;

  attr->btf_key_type_id = key != NULL ? ebpf_btf_type_get_id (key) : 0;
  attr->btf_value_type_id = ebpf_btf_type_get_id (value);
  return TRUE;
}

/* Many types of map do not take BTF, or not these types, and are as good without. */
static void
write_second_try (EbpfLoaderWriter *writer, guint32 at)
{
  static const guint32 fields[] = {
    G_STRUCT_OFFSET (EbpfSysMapCreate, btf_fd),
    G_STRUCT_OFFSET (EbpfSysMapCreate, btf_key_type_id),
    G_STRUCT_OFFSET (EbpfSysMapCreate, btf_value_type_id),
  };
  guint skip = writer->insns->len;

  ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JSGE | BPF_K, EBPF_LOADER_REG_RESULT, 0, 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      ebpf_loader_writer_address (writer, 1, at + fields[i]);
      ebpf_loader_writer_emit (writer, BPF_ST | BPF_MEM | BPF_W, 1, 0, 0, 0);
    }
  ebpf_loader_writer_syscall (writer, EBPF_SYS_MAP_CREATE, at, sizeof (EbpfSysMapCreate));
  g_array_index (writer->insns, EbpfInsn, skip).off = (gint16) (writer->insns->len - skip - 1);
}

/* @index: in the context, or -1 of an inner map. Returns the slot. */
static gboolean
write_map (EbpfLoaderGenerator *self,
           EbpfMapSpec *map,
           gint index,
           guint depth,
           guint *slot,
           GError **error)
{
  EbpfLoaderWriter *writer = &self->writer;
  g_autoptr (EbpfMapSpec) fixed = fixup (map, error);
  EbpfSysMapCreate attr = { 0 };
  EbpfMapSpec *inner;
  gboolean has_types;
  EbpfBtf *btf = NULL;
  guint inner_slot = 0, btf_slot = 0;
  guint32 at;

  if (fixed == NULL)
    return FALSE;

  attr.map_type = (guint32) ebpf_map_spec_get_map_type (fixed);
  attr.key_size = ebpf_map_spec_get_key_size (fixed);
  attr.value_size = ebpf_map_spec_get_value_size (fixed);
  attr.max_entries = ebpf_map_spec_get_max_entries (fixed);
  attr.map_flags = ebpf_map_spec_get_map_flags (fixed);
  attr.map_extra = ebpf_map_spec_get_map_extra (fixed);
  attr.map_ifindex = ebpf_map_spec_get_ifindex (fixed);
  if (attr.map_flags & EBPF_MAP_FLAGS_NUMA_NODE)
    attr.numa_node = ebpf_map_spec_get_numa_node (fixed);
  ebpf_sys_copy_name (attr.map_name, ebpf_map_spec_get_name (fixed));

  inner = ebpf_map_spec_get_inner_map (fixed);
  if (inner != NULL)
    {
      if (depth >= MAX_NESTING)
        {
          ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0,
                          "maps are nested more than %d deep", MAX_NESTING);
          return FALSE;
        }
      if (!check_map (inner, error) || !write_map (self, inner, -1, depth + 1, &inner_slot, error))
        return FALSE;
    }

  has_types = find_types (fixed, &attr, &btf);
  if (has_types)
    btf_slot = ebpf_loader_need_btf (self, btf, NULL);

  at = ebpf_loader_writer_add (writer, &attr, sizeof attr);
  *slot = ebpf_loader_writer_add_slot (writer);

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_MAP, ebpf_map_spec_get_name (map));
  if (index >= 0)
    {
      ebpf_loader_writer_emit (
          writer, BPF_LDX | BPF_MEM | BPF_W, 1, EBPF_LOADER_REG_CONTEXT,
          (gint16) (ebpf_loader_map_offset ((guint) index) + FIELD (EbpfLoaderMap, max_entries)),
          0);
      ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 3, 0);
      ebpf_loader_writer_address (writer, 2, at + FIELD (EbpfSysMapCreate, max_entries));
      ebpf_loader_writer_emit (writer, BPF_STX | BPF_MEM | BPF_W, 2, 1, 0, 0);
    }
  if (inner != NULL)
    ebpf_loader_writer_store_fd (writer, at + FIELD (EbpfSysMapCreate, inner_map_fd), inner_slot);
  if (has_types)
    ebpf_loader_writer_store_fd (writer, at + FIELD (EbpfSysMapCreate, btf_fd), btf_slot);

  ebpf_loader_writer_syscall (writer, EBPF_SYS_MAP_CREATE, at, sizeof attr);
  if (has_types)
    write_second_try (writer, at);
  ebpf_loader_writer_keep (writer, *slot);

  return TRUE;
}

/* --- contents */

/* @value_slot: the slot whose descriptor is the value, or -1; then it is the data at @value. */
static void
write_update (EbpfLoaderGenerator *self,
              guint map_slot,
              guint32 key,
              guint32 value,
              gint value_slot)
{
  EbpfLoaderWriter *writer = &self->writer;
  guint32 at = ebpf_loader_writer_add (writer, NULL, sizeof (EbpfSysMapElem));

  ebpf_loader_writer_store_fd (writer, at + FIELD (EbpfSysMapElem, map_fd), map_slot);
  if (key != 0)
    ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysMapElem, key), key);
  if (value_slot >= 0)
    ebpf_loader_writer_store_slot_address (writer, at + FIELD (EbpfSysMapElem, value),
                                           (guint) value_slot);
  else
    ebpf_loader_writer_store_address (writer, at + FIELD (EbpfSysMapElem, value), value);
  ebpf_loader_writer_syscall (writer, EBPF_SYS_MAP_UPDATE_ELEM, at, sizeof (EbpfSysMapElem));
  ebpf_loader_writer_check (writer);
}

static void
write_freeze (EbpfLoaderGenerator *self, EbpfLoaderMapPlan *plan)
{
  EbpfLoaderWriter *writer = &self->writer;
  guint32 at = ebpf_loader_writer_add (writer, NULL, sizeof (EbpfSysMapElem));

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_FREEZE, ebpf_map_spec_get_name (plan->spec));
  ebpf_loader_writer_store_fd (writer, at + FIELD (EbpfSysMapElem, map_fd), plan->slot);
  ebpf_loader_writer_syscall (writer, EBPF_SYS_MAP_FREEZE, at, sizeof (EbpfSysMapElem));
  ebpf_loader_writer_check (writer);
}

/* What the caller gives for it takes the place of @value. @required: there is nothing without. */
static void
write_initial_value (EbpfLoaderGenerator *self,
                     EbpfLoaderMapPlan *plan,
                     EbpfLoaderRange value,
                     gboolean required)
{
  EbpfLoaderWriter *writer = &self->writer;
  guint skip;

  ebpf_loader_writer_emit (
      writer, BPF_LDX | BPF_MEM | BPF_DW, 3, EBPF_LOADER_REG_CONTEXT,
      (gint16) (ebpf_loader_map_offset (plan->index) + FIELD (EbpfLoaderMap, initial_value)), 0);
  if (required)
    {
      ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, EBPF_LOADER_REG_RESULT, 0, 0,
                               -EINVAL);
      ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JNE | BPF_K, 3, 0, 1, 0);
      ebpf_loader_writer_check (writer);
    }

  skip = writer->insns->len;
  ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 0, 0);
  ebpf_loader_writer_address (writer, 1, value.offset);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, (gint32) value.size);
  ebpf_loader_writer_emit (writer, BPF_LDX | BPF_MEM | BPF_W, 4, EBPF_LOADER_REG_CONTEXT,
                           (gint16) FIELD (EbpfLoaderContext, flags), 0);
  ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JSET | BPF_K, 4, 0, 2, EBPF_LOADER_CONTEXT_KERNEL);
  ebpf_loader_writer_emit (writer, EBPF_OP_CALL, 0, 0, 0, EBPF_LOADER_FUNC_COPY_FROM_USER);
  ebpf_loader_writer_emit (writer, BPF_JMP | BPF_JA, 0, 0, 1, 0);
  ebpf_loader_writer_emit (writer, EBPF_OP_CALL, 0, 0, 0, EBPF_LOADER_FUNC_PROBE_READ_KERNEL);
  ebpf_loader_writer_emit (writer, BPF_ALU64 | BPF_MOV | BPF_X, EBPF_LOADER_REG_RESULT, 0, 0, 0);
  ebpf_loader_writer_check (writer);
  g_array_index (writer->insns, EbpfInsn, skip).off = (gint16) (writer->insns->len - skip - 1);
}

static gboolean
write_section (EbpfLoaderGenerator *self, EbpfLoaderMapPlan *plan, GError **error)
{
  EbpfLoaderRange *value = &g_array_index (self->loader->values, EbpfLoaderRange, plan->index);
  gboolean from_kernel = strcmp (ebpf_map_spec_get_name (plan->spec), KCONFIG_SECTION) == 0 &&
                         ebpf_collection_spec_peek_kconfig_externs (self->source)->len > 0;
  g_autoptr (GBytes) bytes = NULL;
  guint32 key;

  if (from_kernel)
    bytes = g_bytes_new_take (g_malloc0 (ebpf_map_spec_get_value_size (plan->spec)),
                              ebpf_map_spec_get_value_size (plan->spec));
  else
    bytes = ebpf_collection_spec_merge_data (self->source, plan->spec, error);
  if (bytes == NULL)
    return FALSE;
  if (g_bytes_get_size (bytes) != ebpf_map_spec_get_value_size (plan->spec))
    {
      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "section \"%s\": its %" G_GSIZE_FORMAT " bytes do not fit the %u of its map",
                      ebpf_map_spec_get_name (plan->spec), g_bytes_get_size (bytes),
                      ebpf_map_spec_get_value_size (plan->spec));
      return FALSE;
    }

  value->size = (guint32) g_bytes_get_size (bytes);
  value->offset =
      ebpf_loader_writer_add (&self->writer, g_bytes_get_data (bytes, NULL), value->size);
  key = ebpf_loader_writer_add (&self->writer, NULL, sizeof (guint32));

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_FILL, ebpf_map_spec_get_name (plan->spec));
  write_initial_value (self, plan, *value, from_kernel);
  write_update (self, plan->slot, key, value->offset, -1);
  if (ebpf_map_spec_is_constant (plan->spec))
    write_freeze (self, plan);

  return TRUE;
}

static gboolean
has_references (EbpfMapSpec *map)
{
  for (guint i = 0; i < ebpf_map_spec_get_n_contents (map); i++)
    if (ebpf_map_spec_get_content_reference (map, i) != NULL)
      return TRUE;

  return FALSE;
}

/* Where a reference leads; FALSE with @error, or without where the entry is to stay empty. */
static gboolean
find_referred (EbpfLoaderGenerator *self, const char *name, guint *slot, GError **error)
{
  EbpfLoaderMapPlan *map = g_hash_table_lookup (self->maps, name);
  gpointer program = g_hash_table_lookup (self->programs, name);

  if (map != NULL)
    {
      *slot = map->slot;
      return TRUE;
    }
  if (program != NULL)
    {
      *slot = GPOINTER_TO_UINT (program) - 1;
      return TRUE;
    }

  if (ebpf_collection_spec_get_map (self->source, name) == NULL &&
      ebpf_collection_spec_get_program (self->source, name) == NULL)
    ebpf_error_set (error, EBPF_ERROR_NOT_FOUND, 0,
                    "it refers to \"%s\", which is no map and no program", name);
  return FALSE;
}

static gboolean
write_contents (EbpfLoaderGenerator *self, EbpfLoaderMapPlan *plan, GError **error)
{
  guint n_contents = ebpf_map_spec_get_n_contents (plan->spec);
  g_autoptr (EbpfMapSpec) fixed = NULL;
  guint key_size, value_size;

  if (n_contents == 0)
    return TRUE;

  fixed = fixup (plan->spec, error);
  if (fixed == NULL)
    return FALSE;
  key_size = ebpf_map_spec_get_key_size (fixed);
  value_size = ebpf_map_spec_get_value_size (fixed);

  if (ebpf_map_type_is_per_cpu (ebpf_map_spec_get_map_type (fixed)))
    {
      ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                      "it has a value for each CPU, and how many there are is not known before");
      return FALSE;
    }

  ebpf_loader_begin_step (self, EBPF_LOADER_STEP_FILL, ebpf_map_spec_get_name (plan->spec));
  for (guint i = 0; i < n_contents; i++)
    {
      GBytes *key = ebpf_map_spec_get_content_key (plan->spec, i);
      GBytes *value = ebpf_map_spec_get_content_value (plan->spec, i);
      const char *reference = ebpf_map_spec_get_content_reference (plan->spec, i);
      guint32 key_at = 0, value_at = 0;
      gsize has_size;
      gint slot = -1;
      guint referred = 0;

      has_size = key != NULL ? g_bytes_get_size (key) : 0;
      if (has_size != key_size)
        {
          ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                          "entry %u has a key of %" G_GSIZE_FORMAT " bytes, not %u", i, has_size,
                          key_size);
          return FALSE;
        }
      if (reference == NULL && value == NULL)
        {
          ebpf_error_set (error, EBPF_ERROR_NOT_SUPPORTED, 0,
                          "entry %u is an object of this process, which a loader does not have", i);
          return FALSE;
        }
      has_size = reference != NULL ? sizeof (gint32) : g_bytes_get_size (value);
      if (has_size != value_size)
        {
          ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                          "entry %u has a value of %" G_GSIZE_FORMAT " bytes, not %u", i, has_size,
                          value_size);
          return FALSE;
        }

      if (reference != NULL)
        {
          GError *local_error = NULL;

          if (!find_referred (self, reference, &referred, &local_error))
            {
              if (local_error == NULL)
                continue;
              g_propagate_error (error, local_error);
              return FALSE;
            }
          slot = (gint) referred;
        }
      else
        {
          value_at =
              ebpf_loader_writer_add (&self->writer, g_bytes_get_data (value, NULL), value_size);
        }

      ebpf_loader_writer_reach (&self->writer);
      if (key_size > 0)
        key_at = ebpf_loader_writer_add (&self->writer, g_bytes_get_data (key, NULL), key_size);
      write_update (self, plan->slot, key_at, value_at, slot);
    }

  if (ebpf_map_spec_is_constant (plan->spec))
    write_freeze (self, plan);
  return TRUE;
}

/* Those that refer to others are filled when these are there. */
static gboolean
fill_maps (EbpfLoaderGenerator *self, gboolean with_references, GError **error)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->loader->spec);

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);
      const char *name = ebpf_map_spec_get_name (map);
      EbpfLoaderMapPlan *plan = g_hash_table_lookup (self->maps, name);
      GError *local_error = NULL;

      if (has_references (map) != with_references)
        continue;
      if (ebpf_map_spec_is_data_section (map) ? !write_section (self, plan, &local_error)
                                              : !write_contents (self, plan, &local_error))
        {
          ebpf_error_propagate_prefixed (error, local_error, "map \"%s\": ", name);
          return FALSE;
        }
    }

  return TRUE;
}

/* --- the whole */

/* What is to be made, into the spec of the loader: in its order it is in the context. */
static gboolean
choose (EbpfLoaderGenerator *self, GError **error)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->source);
  GPtrArray *programs = ebpf_collection_spec_peek_programs (self->source);
  GPtrArray *variables = ebpf_collection_spec_peek_variables (self->source);
  GArray *externs = ebpf_collection_spec_peek_kconfig_externs (self->source);
  EbpfCollectionSpec *spec = ebpf_collection_spec_new ();

  self->loader->spec = spec;
  ebpf_collection_spec_set_source (spec, ebpf_collection_spec_get_source (self->source));
  ebpf_collection_spec_set_license (spec, ebpf_collection_spec_get_license (self->source));
  ebpf_collection_spec_set_btf (spec, ebpf_collection_spec_get_btf (self->source));
  ebpf_collection_spec_set_byte_order (spec, EBPF_BYTE_ORDER_HOST);

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);

      if (ebpf_map_spec_get_autocreate (map) &&
          (!check_map (map, error) || !ebpf_collection_spec_add_map (spec, map, error)))
        return FALSE;
    }

  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgramSpec *program = g_ptr_array_index (programs, i);

      if (ebpf_program_spec_get_program_type (program) != EBPF_PROGRAM_TYPE_UNSPEC &&
          ebpf_program_spec_get_autoload (program) &&
          !ebpf_collection_spec_add_program (spec, program, error))
        return FALSE;
    }

  for (guint i = 0; i < variables->len; i++)
    {
      EbpfVariableSpec *variable = g_ptr_array_index (variables, i);

      if (ebpf_collection_spec_get_map (spec, ebpf_variable_spec_get_section (variable)) != NULL &&
          !ebpf_collection_spec_add_variable (spec, variable, error))
        return FALSE;
    }

  for (guint i = 0; i < externs->len; i++)
    {
      const EbpfKconfigExtern *one = &g_array_index (externs, EbpfKconfigExtern, i);

      ebpf_collection_spec_add_kconfig_extern (spec, one->name, one->btf_id, one->offset, one->size,
                                               one->weak);
    }

  if (ebpf_loader_context_size (ebpf_collection_spec_peek_maps (spec)->len,
                                ebpf_collection_spec_peek_programs (spec)->len) == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0,
                      "%u maps and %u programs are more than one loader program can make",
                      ebpf_collection_spec_peek_maps (spec)->len,
                      ebpf_collection_spec_peek_programs (spec)->len);
      return FALSE;
    }

  return TRUE;
}

static gboolean
make_maps (EbpfLoaderGenerator *self, GError **error)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->loader->spec);

  g_array_set_size (self->loader->values, maps->len);
  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);
      EbpfLoaderMapPlan *plan = g_new0 (EbpfLoaderMapPlan, 1);
      GError *local_error = NULL;

      plan->spec = map;
      plan->index = i;
      g_hash_table_insert (self->maps, (gpointer) ebpf_map_spec_get_name (map), plan);
      if (!write_map (self, map, (gint) i, 0, &plan->slot, &local_error))
        {
          ebpf_error_propagate_prefixed (error, local_error,
                                         "map \"%s\": ", ebpf_map_spec_get_name (map));
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
load_programs (EbpfLoaderGenerator *self, GError **error)
{
  GPtrArray *programs = ebpf_collection_spec_peek_programs (self->loader->spec);

  for (guint i = 0; i < programs->len; i++)
    {
      EbpfProgramSpec *program = g_ptr_array_index (programs, i);
      GError *local_error = NULL;

      if (!ebpf_loader_write_program (self, program, &local_error))
        {
          ebpf_error_propagate_prefixed (error, local_error,
                                         "program \"%s\": ", ebpf_program_spec_get_name (program));
          return FALSE;
        }
    }

  return TRUE;
}

static void
hand_over (EbpfLoaderGenerator *self)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->loader->spec);
  GPtrArray *programs = ebpf_collection_spec_peek_programs (self->loader->spec);

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfLoaderMapPlan *plan =
          g_hash_table_lookup (self->maps, ebpf_map_spec_get_name (g_ptr_array_index (maps, i)));

      ebpf_loader_writer_give (&self->writer, plan->slot,
                               ebpf_loader_map_offset (i) + FIELD (EbpfLoaderMap, fd));
    }

  for (guint i = 0; i < programs->len; i++)
    {
      gpointer slot = g_hash_table_lookup (
          self->programs, ebpf_program_spec_get_name (g_ptr_array_index (programs, i)));

      ebpf_loader_writer_give (&self->writer, GPOINTER_TO_UINT (slot) - 1,
                               ebpf_loader_program_offset (self->loader, i));
    }
}

static gboolean
generate (EbpfLoaderGenerator *self, GError **error)
{
  EbpfBtf *btf = ebpf_collection_spec_get_btf (self->source);

  if (ebpf_collection_spec_get_byte_order (self->source) != EBPF_BYTE_ORDER_HOST)
    {
      ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                      "a loader program is made for machines of this one's byte order, and the "
                      "object is of the other");
      return FALSE;
    }

  if (!choose (self, error))
    return FALSE;

  /* The first element of an fd_array stands for vmlinux. */
  ebpf_loader_writer_add_slot (&self->writer);
  if (btf != NULL && ebpf_btf_get_base (btf) == NULL)
    ebpf_loader_need_btf (self, btf, &self->loader->btf);
  if (!make_maps (self, error) || !fill_maps (self, FALSE, error) || !load_programs (self, error) ||
      !fill_maps (self, TRUE, error))
    return FALSE;
  hand_over (self);

  if (self->writer.data->len > MAX_DATA)
    {
      ebpf_error_set (error, EBPF_ERROR_LIMIT, 0, "%u bytes of data are more than a map can have",
                      self->writer.data->len);
      return FALSE;
    }

  ebpf_loader_writer_finish (&self->writer, &self->loader->insns, &self->loader->data);
  return TRUE;
}

gboolean
ebpf_loader_generate (EbpfLoader *self, EbpfCollectionSpec *source, GError **error)
{
  const char *name = ebpf_collection_spec_get_source (source);
  EbpfLoaderGenerator generator = { .loader = self, .source = source };
  GError *local_error = NULL;

  ebpf_loader_writer_init (&generator.writer, self->hashed);
  generator.maps = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  generator.btfs = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  generator.symbols =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, ebpf_loader_symbol_free);
  generator.programs = g_hash_table_new (g_str_hash, g_str_equal);

  if (!generate (&generator, &local_error))
    {
      if (name != NULL)
        ebpf_error_propagate_prefixed (error, local_error, "%s: ", name);
      else
        g_propagate_error (error, local_error);
    }

  ebpf_loader_writer_clear (&generator.writer);
  g_hash_table_unref (generator.maps);
  g_hash_table_unref (generator.btfs);
  g_hash_table_unref (generator.symbols);
  g_hash_table_unref (generator.programs);
  return self->insns != NULL;
}
