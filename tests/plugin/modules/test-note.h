/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <ebpf-plugin.h>

/* A description that fits the library, for modules whose fault lies elsewhere. */
#define TEST_NOTE(nick_string, ...)                                                                \
  static const EbpfPluginNote test_note EBPF_PLUGIN_NOTE_SECTION_ =                                \
      EBPF_PLUGIN_NOTE_INIT_ (nick_string, "For the tests", 1, __VA_ARGS__);
