/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes type information by hand, in either byte order, right or wrong as asked. Ids are given out
 * from 1 (or from @first_id of a split one) in the order of the calls. Each call returns the id. */
typedef struct _TestBtf TestBtf;

TestBtf *test_btf_new (gboolean big_endian);

/* Split from a base with this many types (void included) and this many bytes of strings. */
TestBtf *test_btf_new_split (gboolean big_endian, guint32 first_id, guint32 strings_start);
void test_btf_free (TestBtf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestBtf, test_btf_free)

/* The blob so far: header, types, strings. */
GBytes *test_btf_to_bytes (TestBtf *self);

/* With further parts put in by hand: a header of @header_length bytes (24 or more), types moved by
 * a gap. */
GBytes *test_btf_to_bytes_with_header (TestBtf *self, guint32 header_length);

guint32 test_btf_n_types (TestBtf *self); /* one more than the last id */
guint32 test_btf_strings_length (TestBtf *self);

/* Offset of a string, added where it is not there yet. NULL and "" are 0. */
guint32 test_btf_string (TestBtf *self, const char *string);

/* Anything: @words follow the three of every type. */
guint32 test_btf_raw (TestBtf *self,
                      guint32 name_offset,
                      guint32 info,
                      guint32 size_or_type,
                      const guint32 *words,
                      gsize n_words);

#define TEST_BTF_SIGNED 1
#define TEST_BTF_CHAR 2
#define TEST_BTF_BOOL 4

guint32 test_btf_int (TestBtf *self, const char *name, guint32 size, guint32 encoding);
guint32 test_btf_float (TestBtf *self, const char *name, guint32 size);
guint32 test_btf_ptr (TestBtf *self, guint32 target);
guint32 test_btf_array (TestBtf *self, guint32 element, guint32 index_type, guint32 n_elements);
guint32 test_btf_typedef (TestBtf *self, const char *name, guint32 target);
guint32 test_btf_const (TestBtf *self, guint32 target);
guint32 test_btf_volatile (TestBtf *self, guint32 target);
guint32 test_btf_restrict (TestBtf *self, guint32 target);
guint32 test_btf_type_tag (TestBtf *self, const char *tag, guint32 target);
guint32 test_btf_fwd (TestBtf *self, const char *name, gboolean is_union);
guint32 test_btf_func (TestBtf *self, const char *name, guint32 proto, guint32 linkage);
guint32 test_btf_var (TestBtf *self, const char *name, guint32 type, guint32 linkage);
guint32 test_btf_decl_tag (TestBtf *self, const char *tag, guint32 target, gint32 component);

/* Lists: begun here, then as many of the parts as wanted. */
guint32 test_btf_struct (TestBtf *self, const char *name, guint32 size);
guint32 test_btf_union (TestBtf *self, const char *name, guint32 size);
void test_btf_member (TestBtf *self, const char *name, guint32 type, guint32 bit_offset);

/* A member with a size in bits makes the whole struct one of bitfields (kind_flag). */
void test_btf_bitfield (TestBtf *self,
                        const char *name,
                        guint32 type,
                        guint32 bit_offset,
                        guint32 bit_size);

guint32 test_btf_enum (TestBtf *self, const char *name, guint32 size, gboolean is_signed);
guint32 test_btf_enum64 (TestBtf *self, const char *name, guint32 size, gboolean is_signed);
void test_btf_value (TestBtf *self, const char *name, gint64 value);

guint32 test_btf_func_proto (TestBtf *self, guint32 return_type);
void test_btf_param (TestBtf *self, const char *name, guint32 type);

guint32 test_btf_datasec (TestBtf *self, const char *name, guint32 size);
void test_btf_section_var (TestBtf *self, guint32 var, guint32 offset, guint32 size);

G_END_DECLS
