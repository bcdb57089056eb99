#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may include whom (docs/architecture.md). Prints TAP."""

import pathlib
import re
import sys

STEPS = [['base'], ['sys'], ['asm'], ['btf'], ['spec'], ['elf', 'plugin'], ['object', 'linker'],
         ['link', 'loader', 'stream']]
RANK = {room: step for step, rooms in enumerate(STEPS) for room in rooms}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r'/\*.*?\*/', re.DOTALL)
MAX_LINES = 800


def problems_of_room(root, path):
    room = path.parent.name
    for header in INCLUDE.findall(path.read_text(encoding='utf-8')):
        other = header.split('/')[0]
        if '/' not in header or other not in RANK:
            if header.startswith('ebpf'):
                yield f'{path.relative_to(root)}: "{header}" has to be named with its room'
            continue
        if RANK[other] > RANK[room]:
            yield f'{path.relative_to(root)}: {room} is below {other}, but includes "{header}"'
        elif RANK[other] == RANK[room] and other != room and header.endswith('-private.h'):
            yield f'{path.relative_to(root)}: "{header}" is private to {other}'
        if not path.name.endswith(('-private.h', '.c')) and header.endswith('-private.h'):
            yield f'{path.relative_to(root)}: a public header includes the private "{header}"'


def problems_of_user(root, path, private_ok=False):
    for header in INCLUDE.findall(path.read_text(encoding='utf-8')):
        if header.split('/')[0] in RANK and '/ebpf-' in header:
            yield f'{path.relative_to(root)}: only <ebpf.h> is for use outside the library, not "{header}"'


def problems_of_libbpf(root, path):
    """libbpf's user-space headers belong to the benchmarks alone."""
    for header in INCLUDE.findall(path.read_text(encoding='utf-8')):
        if header in ('bpf/libbpf.h', 'bpf/bpf.h', 'bpf/btf.h'):
            yield f'{path.relative_to(root)}: includes <{header}>'


def problems_of_size(root, path):
    code = COMMENT.sub('', path.read_text(encoding='utf-8'))
    lines = sum(1 for line in code.splitlines() if line.strip())
    if lines > MAX_LINES:
        yield f'{path.relative_to(root)}: {lines} lines of code; it has become two things'


def main(root):
    root = pathlib.Path(root)
    core = root / 'libebpf-core'
    room_files = [p for room in RANK for p in sorted((core / room).glob('*.[ch]'))]
    user_files = [p for d in ('plugins', 'tools', 'examples') for p in sorted((root / d).rglob('*.[ch]'))
                  if not p.name.endswith('.bpf.c')]
    checks = {
        'rooms include downwards': [x for p in room_files for x in problems_of_room(root, p)],
        'users see the public API': [x for p in user_files for x in problems_of_user(root, p)],
        'libbpf is for benchmarks': [x for p in room_files + user_files for x in problems_of_libbpf(root, p)],
        'files are one thing': [x for p in room_files + user_files for x in problems_of_size(root, p)],
    }
    print(f'1..{len(checks)}')
    for number, (name, found) in enumerate(checks.items(), 1):
        for problem in found:
            print(f'# {problem}')
        print(f'{"not ok" if found else "ok"} {number} - {name}')
    return 0 if room_files and not any(checks.values()) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
