#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Each type of map that the kernel has, from Python: made, filled, read back, gone through, closed. Prints TAP."""

import os
import socket
import struct
import sys
import traceback

import gi

gi.require_version('Ebpf', '1')
from gi.repository import Ebpf, Gio, GLib  # noqa: E402

T = Ebpf.MapType
ANY = Ebpf.UpdateFlags.ANY
# What Python's socket module does not name.
AF_XDP, SOL_XDP, XDP_RX_RING = 44, 283, 2
N_CPUS = Ebpf.get_n_possible_cpus()
TESTS = []


class Skip(Exception):
    pass


def every(name):
    def register(func):
        TESTS.append((name, func))
        return func
    return register


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f'expected {expected!r}, got {actual!r}')


def fails(code, text, func, *args):
    try:
        func(*args)
    except GLib.Error as error:
        if not error.matches(Ebpf.error_quark(), code) or text not in error.message:
            raise AssertionError(f'another error: {error.message}') from error
        return
    raise AssertionError('no error')


def fails_any(text, func, *args):
    try:
        func(*args)
    except GLib.Error as error:
        if text not in error.message:
            raise AssertionError(f'another error: {error.message}') from error
        return
    raise AssertionError('no error')


def check_privileges():
    try:
        Ebpf.check_privileges()
    except GLib.Error as error:
        raise Skip(error.message) from None


def u(number):
    return GLib.Variant('u', number)


def raw(number):
    return list(struct.pack('=I', number))


def new_map(kind, key_size, value_size, max_entries, inner=None):
    check_privileges()
    spec = Ebpf.MapSpec.new('every', kind, key_size, value_size, max_entries)
    if inner is not None:
        spec.set_inner_map(inner)
    try:
        return Ebpf.Map.new(spec)
    except GLib.Error as error:
        if error.matches(Ebpf.error_quark(), Ebpf.Error.NOT_SUPPORTED):
            raise Skip(error.message) from None
        raise


def exercise(bpf_map, key, value, expected, n_entries):
    """Puts one entry and expects to read this, and to find so many."""
    bpf_map.update(key, value, ANY)
    equal(bpf_map.lookup(key).unpack(), expected)
    if n_entries is not None:
        equal(len(list(bpf_map.items())), n_entries)
        snapshot = bpf_map.snapshot()
        equal(snapshot.props.n_entries, n_entries)
        equal(snapshot.to_variant().n_children(), n_entries)
        equal(snapshot.get_keys().get_size(), n_entries * bpf_map.props.key_size)
    bpf_map.close()
    fails(Ebpf.Error.CLOSED, 'every', bpf_map.lookup, key)


def plain(kind, n_entries):
    return lambda: exercise(new_map(kind, 4, 4, 4), u(1), u(7), raw(7), n_entries)


every('hash')(plain(T.HASH, 1))
every('array')(plain(T.ARRAY, 4))
every('lru-hash')(plain(T.LRU_HASH, 1))


def per_cpu(kind, n_entries):
    def run():
        bpf_map = new_map(kind, 4, 4, 4)
        exercise(bpf_map, u(1), GLib.Variant('au', [7] * N_CPUS), [raw(7)] * N_CPUS, n_entries)
    return run


every('percpu-hash')(per_cpu(T.PERCPU_HASH, 1))
every('percpu-array')(per_cpu(T.PERCPU_ARRAY, 4))
every('lru-percpu-hash')(per_cpu(T.LRU_PERCPU_HASH, 1))


def cgroup_storage(kind):
    def run():
        bpf_map = new_map(kind, 8, 4, 0)
        fails(Ebpf.Error.NOT_FOUND, 'every', bpf_map.lookup, GLib.Variant('t', 1))
        equal(bpf_map.snapshot().props.n_entries, 0)
        bpf_map.close()
    return run


every('cgroup-storage')(cgroup_storage(T.CGROUP_STORAGE))
every('percpu-cgroup-storage')(cgroup_storage(T.PERCPU_CGROUP_STORAGE))


@every('prog-array')
def prog_array():
    bpf_map = new_map(T.PROG_ARRAY, 0, 0, 4)
    assembler = Ebpf.Assembler.new()
    assembler.emit_move(0, 0)
    assembler.emit_exit()
    spec = Ebpf.ProgramSpec.new('nothing', Ebpf.ProgramType.SOCKET_FILTER)
    spec.set_instructions(assembler)
    spec.set_license('GPL')
    program = Ebpf.Program.new(spec, None)
    bpf_map.update_object(u(2), program, ANY)
    equal(bpf_map.lookup_object(u(2)).get_id(), program.get_id())
    exercise(bpf_map, u(1), u(program.get_id()), program.get_id(), 2)


@every('perf-event-array')
def perf_event_array():
    bpf_map = new_map(T.PERF_EVENT_ARRAY, 4, 4, 0)
    bpf_map.open_reader(None).close()
    bpf_map.close()


@every('ringbuf')
def ringbuf():
    bpf_map = new_map(T.RINGBUF, 0, 0, 5000)
    equal(bpf_map.props.max_entries, 8192)
    bpf_map.open_reader(None).close()
    fails(Ebpf.Error.NOT_SUPPORTED, 'no keys', bpf_map.snapshot)
    bpf_map.close()


@every('user-ringbuf')
def user_ringbuf():
    bpf_map = new_map(T.USER_RINGBUF, 0, 0, 5000)
    equal(bpf_map.props.max_entries, 8192)
    bpf_map.close()


@every('stack-trace')
def stack_trace():
    bpf_map = new_map(T.STACK_TRACE, 0, 0, 16)
    equal((bpf_map.props.key_size, bpf_map.props.value_size), (4, 127 * 8))
    equal(bpf_map.snapshot().props.n_entries, 0)
    frames = GLib.Bytes.new(struct.pack('=127Q', 0x400123, 0x400456, *[0] * 125))
    equal(bpf_map.value_to_variant(frames).unpack(), [{'address': 0x400123}, {'address': 0x400456}])
    fails(Ebpf.Error.NOT_SUPPORTED, 'only the kernel', bpf_map.update, u(1), GLib.Variant('at', [1]), ANY)
    bpf_map.close()


def find_cgroup():
    for path in ('/sys/fs/cgroup', '/sys/fs/cgroup/unified'):
        if os.path.exists(f'{path}/cgroup.procs'):
            return GLib.Variant('s', path)
    raise Skip('there is no cgroup2 file system')


@every('cgroup-array')
def cgroup_array():
    cgroup = find_cgroup()
    bpf_map = new_map(T.CGROUP_ARRAY, 0, 0, 4)
    bpf_map.update(u(1), cgroup, ANY)
    fails(Ebpf.Error.NOT_SUPPORTED, 'every', bpf_map.lookup, u(1))
    bpf_map.close()


@every('lpm-trie')
def lpm_trie():
    bpf_map = new_map(T.LPM_TRIE, 8, 4, 4)
    bpf_map.update(GLib.Variant('s', '10.0.0.0/8'), u(8), ANY)
    equal(bpf_map.lookup(GLib.Variant('s', '10.1.2.3')).unpack(), raw(8))
    equal(bpf_map.snapshot().get_key(0).unpack(), '10.0.0.0/8')
    exercise(bpf_map, GLib.Variant('(uay)', (16, [10, 1, 0, 0])), u(16), raw(16), 2)


def map_of_maps(kind):
    def run():
        spec = Ebpf.MapSpec.new('inner', T.HASH, 4, 4, 4)
        bpf_map = new_map(kind, 4, 0, 4, spec)
        inner = Ebpf.Map.new(spec)
        bpf_map.update_object(u(2), inner, ANY)
        equal(bpf_map.lookup_object(u(2)).props.id, inner.props.id)
        exercise(bpf_map, u(1), u(inner.props.id), inner.props.id, 2)
    return run


every('array-of-maps')(map_of_maps(T.ARRAY_OF_MAPS))
every('hash-of-maps')(map_of_maps(T.HASH_OF_MAPS))


def devices(kind):
    return lambda: exercise(new_map(kind, 0, 0, 4), u(1), GLib.Variant('s', 'lo'), {'ifindex': 1}, 1)


every('devmap')(devices(T.DEVMAP))
every('devmap-hash')(devices(T.DEVMAP_HASH))


@every('cpumap')
def cpumap():
    bpf_map = new_map(T.CPUMAP, 0, 0, 100000)
    equal(bpf_map.props.max_entries, N_CPUS)
    exercise(bpf_map, u(0), u(192), {'queue-size': 192}, 1)


@every('xskmap')
def xskmap():
    bpf_map = new_map(T.XSKMAP, 0, 0, 4)
    fails(Ebpf.Error.WRONG_TYPE, 'AF_XDP', bpf_map.update, u(1), u(1), ANY)
    try:
        xsk = socket.socket(AF_XDP, socket.SOCK_RAW)
    except OSError:
        xsk = None  # the kernel was built without
    if xsk:
        with xsk:
            xsk.setsockopt(SOL_XDP, XDP_RX_RING, 64)
            bpf_map.update(u(1), GLib.Variant('h', xsk.fileno()), ANY)
            fails(Ebpf.Error.NOT_SUPPORTED, 'every', bpf_map.lookup, u(1))
            bpf_map.delete_key(u(1))
    bpf_map.close()


def sockets(kind):
    def run():
        bpf_map = new_map(kind, 4, 0, 4)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect(('127.0.0.1', 9))
            cookie = struct.unpack('=Q', udp.getsockopt(socket.SOL_SOCKET, 57, 8))[0]
            copy = Gio.Socket.new_from_fd(os.dup(udp.fileno()))
            bpf_map.update_object(u(1), copy, ANY)
            equal(bpf_map.lookup(u(1)).unpack(), cookie)
            exercise(bpf_map, u(2), GLib.Variant('h', udp.fileno()), cookie, 2)
            copy.close()
    return run


every('sockmap')(sockets(T.SOCKMAP))
every('sockhash')(sockets(T.SOCKHASH))


@every('reuseport-sockarray')
def reuseport_sockarray():
    bpf_map = new_map(T.REUSEPORT_SOCKARRAY, 4, 0, 4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        udp.bind(('127.0.0.1', 0))
        cookie = struct.unpack('=Q', udp.getsockopt(socket.SOL_SOCKET, 57, 8))[0]
        exercise(bpf_map, u(1), GLib.Variant('h', udp.fileno()), cookie, 1)


def queue(kind, first):
    def run():
        bpf_map = new_map(kind, 0, 4, 4)
        bpf_map.update(None, u(1), ANY)
        bpf_map.update(None, u(2), ANY)
        equal(bpf_map.lookup(None).unpack(), raw(first))
        equal(bpf_map.lookup_and_delete(None).unpack(), raw(first))
        equal(bpf_map.lookup_and_delete(None).unpack(), raw(3 - first))
        fails(Ebpf.Error.NOT_FOUND, 'every', bpf_map.lookup, None)
        bpf_map.close()
    return run


every('queue')(queue(T.QUEUE, 1))
every('stack')(queue(T.STACK, 2))


@every('sk-storage')
def sk_storage():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        exercise(new_map(T.SK_STORAGE, 0, 4, 0), GLib.Variant('h', udp.fileno()), u(7), 7, None)


@every('inode-storage')
def inode_storage():
    exercise(new_map(T.INODE_STORAGE, 0, 4, 0), GLib.Variant('s', __file__), u(7), 7, None)


@every('task-storage')
def task_storage():
    exercise(new_map(T.TASK_STORAGE, 0, 4, 0), GLib.Variant('i', os.getpid()), u(7), 7, None)


@every('cgrp-storage')
def cgrp_storage():
    exercise(new_map(T.CGRP_STORAGE, 0, 4, 0), find_cgroup(), u(7), 7, None)


@every('bloom-filter')
def bloom_filter():
    bpf_map = new_map(T.BLOOM_FILTER, 0, 4, 1000)
    bpf_map.update(None, u(7), ANY)
    equal(bpf_map.has_value(u(7)), (True, True))
    fails(Ebpf.Error.NOT_SUPPORTED, 'has_value', bpf_map.lookup, None)
    bpf_map.close()


@every('arena')
def arena():
    bpf_map = new_map(T.ARENA, 0, 0, 4)
    memory = bpf_map.get_memory()
    memory.write(4096, GLib.Bytes.new(b'hello'))
    equal(memory.read(4096, 5).get_data(), b'hello')
    memory.store(8, 4, 41)
    memory.add(8, 4, 1)
    equal(memory.load(8, 4)[1], 42)
    bpf_map.close()


@every('insn-array')
def insn_array():
    bpf_map = new_map(T.INSN_ARRAY, 4, 16, 4)
    bpf_map.set_value_variant_type(GLib.VariantType('(uuuu)'))
    exercise(bpf_map, u(1), GLib.Variant('(uuuu)', (7, 0, 0, 0)), (7, 0, 0, 0), 4)


@every('struct-ops')
def struct_ops():
    check_privileges()
    if tuple(int(part) for part in Ebpf.dup_kernel_version().split('.')) < (6, 4):
        raise Skip('links to struct_ops came with Linux 6.4')
    spec = Ebpf.CollectionSpec.new_from_path(os.path.join(os.environ['EBPF_TEST_OBJECTS'], 'struct-ops.bpf.o'))
    collection = Ebpf.Collection.new(spec)
    collection.load(None, None)
    bpf_map = collection.get_map('plain')
    equal(bpf_map.props.map_type, T.STRUCT_OPS)
    equal(set(bpf_map.lookup_bytes(GLib.Bytes.new(bytes(4))).get_data()), {0})
    equal(bpf_map.snapshot().props.n_entries, 1)
    collection.close()
    fails(Ebpf.Error.CLOSED, 'plain', bpf_map.lookup, u(0))


@every('of a number that the enumeration does not list')
def unknown_type():
    check_privileges()
    spec = Ebpf.MapSpec.new('every', T.UNSPEC, 4, 4, 4)
    spec.props.map_type_number = 12345
    equal(spec.props.map_type_number, 12345)
    equal(spec.copy().get_map_type_number(), 12345)
    fails(Ebpf.Error.NOT_SUPPORTED, 'map type 12345', Ebpf.Map.new, spec)
    spec.set_map_type_number(int(T.HASH))
    bpf_map = Ebpf.Map.new(spec)
    equal(bpf_map.props.map_type_number, 1)
    exercise(bpf_map, u(1), u(7), raw(7), 1)


@every('without type information, as the application says')
def variant_types():
    bpf_map = new_map(T.HASH, 8, 16, 4)
    bpf_map.set_key_variant_type(GLib.VariantType('(uq)'))
    bpf_map.set_value_variant_type(GLib.VariantType('(td)'))
    fails(Ebpf.Error.WRONG_TYPE, '"s"', bpf_map.set_value_variant_type, GLib.VariantType('s'))
    fails(Ebpf.Error.WRONG_TYPE, '"(uq)"', bpf_map.lookup, GLib.Variant('s', 'x'))
    exercise(bpf_map, GLib.Variant('(uq)', (1, 2)), GLib.Variant('(td)', (3, 0.5)), (3, 0.5), 1)


@every('and every mistake has its own error')
def mistakes():
    hash_map = new_map(T.HASH, 4, 4, 1)
    E = Ebpf.Error
    three = GLib.Bytes.new(b'123')
    four = GLib.Bytes.new(b'1234')
    fails(E.WRONG_SIZE, 'a key has 4 bytes, not 3', hash_map.lookup_bytes, three)
    fails(E.WRONG_SIZE, 'a value has 4 bytes, not 3', hash_map.update_bytes, four, three, ANY)
    fails(E.WRONG_SIZE, 'a key of 4 bytes is needed, none was given', hash_map.lookup, None)
    fails(E.WRONG_TYPE, 'not "s"', hash_map.lookup, GLib.Variant('s', 'one'))
    fails(E.NOT_FOUND, 'every', hash_map.lookup, u(1))
    hash_map.update(u(1), u(1), ANY)
    fails(E.EXISTS, 'EEXIST', hash_map.update, u(1), u(2), Ebpf.UpdateFlags.NOEXIST)
    fails(E.LIMIT, '1 entries at most', hash_map.update, u(2), u(2), ANY)
    fails(E.NOT_SUPPORTED, 'hash', hash_map.update_object, u(1), hash_map, ANY)
    other = new_map(T.HASH, 4, 4, 1)
    cursor = Ebpf.MapCursor.new(other)
    fails(E.INVALID_ARGUMENT, 'cursor', hash_map.lookup_batch, cursor, 1, Ebpf.LookupFlags.NONE)
    fails(E.INVALID_ARGUMENT, 'bpffs', hash_map.pin, '/tmp/ebpf-not-here')
    fails(E.INVALID_ARGUMENT, 'empty', hash_map.pin, '')
    hash_map.freeze()
    fails(E.READ_ONLY, 'frozen', hash_map.update, u(1), u(2), ANY)
    hash_map.close()
    fails(E.CLOSED, 'closed', hash_map.lookup, u(1))
    other.close()

    per_cpu_map = new_map(T.PERCPU_ARRAY, 4, 4, 1)
    fails(E.WRONG_SIZE, f'{N_CPUS + 1} values for {N_CPUS} CPUs', per_cpu_map.update, u(0),
          GLib.Variant('au', [1] * (N_CPUS + 1)), ANY)
    per_cpu_map.update_all_cpus(u(0), u(5), ANY)
    equal(per_cpu_map.lookup(u(0)).unpack(), [raw(5)] * N_CPUS)
    per_cpu_map.close()


@every('and what is pinned has to fit')
def pins():
    root = '/sys/fs/bpf'
    check_privileges()
    try:
        Ebpf.PinWalker.new(root)
    except GLib.Error as error:
        raise Skip(error.message) from None
    name = f'ebpf_test_{os.getpid()}'
    path = f'{root}/{name}'
    spec = Ebpf.MapSpec.new(name, T.HASH, 4, 4, 4)
    spec.set_pinning(Ebpf.Pinning.BY_NAME)
    options = Ebpf.LoadOptions.new()
    bpf_map = Ebpf.Map.new_full(spec, options)
    try:
        equal(bpf_map.props.pin_path, path)
        equal(Ebpf.Map.new_full(spec, options).props.id, bpf_map.props.id)
        spec.set_max_entries(5)
        fails(Ebpf.Error.INCOMPATIBLE, 'max-entries is 4, not 5', Ebpf.Map.new_full, spec, options)
        other = Ebpf.Map.new(spec)
        fails(Ebpf.Error.EXISTS, name, other.pin, path)
        equal(type(Ebpf.open_pin(path, Ebpf.AccessFlags.NONE)), Ebpf.Map)
        reader = Ebpf.Map.new_from_pin_full(-1, path, Ebpf.AccessFlags.RDONLY)
        fails(Ebpf.Error.READ_ONLY, 'reading only', reader.update, u(1), u(1), ANY)
        walker, found = Ebpf.PinWalker.new(root), {}
        while walker.next():
            found[walker.props.path] = walker.props.object
        equal(found[path].props.id, bpf_map.props.id)
    finally:
        bpf_map.unpin()
    equal(os.path.exists(path), False)


class RaisingDriver(Ebpf.MapDriver):
    __gtype_name__ = 'RaisingDriver'

    def do_key_from_variant(self, _bpf_map, _key):
        raise GLib.Error('this key is not to my liking', 'test-quark', 1)

    def do_value_to_variant(self, _bpf_map, _value):
        return None


@every('and a driver that fails says so')
def raising_driver():
    check_privileges()
    registry = Ebpf.PluginRegistry.get_default()
    driver = RaisingDriver(nick='raising', map_types=GLib.Variant('au', [int(T.LRU_HASH)]))
    registry.add_driver(driver)
    try:
        bpf_map = new_map(T.LRU_HASH, 4, 4, 4)
        equal(bpf_map.props.driver, driver)
        fails_any('not to my liking', bpf_map.lookup, u(1))
        bpf_map.update_bytes(GLib.Bytes.new(b'1234'), GLib.Bytes.new(b'5678'), ANY)
        fails(Ebpf.Error.PLUGIN, 'value_to_variant', bpf_map.value_to_variant, GLib.Bytes.new(b'5678'))
        bpf_map.close()
    finally:
        registry.remove_driver(driver)


@every('many entries at a time')
def batches():
    bpf_map = new_map(T.HASH, 4, 4, 1000)
    entries = [(i, i * 2) for i in range(500)]
    equal(bpf_map.update_batch(GLib.Variant('a(uu)', entries), ANY), (True, 500))
    cursor = Ebpf.MapCursor.new(bpf_map)
    seen = []
    while not cursor.props.at_end:
        batch = bpf_map.lookup_batch(cursor, 64, Ebpf.LookupFlags.NONE)
        n = batch.props.n_entries
        if n:
            seen += zip(struct.unpack(f'={n}I', batch.get_keys().get_data()),
                        struct.unpack(f'={n}I', batch.get_values().get_data()))
    equal(sorted(seen), entries)
    equal(bpf_map.delete_batch(GLib.Variant('au', [1, 2, 3])), (True, 3))
    equal(bpf_map.snapshot().props.n_entries, 497)
    other = new_map(T.HASH, 4, 4, 10)
    fails(Ebpf.Error.INVALID_ARGUMENT, 'cursor', other.lookup_batch, cursor, 64, Ebpf.LookupFlags.NONE)
    equal(bpf_map.props.id in Ebpf.Map.list_ids(), True)
    bpf_map.close()
    other.close()


@every('a model of a map')
def model():
    bpf_map = new_map(T.HASH, 4, 4, 100)
    entries = Ebpf.MapModel.new(bpf_map, 0)
    changes, notifies = [], []
    entries.connect('items-changed', lambda _, *args: changes.append(args))
    bpf_map.update_batch(GLib.Variant('a{uu}', {i: i for i in range(10)}), ANY)
    entries.refresh()
    equal(changes, [(0, 0, 10)])
    equal(len(entries), 10)
    entry = entries[3]
    entry.connect('notify::value', lambda *_: notifies.append(1))
    bpf_map.update(entry.props.key, u(77), ANY)
    entries.refresh()
    equal((len(changes), len(notifies), entry.props.value.unpack()), (1, 1, raw(77)))
    bpf_map.close()
    fails(Ebpf.Error.CLOSED, 'every', entries.refresh)


def main():
    failed = 0
    print(f'1..{len(TESTS)}')
    for number, (name, func) in enumerate(TESTS, 1):
        try:
            func()
        except Skip as reason:
            print(f'ok {number} - map type {name} # SKIP {reason}')
        except Exception:  # any of them is a failed test
            failed += 1
            print('# ' + traceback.format_exc().strip().replace('\n', '\n# '))
            print(f'not ok {number} - map type {name}')
        else:
            print(f'ok {number} - map type {name}')
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
