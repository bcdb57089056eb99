/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/ebpf-enums-private.h"

#include "base/ebpf-enum-types.h"

static const char *
enum_nick (GType type, int value)
{
  g_autoptr (GEnumClass) enum_class = g_type_class_ref (type);
  const GEnumValue *enum_value = g_enum_get_value (enum_class, value);

  /* Static types are never unloaded, so the nick outlives the class reference. */
  return enum_value != NULL ? enum_value->value_nick : NULL;
}

/**
 * ebpf_map_type_to_string:
 * @map_type: a map type
 *
 * Gets the kernel's word for a map type, such as "percpu-hash".
 *
 * Returns: (nullable) (transfer none): the word, or %NULL for a number that is not listed
 */
const char *
ebpf_map_type_to_string (EbpfMapType map_type)
{
  return enum_nick (EBPF_TYPE_MAP_TYPE, (int) map_type);
}

/**
 * ebpf_program_type_to_string:
 * @program_type: a program type
 *
 * Gets the kernel's word for a program type, such as "sched-cls".
 *
 * Returns: (nullable) (transfer none): the word, or %NULL for a number that is not listed
 */
const char *
ebpf_program_type_to_string (EbpfProgramType program_type)
{
  return enum_nick (EBPF_TYPE_PROGRAM_TYPE, (int) program_type);
}

/**
 * ebpf_attach_type_to_string:
 * @attach_type: an attach type
 *
 * Gets the kernel's word for an attach type, such as "trace-raw-tp".
 *
 * Returns: (nullable) (transfer none): the word, or %NULL for a number that is not listed
 */
const char *
ebpf_attach_type_to_string (EbpfAttachType attach_type)
{
  return enum_nick (EBPF_TYPE_ATTACH_TYPE, (int) attach_type);
}

guint
ebpf_map_type_peek_facts (EbpfMapType map_type)
{
  static const guint8 facts[] = {
    [EBPF_MAP_TYPE_PROG_ARRAY] = EBPF_MAP_FACT_PROGRAMS,
    [EBPF_MAP_TYPE_PERCPU_HASH] = EBPF_MAP_FACT_PER_CPU,
    [EBPF_MAP_TYPE_PERCPU_ARRAY] = EBPF_MAP_FACT_PER_CPU,
    [EBPF_MAP_TYPE_LRU_PERCPU_HASH] = EBPF_MAP_FACT_PER_CPU,
    [EBPF_MAP_TYPE_LPM_TRIE] = EBPF_MAP_FACT_NO_PREALLOC,
    [EBPF_MAP_TYPE_ARRAY_OF_MAPS] = EBPF_MAP_FACT_MAPS,
    [EBPF_MAP_TYPE_HASH_OF_MAPS] = EBPF_MAP_FACT_MAPS,
    [EBPF_MAP_TYPE_CGROUP_STORAGE] = EBPF_MAP_FACT_NO_MAX_ENTRIES,
    [EBPF_MAP_TYPE_PERCPU_CGROUP_STORAGE] = EBPF_MAP_FACT_PER_CPU | EBPF_MAP_FACT_NO_MAX_ENTRIES,
    [EBPF_MAP_TYPE_SK_STORAGE] = EBPF_MAP_FACT_NO_PREALLOC | EBPF_MAP_FACT_NO_MAX_ENTRIES,
    [EBPF_MAP_TYPE_INODE_STORAGE] = EBPF_MAP_FACT_NO_PREALLOC | EBPF_MAP_FACT_NO_MAX_ENTRIES,
    [EBPF_MAP_TYPE_TASK_STORAGE] = EBPF_MAP_FACT_NO_PREALLOC | EBPF_MAP_FACT_NO_MAX_ENTRIES,
    [EBPF_MAP_TYPE_CGRP_STORAGE] = EBPF_MAP_FACT_NO_PREALLOC | EBPF_MAP_FACT_NO_MAX_ENTRIES,
  };

  return (guint) map_type < G_N_ELEMENTS (facts) ? facts[map_type] : 0;
}
