#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the fuzzers begin with, made from the tests' objects.

Usage: make-seeds.py TARGET_BTF_FOLDER OUTPUT OBJECT…
"""

import hashlib
import struct
import sys
from pathlib import Path


def sections(data):
    """Name -> contents, of a 64-bit ELF file; nothing of others."""
    order = {b'\x7fELF\x02\x01': '<', b'\x7fELF\x02\x02': '>'}.get(data[:6])
    if order is None:
        return {}
    offset, = struct.unpack_from(order + 'Q', data, 0x28)
    size, count, names = struct.unpack_from(order + 'HHH', data, 0x3a)
    headers = [struct.unpack_from(order + 'IIQQQQ', data, offset + i * size) for i in range(count)]
    found = {}
    for header in headers:
        start = headers[names][4] + header[0]
        name = data[start:data.index(b'\0', start)].decode()
        found.setdefault(name, data[header[4]:header[4] + header[5]])
    return found


def core_relocations(ext, btf):
    """(section name, [(instruction, type, access string, kind)])"""
    _, _, _, length = struct.unpack_from('<HBBI', ext)
    if length < 32:
        return
    start, size = struct.unpack_from('<II', ext, 24)
    header, = struct.unpack_from('<I', btf, 4)
    strings, = struct.unpack_from('<I', btf, 16)
    at, end = length + start + 4, length + start + size
    while at < end:
        name, count = struct.unpack_from('<II', ext, at)
        begin = header + strings + name
        yield btf[begin:btf.index(b'\0', begin)].decode(), \
            [struct.unpack_from('<IIII', ext, at + 8 + 16 * i) for i in range(count)]
        at += 8 + 16 * count


# Bytes after a type, once and for each of its parts, by kind; the last two are of kinds to come.
LAYOUT = [(0, 0), (4, 0), (0, 0), (12, 0), (0, 12), (0, 12), (0, 8)] + 6 * [(0, 0)] + \
    [(0, 8), (4, 0), (0, 12), (0, 0), (4, 0), (0, 0), (0, 12), (0, 0), (8, 4)]


def with_layout(btf):
    """The same with a header of Linux 7.1, the layout of kinds, and two types of kinds to come."""
    _, _, _, length, types_at, types_size, strings_at, strings_size = struct.unpack_from('<HBBIIIII', btf)
    types = btf[length + types_at:length + types_at + types_size]
    strings = btf[length + strings_at:length + strings_at + strings_size]
    types += struct.pack('<III', 1, 20 << 24, 1) + struct.pack('<IIIIIII', 1, 21 << 24 | 2, 1, 2, 3, 4, 5)
    layout = b''.join(struct.pack('<BBH', once, each, 0) for once, each in LAYOUT)
    return struct.pack('<HBBIIIIIII', 0xeb9f, 1, 0, 32, 0, len(types), len(types) + len(layout), len(strings),
                       len(types), len(layout)) + types + layout + strings


def write(folder, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def main():
    targets = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob('*.btf'))] + [b'']
    output = Path(sys.argv[2])
    for data in targets:
        if data:
            write(output / 'btf', data)

    # What the test of compilers has left in whatever build folder: other compilers', and linked ones.
    root = Path(__file__).resolve().parent.parent
    others = [path for path in sorted(root.glob('_build*/tests/tools/compilers/*/*.o'))]

    for path in [*sys.argv[3:], *others]:
        data = Path(path).read_bytes()
        if len(data) < 32768:
            write(output / 'elf', data)
        found = sections(data)
        btf = found.get('.BTF')
        if btf is None or len(btf) > 16384:
            continue
        write(output / 'btf', btf)
        if data[5] != 1:
            continue
        write(output / 'btf', with_layout(btf))
        for name, relocations in core_relocations(found['.BTF.ext'], btf) if '.BTF.ext' in found else ():
            code = found[name]
            for i in range(0, len(relocations), 8):
                few = relocations[i:i + 8]
                first = few[0][0] // 8
                few = [entry for entry in few if entry[0] // 8 < first + 62]
                insns = code[first * 8:(first + 64) * 8]
                body = b''.join(struct.pack('<IIII', entry[0] // 8 - first, *entry[1:]) for entry in few) + insns
                for target in targets:
                    write(output / 'core',
                          struct.pack('<III', len(btf), len(insns) // 8, len(few)) + body + btf + target)


main()
