/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "asm/ebpf-insn-private.h"

#include <string.h>

void
ebpf_insn_decode (EbpfInsn *dest, gconstpointer src, gsize n, gboolean swapped)
{
  const guint8 *bytes = src;
  gsize i;

  if (n == 0)
    return;

  if (!swapped)
    {
      memcpy (dest, src, n * sizeof *dest);
      return;
    }

  for (i = 0; i < n; i++, bytes += sizeof *dest)
    {
      guint16 off;
      guint32 imm;

      memcpy (&off, bytes + 2, sizeof off);
      memcpy (&imm, bytes + 4, sizeof imm);

      /* The registers' halves of the byte are those of the file's order, the opposite of ours. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
      dest[i].dst = bytes[1] >> 4;
      dest[i].src = bytes[1] & 0xf;
#else
      dest[i].dst = bytes[1] & 0xf;
      dest[i].src = bytes[1] >> 4;
#endif
      dest[i].code = bytes[0];
      dest[i].off = (gint16) GUINT16_SWAP_LE_BE (off);
      dest[i].imm = (gint32) GUINT32_SWAP_LE_BE (imm);
    }
}
