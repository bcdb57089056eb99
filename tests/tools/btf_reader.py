# SPDX-License-Identifier: LGPL-2.1-or-later

"""Reads type information by itself, so that what the library writes is compared with something else.

Source of the format: the kernel's Documentation/bpf/btf.rst.
"""

import struct

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC, \
    FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(1, 20)

FIXED = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}
EACH = {STRUCT: 12, UNION: 12, ENUM: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}


def section(path, name):
    """A section of a 64-bit little-endian ELF file; the whole file where it is none."""
    data = open(path, 'rb').read()
    if data[:4] != b'\x7fELF':
        return data
    offset, = struct.unpack_from('<Q', data, 0x28)
    size, count, names = struct.unpack_from('<HHH', data, 0x3a)
    headers = [struct.unpack_from('<IIQQQQ', data, offset + i * size) for i in range(count)]
    for header in headers:
        start = headers[names][4] + header[0]
        if data[start:data.index(b'\0', start)].decode() == name:
            return data[header[4]:header[4] + header[5]]
    raise KeyError(name)


class Btf:
    def __init__(self, data):
        _, _, _, header, types, types_length, strings, strings_length = struct.unpack_from('<HBBIIIII', data)
        self.data = data
        self.strings = data[header + strings:header + strings + strings_length]
        self.types = [None]   # (kind, name offset, flag, vlen, size or type, offset of what follows)
        at, end = header + types, header + types + types_length
        while at < end:
            name, info, size = struct.unpack_from('<III', data, at)
            kind, vlen = info >> 24 & 0x1f, info & 0xffff
            self.types.append((kind, name, info >> 31, vlen, size, at + 12))
            at += 12 + FIXED.get(kind, 0) + EACH.get(kind, 0) * vlen

    def string(self, offset):
        return self.strings[offset:self.strings.index(b'\0', offset)].decode()

    def name(self, type_id):
        return self.string(self.types[type_id][1])

    def strip(self, type_id):
        while type_id and self.types[type_id][0] in (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG):
            type_id = self.types[type_id][4]
        return type_id

    def members(self, type_id):
        """(name, type, offset in bits, width in bits or 0)"""
        _, _, flag, vlen, _, at = self.types[type_id]
        for i in range(vlen):
            name, member, offset = struct.unpack_from('<III', self.data, at + 12 * i)
            yield self.string(name), member, offset & 0xffffff if flag else offset, offset >> 24 if flag else 0

    def flat_members(self, type_id, start=0):
        """The same, of what is in structs without a name too."""
        for name, member, offset, width in self.members(type_id):
            target = self.strip(member)
            if name:
                yield name, member, start + offset, width
            elif self.types[target][0] in (STRUCT, UNION):
                yield from self.flat_members(target, start + offset)

    def shape(self, type_id):
        """What C must get right: the size, and each member's place."""
        return self.types[type_id][4], [(name, offset, width) for name, _, offset, width in
                                        self.flat_members(type_id)]

    def named(self, *kinds):
        """Name -> types of these kinds."""
        names = {}
        for i, entry in enumerate(self.types):
            if entry and entry[0] in kinds and entry[1]:
                names.setdefault(self.string(entry[1]), []).append(i)
        return names
