/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many small programs that call one large function: each needs a copy, and that must not turn a small file into
 * hundreds of megabytes. No real object is like this one, and it cannot be opened. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __noinline int
large (void)
{
  int result;

  asm volatile("%0 = 1\n.rept 60000\n%0 += 1\n.endr" : "=r"(result));
  return result;
}

#define PROGRAM(name)                                                                              \
  SEC ("socket")                                                                                   \
  int name (struct __sk_buff *skb) { return large (); }
#define PROGRAMS(name)                                                                             \
  PROGRAM (name##0)                                                                                \
  PROGRAM (name##1)                                                                                \
  PROGRAM (name##2)                                                                                \
  PROGRAM (name##3)                                                                                \
  PROGRAM (name##4)                                                                                \
  PROGRAM (name##5)                                                                                \
  PROGRAM (name##6)                                                                                \
  PROGRAM (name##7)                                                                                \
  PROGRAM (name##8)                                                                                \
  PROGRAM (name##9)

PROGRAMS (a)
PROGRAMS (b)
PROGRAMS (c)
PROGRAMS (d)
PROGRAMS (e)
PROGRAMS (f)
PROGRAMS (g)
PROGRAMS (h)
PROGRAMS (i)
PROGRAMS (j)

char _license[] SEC ("license") = "GPL";
