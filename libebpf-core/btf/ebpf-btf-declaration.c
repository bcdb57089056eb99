/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-parse-private.h"

/* A declaration is built from the inside out: @inner is what stands around the name so far ("*name",
 * "(*name)[4]"), until a type with a name of its own comes in front of it. */

#define MAX_DEPTH 8
#define MAX_PARTS 256

typedef struct
{
  EbpfBtf *btf;
  guint n_parts;
} Printer;

static char *print_declaration (Printer *printer, guint32 id, const char *name, guint depth);

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
    g_string_append (string, "restrict ");
}

/* "struct event", or all that is in it where it has no name. */
static void
append_tagged (Printer *printer,
               GString *string,
               const char *keyword,
               const struct btf_type *type,
               guint depth)
{
  const char *name = ebpf_btf_name_of (printer->btf, type);
  gboolean is_struct = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_STRUCT ||
                       ebpf_btf_kind_of (type) == EBPF_BTF_KIND_UNION;
  gconstpointer tail = ebpf_btf_tail_of (type);
  guint i;

  g_string_append (string, keyword);
  if (name[0] != '\0')
    {
      g_string_append_printf (string, " %s", name);
      return;
    }

  g_string_append (string, " {");
  for (i = 0; i < ebpf_btf_vlen_of (type); i++)
    {
      if (depth >= MAX_DEPTH || printer->n_parts++ >= MAX_PARTS)
        {
          g_string_append (string, " …");
          break;
        }
      if (is_struct)
        {
          const struct btf_member *member = (const struct btf_member *) tail + i;
          g_autofree char *declaration =
              print_declaration (printer, member->type,
                                 ebpf_btf_peek_name (printer->btf, member->name_off), depth + 1);
          guint32 bit_offset, bit_size;

          ebpf_btf_member_bits (printer->btf, type, i, &bit_offset, &bit_size);
          g_string_append_printf (string, " %s", declaration);
          if (bit_size != 0)
            g_string_append_printf (string, " : %u", bit_size);
          g_string_append_c (string, ';');
        }
      else
        {
          guint n_words = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_ENUM64 ? 3 : 2;

          g_string_append_printf (
              string, "%s %s", i > 0 ? "," : "",
              ebpf_btf_peek_name (printer->btf, ((const guint32 *) tail)[n_words * i]));
        }
    }
  g_string_append (string, " }");
}

static void
append_params (Printer *printer, GString *string, const struct btf_type *proto, guint depth)
{
  const struct btf_param *params = ebpf_btf_tail_of (proto);
  guint i;

  g_string_append_c (string, '(');
  for (i = 0; i < ebpf_btf_vlen_of (proto); i++)
    {
      g_autofree char *declaration = NULL;

      if (i > 0)
        g_string_append (string, ", ");
      if (depth >= MAX_DEPTH || printer->n_parts++ >= MAX_PARTS)
        {
          g_string_append (string, "…");
          break;
        }
      if (params[i].type == 0 && i + 1 == ebpf_btf_vlen_of (proto))
        {
          g_string_append (string, "...");
          break;
        }
      declaration =
          print_declaration (printer, params[i].type,
                             ebpf_btf_peek_name (printer->btf, params[i].name_off), depth + 1);
      g_string_append (string, declaration);
    }
  if (ebpf_btf_vlen_of (proto) == 0)
    g_string_append (string, "void");
  g_string_append_c (string, ')');
}

static char *
print_declaration (Printer *printer, guint32 id, const char *name, guint depth)
{
  g_autoptr (GString) inner = g_string_new (name);
  GString *base = g_string_new (NULL);
  guint qualifiers = 0, i;
  gboolean is_pointer = FALSE; /* the last thing that was put around the name */

  for (i = 0;; i++)
    {
      const struct btf_type *type = ebpf_btf_peek (printer->btf, id);
      guint kind = type != NULL ? ebpf_btf_kind_of (type) : EBPF_BTF_KIND_VOID;

      if (i >= EBPF_BTF_MAX_DEPTH)
        {
          g_string_append (base, "…");
          break;
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
          id = type->type;
          continue;

        case EBPF_BTF_KIND_VAR:
        case EBPF_BTF_KIND_FUNC:
          if (inner->len == 0)
            g_string_assign (inner, ebpf_btf_name_of (printer->btf, type));
          id = type->type;
          continue;

        case EBPF_BTF_KIND_PTR:
          {
            GString *pointer = g_string_new ("*");

            append_qualifiers (pointer, qualifiers);
            if (inner->len == 0 && qualifiers != 0)
              g_string_truncate (pointer, pointer->len - 1);
            g_string_prepend (inner, pointer->str);
            g_string_free (pointer, TRUE);
            qualifiers = 0;
            is_pointer = TRUE;
            id = type->type;
            continue;
          }

        case EBPF_BTF_KIND_ARRAY:
        case EBPF_BTF_KIND_FUNC_PROTO:
          if (is_pointer)
            {
              g_string_prepend_c (inner, '(');
              g_string_append_c (inner, ')');
              is_pointer = FALSE;
            }
          if (kind == EBPF_BTF_KIND_ARRAY)
            {
              const struct btf_array *array = ebpf_btf_tail_of (type);

              g_string_append_printf (inner, "[%u]", array->nelems);
              id = array->type;
            }
          else
            {
              append_params (printer, inner, type, depth);
              qualifiers = 0;
              id = type->type;
            }
          continue;

        case EBPF_BTF_KIND_VOID:
          append_qualifiers (base, qualifiers);
          g_string_append (base, "void");
          break;

        case EBPF_BTF_KIND_STRUCT:
        case EBPF_BTF_KIND_UNION:
          append_qualifiers (base, qualifiers);
          append_tagged (printer, base, kind == EBPF_BTF_KIND_STRUCT ? "struct" : "union", type,
                         depth);
          break;

        case EBPF_BTF_KIND_ENUM:
        case EBPF_BTF_KIND_ENUM64:
          append_qualifiers (base, qualifiers);
          append_tagged (printer, base, "enum", type, depth);
          break;

        case EBPF_BTF_KIND_FWD:
          append_qualifiers (base, qualifiers);
          g_string_append_printf (base, "%s %s", ebpf_btf_kflag_of (type) ? "union" : "struct",
                                  ebpf_btf_name_of (printer->btf, type));
          break;

        case EBPF_BTF_KIND_DATASEC:
          g_string_append_printf (base, "section %s", ebpf_btf_name_of (printer->btf, type));
          break;

        case EBPF_BTF_KIND_DECL_TAG:
          g_string_append_printf (base, "tag \"%s\"", ebpf_btf_name_of (printer->btf, type));
          break;

        default:
          append_qualifiers (base, qualifiers);
          g_string_append (base, ebpf_btf_name_of (printer->btf, type));
          break;
        }

      break;
    }

  if (inner->len > 0)
    g_string_append_printf (base, " %s", inner->str);

  return g_string_free (base, FALSE);
}

/**
 * ebpf_btf_type_to_declaration:
 * @self: a type
 * @name: (nullable): name of what is declared
 *
 * Writes the type as C does: `struct event`, `const char *name`, `int (*handler)(void *ctx)`,
 * `struct event [4]`.
 *
 * A struct without a name is written with its members, as far as that is not too much.
 *
 * Returns: (transfer full): the declaration, without a semicolon
 */
char *
ebpf_btf_type_to_declaration (EbpfBtfType *self, const char *name)
{
  Printer printer = { NULL, 0 };

  g_return_val_if_fail (self != NULL, NULL);

  printer.btf = ebpf_btf_type_get_btf (self);
  return print_declaration (&printer, ebpf_btf_type_get_id (self), name, 0);
}
