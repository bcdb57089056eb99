// SPDX-License-Identifier: LGPL-2.1-or-later

// Sugar over the introspected API: nothing here is needed, everything here reads better.
//
//   Ebpf.unpack(variant)            like recursiveUnpack(), but 64-bit integers are never rounded
//   Ebpf.decoder(type)              a function (DataView, offset) => object for a BTF type
//   for (const record of batch)     records as objects
//   for await (const batch of reader)
//   map.get(key), set(key, value), has(key), remove(key), for (const [key, value] of map)
//   entry.get('member')             of a MapModel's entry, the member of its value
//   await collection.load_async(options, cancellable), and the other _async methods

const {Gio, GLib} = imports.gi;

let Ebpf;

// A number where that is exact, a BigInt where it is not.
function exact(big) {
    return big >= Number.MIN_SAFE_INTEGER && big <= Number.MAX_SAFE_INTEGER ? Number(big) : big;
}

function unpack(variant) {
    const type = variant.get_type_string();

    switch (type[0]) {
    case 't':
    case 'x':
        // get_uint64() would round; the text does not.
        return exact(BigInt(variant.print(false)));
    case 'v':
        return unpack(variant.get_variant());
    case 'a':
        if (type === 'ay')
            return variant.get_data_as_bytes().toArray();
        if (type[1] === '{') {
            const object = {};
            for (let i = 0; i < variant.n_children(); i++) {
                const entry = variant.get_child_value(i);
                object[unpack(entry.get_child_value(0))] = unpack(entry.get_child_value(1));
            }
            return object;
        }
        // falls through
    case '(':
        return Array.from({length: variant.n_children()}, (_, i) => unpack(variant.get_child_value(i)));
    default:
        return variant.unpack();
    }
}

// The other way round: a plain value as the GVariant that a type is written from.
function pack(type, value) {
    if (value instanceof GLib.Variant)
        return value;
    if (value instanceof GLib.Bytes)
        return GLib.Variant.new_from_bytes(new GLib.VariantType('ay'), value, true);
    if (value instanceof Uint8Array)
        return new GLib.Variant('ay', value);

    const resolved = type?.resolve() ?? null;
    const kind = resolved?.get_kind();

    if (kind === Ebpf.BtfKind.STRUCT || kind === Ebpf.BtfKind.UNION) {
        const members = memberTypes(resolved);
        const entries = {};
        for (const [name, member] of Object.entries(value))
            entries[name] = pack(members.get(name) ?? null, member);
        return new GLib.Variant('a{sv}', entries);
    }
    if (kind === Ebpf.BtfKind.ARRAY && Array.isArray(value)) {
        const element = resolved.get_btf().get_type_by_id(resolved.get_target_id());
        return new GLib.Variant('av', value.map(item => pack(element, item)));
    }

    switch (typeof value) {
    case 'bigint':
        return GLib.Variant.parse(new GLib.VariantType(value < 0n ? 'x' : 't'), `${value}`, null, null);
    case 'number':
        if (!Number.isInteger(value))
            return new GLib.Variant('d', value);
        return value < 0 ? new GLib.Variant('x', value) : new GLib.Variant('t', value);
    case 'boolean':
        return new GLib.Variant('b', value);
    case 'string':
        return new GLib.Variant('s', value);
    default:
        if (Array.isArray(value))
            return new GLib.Variant('av', value.map(item => pack(null, item)));
        throw new TypeError(`${value} cannot be written to a map`);
    }
}

// Members by name, those of anonymous structs and unions among them.
function memberTypes(type, members = new Map()) {
    for (let i = 0; i < type.get_n_members(); i++) {
        const name = type.get_member_name(i);
        const member = type.get_member_type(i);
        if (name)
            members.set(name, member);
        else if (member)
            memberTypes(member.resolve(), members);
    }
    return members;
}

const text = new TextDecoder();

function readString(view, offset, size) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, size);
    const end = bytes.indexOf(0);
    return text.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function readBits(view, offset, size, bitOffset, bitSize, signed, little) {
    let word = 0n;
    for (let i = 0; i < size; i++)
        word |= BigInt(view.getUint8(offset + i)) << BigInt(8 * (little ? i : size - 1 - i));
    word >>= BigInt(little ? bitOffset : 8 * size - bitOffset - bitSize);
    return exact(signed ? BigInt.asIntN(bitSize, word) : BigInt.asUintN(bitSize, word));
}

// One reader for one field, chosen when the decoder is made and not for each record.
function fieldReader(format, size, little) {
    const {LayoutFormat: Format} = Ebpf;

    switch (format) {
    case Format.STRING:
        return (view, offset) => readString(view, offset, size);
    case Format.BYTES:
        return (view, offset) => new Uint8Array(view.buffer.slice(view.byteOffset + offset, view.byteOffset + offset + size));
    case Format.BOOLEAN: {
        const number = fieldReader(Format.UNSIGNED, size, little);
        return (view, offset) => Number(number(view, offset)) !== 0;
    }
    case Format.FLOAT:
        return size === 4
            ? (view, offset) => view.getFloat32(offset, little)
            : (view, offset) => view.getFloat64(offset, little);
    }

    const signed = format === Format.SIGNED;
    switch (size) {
    case 1:
        return signed ? (view, offset) => view.getInt8(offset) : (view, offset) => view.getUint8(offset);
    case 2:
        return signed ? (view, offset) => view.getInt16(offset, little) : (view, offset) => view.getUint16(offset, little);
    case 4:
        return signed ? (view, offset) => view.getInt32(offset, little) : (view, offset) => view.getUint32(offset, little);
    case 8:
        return signed
            ? (view, offset) => exact(view.getBigInt64(offset, little))
            : (view, offset) => exact(view.getBigUint64(offset, little));
    default:
        return (view, offset) => readBits(view, offset, size, 0, 8 * size, signed, little);
    }
}

// Compiled once for a type; see EbpfLayout.
function compile(type) {
    const layout = Ebpf.Layout.new(type);
    const little = type.get_btf().get_byte_order() === Ebpf.ByteOrder.LITTLE_ENDIAN;
    const fields = [];

    for (let i = 0; i < layout.get_n_fields(); i++) {
        const offset = layout.get_field_offset(i);
        const size = layout.get_field_size(i);
        const count = layout.get_field_is_array(i) ? layout.get_field_count(i) : -1;
        const format = layout.get_field_format(i);
        const bitSize = layout.get_field_bit_size(i);
        const bitOffset = layout.get_field_bit_offset(i);
        let read;

        if (bitSize > 0) {
            const signed = format === Ebpf.LayoutFormat.SIGNED;
            const one = (view, at) => readBits(view, at, size, bitOffset, bitSize, signed, little);
            read = view_and_base(offset, format === Ebpf.LayoutFormat.BOOLEAN ? (view, at) => one(view, at) !== 0 : one);
        } else {
            const one = fieldReader(format, size, little);
            read = count < 0
                ? view_and_base(offset, one)
                : (view, base) => Array.from({length: count}, (_, n) => one(view, base + offset + n * size));
        }
        // "task.comm", "entries[2].key"
        const path = (layout.get_field_name(i).match(/[^.[\]]+/g) ?? []).map(step => /^\d+$/.test(step) ? Number(step) : step);
        fields.push({path, read});
    }

    if (fields.length === 1 && fields[0].path.length === 0)
        return fields[0].read;

    if (fields.every(({path}) => path.length === 1 && typeof path[0] === 'string')) {
        return (view, base) => {
            const record = {};
            for (const {path, read} of fields)
                record[path[0]] = read(view, base);
            return record;
        };
    }

    return (view, base) => {
        const record = typeof fields[0]?.path[0] === 'number' ? [] : {};
        for (const {path, read} of fields) {
            let holder = record;
            for (let i = 0; i < path.length - 1; i++)
                holder = holder[path[i]] ??= typeof path[i + 1] === 'number' ? [] : {};
            holder[path[path.length - 1]] = read(view, base);
        }
        return record;
    };
}

function view_and_base(offset, read) {
    return (view, base) => read(view, base + offset);
}

const decoders = new Map();

function decoder(type) {
    // A type is its number in a BTF, and a wrapper of either is not unique: keep decoders by what they are for.
    const btf = type.get_btf();
    let ofBtf = decoders.get(btf);
    if (!ofBtf)
        decoders.set(btf, ofBtf = new Map());
    let decode = ofBtf.get(type.get_id());
    if (!decode)
        ofBtf.set(type.get_id(), decode = compile(type));
    return decode;
}

function* records(batch) {
    const type = batch.get_record_type();
    const slab = batch.get_bytes().toArray();
    const view = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
    const n = batch.get_n_records();
    const offsetBytes = batch.get_offsets().toArray();
    const offsets = new DataView(offsetBytes.buffer, offsetBytes.byteOffset, offsetBytes.byteLength);
    const native = Ebpf.hostIsLittleEndian;
    const decode = type ? decoder(type) : null;
    const size = type ? type.get_size() : 0;

    for (let i = 0; i < n; i++) {
        const start = offsets.getUint32(8 * i, native);
        const length = offsets.getUint32(8 * i + 4, native);
        // A record shorter than its type is given as it is.
        if (decode && length >= size)
            yield decode(view, start);
        else
            yield slab.slice(start, start + length);
    }
}

function isNotFound(error) {
    return error instanceof GLib.Error && error.matches(Ebpf.Error, Ebpf.Error.NOT_FOUND);
}

function _init() {
    Ebpf = this;

    Ebpf.hostIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
    Ebpf.unpack = unpack;
    Ebpf.pack = pack;
    Ebpf.decoder = decoder;

    Gio._promisify(Ebpf.Collection.prototype, 'load_async', 'load_finish');
    Gio._promisify(Ebpf.Reader.prototype, 'read_async', 'read_finish');
    Gio._promisify(Ebpf.CollectionSpec, 'new_from_file_async', 'new_from_file_finish');
    Gio._promisify(Ebpf.CollectionSpec, 'new_from_bytes_async', 'new_from_bytes_finish');

    Ebpf.RecordBatch.prototype[Symbol.iterator] = function () {
        return records(this);
    };

    Ebpf.Reader.prototype[Symbol.asyncIterator] = async function* () {
        for (;;)
            yield await this.read_async(null);
    };

    Ebpf.Map.prototype.get = function (key) {
        try {
            return unpack(this.lookup(pack(this.get_key_type(), key)));
        } catch (error) {
            if (isNotFound(error))
                return null;
            throw error;
        }
    };

    Ebpf.Map.prototype.set = function (key, value, flags = Ebpf.UpdateFlags.ANY) {
        const valueType = this.get_value_type();
        const packed = Array.isArray(value)
            ? new GLib.Variant('av', value.map(item => pack(valueType, item)))
            : pack(valueType, value);
        this.update(pack(this.get_key_type(), key), packed, flags);
        return this;
    };

    Ebpf.Map.prototype.has = function (key) {
        return this.get(key) !== null;
    };

    Ebpf.Map.prototype.remove = function (key) {
        try {
            return this.delete_key(pack(this.get_key_type(), key));
        } catch (error) {
            if (isNotFound(error))
                return false;
            throw error;
        }
    };

    Ebpf.MapEntry.prototype.get = function (name) {
        const member = this.get_field(name);
        return member === null ? undefined : unpack(member);
    };

    Ebpf.Map.prototype[Symbol.iterator] = function* () {
        const iterator = this.iterate();
        while (iterator.next())
            yield [unpack(iterator.get_key()), unpack(iterator.get_value())];
    };
}
