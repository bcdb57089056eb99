#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whether every C file is laid out as .clang-format says. Prints TAP.
cd "$1" || exit 1
echo 1..1
if ! command -v clang-format >/dev/null; then
  echo "ok 1 - layout # SKIP clang-format is not installed"
  exit 0
fi
folders=
for folder in libebpf-core plugins tools examples tests benchmarks fuzzing; do
  [ ! -d "$folder" ] || folders="$folders $folder"
done
# shellcheck disable=SC2086 # words on purpose
bad=$(find $folders -name '*.[ch]' ! -path 'tests/bpf/*' \
  -exec clang-format --dry-run -Werror {} + 2>&1 | sed -n 's/^\([^:]*\):.*/# \1/p' | sort -u)
if [ -n "$bad" ]; then
  echo "$bad"
  echo "# ./dev format lays them out"
  echo "not ok 1 - layout"
  exit 1
fi
echo "ok 1 - layout"
