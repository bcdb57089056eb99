/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-dump-private.h"

#include "base/ebpf-error-private.h"

#include <string.h>

/* Above this, what lies between two members is an array rather than a row of bitfields. */
#define MAX_PADDING_BITS 8192

static void print_type (EbpfBtfDump *self, guint32 id, const char *name, guint indent);

/* Says no more once the text is as long as it may be. */
static void
put (EbpfBtfDump *self, const char *text)
{
  if (self->out->len > self->max_length)
    {
      if (self->error == NULL)
        ebpf_error_set (&self->error, EBPF_ERROR_LIMIT, 0,
                        "as C, this type information would be longer than %" G_GSIZE_FORMAT
                        " bytes",
                        self->max_length);
      return;
    }

  g_string_append (self->out, text);
}

static void G_GNUC_PRINTF (2, 3) putf (EbpfBtfDump *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  put (self, text);
}

static void
put_indent (EbpfBtfDump *self, guint indent)
{
  while (indent-- > 0)
    put (self, "\t");
}

/* tags */

/* The argument of __attribute__ is C, so that only what looks like one is taken as it is. */
static gboolean
is_attribute (const char *text)
{
  return text[0] != '\0' && strlen (text) <= 128 &&
         text[strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_(), ")] == '\0';
}

static void
append_tag (GString *string, const char *macro, const char *text, gboolean is_raw)
{
  g_autofree char *quoted = NULL;

  if (is_raw && is_attribute (text))
    {
      g_string_append_printf (string, "__attribute__((%s))", text);
      return;
    }

  quoted = g_strescape (text, NULL);
  g_string_append_printf (string, "__attribute__((%s(\"%s\")))", macro, quoted);
}

/* @component: of a struct or function; -1 for the whole. */
static void
put_decl_tags (EbpfBtfDump *self, guint32 id, gint32 component)
{
  GArray *tags = g_hash_table_lookup (self->decl_tags, GUINT_TO_POINTER (id));
  guint i;

  for (i = 0; tags != NULL && i < tags->len; i++)
    {
      const struct btf_type *tag = ebpf_btf_peek (self->btf, g_array_index (tags, guint32, i));
      g_autoptr (GString) text = NULL;

      if (*(const gint32 *) ebpf_btf_tail_of (tag) != component)
        continue;

      text = g_string_new (" ");
      append_tag (text, "btf_decl_tag", ebpf_btf_name_of (self->btf, tag), ebpf_btf_kflag_of (tag));
      put (self, text->str);
    }
}

gboolean
ebpf_btf_dump_has_tag (EbpfBtfDump *self, guint32 id, const char *wanted)
{
  GArray *tags = g_hash_table_lookup (self->decl_tags, GUINT_TO_POINTER (id));
  guint i;

  for (i = 0; tags != NULL && i < tags->len; i++)
    {
      const struct btf_type *tag = ebpf_btf_peek (self->btf, g_array_index (tags, guint32, i));

      if (*(const gint32 *) ebpf_btf_tail_of (tag) == -1 &&
          strcmp (ebpf_btf_name_of (self->btf, tag), wanted) == 0)
        return TRUE;
    }

  return FALSE;
}

/* enumerations */

static gboolean
is_signed_enum (const struct btf_type *type)
{
  return ebpf_btf_kflag_of (type);
}

static void
put_enum_value (EbpfBtfDump *self, const struct btf_type *type, guint index)
{
  gint64 value = ebpf_btf_enum_value (type, index);

  if (!is_signed_enum (type))
    putf (self, (guint64) value > G_MAXUINT32 ? "%" G_GUINT64_FORMAT "ULL" : "%" G_GUINT64_FORMAT,
          (guint64) value);
  else if (value == G_MININT64)
    put (self, "(-9223372036854775807LL - 1)");
  else
    putf (self,
          value > G_MAXINT32 || value < G_MININT32 ? "%" G_GINT64_FORMAT "LL" : "%" G_GINT64_FORMAT,
          value);
}

/* The size that the values alone make a compiler choose. */
static guint
natural_enum_size (const struct btf_type *type)
{
  gboolean negative = FALSE, wide = FALSE, above_int = FALSE;
  guint i;

  for (i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      gint64 value = ebpf_btf_enum_value (type, i);

      if (is_signed_enum (type) && value < 0)
        {
          negative = TRUE;
          wide |= value < G_MININT32;
        }
      else
        {
          above_int |= (guint64) value > G_MAXINT32;
          wide |= (guint64) value > G_MAXUINT32;
        }
    }

  return wide || (negative && above_int) ? 8 : 4;
}

/* Without its name, which stands before it. */
static void
put_enum_body (EbpfBtfDump *self, guint32 id, guint indent)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, id);
  const guint32 *words = ebpf_btf_tail_of (type);
  guint n_words = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64 ? 3 : 2, i;

  put (self, "{\n");
  for (i = 0; i < ebpf_btf_vlen_of (type) && self->error == NULL; i++)
    {
      g_autofree char *name =
          ebpf_btf_dump_new_identifier (self, ebpf_btf_peek_name (self->btf, words[n_words * i]));

      put_indent (self, indent + 1);
      putf (self, "%s = ", name);
      put_enum_value (self, type, i);
      put (self, ",\n");
    }

  /* An enumeration that was but declared: C wants one of a known size, so it has a value. */
  if (ebpf_btf_vlen_of (type) == 0)
    {
      g_autofree char *wanted =
          g_strdup_printf ("__%s_unknown", ebpf_btf_name_of (self->btf, type));
      g_autofree char *name = ebpf_btf_dump_new_identifier (self, wanted);

      put_indent (self, indent + 1);
      putf (self, "%s = 0,\n", name);
    }

  put_indent (self, indent);
  put (self, "}");
  if (type->size != natural_enum_size (type))
    putf (self, " __attribute__((mode(%s)))",
          type->size == 1   ? "QI"
          : type->size == 2 ? "HI"
          : type->size == 4 ? "SI"
                            : "DI");
}

/* structs */

/* Unnamed bitfields move the next member and do not change the struct's alignment. */
static void
put_padding (EbpfBtfDump *self, guint32 id, guint64 from, guint64 to, guint index, guint indent)
{
  if (to - from > MAX_PADDING_BITS)
    {
      guint64 start = (from + 7) / 8, end = to / 8;

      if (start * 8 > from)
        put_padding (self, id, from, start * 8, index, indent);
      put_indent (self, indent);
      putf (self, "unsigned char __padding_%u_%u[%" G_GUINT64_FORMAT "];\n", id, index,
            end - start);
      from = end * 8;
    }

  while (from < to)
    {
      guint64 bits = MIN (64 - from % 64, to - from);

      put_indent (self, indent);
      if (bits <= 32 && from % 32 + bits <= 32)
        putf (self, "int: %u;\n", (guint) bits);
      else
        putf (self, "long: %u;\n", (guint) bits);
      from += bits;
    }
}

/* A struct in a struct, whose members are the outer one's: C writes it without a name, and GCC's
 * -fms-extensions, with which kernels are built, by the name of a struct. */
static gboolean
is_inlined (EbpfBtfDump *self, const struct btf_member *member)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, ebpf_btf_strip (self->btf, member->type));

  return ebpf_btf_peek_name (self->btf, member->name_off)[0] == '\0' && type != NULL &&
         (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_STRUCT ||
          ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION);
}

static void put_body (EbpfBtfDump *self, guint32 id, guint indent);

static void
put_member (EbpfBtfDump *self, const struct btf_member *member, guint index, guint indent)
{
  g_autofree char *name = NULL;
  guint32 target;

  if (is_inlined (self, member))
    {
      target = ebpf_btf_strip (self->btf, member->type);
      put (self, ebpf_btf_kind_of (ebpf_btf_peek (self->btf, target)) == EBPF_BTF_KIND_UNION
                     ? "union "
                     : "struct ");
      put_body (self, target, indent);
      return;
    }

  name = g_strdup_printf ("__unnamed_%u", index);
  {
    g_autofree char *clean =
        ebpf_btf_dump_clean_name (ebpf_btf_peek_name (self->btf, member->name_off), name);

    print_type (self, member->type, clean, indent);
  }
}

/* "{ … } __attribute__((…))" */
static void
put_body (EbpfBtfDump *self, guint32 id, guint indent)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, id);
  const struct btf_member *members = ebpf_btf_tail_of (type);
  const EbpfBtfDumpLayout *layout = &self->layouts[id];
  gboolean is_union = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION;
  guint64 position = 0, end = (guint64) type->size * 8;
  guint i;

  put (self, "{\n");
  if (layout->is_opaque)
    {
      put_indent (self, indent + 1);
      put (self, "/* C has no way to lay out the members. */\n");
      put_indent (self, indent + 1);
      putf (self, "unsigned char __bytes_%u[%u];\n", id, type->size);
      put_indent (self, indent);
      put (self, "}");
      return;
    }

  for (i = 0; i < ebpf_btf_vlen_of (type) && self->error == NULL; i++)
    {
      guint32 bit_offset, bit_size, align = 1;
      guint64 natural, size = 0;

      ebpf_btf_member_bits (self->btf, type, i, &bit_offset, &bit_size);
      if (bit_size != 0 && ebpf_btf_peek_name (self->btf, members[i].name_off)[0] == '\0')
        continue;

      /* Where C would put it. */
      ebpf_btf_dump_measure (self, members[i].type, &size, &align);
      natural = position;
      if (layout->is_packed)
        {
          if (bit_size == 0)
            natural = (position + 7) / 8 * 8;
        }
      else if (bit_size == 0)
        natural = (position + align * 8 - 1) / (align * 8) * (align * 8);
      else if (position % (size * 8) + bit_size > size * 8)
        natural = (position + size * 8 - 1) / (size * 8) * (size * 8);

      if (!is_union && natural != bit_offset)
        put_padding (self, id, position, bit_offset, i, indent + 1);

      put_indent (self, indent + 1);
      put_member (self, &members[i], i, indent + 1);
      if (bit_size != 0)
        putf (self, ": %u", bit_size);
      put_decl_tags (self, id, (gint32) i);
      put (self, ";\n");

      if (!is_union)
        position = bit_size != 0 ? (guint64) bit_offset + bit_size : bit_offset + size * 8;
    }

  if (!is_union)
    {
      guint64 step = layout->is_packed ? 8 : (guint64) layout->align * 8;

      if ((position + step - 1) / step * step != end)
        put_padding (self, id, position, end, i, indent + 1);
    }
  else if (layout->is_padded)
    {
      put_indent (self, indent + 1);
      putf (self, "unsigned char __padding_%u[%u];\n", id, type->size);
    }

  put_indent (self, indent);
  put (self, "}");
  if (layout->is_packed)
    put (self, " __attribute__((packed))");
  if (layout->is_aligned)
    putf (self, " __attribute__((aligned(%u)))", layout->align);
  put_decl_tags (self, id, -1);
}

/* declarations */

enum
{
  CONST = 1,
  VOLATILE = 2,
  RESTRICT = 4,
};

static void
append_qualifiers (GString *string, guint qualifiers)
{
  if (qualifiers & CONST)
    g_string_append (string, "const ");
  if (qualifiers & VOLATILE)
    g_string_append (string, "volatile ");
  if (qualifiers & RESTRICT)
    g_string_append (string, "__restrict ");
}

/* Parameters are printed by themselves and taken out of the text again. */
static char *
print_params (EbpfBtfDump *self, const struct btf_type *proto, guint indent)
{
  const struct btf_param *params = ebpf_btf_tail_of (proto);
  guint n = ebpf_btf_vlen_of (proto), i;
  gsize start = self->out->len;
  char *text;

  put (self, "(");
  if (n == 0)
    put (self, "void");
  for (i = 0; i < n && self->error == NULL; i++)
    {
      const char *name = ebpf_btf_peek_name (self->btf, params[i].name_off);
      g_autofree char *clean = NULL;

      if (i > 0)
        put (self, ", ");
      if (params[i].type == 0 && i + 1 == n && name[0] == '\0')
        {
          /* C before 2023 wants something in front of the dots. */
          put (self, i > 0 ? "..." : "");
          break;
        }
      clean = ebpf_btf_dump_clean_name (name, "");
      print_type (self, params[i].type, clean, indent);
    }
  put (self, ")");

  text = g_strdup (self->out->str + MIN (start, self->out->len));
  g_string_truncate (self->out, MIN (start, self->out->len));
  return text;
}

static void
put_base (EbpfBtfDump *self, guint32 id, guint indent)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, id);
  guint kind = type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID;
  const char *name;

  switch (kind)
    {
    case EBPF_BTF_KIND_VOID:
      put (self, "void");
      break;

    case EBPF_BTF_KIND_INT:
    case EBPF_BTF_KIND_FLOAT:
      name = ebpf_btf_dump_builtin_name (self->btf, type);
      put (self, name != NULL ? name : ebpf_btf_dump_type_name (self, id));
      break;

    case EBPF_BTF_KIND_TYPEDEF:
      put (self, ebpf_btf_dump_type_name (self, id));
      break;

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      put (self, kind == EBPF_BTF_KIND_UNION ? "union " : "struct ");
      if (ebpf_btf_name_of (self->btf, type)[0] == '\0')
        put_body (self, id, indent);
      else
        put (self, ebpf_btf_dump_type_name (self, id));
      break;

    case EBPF_BTF_KIND_FWD:
      put (self, ebpf_btf_kflag_of (type) ? "union " : "struct ");
      put (self, ebpf_btf_dump_type_name (self, ebpf_btf_dump_resolve_forward (self->btf, id)));
      break;

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      put (self, "enum ");
      if (ebpf_btf_name_of (self->btf, type)[0] == '\0')
        put_enum_body (self, id, indent);
      else
        put (self, ebpf_btf_dump_type_name (self, id));
      break;

    default:
      /* One of a kind that comes later than this library; most are behind a pointer. */
      if (!ebpf_btf_knows_kind (type))
        {
          put (self, "void");
          break;
        }
      if (self->error == NULL)
        ebpf_error_set (&self->error, EBPF_ERROR_BTF, 0,
                        "type %u at offset %u is used as a type of C, which it is not", id,
                        ebpf_btf_offset_of (self->btf, id));
      break;
    }
}

/* A declaration is built from the inside out: @inner is what stands around the name so far. */
static void
print_type (EbpfBtfDump *self, guint32 id, const char *name, guint indent)
{
  g_autoptr (GString) inner = g_string_new (name);
  g_autoptr (GString) tags = g_string_new (NULL);
  gboolean is_pointer = FALSE; /* the last thing that was put around the name */
  guint qualifiers = 0, i;

  if (self->parts_left == 0 || indent > EBPF_BTF_MAX_DEPTH)
    {
      if (self->error == NULL)
        ebpf_error_set (&self->error, EBPF_ERROR_LIMIT, 0,
                        "type %u cannot be written as C: types without a name are nested too deep "
                        "or used too often",
                        id);
      return;
    }
  self->parts_left--;

  for (i = 0;; i++)
    {
      const struct btf_type *type = ebpf_btf_peek (self->btf, id);
      guint kind = type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID;

      if (i >= EBPF_BTF_MAX_DEPTH)
        {
          if (self->error == NULL)
            ebpf_error_set (&self->error, EBPF_ERROR_LIMIT, 0,
                            "type %u is too deep to be written as C", id);
          return;
        }

      switch (kind)
        {
        case EBPF_BTF_KIND_CONST:
          qualifiers |= CONST;
          id = type->type;
          continue;

        case EBPF_BTF_KIND_VOLATILE:
          qualifiers |= VOLATILE;
          id = type->type;
          continue;

        case EBPF_BTF_KIND_RESTRICT:
          qualifiers |= RESTRICT;
          id = type->type;
          continue;

        case EBPF_BTF_KIND_TYPE_TAG:
          append_tag (tags, "btf_type_tag", ebpf_btf_name_of (self->btf, type),
                      ebpf_btf_kflag_of (type));
          g_string_append_c (tags, ' ');
          id = type->type;
          continue;

        case EBPF_BTF_KIND_PTR:
          {
            g_autoptr (GString) pointer = g_string_new ("*");

            g_string_append (pointer, tags->str);
            append_qualifiers (pointer, qualifiers);
            if (inner->len == 0 && pointer->len > 1)
              g_string_truncate (pointer, pointer->len - 1);
            g_string_prepend (inner, pointer->str);
            g_string_truncate (tags, 0);
            qualifiers = 0;
            is_pointer = TRUE;
            id = type->type;
            continue;
          }

        case EBPF_BTF_KIND_ARRAY:
          {
            const struct btf_array *array = ebpf_btf_tail_of (type);

            if (is_pointer)
              {
                g_string_prepend_c (inner, '(');
                g_string_append_c (inner, ')');
                is_pointer = FALSE;
              }

            /* Rather than "[]", which clang refuses in a union and in a struct by itself. */
            g_string_append_printf (inner, "[%u]", array->nelems);
            id = array->type;
            continue;
          }

        case EBPF_BTF_KIND_FUNC_PROTO:
          {
            g_autofree char *params = print_params (self, type, indent + 1);

            if (is_pointer)
              {
                g_string_prepend_c (inner, '(');
                g_string_append_c (inner, ')');
                is_pointer = FALSE;
              }
            g_string_append (inner, params);
            g_string_truncate (tags, 0);
            qualifiers = 0;
            id = type->type;
            continue;
          }

        default:
          break;
        }

      break;
    }

  {
    g_autoptr (GString) before = g_string_new (NULL);

    /* Only pointers are restricted. */
    append_qualifiers (before, qualifiers & ~RESTRICT);
    put (self, before->str);
    put_base (self, id, indent);
    if (tags->len > 0)
      {
        g_string_truncate (tags, tags->len - 1);
        put (self, " ");
        put (self, tags->str);
      }
  }

  if (inner->len > 0)
    {
      put (self, " ");
      put (self, inner->str);
    }
}

void
ebpf_btf_dump_print_declaration (EbpfBtfDump *self, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, id);

  putf (self, "%s %s;\n\n",
        ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION ||
                (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FWD && ebpf_btf_kflag_of (type))
            ? "union"
            : "struct",
        ebpf_btf_dump_type_name (self, id));
}

/* An integer or floating point type of a name that C does not know. */
static void
put_foreign_number (EbpfBtfDump *self, guint32 id, const struct btf_type *type)
{
  const char *name = ebpf_btf_dump_type_name (self, id);
  guint32 info;

  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_INT)
    {
      static const char *const words[] = { "char", "short", "int", "long long", "__int128" };
      guint i;

      info = *(const guint32 *) ebpf_btf_tail_of (type);
      for (i = 0; i < G_N_ELEMENTS (words); i++)
        if (type->size == 1u << i)
          {
            putf (self, "typedef %s %s %s;\n\n",
                  BTF_INT_ENCODING (info) & BTF_INT_SIGNED ? "signed" : "unsigned", words[i], name);
            return;
          }
    }

  putf (self, "typedef unsigned char %s[%u];\n\n", name, type->size);
}

/* stdbool.h makes macros of these and C23 makes keywords of them. */
static const char *
find_bool_guard (EbpfBtfDump *self, const struct btf_type *type)
{
  const guint32 *words = ebpf_btf_tail_of (type);
  const char *name;
  guint i;

  if (ebpf_btf_kind_of (type) == EBPF_BTF_KIND_TYPEDEF)
    return strcmp (ebpf_btf_name_of (self->btf, type), "bool") == 0 ? "bool" : NULL;

  if (ebpf_btf_kind_of (type) != EBPF_BTF_KIND_ENUM)
    return NULL;

  for (i = 0; i < MIN (ebpf_btf_vlen_of (type), 2); i++)
    {
      name = ebpf_btf_peek_name (self->btf, words[2 * i]);
      if (strcmp (name, "true") == 0 || strcmp (name, "false") == 0)
        return "true";
    }

  return NULL;
}

void
ebpf_btf_dump_print_definition (EbpfBtfDump *self, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, id);
  const char *name = ebpf_btf_name_of (self->btf, type);
  const char *guard = find_bool_guard (self, type);
  guint kind = ebpf_btf_kind_of (type);

  if (guard != NULL)
    putf (self, "#if !defined %s && (!defined __STDC_VERSION__ || __STDC_VERSION__ < 202311L)\n",
          guard);

  switch (kind)
    {
    case EBPF_BTF_KIND_INT:
    case EBPF_BTF_KIND_FLOAT:
      put_foreign_number (self, id, type);
      break;

    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
      putf (self, "%s %s ", kind == EBPF_BTF_KIND_UNION ? "union" : "struct",
            ebpf_btf_dump_type_name (self, id));
      put_body (self, id, 0);
      put (self, ";\n\n");
      break;

    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      put (self, "enum ");
      if (name[0] != '\0')
        putf (self, "%s ", ebpf_btf_dump_type_name (self, id));
      put_enum_body (self, id, 0);
      put_decl_tags (self, id, -1);
      put (self, ";\n\n");
      break;

    case EBPF_BTF_KIND_TYPEDEF:
      put (self, "typedef ");
      print_type (self, type->type, ebpf_btf_dump_type_name (self, id), 0);
      put_decl_tags (self, id, -1);
      put (self, ";\n\n");
      break;

    default:
      g_assert_not_reached ();
    }

  if (guard != NULL)
    put (self, "#endif\n\n");
}

void
ebpf_btf_dump_print_function (EbpfBtfDump *self, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (self->btf, id);
  g_autofree char *name = ebpf_btf_dump_clean_name (ebpf_btf_name_of (self->btf, type), "");

  /* A second one of a name is the same symbol. */
  if (name[0] == '\0' || !g_hash_table_add (self->identifiers, g_strdup (name)))
    return;

  put (self, "extern ");
  print_type (self, type->type, name, 0);
  put (self, " __attribute__((weak, section(\".ksyms\")))");
  if (ebpf_btf_dump_has_tag (self, id, "bpf_fastcall"))
    put (self, " __ebpf_fastcall");
  put (self, ";\n");
}
