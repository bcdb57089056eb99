/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the kernel defines: its configuration, its variables, its functions. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_BPF_SYSCALL __kconfig;
extern unsigned long long CONFIG_HZ __kconfig;
extern enum libbpf_tristate CONFIG_NO_SUCH_OPTION __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig __weak;

extern const void bpf_prog_active __ksym __weak;
extern const void no_such_symbol __ksym __weak;
extern const int no_such_variable __ksym __weak;
extern void *bpf_cast_to_kern_ctx (void *) __ksym __weak;
extern int no_such_kfunc (int) __ksym __weak;

__u32 version;
__u64 address;
__u64 hz;
__u64 missing;

SEC ("tc")
int
read_externs (struct __sk_buff *skb)
{
  version = LINUX_KERNEL_VERSION;
  hz = CONFIG_HZ;
  address = (__u64) &bpf_prog_active;
  missing = (__u64) &no_such_symbol;

  if (&no_such_variable != NULL)
    missing = 1;

  if (CONFIG_NO_SUCH_OPTION != TRI_NO || !CONFIG_BPF_SYSCALL)
    missing += 2;

  if (CONFIG_DEFAULT_HOSTNAME[0] == 1)
    missing += 4;

  return 0;
}

char _license[] SEC ("license") = "GPL";
