/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf.h>

#include "ebpf-test.h"

G_BEGIN_DECLS

/* tests/bpf/producer.bpf.c, loaded. */
typedef struct
{
  EbpfCollection *collection;
  EbpfMap *ring;
  EbpfMap *perf;
} Producer;

/* @ring_size: bytes of the ring buffer. NULL, and a skip, where bpf(2) cannot be used. */
Producer *producer_new (guint ring_size);
void producer_free (Producer *producer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Producer, producer_free)

void producer_set (Producer *producer, const char *variable, guint32 value);
guint64 producer_get (Producer *producer, const char *variable);

/* Runs a program so that it writes @n records (of at most 1024 a run). */
void producer_run (Producer *producer, const char *program, guint n);

/* The size of a record with this number, where fixed_size is 0. */
gsize producer_size_of (guint64 number);

/* Checks a record and returns its number. @padding: how many bytes may follow. */
guint64 producer_check (gconstpointer data, gsize size, gsize padding);

/* Moves the calling thread to a CPU. */
gboolean producer_move_to_cpu (guint cpu);
void producer_move_anywhere (void);

G_END_DECLS
