/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ebpfctl-btf.h"

#include "ebpfctl-json.h"
#include "ebpfctl-terminal.h"

#include <stdio.h>

/* One by one, with the words and keys that scripts know from bpftool. */

static const char *
name_or_anon (const char *name)
{
  return name[0] != '\0' ? name : "(anon)";
}

static const char *
encoding_word (EbpfBtfType *type)
{
  switch (ebpf_btf_type_get_int_encoding (type))
    {
    case EBPF_BTF_INT_ENCODING_UNSIGNED:
      return "(none)";
    case EBPF_BTF_INT_ENCODING_SIGNED:
      return "SIGNED";
    case EBPF_BTF_INT_ENCODING_CHAR:
      return "CHAR";
    case EBPF_BTF_INT_ENCODING_BOOL:
      return "BOOL";
    default:
      return "UNKN";
    }
}

static const char *
linkage_word (EbpfBtfType *type)
{
  switch (ebpf_btf_type_get_linkage (type))
    {
    case EBPF_BTF_LINKAGE_STATIC:
      return "static";
    case EBPF_BTF_LINKAGE_GLOBAL:
      return "global";
    case EBPF_BTF_LINKAGE_EXTERN:
      return "extern";
    default:
      return "(unknown)";
    }
}

static char *
kind_word (EbpfBtfType *type)
{
  g_autoptr (GEnumClass) kinds = g_type_class_ref (EBPF_TYPE_BTF_KIND);
  const GEnumValue *value = g_enum_get_value (kinds, (int) ebpf_btf_type_get_kind (type));
  char *word = value != NULL ? g_ascii_strup (value->value_nick, -1)
                             : g_strdup_printf ("KIND_%u", ebpf_btf_type_get_kind (type));

  return g_strdelimit (word, "-", '_');
}

static guint
member_type_id (EbpfBtfType *type, guint index)
{
  g_autoptr (EbpfBtfType) member = ebpf_btf_type_get_member_type (type, index);

  return ebpf_btf_type_get_id (member);
}

/* JSON */

static void
add_members (EbpfctlJson *json, EbpfBtfType *type)
{
  EbpfBtfKind kind = ebpf_btf_type_get_kind (type);
  const char *name;
  guint n = ebpf_btf_type_get_n_members (type), i;

  name = kind == EBPF_BTF_KIND_FUNC_PROTO                             ? "params"
         : kind == EBPF_BTF_KIND_DATASEC                              ? "vars"
         : kind == EBPF_BTF_KIND_ENUM || kind == EBPF_BTF_KIND_ENUM64 ? "values"
                                                                      : "members";

  ebpfctl_json_add_uint (json, "vlen", n);
  ebpfctl_json_begin_array (json, name);
  for (i = 0; i < n; i++)
    {
      const char *member = name_or_anon (ebpf_btf_type_get_member_name (type, i));
      gint64 value;

      ebpfctl_json_begin_object (json, NULL);
      switch (kind)
        {
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          value = ebpf_btf_type_get_member_value (type, i);
          ebpfctl_json_add_string (json, "name", member);
          if (ebpf_btf_type_get_kind_flag (type))
            ebpfctl_json_add_int (json, "val", value);
          else
            ebpfctl_json_add_uint (json, "val", (guint64) value);
          break;

        case EBPF_BTF_KIND_DATASEC:
          ebpfctl_json_add_uint (json, "type_id", member_type_id (type, i));
          ebpfctl_json_add_uint (json, "offset", ebpf_btf_type_get_member_bit_offset (type, i) / 8);
          ebpfctl_json_add_uint (json, "size", ebpf_btf_type_get_member_size (type, i));
          break;

        case EBPF_BTF_KIND_FUNC_PROTO:
          ebpfctl_json_add_string (json, "name", member);
          ebpfctl_json_add_uint (json, "type_id", member_type_id (type, i));
          break;

        default:
          ebpfctl_json_add_string (json, "name", member);
          ebpfctl_json_add_uint (json, "type_id", member_type_id (type, i));
          ebpfctl_json_add_uint (json, "bits_offset",
                                 ebpf_btf_type_get_member_bit_offset (type, i));
          if (ebpf_btf_type_get_member_bit_size (type, i) != 0)
            ebpfctl_json_add_uint (json, "bitfield_size",
                                   ebpf_btf_type_get_member_bit_size (type, i));
          break;
        }
      ebpfctl_json_end_object (json);
    }
  ebpfctl_json_end_array (json);
}

static void
add_type (EbpfctlJson *json, EbpfBtfType *type)
{
  g_autofree char *word = kind_word (type);
  guint target = ebpf_btf_type_get_target_id (type);
  gboolean is_flagged = ebpf_btf_type_get_kind_flag (type);

  ebpfctl_json_begin_object (json, NULL);
  ebpfctl_json_add_uint (json, "id", ebpf_btf_type_get_id (type));
  ebpfctl_json_add_string (json, "kind", word);
  ebpfctl_json_add_string (json, "name", name_or_anon (ebpf_btf_type_get_name (type)));

  switch (ebpf_btf_type_get_kind (type))
    {
    case EBPF_BTF_KIND_INT:
      ebpfctl_json_add_int (json, "size", ebpf_btf_type_get_size (type));
      ebpfctl_json_add_uint (json, "bits_offset", ebpf_btf_type_get_int_bit_offset (type));
      ebpfctl_json_add_uint (json, "nr_bits", ebpf_btf_type_get_int_bits (type));
      ebpfctl_json_add_string (json, "encoding", encoding_word (type));
      break;

    case EBPF_BTF_KIND_ARRAY:
      ebpfctl_json_add_uint (json, "type_id", target);
      ebpfctl_json_add_uint (json, "index_type_id", ebpf_btf_type_get_index_id (type));
      ebpfctl_json_add_uint (json, "nr_elems", ebpf_btf_type_get_n_elements (type));
      break;

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      ebpfctl_json_add_string (json, "encoding", is_flagged ? "SIGNED" : "UNSIGNED");
      ebpfctl_json_add_int (json, "size", ebpf_btf_type_get_size (type));
      add_members (json, type);
      break;

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
    case EBPF_BTF_KIND_DATASEC:
      ebpfctl_json_add_int (json, "size", ebpf_btf_type_get_size (type));
      add_members (json, type);
      break;

    case EBPF_BTF_KIND_FWD:
      ebpfctl_json_add_string (json, "fwd_kind", is_flagged ? "union" : "struct");
      break;

    case EBPF_BTF_KIND_FUNC_PROTO:
      ebpfctl_json_add_uint (json, "ret_type_id", target);
      add_members (json, type);
      break;

    case EBPF_BTF_KIND_FUNC:
    case EBPF_BTF_KIND_VAR:
      ebpfctl_json_add_uint (json, "type_id", target);
      ebpfctl_json_add_string (json, "linkage", linkage_word (type));
      break;

    case EBPF_BTF_KIND_FLOAT:
      ebpfctl_json_add_int (json, "size", ebpf_btf_type_get_size (type));
      break;

    case EBPF_BTF_KIND_DECL_TAG:
      ebpfctl_json_add_uint (json, "type_id", target);
      ebpfctl_json_add_int (json, "component_idx", ebpf_btf_type_get_component (type));
      break;

    default:
      ebpfctl_json_add_uint (json, "type_id", target);
      break;
    }

  ebpfctl_json_end_object (json);
}

/* text */

static void
print_members (EbpfBtfType *type)
{
  EbpfBtfKind kind = ebpf_btf_type_get_kind (type);
  gboolean is_signed = ebpf_btf_type_get_kind_flag (type);
  guint i;

  for (i = 0; i < ebpf_btf_type_get_n_members (type); i++)
    {
      g_autofree char *name =
          ebpfctl_terminal_clean (name_or_anon (ebpf_btf_type_get_member_name (type, i)));
      const char *suffix = kind == EBPF_BTF_KIND_ENUM64 ? "LL" : "";
      gint64 value;

      switch (kind)
        {
        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          value = ebpf_btf_type_get_member_value (type, i);
          if (is_signed)
            printf ("\t'%s' val=%" G_GINT64_FORMAT "%s\n", name, value, suffix);
          else
            printf ("\t'%s' val=%" G_GUINT64_FORMAT "%s%s\n", name, (guint64) value,
                    suffix[0] != '\0' ? "U" : "", suffix);
          break;

        case EBPF_BTF_KIND_DATASEC:
          printf ("\ttype_id=%u offset=%u size=%u (%s)\n", member_type_id (type, i),
                  ebpf_btf_type_get_member_bit_offset (type, i) / 8,
                  ebpf_btf_type_get_member_size (type, i), name);
          break;

        case EBPF_BTF_KIND_FUNC_PROTO:
          printf ("\t'%s' type_id=%u\n", name, member_type_id (type, i));
          break;

        default:
          printf ("\t'%s' type_id=%u bits_offset=%u", name, member_type_id (type, i),
                  ebpf_btf_type_get_member_bit_offset (type, i));
          if (ebpf_btf_type_get_member_bit_size (type, i) != 0)
            printf (" bitfield_size=%u", ebpf_btf_type_get_member_bit_size (type, i));
          printf ("\n");
          break;
        }
    }
}

static void
print_type (EbpfBtfType *type)
{
  g_autofree char *word = kind_word (type);
  g_autofree char *name = ebpfctl_terminal_clean (name_or_anon (ebpf_btf_type_get_name (type)));
  guint target = ebpf_btf_type_get_target_id (type);
  gboolean is_flagged = ebpf_btf_type_get_kind_flag (type);

  printf ("[%u] %s '%s'", ebpf_btf_type_get_id (type), word, name);

  switch (ebpf_btf_type_get_kind (type))
    {
    case EBPF_BTF_KIND_INT:
      printf (" size=%" G_GINT64_FORMAT " bits_offset=%u nr_bits=%u encoding=%s\n",
              ebpf_btf_type_get_size (type), ebpf_btf_type_get_int_bit_offset (type),
              ebpf_btf_type_get_int_bits (type), encoding_word (type));
      break;

    case EBPF_BTF_KIND_ARRAY:
      printf (" type_id=%u index_type_id=%u nr_elems=%u\n", target,
              ebpf_btf_type_get_index_id (type), ebpf_btf_type_get_n_elements (type));
      break;

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      printf (" encoding=%s size=%" G_GINT64_FORMAT " vlen=%u\n",
              is_flagged ? "SIGNED" : "UNSIGNED", ebpf_btf_type_get_size (type),
              ebpf_btf_type_get_n_members (type));
      print_members (type);
      break;

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
    case EBPF_BTF_KIND_DATASEC:
      printf (" size=%" G_GINT64_FORMAT " vlen=%u\n", ebpf_btf_type_get_size (type),
              ebpf_btf_type_get_n_members (type));
      print_members (type);
      break;

    case EBPF_BTF_KIND_FWD:
      printf (" fwd_kind=%s\n", is_flagged ? "union" : "struct");
      break;

    case EBPF_BTF_KIND_FUNC_PROTO:
      printf (" ret_type_id=%u vlen=%u\n", target, ebpf_btf_type_get_n_members (type));
      print_members (type);
      break;

    case EBPF_BTF_KIND_FUNC:
    case EBPF_BTF_KIND_VAR:
      printf (" type_id=%u linkage=%s\n", target, linkage_word (type));
      break;

    case EBPF_BTF_KIND_FLOAT:
      printf (" size=%" G_GINT64_FORMAT "\n", ebpf_btf_type_get_size (type));
      break;

    case EBPF_BTF_KIND_DECL_TAG:
      printf (" type_id=%u component_idx=%d\n", target, ebpf_btf_type_get_component (type));
      break;

    default:
      printf (" type_id=%u\n", target);
      break;
    }
}

static EbpfBtfType *
nth_type (EbpfBtf *btf, GArray *ids, guint index)
{
  return ebpf_btf_get_type_by_id (btf, ids != NULL ? g_array_index (ids, guint, index)
                                                   : ebpf_btf_get_first_id (btf) + index);
}

static guint
count_types (EbpfBtf *btf, GArray *ids)
{
  return ids != NULL ? ids->len : ebpf_btf_get_n_types (btf) - ebpf_btf_get_first_id (btf);
}

void
ebpfctl_btf_print_raw (EbpfBtf *btf, GArray *ids)
{
  guint i;

  for (i = 0; i < count_types (btf, ids); i++)
    {
      g_autoptr (EbpfBtfType) type = nth_type (btf, ids, i);

      print_type (type);
    }
}

void
ebpfctl_btf_print_json (EbpfBtf *btf, GArray *ids)
{
  g_autoptr (EbpfctlJson) json = ebpfctl_json_new (EBPFCTL_JSON_PRETTY);
  guint i;

  ebpfctl_json_begin_object (json, NULL);
  ebpfctl_json_begin_array (json, "types");
  for (i = 0; i < count_types (btf, ids); i++)
    {
      g_autoptr (EbpfBtfType) type = nth_type (btf, ids, i);

      add_type (json, type);
    }
  ebpfctl_json_end_array (json);
  ebpfctl_json_end_object (json);
  ebpfctl_json_print (json);
}
