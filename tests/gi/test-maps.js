// SPDX-License-Identifier: LGPL-2.1-or-later

// Each type of map that the kernel has, from JavaScript: made, filled, read back, gone through, closed.

import Ebpf from 'gi://Ebpf?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Gio from 'gi://Gio';

import {Skip, assert, assertEqual, assertThrows, run, test} from './tap.js';

const {MapType} = Ebpf;
const v = (type, value) => new GLib.Variant(type, value);
const u = number => v('u', number);
const nCpus = Ebpf.get_n_possible_cpus();
const bytes = number => new Uint8Array(new Uint32Array([number]).buffer);

function checkPrivileges() {
    try {
        Ebpf.check_privileges();
    } catch (error) {
        throw new Skip(error.message);
    }
}

function newMap(type, keySize, valueSize, maxEntries, inner = null) {
    checkPrivileges();
    const spec = Ebpf.MapSpec.new('every', type, keySize, valueSize, maxEntries);
    if (inner)
        spec.set_inner_map(inner);
    try {
        return Ebpf.Map.new(spec);
    } catch (error) {
        if (error instanceof GLib.Error && error.matches(Ebpf.Error, Ebpf.Error.NOT_SUPPORTED))
            throw new Skip(error.message);
        throw error;
    }
}

// Puts one entry and expects to read this, and to find so many.
function exercise(map, key, value, expected, nEntries) {
    map.update(key, value, Ebpf.UpdateFlags.ANY);
    assertEqual(map.lookup(key).recursiveUnpack(), expected);
    if (nEntries !== null) {
        const iterator = map.iterate();
        let n = 0;
        while (iterator.next()) {
            assert(iterator.get_key() && iterator.get_value(), 'an entry');
            n++;
        }
        assertEqual(n, nEntries, 'entries gone through');
        const snapshot = map.snapshot();
        assertEqual(snapshot.n_entries, nEntries, 'entries in the snapshot');
        assertEqual(snapshot.to_variant().n_children(), nEntries);
        assertEqual(snapshot.get_keys().get_size(), nEntries * map.key_size);
    }
    map.close();
    assertThrows(() => map.lookup(key), Ebpf.Error, Ebpf.Error.CLOSED, /every/);
}

const every = (name, func) => test(`map type ${name}`, func);

for (const [name, type, n] of [['hash', MapType.HASH, 1], ['array', MapType.ARRAY, 4], ['lru-hash', MapType.LRU_HASH, 1]])
    every(name, () => exercise(newMap(type, 4, 4, 4), u(1), u(7), bytes(7), n));

for (const [name, type, n] of [['percpu-hash', MapType.PERCPU_HASH, 1], ['percpu-array', MapType.PERCPU_ARRAY, 4],
    ['lru-percpu-hash', MapType.LRU_PERCPU_HASH, 1]]) {
    every(name, () => exercise(newMap(type, 4, 4, 4), u(1), v('au', Array(nCpus).fill(7)),
        Array(nCpus).fill(bytes(7)), n));
}

for (const [name, type] of [['cgroup-storage', MapType.CGROUP_STORAGE], ['percpu-cgroup-storage', MapType.PERCPU_CGROUP_STORAGE]]) {
    every(name, () => {
        const map = newMap(type, 8, 4, 0);
        assertThrows(() => map.lookup(v('t', 1)), Ebpf.Error, Ebpf.Error.NOT_FOUND, /every/);
        assertEqual(map.snapshot().n_entries, 0);
        map.close();
    });
}

every('prog-array', () => {
    const map = newMap(MapType.PROG_ARRAY, 0, 0, 4);
    const assembler = Ebpf.Assembler.new();
    assembler.emit_move(0, 0);
    assembler.emit_exit();
    const spec = Ebpf.ProgramSpec.new('nothing', Ebpf.ProgramType.SOCKET_FILTER);
    spec.set_instructions(assembler);
    spec.set_license('GPL');
    const program = Ebpf.Program.new(spec, null);
    map.update_object(u(2), program, Ebpf.UpdateFlags.ANY);
    assertEqual(map.lookup_object(u(2)).get_id(), program.get_id());
    exercise(map, u(1), u(program.get_id()), program.get_id(), 2);
});

every('perf-event-array', () => {
    const map = newMap(MapType.PERF_EVENT_ARRAY, 4, 4, 0);
    map.open_reader(null).close();
    map.close();
});

every('ringbuf', () => {
    const map = newMap(MapType.RINGBUF, 0, 0, 5000);
    assertEqual(map.max_entries, 8192);
    map.open_reader(null).close();
    assertThrows(() => map.snapshot(), Ebpf.Error, Ebpf.Error.NOT_SUPPORTED, /no keys/);
    map.close();
});

every('user-ringbuf', () => {
    const map = newMap(MapType.USER_RINGBUF, 0, 0, 5000);
    assertEqual(map.max_entries, 8192);
    map.close();
});

every('stack-trace', () => {
    const map = newMap(MapType.STACK_TRACE, 0, 0, 16);
    assertEqual([map.key_size, map.value_size], [4, 127 * 8]);
    assertEqual(map.snapshot().n_entries, 0);
    const frames = new BigUint64Array(127);
    frames[0] = 0x400123n;
    frames[1] = 0x400456n;
    assertEqual(map.value_to_variant(new GLib.Bytes(new Uint8Array(frames.buffer))).recursiveUnpack(),
        [{address: 0x400123}, {address: 0x400456}]);
    assertThrows(() => map.update(u(1), v('at', [1]), Ebpf.UpdateFlags.ANY),
        Ebpf.Error, Ebpf.Error.NOT_SUPPORTED, /only the kernel/);
    map.close();
});

const cgroup = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find(
    path => GLib.file_test(`${path}/cgroup.procs`, GLib.FileTest.EXISTS));

every('cgroup-array', () => {
    if (!cgroup)
        throw new Skip('there is no cgroup2 file system');
    const map = newMap(MapType.CGROUP_ARRAY, 0, 0, 4);
    map.update(u(1), v('s', cgroup), Ebpf.UpdateFlags.ANY);
    assertThrows(() => map.lookup(u(1)), Ebpf.Error, Ebpf.Error.NOT_SUPPORTED, /every/);
    map.close();
});

every('lpm-trie', () => {
    const map = newMap(MapType.LPM_TRIE, 8, 4, 4);
    map.update(v('s', '10.0.0.0/8'), u(8), Ebpf.UpdateFlags.ANY);
    assertEqual(map.lookup(v('s', '10.1.2.3')).recursiveUnpack(), bytes(8));
    assertEqual(map.snapshot().get_key(0).recursiveUnpack(), '10.0.0.0/8');
    exercise(map, v('(uay)', [16, [10, 1, 0, 0]]), u(16), bytes(16), 2);
});

for (const [name, type] of [['array-of-maps', MapType.ARRAY_OF_MAPS], ['hash-of-maps', MapType.HASH_OF_MAPS]]) {
    every(name, () => {
        const spec = Ebpf.MapSpec.new('inner', MapType.HASH, 4, 4, 4);
        const map = newMap(type, 4, 0, 4, spec);
        const inner = Ebpf.Map.new(spec);
        map.update_object(u(2), inner, Ebpf.UpdateFlags.ANY);
        assertEqual(map.lookup_object(u(2)).id, inner.id);
        exercise(map, u(1), u(inner.id), inner.id, 2);
    });
}

for (const [name, type] of [['devmap', MapType.DEVMAP], ['devmap-hash', MapType.DEVMAP_HASH]])
    every(name, () => exercise(newMap(type, 0, 0, 4), u(1), v('s', 'lo'), {ifindex: 1}, 1));

every('cpumap', () => {
    const map = newMap(MapType.CPUMAP, 0, 0, 100000);
    assertEqual(map.max_entries, nCpus);
    exercise(map, u(0), u(192), {'queue-size': 192}, 1);
});

every('xskmap', () => {
    const map = newMap(MapType.XSKMAP, 0, 0, 4);
    assertThrows(() => map.update(u(1), u(1), Ebpf.UpdateFlags.ANY), Ebpf.Error, Ebpf.Error.WRONG_TYPE, /AF_XDP/);
    map.close();
});

for (const [name, type] of [['sockmap', MapType.SOCKMAP], ['sockhash', MapType.SOCKHASH]]) {
    every(name, () => {
        const map = newMap(type, 4, 0, 4);
        const socket = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP);
        socket.bind(Gio.InetSocketAddress.new_from_string('127.0.0.1', 0), false);
        socket.connect(Gio.InetSocketAddress.new_from_string('127.0.0.1', 9), null);
        map.update_object(u(1), socket, Ebpf.UpdateFlags.ANY);
        const cookie = map.lookup(u(1)).unpack();
        assert(cookie > 0, 'a cookie');
        exercise(map, u(2), v('h', socket.get_fd()), cookie, 2);
        socket.close();
    });
}

every('reuseport-sockarray', () => {
    const map = newMap(MapType.REUSEPORT_SOCKARRAY, 4, 0, 4);
    const socket = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP);
    socket.bind(Gio.InetSocketAddress.new_from_string('127.0.0.1', 0), true);
    map.update_object(u(1), socket, Ebpf.UpdateFlags.ANY);
    assert(map.lookup(u(1)).unpack() > 0, 'a cookie');
    assertEqual(map.snapshot().n_entries, 1);
    map.close();
    socket.close();
});

for (const [name, type, first] of [['queue', MapType.QUEUE, 1], ['stack', MapType.STACK, 2]]) {
    every(name, () => {
        const map = newMap(type, 0, 4, 4);
        map.update(null, u(1), Ebpf.UpdateFlags.ANY);
        map.update(null, u(2), Ebpf.UpdateFlags.ANY);
        assertEqual(map.lookup(null).recursiveUnpack(), bytes(first));
        assertEqual(map.lookup_and_delete(null).recursiveUnpack(), bytes(first));
        assertEqual(map.lookup_and_delete(null).recursiveUnpack(), bytes(3 - first));
        assertThrows(() => map.lookup(null), Ebpf.Error, Ebpf.Error.NOT_FOUND, /every/);
        map.close();
    });
}

every('sk-storage', () => {
    const socket = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM, Gio.SocketProtocol.UDP);
    exercise(newMap(MapType.SK_STORAGE, 0, 4, 0), v('h', socket.get_fd()), u(7), 7, null);
    socket.close();
});
every('inode-storage', () =>
    exercise(newMap(MapType.INODE_STORAGE, 0, 4, 0), v('s', '/proc/self/exe'), u(7), 7, null));
every('task-storage', () => {
    const pid = Number(GLib.file_read_link('/proc/self'));
    exercise(newMap(MapType.TASK_STORAGE, 0, 4, 0), v('i', pid), u(7), 7, null);
});
every('cgrp-storage', () => {
    if (!cgroup)
        throw new Skip('there is no cgroup2 file system');
    exercise(newMap(MapType.CGRP_STORAGE, 0, 4, 0), v('s', cgroup), u(7), 7, null);
});

every('bloom-filter', () => {
    const map = newMap(MapType.BLOOM_FILTER, 0, 4, 1000);
    map.update(null, u(7), Ebpf.UpdateFlags.ANY);
    assertEqual(map.has_value(u(7)), [true, true]);
    assertThrows(() => map.lookup(null), Ebpf.Error, Ebpf.Error.NOT_SUPPORTED, /has_value/);
    map.close();
});

every('arena', () => {
    const map = newMap(MapType.ARENA, 0, 0, 4);
    const memory = map.get_memory();
    memory.write(4096, new GLib.Bytes(new TextEncoder().encode('hello')));
    assertEqual(new TextDecoder().decode(memory.read(4096, 5).toArray()), 'hello');
    memory.store(8, 4, 41);
    memory.add(8, 4, 1);
    assertEqual(memory.load(8, 4)[1], 42);
    map.close();
});

every('insn-array', () => {
    const map = newMap(MapType.INSN_ARRAY, 4, 16, 4);
    map.set_value_variant_type(new GLib.VariantType('(uuuu)'));
    exercise(map, u(1), v('(uuuu)', [7, 0, 0, 0]), [7, 0, 0, 0], 4);
});

every('struct-ops', () => {
    checkPrivileges();
    const [major, minor] = Ebpf.dup_kernel_version().split('.').map(Number);
    if (major < 6 || (major === 6 && minor < 4))
        throw new Skip('links to struct_ops came with Linux 6.4');
    const spec = Ebpf.CollectionSpec.new_from_path(`${GLib.getenv('EBPF_TEST_OBJECTS')}/struct-ops.bpf.o`);
    const collection = Ebpf.Collection.new(spec);
    collection.load(null, null);
    const map = collection.get_map('plain');
    assertEqual(map.map_type, MapType.STRUCT_OPS);
    assert(map.lookup_bytes(new GLib.Bytes(new Uint8Array(4))).toArray().every(byte => byte === 0), 'zeros');
    assertEqual(map.snapshot().n_entries, 1);
    collection.close();
    assertThrows(() => map.lookup(u(0)), Ebpf.Error, Ebpf.Error.CLOSED, /plain/);
});

test('a number that the enumeration does not list is a type of map', () => {
    checkPrivileges();
    const spec = Ebpf.MapSpec.new('every', MapType.UNSPEC, 4, 4, 4);
    spec.map_type_number = 12345;
    assertEqual(spec.map_type_number, 12345);
    assertEqual(spec.copy().get_map_type_number(), 12345);
    assertThrows(() => Ebpf.Map.new(spec), Ebpf.Error, Ebpf.Error.NOT_SUPPORTED, /map type 12345/);
    spec.set_map_type_number(MapType.HASH);
    const map = Ebpf.Map.new(spec);
    assertEqual(map.map_type_number, 1);
    exercise(map, u(1), u(7), bytes(7), 1);
});

test('keys and values are what the application says', () => {
    const map = newMap(MapType.HASH, 8, 16, 4);
    map.set_key_variant_type(new GLib.VariantType('(uq)'));
    map.set_value_variant_type(new GLib.VariantType('(td)'));
    assertThrows(() => map.set_value_variant_type(new GLib.VariantType('s')),
        Ebpf.Error, Ebpf.Error.WRONG_TYPE, /"s"/);
    exercise(map, v('(uq)', [1, 2]), v('(td)', [3, 0.5]), [3, 0.5], 1);
});

test('every mistake has its own error', () => {
    const {Error: E, UpdateFlags: {ANY, NOEXIST}} = Ebpf;
    const map = newMap(MapType.HASH, 4, 4, 1);
    const three = new GLib.Bytes(new Uint8Array(3));
    const four = new GLib.Bytes(new Uint8Array(4));
    const refuses = (func, code, pattern) => assertThrows(func, E, code, pattern);

    refuses(() => map.lookup_bytes(three), E.WRONG_SIZE, /a key has 4 bytes, not 3/);
    refuses(() => map.update_bytes(four, three, ANY), E.WRONG_SIZE, /a value has 4 bytes, not 3/);
    refuses(() => map.lookup(null), E.WRONG_SIZE, /a key of 4 bytes is needed, none was given/);
    refuses(() => map.lookup(v('s', 'one')), E.WRONG_TYPE, /not "s"/);
    refuses(() => map.lookup(u(1)), E.NOT_FOUND, /every/);
    map.update(u(1), u(1), ANY);
    refuses(() => map.update(u(1), u(2), NOEXIST), E.EXISTS, /EEXIST/);
    refuses(() => map.update(u(2), u(2), ANY), E.LIMIT, /1 entries at most/);
    refuses(() => map.update_object(u(1), map, ANY), E.NOT_SUPPORTED, /hash/);
    refuses(() => map.pin('/tmp/ebpf-not-here'), E.INVALID_ARGUMENT, /bpffs/);
    map.freeze();
    refuses(() => map.update(u(1), u(2), ANY), E.READ_ONLY, /frozen/);
    map.close();
    refuses(() => map.lookup(u(1)), E.CLOSED, /closed/);

    const perCpu = newMap(MapType.PERCPU_ARRAY, 4, 4, 1);
    refuses(() => perCpu.update(u(0), v('au', Array(nCpus + 1).fill(1)), ANY), E.WRONG_SIZE,
        new RegExp(`${nCpus + 1} values for ${nCpus} CPUs`));
    perCpu.update_all_cpus(u(0), u(5), ANY);
    assertEqual(perCpu.lookup(u(0)).recursiveUnpack(), Array(nCpus).fill(bytes(5)));
    perCpu.close();
});

const RaisingDriver = GObject.registerClass(class RaisingDriver extends Ebpf.MapDriver {
    vfunc_key_from_variant() {
        throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.FAILED, 'this key is not to my liking');
    }
});

test('a driver that raises says so', () => {
    checkPrivileges();
    const registry = Ebpf.PluginRegistry.get_default();
    const driver = new RaisingDriver({nick: 'raising', map_types: v('au', [MapType.LRU_HASH])});
    registry.add_driver(driver);
    try {
        const map = newMap(MapType.LRU_HASH, 4, 4, 4);
        let message = '';
        try {
            map.lookup(u(1));
        } catch (error) {
            ({message} = error);
        }
        assert(message.includes('not to my liking'), message);
        map.close();
    } finally {
        registry.remove_driver(driver);
    }
});

test('entries are read and written many at a time', () => {
    const map = newMap(MapType.HASH, 4, 4, 1000);
    const entries = Array.from({length: 500}, (_, i) => [i, i * 2]);
    assertEqual(map.update_batch(v('a(uu)', entries), Ebpf.UpdateFlags.ANY), [true, 500]);

    const cursor = Ebpf.MapCursor.new(map);
    const seen = new Map();
    while (!cursor.at_end) {
        const batch = map.lookup_batch(cursor, 64, Ebpf.LookupFlags.NONE);
        const keys = new Uint32Array(batch.get_keys().toArray().slice().buffer);
        const values = new Uint32Array(batch.get_values().toArray().slice().buffer);
        keys.forEach((key, i) => seen.set(key, values[i]));
    }
    assertEqual([...seen].sort((a, b) => a[0] - b[0]), entries);
    assertEqual(map.delete_batch(v('au', [1, 2, 3])), [true, 3]);
    assertEqual(map.snapshot().n_entries, 497);

    const other = newMap(MapType.HASH, 4, 4, 10);
    assertThrows(() => other.lookup_batch(cursor, 64, Ebpf.LookupFlags.NONE),
        Ebpf.Error, Ebpf.Error.INVALID_ARGUMENT, /cursor/);
    map.close();
    other.close();
});

test('ids of maps are listed', () => {
    const map = newMap(MapType.HASH, 4, 4, 10);
    assert(Ebpf.Map.list_ids().includes(map.id), 'the id of a map that there is');
    map.close();
});

test('a model of a map is refreshed', () => {
    const map = newMap(MapType.HASH, 4, 4, 100);
    const model = Ebpf.MapModel.new(map, 0);
    const changes = [];
    model.connect('items-changed', (_, ...args) => changes.push(args));
    for (let i = 0; i < 10; i++)
        map.update(u(i), u(i), Ebpf.UpdateFlags.ANY);
    model.refresh();
    assertEqual(changes, [[0, 0, 10]]);
    const entry = model.get_item(3);
    let n = 0;
    entry.connect('notify::value', () => n++);
    map.update(entry.key, u(77), Ebpf.UpdateFlags.ANY);
    model.refresh();
    assertEqual([changes.length, n, entry.value.recursiveUnpack()], [1, 1, bytes(77)]);
    assert(model.get_item(3) === entry, 'the same object');
    map.close();
    assertThrows(() => model.refresh(), Ebpf.Error, Ebpf.Error.CLOSED, /every/);
});

await run();
