#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""All of the tests' BPF sources, built by each compiler: what is in the objects, and what comes of loading them, is
the same. TAP on stdout.

The reference are the objects of the build. What a compiler cannot do is listed below with its reason, and a line
that is no longer true is a failure as well.

Usage: test-compilers.py EBPFCTL BPF_SOURCES BUILD_FOLDER [NAME=SOURCE[,DEFINITION…]…] -- CLANG [FLAG…]
"""

import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SPLIT = sys.argv.index('--')
EBPFCTL, SOURCES, FOLDER, *VARIANTS = sys.argv[1:SPLIT]
EBPFCTL, SOURCES, FOLDER = os.path.abspath(EBPFCTL), Path(SOURCES).resolve(), Path(FOLDER).resolve()
FLAGS = sys.argv[SPLIT + 2:]
OBJECTS = Path(os.environ['EBPF_TEST_OBJECTS'])

# By the command: the package of Debian 12 that has it.
COMPILERS = {'clang-14': 'clang-14', 'clang-16': 'clang-16', 'clang-19': 'clang-19', 'bpf-gcc': 'gcc-bpf'}
# The version of gcc that the lists below are of.
GCC = 12

ASSEMBLER = 'the GNU assembler has no such syntax as LLVM\'s, in which its inline assembly is'
FIELD_INFO = 'has no __builtin_preserve_field_info () and no __builtin_preserve_type_info ()'
CORE = 'puts CO-RE records on instructions that hold no offset'
EXTERN = 'writes no type information of what is declared only, such as kfuncs and addresses of the kernel'
FETCH = 'has no atomic operation that says what was there before'
VARIABLE = 'puts constants that are volatile among the variables, where the verifier does not know them'
CODE = 'makes code of it that the verifier does not understand'
ELSEWHERE = 'says of variables of other files that they are in this one: another error'

NOT_BUILT = {
    'bpf-gcc': {
        'constants': ASSEMBLER,
        'gnu': ASSEMBLER,
        'jumptables': ASSEMBLER,
        'limit': ASSEMBLER,
    },
}
NOT_LOADED_ALIKE = {
    'bpf-gcc': {
        'arena': 'does not know inline assembly for the instruction that it does not have',
        'congestion': CORE,
        'core': CORE,
        'core-elsewhere': FIELD_INFO,
        'core-missing': CORE,
        'exceptions': EXTERN,
        'kfuncs': EXTERN,
        'ksyms': EXTERN,
        'legacy-maps': CODE,
        'link-a': ELSEWHERE,
        'link-b': ELSEWHERE,
        'link-bad-array': ELSEWHERE,
        'link-bad-kernel': EXTERN,
        'link-bad-kind': ELSEWHERE,
        'link-bad-map-is-variable': ELSEWHERE,
        'link-bad-map-twice': CODE,
        'link-bad-struct': ELSEWHERE,
        'link-bad-variable': ELSEWHERE,
        'link-sign': ELSEWHERE,
        'poison': FIELD_INFO,
        'producer': CODE,
        'sized': VARIABLE,
    },
}
NOT_READ_ALIKE = {
    'bpf-gcc': {name: ELSEWHERE for name in ('link-bad-array', 'link-bad-kind', 'link-bad-map-is-variable',
                                             'link-bad-struct', 'link-bad-variable', 'link-sign')},
}

# What gcc lays out itself, and where: it fills sections up, and puts constants that are volatile among the variables.
SECTION_MAP = re.compile(r'^\.(data|rodata|bss|kconfig)')


def variants():
    """Name -> source and definitions."""
    found = {path.name.removesuffix('.bpf.c'): (path, []) for path in sorted(SOURCES.glob('*.bpf.c'))}
    for variant in VARIANTS:
        name, _, how = variant.partition('=')
        source, *definitions = how.split(',')
        found[name] = SOURCES / source, definitions
    return found


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, errors='replace')


def private_bpffs():
    """Mounts of our own, so that pins are nobody else's."""
    libc = ctypes.CDLL(None, use_errno=True)
    return (os.geteuid() == 0 and libc.unshare(0x20000) == 0 and
            libc.mount(b'none', b'/', None, 0x4000 | 0x40000, None) == 0 and
            libc.mount(b'bpf', b'/sys/fs/bpf', b'bpf', 0, None) == 0)


class Compiler:
    def __init__(self, command):
        self.command = command
        self.path = shutil.which(command)
        self.is_gcc = 'gcc' in command
        self.folder = FOLDER / command
        self.sources = variants()
        self.failed = {}

    def why_not(self):
        if self.path is None:
            return f'there is no {self.command}; Debian 12 has it in {COMPILERS[self.command]}'
        if self.is_gcc:
            version = run(self.path, '-dumpversion').stdout.strip().split('.')[0]
            if version != str(GCC):
                return f'{self.command} is version {version}; what it cannot do is listed for {GCC}'
        return None

    def prepare(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.is_gcc:
            self.write_helpers()

    def write_helpers(self):
        """libbpf's headers have helpers as pointers, which gcc 12 loads into a register where one is called twice; its own
        way is an attribute."""
        target = self.folder / 'include' / 'bpf'
        target.mkdir(parents=True, exist_ok=True)
        for header in Path('/usr/include/bpf').glob('bpf_*.h'):
            text = header.read_text()
            if header.name == 'bpf_helper_defs.h':
                text, n = re.subn(r'static ([^;=]*?)\(\*(?:const )?(bpf_\w+)\)\(([^;]*?)\) = \(void \*\) (\d+);',
                                  r'extern \1\2(\3) __attribute__((kernel_helper(\4)));', text)
                assert n > 150, n
            if not (target / header.name).exists() or (target / header.name).read_text() != text:
                (target / header.name).write_text(text)

    def flags(self, big=False):
        if not self.is_gcc:
            return [*FLAGS, f'--target={"bpfeb" if big else "bpfel"}', '-I', SOURCES]
        own = [flag for flag in FLAGS if not flag.startswith('-m') and flag != '-Werror']
        return [*own, '-w', '-gbtf', '-mco-re', '-fno-toplevel-reorder', '-mbig-endian' if big else '-mlittle-endian',
                '-I', self.folder / 'include', '-I', SOURCES, '-idirafter', '/usr/include']

    def object(self, name):
        return self.folder / f'{name}.bpf.o'

    def build(self, name, big=False):
        source, definitions = self.sources[name.removesuffix('.be')]
        output = self.object(name)
        command = [self.path, *self.flags(big), *definitions, '-c', source, '-o', output]
        written = '\n'.join(map(str, command))
        stamp = output.with_suffix('.cmd')
        inputs = [source, *SOURCES.glob('*.h'), Path(os.path.realpath(self.path))]
        if output.exists() and stamp.exists() and stamp.read_text() == written and \
                all(path.stat().st_mtime < output.stat().st_mtime for path in inputs):
            return None
        stamp.unlink(missing_ok=True)
        output.unlink(missing_ok=True)
        result = run(*command)
        if result.returncode != 0:
            output.unlink(missing_ok=True)
            return result.stderr
        stamp.write_text(written)
        return None

    def names(self):
        """Those it can build."""
        return [name for name in self.sources if name not in NOT_BUILT.get(self.command, {})]

    def big_names(self):
        """The same of big byte order, with ".be" behind: what cannot be built, cannot in either."""
        return [path.name.removesuffix('.bpf.o') for path in OBJECTS.glob('*.be.bpf.o')
                if path.name.removesuffix('.be.bpf.o') in self.names()]


def check(found, expected, what):
    """Names with what happened, against those that it is expected of."""
    wrong = [f'{name}: {str(reason)[:2000]}' for name, reason in found.items() if name not in expected]
    wrong += [f'{name} {what} now; it is listed for: {reason}' for name, reason in expected.items() if name not in found]
    assert not wrong, f'{len(wrong)} wrong\n' + '\n'.join(wrong[:20])
    for name, reason in expected.items():
        print(f'# {name}: {reason}')


def each(function, names):
    """Of what has something to say."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return {name: said for name, said in zip(names, pool.map(function, names)) if said}


def test_build(compiler):
    big = compiler.big_names()
    assert big
    found = each(compiler.build, compiler.sources)
    check(found, NOT_BUILT.get(compiler.command, {}), 'is built')
    found = each(lambda name: compiler.build(name, True), big)
    check(found, {}, 'is built')
    print(f'# {len(compiler.sources)} objects, {len(big)} of big byte order')


def essence(compiler, part, entry):
    entry = {key: value for key, value in entry.items() if key != 'instructions'}
    if part == 'variables' and compiler.is_gcc:
        del entry['offset']
        entry['type'] = re.sub(r'\b(long|short)( unsigned)? int\b', r'\1\2', entry['type'] or '')
        entry['type'] = re.sub(r'\b(long|short) unsigned\b', r'unsigned \1', entry['type'])
        # And what is in a section of one's own name stays there.
        if entry['type'].startswith('const volatile') and entry['section'] in ('.data', '.rodata'):
            entry['section'], entry['constant'] = '.rodata', True
    return entry


def essences(compiler, part, entries):
    entries = [essence(compiler, part, entry) for entry in entries]
    if compiler.is_gcc:
        entries = sorted((entry for entry in entries if part != 'maps' or not SECTION_MAP.match(entry['name'])),
                         key=lambda entry: (entry['name'], entry.get('section')))
    return entries


def inspect(path):
    result = run(EBPFCTL, 'inspect', '--json', path)
    if result.returncode == 0:
        return json.loads(result.stdout)
    assert result.returncode == 1, result.stderr
    return None


def differs(compiler, path, usual_path):
    spec, usual = inspect(path), inspect(usual_path)
    if spec is None or usual is None:
        return None if spec == usual else f'{"not read" if spec is None else "read"}, unlike the usual one'
    for part in 'maps', 'programs', 'variables':
        one, other = (essences(compiler, part, which[part]) for which in (spec, usual))
        if one != other:
            return f'{part}: {[e for e in one if e not in other]} instead of {[e for e in other if e not in one]}'
    return None if (spec['byte_order'], spec['license']) == (usual['byte_order'], usual['license']) else 'byte order or licence'


def test_inspect(compiler):
    names = compiler.names() + compiler.big_names()
    check(each(lambda name: differs(compiler, compiler.object(name), OBJECTS / f'{name}.bpf.o'), names),
          NOT_READ_ALIKE.get(compiler.command, {}), 'is alike')


def outcome(compiler, path):
    """What comes of loading it, and the message, which names the file and instructions."""
    result = json.loads(run(EBPFCTL, 'load', '--json', path).stdout)
    if not result['ok']:
        return (result['error']['code'], result['error']['errno']), result['error']['message']
    maps = result['maps']
    if compiler.is_gcc:
        maps -= sum(1 for entry in inspect(path)['maps'] if SECTION_MAP.match(entry['name']))
    return ('loaded', maps, result['programs']), ''


def loads_otherwise(compiler, path, usual_path):
    (one, message), (other, usual_message) = outcome(compiler, path), outcome(compiler, usual_path)
    return None if one == other else f'{one} {message} instead of {other} {usual_message}'


def test_load(compiler):
    check(each(lambda name: loads_otherwise(compiler, compiler.object(name), OBJECTS / f'{name}.bpf.o'), compiler.names()),
          NOT_LOADED_ALIKE.get(compiler.command, {}), 'loads alike')


def link(folder, *inputs):
    output = folder / 'linked.o'
    result = run(EBPFCTL, 'link', '-o', output, *inputs)
    assert result.returncode == 0, result.stderr
    return output


def test_link(compiler):
    """Two objects to one, which is loaded; and objects of two compilers to one, but of gcc: it calls all functions
    static in its type information, so that those of another file cannot be found to be the same."""
    parts = [compiler.object(name) for name in ('link-a', 'link-b')]
    usual_parts = [OBJECTS / part.name for part in parts]
    usual_folder = compiler.folder / 'usual'
    usual_folder.mkdir(exist_ok=True)
    usual = link(usual_folder, *usual_parts)
    mixed = [] if compiler.is_gcc else [[parts[0], usual_parts[1]], [usual_parts[0], parts[1]]]
    for inputs in (parts, *mixed):
        output = link(compiler.folder, *inputs)
        difference = differs(compiler, output, usual)
        assert not difference, difference
        difference = loads_otherwise(compiler, output, usual)
        assert not difference, difference


TESTS = [test_build, test_inspect, test_load, test_link]


def main():
    print(f'1..{len(COMPILERS) * len(TESTS)}')
    has_bpf = private_bpffs() and run(EBPFCTL, 'load', OBJECTS / 'minimal.bpf.o').returncode == 0
    number = failed = 0
    for command in COMPILERS:
        compiler = Compiler(command)
        reason = compiler.why_not()
        built = reason is None
        if built:
            compiler.prepare()
        for test in TESTS:
            number += 1
            name = f'{command}/{test.__name__.removeprefix("test_")}'
            why = reason or (not built and 'it was not built') or \
                (not has_bpf and test in (test_load, test_link) and 'BPF, or a private bpffs, cannot be had here')
            if why:
                print(f'ok {number} {name} # SKIP {why}')
                continue
            try:
                test(compiler)
                print(f'ok {number} {name}', flush=True)
            except Exception as error:  # whatever it is, the next test runs
                failed += 1
                built = built and test is not test_build
                for line in str(error).splitlines() or [repr(error)]:
                    print(f'# {type(error).__name__}: {line}')
                print(f'not ok {number} {name}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
