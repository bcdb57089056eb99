/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Global variables of many types in every kind of section. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "common.h"

struct point
{
  __s32 x;
  __s32 y;
};

enum color
{
  COLOR_RED,
  COLOR_GREEN = 7,
};

/* .data */
__u8 data_u8 = 0x12;
__u16 data_u16 = 0x1234;
__s32 data_s32 = -5;
__u64 data_u64 = 0x1122334455667788ULL;
bool data_bool = true;
char data_text[16] = "hello";
__u32 data_array[4] = { 1, 2, 3, 4 };
struct point data_point = { .x = -1, .y = 2 };
enum color data_color = COLOR_GREEN;
__weak __u32 data_weak = 77;
__hidden __u32 data_hidden = 88;
static volatile __u32 data_static = 99;
__u32 tagged_variable __decl_tag ("first") __decl_tag ("second") = 5;

/* .bss */
__u64 bss_counter;
struct point bss_points[3];
static volatile __u32 bss_static;

/* .rodata */
const volatile __u32 ro_limit = 1000;
const volatile __s64 ro_offset = -9;
const volatile bool ro_flag;
const volatile char ro_name[8] = "abc";

/* Sections of one's own. */
const volatile __u32 ro_custom SEC (".rodata.custom") = 31337;
__u32 data_custom SEC (".data.custom") = 4711;
__u32 bss_custom SEC (".bss.custom");

SEC ("socket")
int
touch (struct __sk_buff *skb)
{
  char text[] = "in .rodata.str or on the stack";

  bss_counter++;
  bss_points[1].y = data_point.x + data_array[skb->len & 3];
  bss_static += data_static + data_hidden + data_weak;
  data_u8++;
  data_u16 += ro_limit;
  data_s32 += ro_offset;
  data_u64 += ro_flag ? 1 : 2;
  data_bool = !data_bool;
  data_text[0] = ro_name[0];
  data_color = COLOR_RED;
  bss_custom = ro_custom + data_custom + tagged_variable;
  bpf_trace_printk (text, sizeof text);
  return bss_counter;
}

char _license[] SEC ("license") = "GPL";
