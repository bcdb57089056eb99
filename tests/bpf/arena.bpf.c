/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Variables in an arena (Linux 6.9). Compilers know its address space since clang 19; here the section's name
 * and the instruction that they make of it are written out. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

#define __arena SEC (".addr_space.1")

struct
{
  __uint (type, MAP_TYPE_ARENA);
  __uint (map_flags, BPF_F_MMAPABLE);
  __uint (max_entries, 3);
} arena SEC (".maps");

int first __arena = 1234;
/* Where it would leave a gap in such a section, clang 16 gives up. */
int between __arena = 1;
long second __arena = 5;
char behind[5000] __arena = { 'x' };

/* addr_space_cast, as a mov of 64 bits: from address space 1 to 0. */
#define CAST_IF(register, byte)                                                                    \
  ".ifc %0, " register "\n.byte 0xbf, " byte ", 1, 0, 1, 0, 0, 0\n.endif\n"
#define cast(pointer)                                                                              \
  asm volatile(CAST_IF ("r0", "0x00") CAST_IF ("r1", "0x11") CAST_IF ("r2", "0x22")                \
                   CAST_IF ("r3", "0x33") CAST_IF ("r4", "0x44") CAST_IF ("r5", "0x55")            \
                       CAST_IF ("r6", "0x66") CAST_IF ("r7", "0x77") CAST_IF ("r8", "0x88")        \
                           CAST_IF ("r9", "0x99")                                                  \
               : "+r"(pointer))

SEC ("syscall")
int
add (void *ctx)
{
  int *from = &first;
  long *to = &second;
  char *last = &behind[4999];

  /* Programs know their arena by a reference to it. */
  asm volatile("" ::"r"(&arena));
  cast (from);
  cast (to);
  cast (last);
  *to += *from;
  *last = 'y';
  return 0;
}

char _license[] SEC ("license") = "GPL";
