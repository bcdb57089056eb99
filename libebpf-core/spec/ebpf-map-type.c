/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-map-type.h"

#include "base/ebpf-enums-private.h"
#include "sys/ebpf-sys-private.h"

/**
 * ebpf_map_type_is_per_cpu:
 * @map_type: a type of map
 *
 * Tells whether a map of this type has a value for each processor under each key.
 *
 * Returns: whether it has; %FALSE for types that are not known
 */
gboolean
ebpf_map_type_is_per_cpu (EbpfMapType map_type)
{
  return (ebpf_map_type_peek_facts (map_type) & EBPF_MAP_FACT_PER_CPU) != 0;
}

/**
 * ebpf_map_type_holds_maps:
 * @map_type: a type of map
 *
 * Tells whether the values of a map of this type are maps.
 *
 * Returns: whether they are; %FALSE for types that are not known
 */
gboolean
ebpf_map_type_holds_maps (EbpfMapType map_type)
{
  return (ebpf_map_type_peek_facts (map_type) & EBPF_MAP_FACT_MAPS) != 0;
}

/**
 * ebpf_map_type_holds_programs:
 * @map_type: a type of map
 *
 * Tells whether the values of a map of this type are programs.
 *
 * Returns: whether they are; %FALSE for types that are not known
 */
gboolean
ebpf_map_type_holds_programs (EbpfMapType map_type)
{
  return (ebpf_map_type_peek_facts (map_type) & EBPF_MAP_FACT_PROGRAMS) != 0;
}

/**
 * ebpf_map_type_needs_no_prealloc:
 * @map_type: a type of map
 *
 * Tells whether the kernel creates maps of this type with %EBPF_MAP_FLAGS_NO_PREALLOC only: storages
 * of sockets, tasks, inodes and cgroups, and prefix tries.
 *
 * Returns: whether the flag is needed; %FALSE for types that are not known
 */
gboolean
ebpf_map_type_needs_no_prealloc (EbpfMapType map_type)
{
  return (ebpf_map_type_peek_facts (map_type) & EBPF_MAP_FACT_NO_PREALLOC) != 0;
}

/**
 * ebpf_map_type_has_no_max_entries:
 * @map_type: a type of map
 *
 * Tells whether the kernel creates maps of this type with [property@MapSpec:max-entries] of 0 only:
 * storages, which have as many entries as there are things that they belong to.
 *
 * Returns: whether it has to be 0; %FALSE for types that are not known
 */
gboolean
ebpf_map_type_has_no_max_entries (EbpfMapType map_type)
{
  return (ebpf_map_type_peek_facts (map_type) & EBPF_MAP_FACT_NO_MAX_ENTRIES) != 0;
}

/**
 * ebpf_sanitize_name:
 * @text: any text
 *
 * Makes of a text what the running kernel takes as the name of a map or a program: only ASCII
 * letters, digits, "_" and, since Linux 5.2, "." are kept, and of those the first 15. Loading does
 * that to the names of specs.
 *
 * Returns: (transfer full): the name, which may be empty
 */
char *
ebpf_sanitize_name (const char *text)
{
  char name[EBPF_SYS_NAME_SIZE];

  g_return_val_if_fail (text != NULL, NULL);

  ebpf_sys_copy_name (name, text);
  return g_strdup (name);
}
