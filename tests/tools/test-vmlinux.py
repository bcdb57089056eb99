#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A vmlinux.h made by ebpfctl: it compiles, has the kernel's layout, and is all that BPF programs need.
TAP on stdout.

Usage: test-vmlinux.py EBPFCTL BPF_SOURCES CLANG [FLAG…]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import btf_reader  # noqa: E402
from btf_reader import ENUM, ENUM64, STRUCT, TYPEDEF, UNION, Btf  # noqa: E402

EBPFCTL, SOURCES = map(os.path.abspath, sys.argv[1:3])
CC = sys.argv[3:]
VMLINUX = '/sys/kernel/btf/vmlinux'
BPF = ['--target=bpfel', '-Wall', '-Werror', '-Wno-unused-function']
# One in so many structs is laid out by clang; all of them with EBPF_TEST_ALL set, which takes 10 seconds.
STRIDE = 1 if os.environ.get('EBPF_TEST_ALL') else 16

# Objects that are no good on purpose.
UNREADABLE = {'limit.bpf.o', 'link-a.bpf.o', 'link-b.bpf.o'}

FOLDER = Path(tempfile.mkdtemp(prefix='ebpf-vmlinux-'))
kernel = Btf(btf_reader.section(VMLINUX, '.BTF')) if os.path.exists(VMLINUX) else None


def run(*command, expect=0):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=FOLDER)
    assert done.returncode == expect, f'{" ".join(map(str, command))}: {done.returncode}\n{done.stderr[:2000]}'
    return done.stdout


def write(name, text):
    (FOLDER / name).write_text(text)
    return FOLDER / name


def dump(*args):
    return run(EBPFCTL, 'btf', 'dump', *args)


def test_compiles():
    """By itself, plain and optimised, in old C and new, for BPF and by another compiler."""
    header = dump('--format', 'c', VMLINUX)
    write('vmlinux.h', header)
    assert header.startswith('#ifndef __VMLINUX_H__')
    source = write('alone.c', '#include "vmlinux.h"\nint main_;\n')
    for flags in (['-O0'], ['-O2', '-g'], ['-std=gnu89', '-fsyntax-only'], ['-std=c2x', '-fsyntax-only'],
                  ['-DBPF_NO_PRESERVE_ACCESS_INDEX', '-DBPF_NO_KFUNC_PROTOTYPES', '-fsyntax-only'],
                  ['-include', 'stdbool.h', '-fsyntax-only']):
        run(CC[0], *BPF, *flags, '-c', source, '-o', 'alone.o')

    # Twice is once.
    run(CC[0], *BPF, '-fsyntax-only', '-include', FOLDER / 'vmlinux.h', source)


def test_layout():
    """What clang makes of the structs is what the kernel has: sizes, offsets, bitfields."""
    header = (FOLDER / 'vmlinux.h').read_text()
    written = re.findall(r'^(struct|union) (\w+) \{', header, re.M)
    assert len(written) > 1000, len(written)
    # What is packed, aligned or padded is always among them.
    odd = set(re.findall(r'^(?:struct|union) (\w+) \{\n(?:(?!\}).*\n)*?(?:\t(?:int|long): \d+;\n)', header, re.M))
    odd |= set(re.findall(r'^(?:struct|union) (\w+) \{\n(?:\t.*\n)*\} __attribute__', header, re.M))
    chosen = [(word, name) for i, (word, name) in enumerate(written)
              if i % STRIDE == 0 or name in odd or name in ('task_struct', 'sk_buff', 'page', 'bpf_attr')]
    source = write('layout.c', '#include "vmlinux.h"\n' + ''.join(
        f'{word} {name} v_{i};\n' for i, (word, name) in enumerate(chosen)))
    run(CC[0], *BPF, '-g', '-c', source, '-o', 'layout.o')

    compiled = Btf(btf_reader.section(FOLDER / 'layout.o', '.BTF'))
    checked = 0
    for kind in (STRUCT, UNION):
        expected = kernel.named(kind)
        for name, ids in compiled.named(kind).items():
            # The second of a name is called "name___2".
            wanted = name if name in expected else re.sub(r'___\d+$', '', name)
            shapes = [kernel.shape(i) for i in expected[wanted]]
            for i in ids:
                size, members = compiled.shape(i)
                shape = size, [member for member in members if not member[0].startswith('__padding_')]
                assert shape in shapes, f'{name}: {shape[0]} bytes instead of {shapes[0][0]}; ' \
                    f'{[m for m in shape[1] if m not in shapes[0][1]][:5]} instead of ' \
                    f'{[m for m in shapes[0][1] if m not in shape[1]][:5]}'
                checked += 1
    assert checked >= len(chosen), (checked, len(chosen))
    print(f'# {checked} structs and unions of {len(written)}')


def test_asserts():
    """The same, asked of the compiler itself: sizeof and offsetof."""
    lines = ['#define BPF_NO_PRESERVE_ACCESS_INDEX', '#include "vmlinux.h"']
    tags = kernel.named(STRUCT, UNION, ENUM, ENUM64)
    for name, (type_id, *others) in list(tags.items())[::STRIDE]:
        if others or kernel.types[type_id][0] in (ENUM, ENUM64):
            continue
        word = 'union' if kernel.types[type_id][0] == UNION else 'struct'
        size, members = kernel.shape(type_id)
        lines.append(f'_Static_assert (sizeof ({word} {name}) == {size}, "{name}");')
        lines += [f'_Static_assert (__builtin_offsetof ({word} {name}, {member}) == {offset // 8}, "{name}.{member}");'
                  for member, offset, width in members if width == 0]
    assert len(lines) > 1000
    run(CC[0], *BPF, '-fsyntax-only', write('asserts.c', '\n'.join(lines) + '\n'))
    print(f'# {len(lines) - 2} assertions')


def test_enums():
    """Enumerations have their sizes and values, and typedefs are there."""
    lines = ['#include "vmlinux.h"']
    tags = kernel.named(STRUCT, UNION, ENUM, ENUM64)
    for name, (type_id, *others) in tags.items():
        kind, _, _, vlen, size, _ = kernel.types[type_id]
        if kind in (ENUM, ENUM64) and vlen and not others:
            lines.append(f'_Static_assert (sizeof (enum {name}) == {size}, "{name}");')
    assert len(lines) > 500
    typedefs = kernel.named(TYPEDEF)
    lines += [f'_Static_assert (sizeof ({name}) > 0, "{name}");' for name in ('u8', '__u64', 'size_t', 'bool', 'pid_t')
              if name in typedefs]
    lines.append('_Static_assert (BPF_MAP_TYPE_ARRAY == 2 && BPF_PROG_TYPE_XDP == 6, "values");')
    run(CC[0], *BPF, '-fsyntax-only', write('enums.c', '\n'.join(lines) + '\n'))


def essence(entry):
    """What does not depend on whether a struct has all of its members."""
    kept = {key: value for key, value in entry.items() if key not in ('instructions', 'type')}
    if entry.get('type') == 'struct-ops' and 'value_size' in kept:
        del kept['value_size']
    return kept


def test_builds_all():
    """Each BPF source of the tests, examples and benchmarks builds with it in place of the kernel's headers."""
    top = Path(SOURCES).resolve().parents[1]
    sources = [path for folder in (Path(SOURCES), top / 'examples', top / 'benchmarks')
               for path in sorted(folder.glob('*.bpf.c'))]
    folders = [path.parent.name for path in sources]
    assert folders.count('bpf') > 20 and folders.count('examples') >= 2 and folders.count('benchmarks') >= 4, folders
    assert len({path.name for path in sources}) == len(sources), sources
    variants = {'bench.bpf.c': ['-DBENCH_CORE'], 'bench-many.bpf.c': ['-DBENCH_PLAIN']}
    flags = [flag for flag in CC[1:] if flag != '-MD'] + ['--target=bpfel', '-I', FOLDER]
    # As in the sources; parsed once for all of them.
    pch = FOLDER / 'vmlinux.pch'
    run(CC[0], *flags, '-DBPF_NO_KFUNC_PROTOTYPES', '-x', 'c-header', FOLDER / 'vmlinux.h', '-o', pch)

    def build(source):
        output = FOLDER / (source.stem + '.o')
        for defines in ([], variants.get(source.name, [])):
            run(CC[0], *flags, '-DBPF_NO_KFUNC_PROTOTYPES', '-include-pch', pch, '-I', Path(SOURCES) / 'vmlinux', '-I',
                SOURCES, *defines, '-c', source, '-o', output)
        return output

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(build, sources))
    print(f'# {len(objects)} objects')

    # What is in them is the same as with the kernel's headers; benchmarks may not be built.
    built = {path.name: path for variable in ('EBPF_TEST_OBJECTS', 'EBPF_TEST_EXAMPLES')
             for path in Path(os.environ[variable]).glob('*.bpf.o')}
    missing = {path.stem + '.o' for path in sources if path.parent.name != 'benchmarks'} - built.keys()
    assert not missing, missing
    for output in objects:
        usual_path = built.get(output.name)
        if output.name in UNREADABLE or usual_path is None:
            continue
        spec, usual = (json.loads(run(EBPFCTL, 'inspect', '--json', path)) for path in (output, usual_path))
        for part in 'maps', 'programs', 'variables':
            assert list(map(essence, spec[part])) == list(map(essence, usual[part])), (output.name, spec[part])

    # And by itself, without what was parsed before.
    source = Path(SOURCES) / 'core.bpf.c'
    run(CC[0], *flags, '-I', Path(SOURCES) / 'vmlinux', '-I', SOURCES, '-c', source, '-o', 'core.bpf.o')


def test_types():
    """Some types with what they need, in each format."""
    text = dump('--type', 'task_struct', '--plain', VMLINUX)
    assert 'struct task_struct {' in text and '#pragma' not in text and len(text) < len(dump(VMLINUX)) / 4
    run(CC[0], *BPF, '-fsyntax-only', write('some.c', text))
    types = json.loads(dump('--format', 'json', '--type', 'list_head', VMLINUX))['types']
    assert [(entry['kind'], entry['name'], entry['size']) for entry in types] == [('STRUCT', 'list_head', 16)], types
    assert [member['name'] for member in types[0]['members']] == ['next', 'prev'], types
    assert "STRUCT 'list_head' size=16 vlen=2" in dump('--format', 'raw', '--type', 'list_head', VMLINUX)


def test_json():
    """All of it as JSON, which agrees with another reader."""
    types = json.loads(dump('--format', 'json', VMLINUX))['types']
    assert len(types) == len(kernel.types) - 1, (len(types), len(kernel.types))
    for entry in types[::97]:
        kind, name, _, vlen, size, _ = kernel.types[entry['id']]
        assert entry['name'] == (kernel.string(name) or '(anon)'), entry
        if kind in (STRUCT, UNION):
            assert [(m['name'].replace('(anon)', ''), m['type_id'], m['bits_offset'], m.get('bitfield_size', 0))
                    for m in entry['members']] == list(kernel.members(entry['id'])), entry


def test_errors():
    for args in ([], ['--format', 'xml', VMLINUX], [VMLINUX, VMLINUX]):
        run(EBPFCTL, 'btf', 'dump', *args, expect=2)
    run(EBPFCTL, 'btf', expect=2)
    run(EBPFCTL, 'btf', 'nothing', expect=2)
    run(EBPFCTL, 'btf', 'dump', '/no/such/file', expect=1)
    run(EBPFCTL, 'btf', 'dump', '--type', 'no_such_type_at_all', VMLINUX, expect=1)
    run(EBPFCTL, 'btf', 'dump', write('text', 'This is no type information.'), expect=1)
    assert 'vmlinux.h' in run(EBPFCTL, 'btf', 'dump', '--help')
    assert 'dump' in run(EBPFCTL, 'btf', '--help')


TESTS = [test_compiles, test_layout, test_asserts, test_enums, test_builds_all, test_types, test_json, test_errors]


def main():
    print(f'1..{len(TESTS)}')
    failed = 0
    for number, test in enumerate(TESTS, 1):
        name = test.__name__.removeprefix('test_')
        if kernel is None:
            print(f'ok {number} {name} # SKIP no {VMLINUX}')
            continue
        try:
            test()
            print(f'ok {number} {name}', flush=True)
        except Exception as error:  # whatever it is, the next test runs
            failed += 1
            for line in str(error).splitlines() or [repr(error)]:
                print(f'# {type(error).__name__}: {line}')
            print(f'not ok {number} {name}', flush=True)
    subprocess.run(['rm', '-rf', FOLDER], check=False)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
