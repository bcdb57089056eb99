/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "btf/ebpf-btf-dump-private.h"

#include <string.h>

/* A kernel's longest symbol has 512 characters. */
#define MAX_NAME 1024

/* What a struct of another language, or of a newer C, can be called and C cannot. */
static const char *const keywords[] = {
  "_Alignas",      "_Alignof",      "_Atomic",      "_Bool",     "_Complex",
  "_Float16",      "_Generic",      "_Imaginary",   "_Noreturn", "_Static_assert",
  "_Thread_local", "__attribute__", "__int128",     "alignas",   "alignof",
  "asm",           "auto",          "break",        "case",      "char",
  "const",         "constexpr",     "continue",     "default",   "do",
  "double",        "else",          "enum",         "extern",    "float",
  "for",           "goto",          "if",           "inline",    "int",
  "long",          "nullptr",       "register",     "restrict",  "return",
  "short",         "signed",        "sizeof",       "static",    "static_assert",
  "struct",        "switch",        "thread_local", "typedef",   "typeof",
  "typeof_unqual", "union",         "unsigned",     "void",      "volatile",
  "while",
};

static gboolean
is_keyword (const char *name)
{
  guint low = 0, high = G_N_ELEMENTS (keywords);

  while (low < high)
    {
      guint middle = (low + high) / 2;
      int order = strcmp (name, keywords[middle]);

      if (order == 0)
        return TRUE;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }

  return FALSE;
}

char *
ebpf_btf_dump_clean_name (const char *name, const char *fallback)
{
  gsize length = strnlen (name, MAX_NAME), i;
  GString *clean = g_string_sized_new (length + 2);

  if (length == 0)
    return g_string_free (g_string_assign (clean, fallback), FALSE);

  if (g_ascii_isdigit (name[0]))
    g_string_append_c (clean, '_');
  for (i = 0; i < length; i++)
    g_string_append_c (clean, g_ascii_isalnum (name[i]) ? name[i] : '_');

  /* What the compiler has by itself may look different there: va_list does. */
  if (is_keyword (clean->str) || g_str_has_prefix (clean->str, "__builtin_"))
    g_string_append_c (clean, '_');

  return g_string_free (clean, FALSE);
}

/* Takes @name. CO-RE leaves out what follows three underscores, so that "foo___2" still is "foo". */
static char *
make_unique (GHashTable *used, char *name)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (used, name));
  char *unique;

  if (n == 0)
    {
      g_hash_table_insert (used, g_strdup (name), GUINT_TO_POINTER (1));
      return name;
    }

  do
    unique = g_strdup_printf ("%s___%u", name, ++n);
  while (g_hash_table_contains (used, unique) && (g_free (unique), TRUE));

  g_hash_table_insert (used, g_strdup (name), GUINT_TO_POINTER (n));
  g_hash_table_insert (used, g_strdup (unique), GUINT_TO_POINTER (1));
  g_free (name);

  return unique;
}

char *
ebpf_btf_dump_new_identifier (EbpfBtfDump *self, const char *name)
{
  return make_unique (self->identifiers, ebpf_btf_dump_clean_name (name, "__unnamed"));
}

guint32
ebpf_btf_dump_resolve_forward (EbpfBtf *btf, guint32 id)
{
  const struct btf_type *type = ebpf_btf_peek (btf, id), *first;
  const char *name = ebpf_btf_name_of (btf, type);
  guint32 found;

  found = ebpf_btf_lookup (btf, name,
                           ebpf_btf_kflag_of (type) ? EBPF_BTF_KIND_UNION : EBPF_BTF_KIND_STRUCT);
  if (found != 0)
    return found;

  /* All forward declarations of a name are one. */
  found = ebpf_btf_lookup (btf, name, EBPF_BTF_KIND_FWD);
  first = ebpf_btf_peek (btf, found);
  return first != NULL && ebpf_btf_kflag_of (first) == ebpf_btf_kflag_of (type) ? found : id;
}

const char *
ebpf_btf_dump_type_name (EbpfBtfDump *self, guint32 id)
{
  const char *known = g_hash_table_lookup (self->names, GUINT_TO_POINTER (id));
  const struct btf_type *type;
  char *name;

  if (known != NULL)
    return known;

  type = ebpf_btf_peek (self->btf, id);
  name = ebpf_btf_dump_clean_name (ebpf_btf_name_of (self->btf, type), "__unnamed");
  switch (ebpf_btf_kind_of (type))
    {
    case EBPF_BTF_KIND_STRUCT:
    case EBPF_BTF_KIND_UNION:
    case EBPF_BTF_KIND_FWD:
    case EBPF_BTF_KIND_ENUM:
    case EBPF_BTF_KIND_ENUM64:
      name = make_unique (self->tags, name);
      break;

    default:
      name = make_unique (self->identifiers, name);
      break;
    }

  g_hash_table_insert (self->names, GUINT_TO_POINTER (id), name);
  return name;
}

/* As compilers write them into debug information, and their sizes on a BPF machine. */
static const struct
{
  const char *name;
  guint8 size;
  guint8 kind;
} builtins[] = {
  { "char", 1, EBPF_BTF_KIND_INT },
  { "signed char", 1, EBPF_BTF_KIND_INT },
  { "unsigned char", 1, EBPF_BTF_KIND_INT },
  { "short", 2, EBPF_BTF_KIND_INT },
  { "short int", 2, EBPF_BTF_KIND_INT },
  { "short unsigned int", 2, EBPF_BTF_KIND_INT },
  { "unsigned short", 2, EBPF_BTF_KIND_INT },
  { "unsigned short int", 2, EBPF_BTF_KIND_INT },
  { "int", 4, EBPF_BTF_KIND_INT },
  { "signed int", 4, EBPF_BTF_KIND_INT },
  { "unsigned", 4, EBPF_BTF_KIND_INT },
  { "unsigned int", 4, EBPF_BTF_KIND_INT },
  { "long", 8, EBPF_BTF_KIND_INT },
  { "long int", 8, EBPF_BTF_KIND_INT },
  { "long unsigned int", 8, EBPF_BTF_KIND_INT },
  { "unsigned long", 8, EBPF_BTF_KIND_INT },
  { "unsigned long int", 8, EBPF_BTF_KIND_INT },
  { "long long", 8, EBPF_BTF_KIND_INT },
  { "long long int", 8, EBPF_BTF_KIND_INT },
  { "long long unsigned int", 8, EBPF_BTF_KIND_INT },
  { "unsigned long long", 8, EBPF_BTF_KIND_INT },
  { "unsigned long long int", 8, EBPF_BTF_KIND_INT },
  { "__int128", 16, EBPF_BTF_KIND_INT },
  { "__int128 unsigned", 16, EBPF_BTF_KIND_INT },
  { "unsigned __int128", 16, EBPF_BTF_KIND_INT },
  { "float", 4, EBPF_BTF_KIND_FLOAT },
  { "double", 8, EBPF_BTF_KIND_FLOAT },
};

const char *
ebpf_btf_dump_builtin_name (EbpfBtf *btf, const struct btf_type *type)
{
  const char *name = ebpf_btf_name_of (btf, type);
  gboolean is_float = ebpf_btf_kind_of (type) == EBPF_BTF_KIND_FLOAT, is_builtin = FALSE;
  guint encoding, i;

  for (i = 0; i < G_N_ELEMENTS (builtins); i++)
    if (builtins[i].kind == ebpf_btf_kind_of (type) && strcmp (builtins[i].name, name) == 0)
      {
        if (builtins[i].size == type->size)
          return builtins[i].name;
        is_builtin = TRUE;
      }

  if (is_float)
    {
      /* long double has another size on most machines than on BPF's. */
      if (type->size == 8)
        return "double";
      return type->size == 4 ? "float" : NULL;
    }

  encoding = BTF_INT_ENCODING (*(const guint32 *) ebpf_btf_tail_of (type));
  if ((encoding & BTF_INT_BOOL) != 0 && type->size == 1)
    return "_Bool";

  /* A name of its own is kept, by a typedef; another machine's "long" is no name. */
  if (name[0] != '\0' && !is_builtin && (encoding & BTF_INT_BOOL) == 0)
    return NULL;

  switch (type->size)
    {
    case 1:
      return encoding & BTF_INT_SIGNED ? "signed char" : "unsigned char";
    case 2:
      return encoding & BTF_INT_SIGNED ? "short" : "unsigned short";
    case 4:
      return encoding & BTF_INT_SIGNED ? "int" : "unsigned int";
    case 8:
      return encoding & BTF_INT_SIGNED ? "long long" : "unsigned long long";
    case 16:
      return encoding & BTF_INT_SIGNED ? "__int128" : "unsigned __int128";
    default:
      return NULL;
    }
}
