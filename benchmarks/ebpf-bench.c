/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Our time against libbpf's, or the bare system call's, in one run. */

#include "bench.h"

#include <bpf/libbpf.h>
#include <locale.h>
#include <string.h>

static const Bench benches[] = {
  { "open-all-tests", "us", 1.0, bench_open_all },
  { "load-all-tests", "us", 0.8, bench_load_all },
  { "load-all-together", "us", 0.8, bench_load_all_together },
  { "open-object", "us", 2.5, bench_open },
  { "open-object-again", "us", 1.0, bench_open_again },
  { "load-object", "us", 1.3, bench_load },
  { "load-object-core", "us", 1.0, bench_load_core },
  { "load-100-relocations", "us", 0.5, bench_load_many },
  { "load-again-btf-work", "us", 0.1, bench_load_many_again },
  { "load-untyped-ksyms", "us", 1.0, bench_load_ksyms },
  { "kernel-btf-find", "us", 0.5, bench_btf_find },
  { "kernel-btf-memory", "KiB", 1.0, bench_btf_memory },
  { "map-lookup-raw", "ns", 1.03, bench_lookup },
  { "map-update-raw", "ns", 1.03, bench_update },
  { "map-delete-raw", "ns", 1.03, bench_delete },
  { "map-lookup-variant", "ns", 2.5, bench_lookup_variant },
  { "map-iterate", "ns/entry", 0.25, bench_iterate },
  { "map-iterate-per-cpu", "ns/entry", 0.25, bench_iterate_per_cpu },
  { "map-model-refresh", "ms", 1.0, bench_refresh },
  { "ringbuf-drain", "ns/record", 1.1, bench_ring },
  { "ringbuf-drain-batches", "ns/record", 1.4, bench_ring_batch },
};

static GPtrArray *notes;

void
bench_note (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (notes, g_strdup_vprintf (format, args));
  va_end (args);
}

int
main (int argc, char **argv)
{
  gboolean json = FALSE, failed = FALSE, first = TRUE;
  g_auto (GStrv) names = NULL;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print an array of JSON", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &names, NULL, "[NAME…]" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  guint n_over = 0;

  setlocale (LC_ALL, "");
  g_option_context_set_summary (
      context,
      "Measures libebpf-core against libbpf and against the bare system call. Ends with an "
      "error where a ratio is over its limit.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("ebpf-bench: %s\n", error->message);
      return 2;
    }

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      gboolean known = FALSE;

      for (guint j = 0; j < G_N_ELEMENTS (benches); j++)
        known = known || strcmp (names[i], benches[j].name) == 0;
      if (!known)
        {
          g_printerr ("ebpf-bench: no benchmark \"%s\"\n", names[i]);
          return 2;
        }
    }

  if (!ebpf_check_privileges (&error))
    {
      g_printerr ("ebpf-bench: %s\n", error->message);
      return 1;
    }

  libbpf_set_print (NULL);
  notes = g_ptr_array_new_with_free_func (g_free);
  if (json)
    g_print ("[");
  else
    g_print ("%-22s %12s %12s  %-9s %6s %6s\n", "", "ours", "peer", "unit", "ratio", "limit");

  for (guint i = 0; i < G_N_ELEMENTS (benches); i++)
    {
      const Bench *bench = &benches[i];
      char ours_text[G_ASCII_DTOSTR_BUF_SIZE], peer_text[G_ASCII_DTOSTR_BUF_SIZE];
      char ratio_text[G_ASCII_DTOSTR_BUF_SIZE], limit_text[G_ASCII_DTOSTR_BUF_SIZE];
      double ours, peer, ratio;

      if (names != NULL && !g_strv_contains ((const char *const *) names, bench->name))
        continue;

      if (!bench->run (&ours, &peer, &error))
        {
          g_printerr ("ebpf-bench: %s: %s\n", bench->name, error->message);
          g_clear_error (&error);
          failed = TRUE;
          continue;
        }

      ratio = ours / peer;
      n_over += ratio > bench->limit;
      if (json)
        g_print ("%s\n  {\"name\": \"%s\", \"ours\": %s, \"peer\": %s, \"unit\": \"%s\", "
                 "\"ratio\": %s, \"limit\": %s, \"pass\": %s}",
                 first ? "" : ",", bench->name,
                 g_ascii_formatd (ours_text, sizeof ours_text, "%.3f", ours),
                 g_ascii_formatd (peer_text, sizeof peer_text, "%.3f", peer), bench->unit,
                 g_ascii_formatd (ratio_text, sizeof ratio_text, "%.4f", ratio),
                 g_ascii_formatd (limit_text, sizeof limit_text, "%.2f", bench->limit),
                 ratio > bench->limit ? "false" : "true");
      else
        g_print ("%-22s %12.1f %12.1f  %-9s %6.3f %6.2f  %s\n", bench->name, ours, peer,
                 bench->unit, ratio, bench->limit, ratio > bench->limit ? "OVER" : "ok");
      first = FALSE;
    }

  if (json)
    g_print ("%s]\n", first ? "" : "\n");

  for (guint i = 0; i < notes->len && !json; i++)
    g_print ("%s\n", (char *) g_ptr_array_index (notes, i));
  if (n_over > 0)
    g_printerr ("ebpf-bench: %u ratio%s over the limit\n", n_over, n_over > 1 ? "s are" : " is");
  g_ptr_array_unref (notes);

  return failed || n_over > 0 ? 1 : 0;
}
