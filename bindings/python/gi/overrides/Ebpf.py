# SPDX-License-Identifier: LGPL-2.1-or-later

"""Sugar over the introspected API: nothing here is needed, everything here reads better.

    for record in batch:                     records as dictionaries
    map[key], map[key] = value, del map[key], key in map, map.items(), map.get(key)
    entry['member']                          of a MapModel's entry, the member of its value
    Ebpf.unpack(variant)                     like variant.unpack(), but bytes are bytes and no lists of numbers
    with collection: …                       closed at the end, like maps, readers and links
    Ebpf.decoder(btf_type)                   a function (buffer, offset) -> value
"""

import re
import struct

from gi.repository import GLib

from ..module import get_introspection_module
from ..overrides import override

Ebpf = get_introspection_module('Ebpf')

__all__ = []


def _export(name, value):
    globals()[name] = value
    __all__.append(name)


def _is_not_found(error):
    return error.matches(Ebpf.error_quark(), Ebpf.Error.NOT_FOUND)


def _member_types(btf_type, members=None):
    """Members by name, those of anonymous structs and unions among them."""
    members = {} if members is None else members
    for i in range(btf_type.get_n_members()):
        name, member = btf_type.get_member_name(i), btf_type.get_member_type(i)
        if name:
            members[name] = member
        elif member is not None:
            _member_types(member.resolve(), members)
    return members


def pack(btf_type, value):
    """A plain value as the GVariant that a type is written from."""
    if isinstance(value, GLib.Variant):
        return value
    if isinstance(value, GLib.Bytes):
        value = value.get_data()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return GLib.Variant('ay', bytes(value))

    resolved = btf_type.resolve() if btf_type is not None else None
    if isinstance(value, dict):
        members = _member_types(resolved) if resolved is not None else {}
        return GLib.Variant('a{sv}', {name: pack(members.get(name), item) for name, item in value.items()})
    if isinstance(value, (list, tuple)):
        element = None
        if resolved is not None and resolved.get_kind() == Ebpf.BtfKind.ARRAY:
            element = resolved.get_btf().get_type_by_id(resolved.get_target_id())
        return GLib.Variant('av', [pack(element, item) for item in value])
    if isinstance(value, bool):
        return GLib.Variant('b', value)
    if isinstance(value, int):
        return GLib.Variant('x' if value < 0 else 't', value)
    if isinstance(value, float):
        return GLib.Variant('d', value)
    if isinstance(value, str):
        return GLib.Variant('s', value)
    raise TypeError(f'{value!r} cannot be written to a map')


_export('pack', pack)


def unpack(variant):
    """A GVariant as plain values: like its unpack(), but bytes are bytes."""
    kind = variant.get_type_string()
    if 'ay' not in kind and 'v' not in kind:
        return variant.unpack()
    if kind == 'ay':
        return bytes(variant.get_data_as_bytes().get_data() or b'')
    if kind == 'v':
        return unpack(variant.get_variant())
    children = [variant.get_child_value(i) for i in range(variant.n_children())]
    if kind.startswith('a{'):
        return {unpack(child.get_child_value(0)): unpack(child.get_child_value(1)) for child in children}
    values = [unpack(child) for child in children]
    return tuple(values) if kind[0] in '({' else values


_export('unpack', unpack)

_INTEGERS = {1: 'b', 2: 'h', 4: 'i', 8: 'q'}


def _field_reader(fmt, size, count, order):
    """A function (buffer, offset) -> value for one field, chosen once. count: None for what is no array."""
    formats = Ebpf.LayoutFormat

    if count == 0:
        return lambda buffer, offset: []

    if fmt == formats.STRING:
        def read_string(buffer, offset):
            return bytes(buffer[offset:offset + size]).split(b'\0', 1)[0].decode('utf-8', 'replace')
        return read_string
    if fmt == formats.BYTES:
        return lambda buffer, offset: bytes(buffer[offset:offset + size])

    code = None
    if fmt == formats.FLOAT:
        code = {4: 'f', 8: 'd'}.get(size)
    elif fmt == formats.BOOLEAN:
        code = '?' if size == 1 else None
    elif size in _INTEGERS:
        code = _INTEGERS[size] if fmt == formats.SIGNED else _INTEGERS[size].upper()

    if code is None:
        byteorder = 'little' if order == '<' else 'big'
        signed = fmt == formats.SIGNED
        convert = bool if fmt == formats.BOOLEAN else int

        def read_wide(buffer, offset):
            values = [convert(int.from_bytes(buffer[offset + i * size:offset + (i + 1) * size], byteorder, signed=signed))
                      for i in range(count or 1)]
            return values[0] if count is None else values
        return read_wide

    unpack_from = struct.Struct(f'{order}{count or 1}{code}').unpack_from
    if count is None:
        return lambda buffer, offset: unpack_from(buffer, offset)[0]
    return lambda buffer, offset: list(unpack_from(buffer, offset))


def _bits_reader(size, bit_offset, bit_size, fmt, order):
    signed = fmt == Ebpf.LayoutFormat.SIGNED
    convert = bool if fmt == Ebpf.LayoutFormat.BOOLEAN else int
    byteorder = 'little' if order == '<' else 'big'
    shift = bit_offset if order == '<' else 8 * size - bit_offset - bit_size
    mask = (1 << bit_size) - 1
    sign = 1 << (bit_size - 1)

    def read(buffer, offset):
        value = (int.from_bytes(buffer[offset:offset + size], byteorder) >> shift) & mask
        return value - (1 << bit_size) if signed and value & sign else convert(value)
    return read


def _compile(btf_type):
    layout = Ebpf.Layout.new(btf_type)
    order = '<' if btf_type.get_btf().get_byte_order() == Ebpf.ByteOrder.LITTLE_ENDIAN else '>'
    fields = []
    for i in range(layout.get_n_fields()):
        size, fmt = layout.get_field_size(i), layout.get_field_format(i)
        bit_size = layout.get_field_bit_size(i)
        if bit_size:
            read = _bits_reader(size, layout.get_field_bit_offset(i), bit_size, fmt, order)
        else:
            count = layout.get_field_count(i) if layout.get_field_is_array(i) else None
            read = _field_reader(fmt, size, count, order)
        # "task.comm", "entries[2].key"
        path = [int(step) if step.isdigit() else step
                for step in re.findall(r'[^.\[\]]+', layout.get_field_name(i) or '')]
        fields.append((path, layout.get_field_offset(i), read))

    if len(fields) == 1 and not fields[0][0]:
        offset, read = fields[0][1:]
        return lambda buffer, base: read(buffer, base + offset)

    if all(len(path) == 1 for path, _, _ in fields):
        flat = [(path[0], offset, read) for path, offset, read in fields]
        return lambda buffer, base: {name: read(buffer, base + offset) for name, offset, read in flat}

    def put(holder, path, value):
        for step, following in zip(path, path[1:]):
            empty = [] if isinstance(following, int) else {}
            if isinstance(holder, list):
                while len(holder) <= step:
                    holder.append([] if isinstance(following, int) else {})
                holder = holder[step]
            else:
                holder = holder.setdefault(step, empty)
        if isinstance(holder, list):
            while len(holder) <= path[-1]:
                holder.append(None)
        holder[path[-1]] = value

    def decode(buffer, base):
        record = [] if isinstance(fields[0][0][0], int) else {}
        for path, offset, read in fields:
            put(record, path, read(buffer, base + offset))
        return record
    return decode


_decoders = {}


def decoder(btf_type):
    """A function (buffer, offset) -> value for a BTF type, compiled once."""
    # The BTF is kept with its decoders, so that its identity is not taken over by another.
    btf = btf_type.get_btf()
    key = (hash(btf), btf_type.get_id())
    entry = _decoders.get(key)
    if entry is None:
        entry = _decoders[key] = (btf, _compile(btf_type))
    return entry[1]


_export('decoder', decoder)


class RecordBatch(Ebpf.RecordBatch):
    def __len__(self):
        return self.get_n_records()

    def __iter__(self):
        slab = memoryview(self.get_bytes().get_data() or b'')
        offsets = memoryview(self.get_offsets().get_data() or b'').cast('I')
        btf_type = self.get_record_type()
        decode = decoder(btf_type) if btf_type is not None else None
        size = btf_type.get_size() if btf_type is not None else 0
        for i in range(self.get_n_records()):
            start, length = offsets[2 * i], offsets[2 * i + 1]
            # A record shorter than its type is given as it is.
            if decode is not None and length >= size:
                yield decode(slab, start)
            else:
                yield bytes(slab[start:start + length])


_export('RecordBatch', override(RecordBatch))


def _plain_key(variant):
    """A key that can be one of a dictionary, too."""
    key = unpack(variant)
    return tuple(key) if isinstance(key, list) else key


class MapEntry(Ebpf.MapEntry):
    def __getitem__(self, name):
        member = self.get_field(name)
        if member is None:
            raise KeyError(name)
        return unpack(member)


_export('MapEntry', override(MapEntry))


class Map(Ebpf.Map):
    def __getitem__(self, key):
        try:
            return unpack(self.lookup(pack(self.get_key_type(), key)))
        except GLib.Error as error:
            if _is_not_found(error):
                raise KeyError(key) from None
            raise

    def __setitem__(self, key, value):
        self.update(pack(self.get_key_type(), key), pack(self.get_value_type(), value), Ebpf.UpdateFlags.ANY)

    def __delitem__(self, key):
        try:
            self.delete_key(pack(self.get_key_type(), key))
        except GLib.Error as error:
            if _is_not_found(error):
                raise KeyError(key) from None
            raise

    def __contains__(self, key):
        try:
            self[key]
        except KeyError:
            return False
        return True

    def get(self, key, default=None):
        try:
            return self[key]
        except KeyError:
            return default

    def items(self):
        iterator = self.iterate()
        while iterator.next():
            yield _plain_key(iterator.get_key()), unpack(iterator.get_value())

    def keys(self):
        iterator = self.iterate()
        while iterator.next():
            yield _plain_key(iterator.get_key())

    __iter__ = keys

    def values(self):
        return (value for _, value in self.items())

    def __bool__(self):
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


_export('Map', override(Map))


def _closing(name):
    base = getattr(Ebpf, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    cls = type(base)(name, (base,), {'__enter__': __enter__, '__exit__': __exit__, '__module__': __name__})
    _export(name, override(cls))


for _name in ('Collection', 'Program', 'Link', 'Reader'):
    _closing(_name)

