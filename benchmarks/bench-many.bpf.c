/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* More than a hundred relocations against twenty of the kernel's types. With BENCH_PLAIN, the same
 * instructions without relocations: what the load costs without type information. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#ifdef BENCH_PLAIN
#define FIELD(type, field)                                                                         \
  asm volatile("%0 = %1" : "=r"(value) : "i"(__builtin_offsetof(struct type, field)));             \
  sum += value
#else
#define FIELD(type, field)                                                                         \
  sum += __builtin_preserve_field_info (((struct type *) 0)->field, BPF_FIELD_BYTE_OFFSET)
#endif

#ifndef __VMLINUX_H__
#ifndef BENCH_PLAIN
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

struct task_struct
{
  int pid, tgid, prio, static_prio, normal_prio, exit_code, exit_signal;
  unsigned int flags, policy, rt_priority, personality;
  unsigned long min_flt, maj_flt, nvcsw, nivcsw;
  __u64 utime, stime, start_time;
  struct mm_struct *mm;
  struct nsproxy *nsproxy;
};

struct mm_struct
{
  unsigned long start_stack, task_size, start_code, end_code, start_data, end_data, start_brk, brk;
  unsigned long arg_start, arg_end, env_start, env_end, total_vm, locked_vm, stack_vm, exec_vm;
};

struct sk_buff
{
  unsigned int len, data_len, priority, truesize;
  __u16 mac_len, hdr_len, transport_header, network_header, mac_header;
  int skb_iif;
  unsigned char *head, *data;
};

struct inode
{
  __u16 i_mode, i_bytes;
  unsigned int i_flags, i_rdev, i_generation;
  unsigned long i_ino;
  long long i_size;
  struct super_block *i_sb;
};

struct dentry
{
  unsigned int d_flags;
  struct inode *d_inode;
  struct dentry *d_parent;
  struct super_block *d_sb;
  void *d_fsdata;
};

struct super_block
{
  unsigned int s_dev;
  unsigned char s_blocksize_bits;
  unsigned long s_blocksize, s_flags, s_magic;
  struct dentry *s_root;
};

struct file
{
  unsigned int f_flags;
  long long f_pos;
  void *private_data;
  struct inode *f_inode;
};

struct vm_area_struct
{
  unsigned long vm_start, vm_end, vm_pgoff;
  struct mm_struct *vm_mm;
  struct file *vm_file;
};

struct net_device
{
  int ifindex;
  unsigned int mtu, flags, min_mtu, max_mtu, num_tx_queues;
  unsigned short type, hard_header_len;
};

struct sock
{
  int sk_rcvbuf, sk_sndbuf, sk_err;
  unsigned int sk_priority, sk_mark;
  __u16 sk_type, sk_protocol;
};

struct nsproxy
{
  void *uts_ns, *ipc_ns, *mnt_ns, *pid_ns_for_children, *net_ns, *cgroup_ns;
};

struct cred
{
  unsigned int securebits;
  void *user, *user_ns;
};

struct signal_struct
{
  int nr_threads, group_exit_code, notify_count;
  unsigned int flags;
};

struct files_struct
{
  unsigned int next_fd;
  void *fdt;
};

struct fdtable
{
  unsigned int max_fds;
  void *fd;
};

struct kernfs_node
{
  unsigned short flags, mode;
  __u64 id;
  const char *name;
  void *priv;
};

struct cgroup
{
  int level, max_depth, nr_descendants;
  struct kernfs_node *kn;
};

struct bpf_prog
{
  unsigned int len, jited_len;
  __u16 pages;
};

struct bpf_map
{
  unsigned int key_size, value_size, max_entries, id, map_flags;
};

struct vfsmount
{
  int mnt_flags;
  struct dentry *mnt_root;
  struct super_block *mnt_sb;
};

#ifndef BENCH_PLAIN
#pragma clang attribute pop
#endif
#endif

__u64 result;

SEC ("socket")
int
sum_offsets (struct __sk_buff *skb)
{
  __u64 sum = 0, value;

  (void) value;
  FIELD (task_struct, pid);
  FIELD (task_struct, tgid);
  FIELD (task_struct, prio);
  FIELD (task_struct, static_prio);
  FIELD (task_struct, normal_prio);
  FIELD (task_struct, exit_code);
  FIELD (task_struct, exit_signal);
  FIELD (task_struct, flags);
  FIELD (task_struct, policy);
  FIELD (task_struct, rt_priority);
  FIELD (task_struct, personality);
  FIELD (task_struct, min_flt);
  FIELD (task_struct, maj_flt);
  FIELD (task_struct, nvcsw);
  FIELD (task_struct, nivcsw);
  FIELD (task_struct, utime);
  FIELD (task_struct, stime);
  FIELD (task_struct, start_time);
  FIELD (task_struct, mm);
  FIELD (task_struct, nsproxy);
  FIELD (mm_struct, start_stack);
  FIELD (mm_struct, task_size);
  FIELD (mm_struct, start_code);
  FIELD (mm_struct, end_code);
  FIELD (mm_struct, start_data);
  FIELD (mm_struct, end_data);
  FIELD (mm_struct, start_brk);
  FIELD (mm_struct, brk);
  FIELD (mm_struct, arg_start);
  FIELD (mm_struct, arg_end);
  FIELD (mm_struct, env_start);
  FIELD (mm_struct, env_end);
  FIELD (mm_struct, total_vm);
  FIELD (mm_struct, locked_vm);
  FIELD (mm_struct, stack_vm);
  FIELD (mm_struct, exec_vm);
  FIELD (sk_buff, len);
  FIELD (sk_buff, data_len);
  FIELD (sk_buff, priority);
  FIELD (sk_buff, truesize);
  FIELD (sk_buff, mac_len);
  FIELD (sk_buff, hdr_len);
  FIELD (sk_buff, transport_header);
  FIELD (sk_buff, network_header);
  FIELD (sk_buff, mac_header);
  FIELD (sk_buff, skb_iif);
  FIELD (sk_buff, head);
  FIELD (sk_buff, data);
  FIELD (inode, i_mode);
  FIELD (inode, i_bytes);
  FIELD (inode, i_flags);
  FIELD (inode, i_rdev);
  FIELD (inode, i_generation);
  FIELD (inode, i_ino);
  FIELD (inode, i_size);
  FIELD (inode, i_sb);
  FIELD (dentry, d_flags);
  FIELD (dentry, d_inode);
  FIELD (dentry, d_parent);
  FIELD (dentry, d_sb);
  FIELD (dentry, d_fsdata);
  FIELD (super_block, s_dev);
  FIELD (super_block, s_blocksize_bits);
  FIELD (super_block, s_blocksize);
  FIELD (super_block, s_flags);
  FIELD (super_block, s_magic);
  FIELD (super_block, s_root);
  FIELD (file, f_flags);
  FIELD (file, f_pos);
  FIELD (file, private_data);
  FIELD (file, f_inode);
  FIELD (vm_area_struct, vm_start);
  FIELD (vm_area_struct, vm_end);
  FIELD (vm_area_struct, vm_pgoff);
  FIELD (vm_area_struct, vm_mm);
  FIELD (vm_area_struct, vm_file);
  FIELD (net_device, ifindex);
  FIELD (net_device, mtu);
  FIELD (net_device, flags);
  FIELD (net_device, min_mtu);
  FIELD (net_device, max_mtu);
  FIELD (net_device, num_tx_queues);
  FIELD (net_device, type);
  FIELD (net_device, hard_header_len);
  FIELD (sock, sk_rcvbuf);
  FIELD (sock, sk_sndbuf);
  FIELD (sock, sk_err);
  FIELD (sock, sk_priority);
  FIELD (sock, sk_mark);
  FIELD (sock, sk_type);
  FIELD (sock, sk_protocol);
  FIELD (nsproxy, uts_ns);
  FIELD (nsproxy, ipc_ns);
  FIELD (nsproxy, mnt_ns);
  FIELD (nsproxy, pid_ns_for_children);
  FIELD (nsproxy, net_ns);
  FIELD (nsproxy, cgroup_ns);
  FIELD (cred, securebits);
  FIELD (cred, user);
  FIELD (cred, user_ns);
  FIELD (signal_struct, nr_threads);
  FIELD (signal_struct, group_exit_code);
  FIELD (signal_struct, notify_count);
  FIELD (signal_struct, flags);
  FIELD (files_struct, next_fd);
  FIELD (files_struct, fdt);
  FIELD (fdtable, max_fds);
  FIELD (fdtable, fd);
  FIELD (kernfs_node, flags);
  FIELD (kernfs_node, mode);
  FIELD (kernfs_node, id);
  FIELD (kernfs_node, name);
  FIELD (kernfs_node, priv);
  FIELD (cgroup, level);
  FIELD (cgroup, max_depth);
  FIELD (cgroup, nr_descendants);
  FIELD (cgroup, kn);
  FIELD (bpf_prog, len);
  FIELD (bpf_prog, jited_len);
  FIELD (bpf_prog, pages);
  FIELD (bpf_map, key_size);
  FIELD (bpf_map, value_size);
  FIELD (bpf_map, max_entries);
  FIELD (bpf_map, id);
  FIELD (bpf_map, map_flags);
  FIELD (vfsmount, mnt_flags);
  FIELD (vfsmount, mnt_root);
  FIELD (vfsmount, mnt_sb);

  result = sum;
  return 0;
}

char _license[] SEC ("license") = "GPL";
