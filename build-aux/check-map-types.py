#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is special about a type of map is known to its plug-in alone. Prints TAP."""

import pathlib
import re
import subprocess
import sys

PLUGIN = re.compile(r'EBPF_DEFINE_PLUGIN\s*\((.*?)\)', re.DOTALL)
CONSTANT = re.compile(r'\bE?BPF_MAP_TYPE_([A-Z_0-9]+)\b')
MEMBER = re.compile(r'\bMapType\.([A-Z_0-9]+)\b')
# By its number, or by its word.
NUMBER = re.compile(r'map_?type\s*(?:\([^()]*\))?\s*\)?\s*[=!]==?\s*\(?\s*[0-9]|case\s+[0-9]+:.*map', re.IGNORECASE)
COMPARES = re.compile(r'strcmp|equal|strstr|has_prefix|has_suffix|[=!]==?|\bin\b|\bcase\b|startswith|endswith|includes')
C_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL)
PY_COMMENT = re.compile(r'#[^\n]*|"""(?!,).*?"""', re.DOTALL)
# What defines the enumeration, and what BPF programs themselves say.
ALLOWED = {'libebpf-core/base/ebpf-enums.h', 'libebpf-core/base/ebpf-enums.c'}
FOLDERS = ('libebpf-core', 'tools', 'bindings', 'gir')
SUFFIXES = {'.c', '.h', '.in', '.js', '.py', '.vala', '.metadata'}


def types_of_plugins(root):
    types = set()
    for path in sorted((root / 'plugins').rglob('*.c')):
        for definition in PLUGIN.findall(path.read_text(encoding='utf-8')):
            types.update(CONSTANT.findall(definition))
    return types


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def problems_of(path, name, types, words):
    text = path.read_text(encoding='utf-8')
    code = (PY_COMMENT if path.suffix == '.py' else C_COMMENT).sub(blank, text)
    for number, line in enumerate(code.splitlines(), 1):
        named = {t for t in CONSTANT.findall(line) + MEMBER.findall(line) if t in types}
        if COMPARES.search(line):
            named.update(w for w in re.findall(r'["\']([a-z0-9-]+)["\']', line) if w in words)
        for what in sorted(named):
            yield f'{name}:{number}: {what} is the business of its plug-in'
        if NUMBER.search(line):
            yield f'{name}:{number}: a type of map by its number: {line.strip()}'


def main(root):
    root = pathlib.Path(root)
    types = types_of_plugins(root)
    words = {t.lower().replace('_', '-') for t in types}
    # A plug-in and a type may share a name, and these are common words.
    words -= {'queue', 'stack'}
    # Neither git nor its folder need be there.
    try:
        listed = subprocess.run(['git', '-C', str(root), 'ls-files', '--', *FOLDERS], capture_output=True, text=True,
                                check=False).stdout.split()
    except OSError:
        listed = []
    names = listed or [
        str(p.relative_to(root)) for d in FOLDERS for p in sorted((root / d).rglob('*')) if p.is_file()]
    problems = [problem for name in names
                if pathlib.Path(name).suffix in SUFFIXES and name not in ALLOWED and (root / name).exists()
                for problem in problems_of(root / name, name, types, words)]

    print('1..2')
    print(f"{'ok' if len(types) >= 28 else 'not ok'} 1 - plug-ins drive {len(types)} types of map")
    for problem in problems:
        print(f'# {problem}')
    print(f"{'not ok' if problems else 'ok'} 2 - nobody else knows one of them")
    return 1 if problems or len(types) < 28 else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
