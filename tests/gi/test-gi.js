// SPDX-License-Identifier: LGPL-2.1-or-later

// What an application in JavaScript does, and a plug-in in JavaScript.

import Ebpf from 'gi://Ebpf?version=1';
import GLib from 'gi://GLib';
import Gio from 'gi://Gio';
import GObject from 'gi://GObject';

import {Skip, assert, assertEqual, assertThrows, run, test, waitUntil} from './tap.js';

const object = name => GLib.build_filenamev([GLib.getenv('EBPF_TEST_OBJECTS'), name]);
const packet = new GLib.Bytes(new Uint8Array(64));

function requireBpf() {
    try {
        Ebpf.check_privileges();
    } catch (error) {
        throw new Skip(error.message);
    }
}

function loadStream() {
    requireBpf();
    const spec = Ebpf.CollectionSpec.new_from_path(object('stream.bpf.o'));
    const collection = Ebpf.Collection.new(spec);
    collection.load(null, null);
    return collection;
}

const countFds = () => {
    const folder = Gio.File.new_for_path('/proc/self/fd');
    const children = folder.enumerate_children('standard::name', Gio.FileQueryInfoFlags.NONE, null);
    let n = 0;
    while (children.next_file(null))
        n++;
    children.close(null);
    return n;
};

test('a spec is read without privilege', () => {
    const spec = Ebpf.CollectionSpec.new_from_path(object('stream.bpf.o'));
    const map = spec.get_map('kept');

    assertEqual(spec.license, 'GPL');
    assertEqual(map.map_type, Ebpf.MapType.HASH);
    assertEqual([map.key_size, map.value_size, map.max_entries], [4, 64, 16]);
    assertEqual(spec.list_programs().map(program => program.name), ['produce']);
    assertEqual(spec.get_variable('last_byte').constant, true);
    assertEqual(Ebpf.map_type_to_string(Ebpf.MapType.PERCPU_HASH), 'percpu-hash');
});

test('errors have a code and name what they are about', () => {
    assertThrows(() => Ebpf.CollectionSpec.new_from_path('/nonexistent.o'),
        Ebpf.Error, Ebpf.Error.NOT_FOUND, /nonexistent\.o/);
    assertThrows(() => Ebpf.CollectionSpec.new_from_bytes(new GLib.Bytes(new TextEncoder().encode('hello'))),
        Ebpf.Error, Ebpf.Error.NOT_ELF, /./);
});

test('a rejected program gives its log', () => {
    requireBpf();
    const collection = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(object('rejected.bpf.o')));
    try {
        collection.load(null, null);
    } catch (error) {
        assert(error.matches(Ebpf.Error, Ebpf.Error.VERIFIER), `a verifier error: ${error}`);
        assert(Ebpf.error_get_errno(error) > 0, 'an errno');
        assert(Ebpf.error_get_log(error).includes('processed'), 'the whole log');
        assertEqual(collection.verifier_log, Ebpf.error_get_log(error));
        assertEqual(collection.state, Ebpf.CollectionState.FAILED);
        return;
    }
    throw new Error('no error');
});

test('a collection loads asynchronously and tells of its progress', async () => {
    requireBpf();
    const spec = Ebpf.CollectionSpec.new_from_path(object('stream.bpf.o'));
    const collection = Ebpf.Collection.new(spec);
    const seen = {maps: [], programs: [], progress: []};

    collection.connect('map-created', (_, map) => seen.maps.push(map.name));
    collection.connect('program-loaded', (_, program) => seen.programs.push(program.name));
    collection.connect('notify::progress', () => seen.progress.push(collection.progress));
    await collection.load_async(null, null);

    assertEqual(collection.state, Ebpf.CollectionState.LOADED);
    assert(seen.maps.includes('kept') && seen.maps.includes('records'), `maps: ${seen.maps}`);
    assertEqual(seen.programs, ['produce']);
    assert(seen.progress.length > 1 && seen.progress.at(-1) === 1, `progress: ${seen.progress}`);
    collection.close();
});

test('a per-CPU map is read', () => {
    const collection = loadStream();
    const [, retval] = collection.get_program('produce').test_run(packet, 10);
    const perCpu = collection.get_map('runs').lookup(new GLib.Variant('u', 0)).recursiveUnpack();

    assertEqual(retval, 0);
    assertEqual(perCpu.length, Ebpf.get_n_possible_cpus());
    assertEqual(perCpu.reduce((sum, n) => sum + n), 10);
    collection.close();
});

test('a map is written and read as plain values', () => {
    const collection = loadStream();
    const map = collection.get_map('kept');

    assertEqual(map.get(3), null);
    map.set(3, {number: 2n ** 63n + 1n, big: 4, negative: -7, text: 'hello'});
    const record = map.get(3);
    assertEqual(record.number, 2n ** 63n + 1n);
    assertEqual([record.big, record.negative, record.text, record.cpu], [4, -7, 'hello', 0]);
    assertEqual(record.bytes.length, 24);
    assertEqual([...map].map(([key]) => key), [3]);
    assertEqual([map.has(3), map.remove(3), map.remove(3), map.has(3)], [true, true, false, false]);
    assertThrows(() => map.update(new GLib.Variant('u', 1), new GLib.Variant('s', 'no struct'), Ebpf.UpdateFlags.ANY),
        Ebpf.Error, Ebpf.Error.WRONG_TYPE, /kept/);
    collection.close();
    assertThrows(() => map.lookup(new GLib.Variant('u', 1)), Ebpf.Error, Ebpf.Error.CLOSED, /kept/);
});

test('variables are set before a load and read after it', () => {
    requireBpf();
    const spec = Ebpf.CollectionSpec.new_from_path(object('stream.bpf.o'));
    spec.set_constants(new GLib.Variant('a{sv}', {last_byte: new GLib.Variant('u', 99)}));
    const collection = Ebpf.Collection.new(spec);
    collection.load(null, null);

    assertEqual(collection.get_variable('last_byte').get_value().unpack(), 99);
    collection.get_variable('next_number').set_value(new GLib.Variant('t', 5));
    collection.get_program('produce').test_run(packet, 3);
    assertEqual(collection.get_variable('next_number').get_value().unpack(), 8);
    assertThrows(() => collection.get_variable('last_byte').set_value(new GLib.Variant('u', 1)),
        Ebpf.Error, Ebpf.Error.READ_ONLY, /last_byte/);
    collection.close();
});

test('records arrive in batches, 64-bit numbers exact', () => {
    const collection = loadStream();
    const reader = collection.get_map('records').open_reader(null);
    const records = [];

    reader.connect('records', (_, batch) => records.push(...batch));
    reader.start();
    collection.get_program('produce').test_run(packet, 3);
    waitUntil(() => records.length >= 3, 'three records arrived');

    assertEqual(records.map(record => record.number), [0, 1, 2]);
    assertEqual(records[0].big, 0xfffffffffffffff1n);
    assertEqual([records[0].negative, records[0].text, records[0].bytes.at(-1)], [-5, 'hi', 7]);
    reader.close();
    collection.close();
});

test('200,000 records arrive, none lost, none doubled', () => {
    const collection = loadStream();
    const reader = collection.get_map('records').open_reader(null);
    const program = collection.get_program('produce');
    const total = 200_000, chunk = 4_000;
    let next = 0, batches = 0, produced = 0, wrong = 0;

    reader.connect('records', (_, batch) => {
        const slab = batch.get_bytes().toArray();
        const view = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
        batches++;
        for (let i = 0; i < batch.get_n_records(); i++) {
            if (Number(view.getBigUint64(64 * i, true)) !== next)
                wrong++;
            next++;
        }
    });
    reader.start();
    GLib.idle_add(GLib.PRIORITY_DEFAULT_IDLE, () => {
        // The ring holds some 14,000: go on when it has been read.
        if (produced - next < chunk) {
            program.test_run(packet, chunk);
            produced += chunk;
        }
        return produced < total;
    });
    waitUntil(() => next >= total, 'all records arrived', 60);

    assertEqual([next, wrong, reader.lost], [total, 0, 0]);
    assertEqual(collection.get_variable('dropped').get_value().unpack(), 0);
    assert(batches < total / 10, `batches, not single records: ${batches}`);
    reader.close();
    collection.close();
});

test('a batch can be awaited', async () => {
    const collection = loadStream();
    const reader = collection.get_map('records').open_reader(null);

    collection.get_program('produce').test_run(packet, 2);
    const batch = await reader.read_async(null);
    assertEqual(batch.get_n_records(), 2);
    assertEqual(batch.decode(1).recursiveUnpack().number, 1);
    reader.close();
    collection.close();
});

// A plug-in: addresses of an LPM trie as text.
const RouteDriver = GObject.registerClass(class RouteDriver extends Ebpf.MapDriver {
    vfunc_fixup_spec(spec) {
        // The kernel demands it of every LPM trie.
        spec.map_flags |= Ebpf.MapFlags.NO_PREALLOC;
        return true;
    }

    vfunc_key_from_variant(_map, key) {
        const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(key.deepUnpack());
        if (!match)
            throw new GLib.Error(Ebpf.Error, Ebpf.Error.INVALID_ARGUMENT, `not a network: ${key.print(false)}`);
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setUint32(0, Number(match[5]), true);
        bytes.set(match.slice(1, 5).map(Number), 4);
        return new GLib.Bytes(bytes);
    }

    vfunc_key_to_variant(_map, key) {
        const bytes = key.toArray();
        return new GLib.Variant('s', `${bytes.slice(4, 8).join('.')}/${bytes[0]}`);
    }
});

test('a plug-in in JavaScript drives a map type', () => {
    requireBpf();
    const registry = Ebpf.PluginRegistry.get_default();
    const driver = new RouteDriver({nick: 'route-js', map_types: new GLib.Variant('au', [Ebpf.MapType.LPM_TRIE])});

    assert(registry.add_driver(driver), 'the driver is taken');
    const map = Ebpf.Map.new(Ebpf.MapSpec.new('routes', Ebpf.MapType.LPM_TRIE, 8, 4, 16));
    const network = new GLib.Variant('s', '10.0.0.0/8');

    map.update(network, new GLib.Variant('ay', [1, 2, 3, 4]), Ebpf.UpdateFlags.ANY);
    assertEqual([...map].map(([key]) => key), ['10.0.0.0/8']);
    // The longest prefix that fits an address of that network.
    assertEqual([...map.lookup(new GLib.Variant('s', '10.1.2.3/32')).deepUnpack()], [1, 2, 3, 4]);
    assertThrows(() => map.lookup(new GLib.Variant('s', 'elsewhere')),
        Ebpf.Error, Ebpf.Error.INVALID_ARGUMENT, /elsewhere/);
    map.close();
    assert(registry.remove_driver(driver), 'the driver is taken out');
});

const LazyDriver = GObject.registerClass(class LazyDriver extends Ebpf.MapDriver {
    vfunc_key_from_variant() {
        return null;
    }
});

test('a plug-in that gives nothing and no error makes an error', () => {
    requireBpf();
    const registry = Ebpf.PluginRegistry.get_default();
    const driver = new LazyDriver({nick: 'lazy-js', map_types: new GLib.Variant('au', [Ebpf.MapType.LRU_HASH])});

    registry.add_driver(driver);
    const map = Ebpf.Map.new(Ebpf.MapSpec.new('lazy', Ebpf.MapType.LRU_HASH, 4, 4, 16));
    assertThrows(() => map.lookup(new GLib.Variant('u', 1)), Ebpf.Error, Ebpf.Error.PLUGIN, /lazy-js/);
    map.close();
    registry.remove_driver(driver);
});

test('a plug-in in JavaScript serves an asynchronous load', async () => {
    requireBpf();
    const registry = Ebpf.PluginRegistry.get_default();
    const driver = new RouteDriver({nick: 'route-js', map_types: new GLib.Variant('au', [Ebpf.MapType.LPM_TRIE])});
    const spec = Ebpf.CollectionSpec.new();

    registry.add_driver(driver);
    spec.add_map(Ebpf.MapSpec.new('routes', Ebpf.MapType.LPM_TRIE, 8, 4, 16));
    const collection = Ebpf.Collection.new(spec);
    await collection.load_async(null, null);
    assertEqual(collection.get_map('routes').map_flags & Ebpf.MapFlags.NO_PREALLOC, Ebpf.MapFlags.NO_PREALLOC);
    collection.close();
    registry.remove_driver(driver);
});

test('arrays of one or no element are lists, booleans of any width are booleans', () => {
    const {BtfIntEncoding} = Ebpf;
    const builder = Ebpf.BtfBuilder.new();
    const u32 = builder.add_int('unsigned int', 4, BtfIntEncoding.UNSIGNED);
    const bool = builder.add_int('bool', 1, BtfIntEncoding.BOOL);
    const wide = builder.add_int('wide_bool', 4, BtfIntEncoding.BOOL);
    const one = builder.add_array(u32, u32, 1);
    const none = builder.add_array(u32, u32, 0);
    const point = builder.add_struct('point', 4);
    builder.add_member('x', u32, 0, 0);
    const points = builder.add_array(point, u32, 1);
    const noPoints = builder.add_array(point, u32, 0);
    const id = builder.add_struct('record', 20);
    builder.add_member('plain', u32, 0, 0);
    builder.add_member('one', one, 32, 0);
    builder.add_member('points', points, 64, 0);
    builder.add_member('wide', wide, 96, 0);
    builder.add_member('bit', bool, 129, 1);
    builder.add_member('rest', none, 160, 0);
    builder.add_member('no_points', noPoints, 160, 0);
    const type = builder.build().get_type_by_id(id);
    const words = new Uint32Array([1, 2, 3, 0x100, Ebpf.hostIsLittleEndian ? 2 : 0x40000000]);
    const decoded = Ebpf.decoder(type)(new DataView(words.buffer), 0);

    assertEqual(decoded, {plain: 1, one: [2], points: [{x: 3}], wide: true, bit: true, rest: [], no_points: []});

    // As a GVariant, a truth that is not 1 stays the number that it is.
    const unpacked = Ebpf.unpack(type.to_variant(new GLib.Bytes(new Uint8Array(words.buffer))));
    assertEqual(unpacked, {...decoded, wide: 0x100});
});

test('a congestion control is registered from JavaScript', () => {
    requireBpf();
    const spec = Ebpf.CollectionSpec.new_from_path(object('congestion.bpf.o'));
    for (const name of ['linked', 'successor'])
        spec.get_map(name).autocreate = false;

    const name = `gjs${GLib.random_int_range(0, 1000000)}`;
    const available = () => new TextDecoder().decode(
        GLib.file_get_contents('/proc/sys/net/ipv4/tcp_available_congestion_control')[1]).trim().split(' ');

    spec.get_map('plain').set_member_value('name', new GLib.Variant('s', name));
    const collection = Ebpf.Collection.new(spec);
    collection.load(null, null);
    const link = collection.get_map('plain').attach();
    assert(link instanceof Ebpf.StructOpsLink, 'the class of its kind');
    assert(available().includes(name), 'registered');
    link.close();
    assert(!available().includes(name), 'taken away');
    collection.close();
});

test('nothing is left open', () => {
    loadStream().close();
    const before = countFds();
    for (let i = 0; i < 5; i++)
        loadStream().close();
    assertEqual(countFds(), before, 'open files');
});

await run();
