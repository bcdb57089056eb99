#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What an application in Python does, and a plug-in in Python. Prints TAP."""

import os
import socket
import struct
import sys
import traceback

import gi

gi.require_version('Ebpf', '1')
from gi.repository import Ebpf, Gio, GLib, GObject  # noqa: E402

PACKET = GLib.Bytes.new(bytes(64))
TESTS = []


class Skip(Exception):
    pass


def test(func):
    TESTS.append(func)
    return func


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f'expected {expected!r}, got {actual!r}')


class raises:
    """The error of this code whose message has this text."""

    def __init__(self, code, text):
        self.code, self.text = code, text

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is None:
            raise AssertionError('no error')
        if not isinstance(error, GLib.Error) or not error.matches(Ebpf.error_quark(), self.code):
            return False
        if self.text not in error.message:
            raise AssertionError(f'{error.message!r} does not say {self.text!r}')
        return True


def object_path(name):
    return os.path.join(os.environ['EBPF_TEST_OBJECTS'], name)


def require_bpf():
    try:
        Ebpf.check_privileges()
    except GLib.Error as error:
        raise Skip(error.message) from None


def load_stream():
    require_bpf()
    collection = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(object_path('stream.bpf.o')))
    collection.load(None, None)
    return collection


def run_until(condition, what, seconds=20):
    expired = []
    source = GLib.timeout_add_seconds(seconds, expired.append, True)
    context = GLib.MainContext.default()
    while not condition():
        context.iteration(True)
        if expired:
            raise AssertionError(f'timed out waiting until {what}')
    GLib.source_remove(source)


def count_fds():
    return len(os.listdir('/proc/self/fd'))


@test
def a_spec_is_read_without_privilege():
    spec = Ebpf.CollectionSpec.new_from_path(object_path('stream.bpf.o'))
    kept = spec.get_map('kept')
    equal(spec.props.license, 'GPL')
    equal(kept.props.map_type, Ebpf.MapType.HASH)
    equal((kept.props.key_size, kept.props.value_size, kept.props.max_entries), (4, 64, 16))
    equal([program.props.name for program in spec.list_programs()], ['produce'])


@test
def errors_have_a_code_and_name_what_they_are_about():
    with raises(Ebpf.Error.NOT_FOUND, '/nonexistent.o'):
        Ebpf.CollectionSpec.new_from_path('/nonexistent.o')
    with raises(Ebpf.Error.NOT_ELF, ''):
        Ebpf.CollectionSpec.new_from_bytes(GLib.Bytes.new(b'hello'))


@test
def a_rejected_program_gives_its_log():
    require_bpf()
    collection = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(object_path('rejected.bpf.o')))
    with raises(Ebpf.Error.VERIFIER, ''):
        collection.load(None, None)
    # PyGObject makes a new error of what it caught, so the log is to be had from the collection.
    if 'processed' not in collection.props.verifier_log:
        raise AssertionError(collection.props.verifier_log)


@test
def a_collection_loads_asynchronously():
    require_bpf()
    collection = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(object_path('stream.bpf.o')))
    done, maps, progress = [], [], []
    collection.connect('map-created', lambda _, created: maps.append(created.props.name))
    collection.connect('notify::progress', lambda *_: progress.append(collection.props.progress))
    collection.load_async(None, None, lambda source, result: done.append(source.load_finish(result)))
    run_until(lambda: done, 'loaded')
    equal(done, [True])
    equal(collection.props.state, Ebpf.CollectionState.LOADED)
    equal(sorted(set(maps) & {'kept', 'records', 'runs'}), ['kept', 'records', 'runs'])
    equal(progress[-1], 1.0)
    collection.close()


@test
def a_load_can_be_cancelled():
    require_bpf()
    collection = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(object_path('stream.bpf.o')))
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    try:
        collection.load(None, cancellable)
    except GLib.Error as error:
        if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED):
            raise
    else:
        raise AssertionError('no error')


@test
def a_per_cpu_map_is_read():
    with load_stream() as collection:
        collection.get_program('produce').test_run(PACKET, 10)
        per_cpu = collection.get_map('runs').lookup(GLib.Variant('u', 0)).unpack()
        equal(len(per_cpu), Ebpf.get_n_possible_cpus())
        equal(sum(per_cpu), 10)


@test
def a_map_is_written_and_read_as_plain_values():
    with load_stream() as collection:
        kept = collection.get_map('kept')
        equal(kept.get(3), None)
        kept[3] = {'number': 2**63 + 1, 'big': 4, 'negative': -7, 'text': 'hello'}
        record = kept[3]
        equal((record['number'], record['big'], record['negative'], record['text']), (2**63 + 1, 4, -7, 'hello'))
        equal(list(kept), [3])
        equal(3 in kept, True)
        del kept[3]
        equal(3 in kept, False)
        with raises(Ebpf.Error.WRONG_TYPE, 'kept'):
            kept.update(GLib.Variant('u', 1), GLib.Variant('s', 'no struct'), Ebpf.UpdateFlags.ANY)


@test
def variables_are_set_before_a_load_and_read_after_it():
    require_bpf()
    spec = Ebpf.CollectionSpec.new_from_path(object_path('stream.bpf.o'))
    spec.set_constants(GLib.Variant('a{sv}', {'last_byte': GLib.Variant('u', 99)}))
    with Ebpf.Collection.new(spec) as collection:
        collection.load(None, None)
        equal(collection.get_variable('last_byte').get_value().unpack(), 99)
        collection.get_variable('next_number').set_value(GLib.Variant('t', 5))
        collection.get_program('produce').test_run(PACKET, 3)
        equal(collection.get_variable('next_number').get_value().unpack(), 8)
        with raises(Ebpf.Error.READ_ONLY, 'last_byte'):
            collection.get_variable('last_byte').set_value(GLib.Variant('u', 1))


@test
def records_arrive_in_batches():
    with load_stream() as collection, collection.get_map('records').open_reader(None) as reader:
        records = []
        reader.connect('records', lambda _, batch: records.extend(batch))
        reader.start()
        collection.get_program('produce').test_run(PACKET, 3)
        run_until(lambda: len(records) >= 3, 'three records arrived')
        equal([record['number'] for record in records], [0, 1, 2])
        first = records[0]
        equal((first['big'], first['negative'], first['text']), (0xfffffffffffffff1, -5, 'hi'))
        equal(list(first['bytes'])[-1], 7)


@test
def two_hundred_thousand_records_none_lost_none_doubled():
    total, chunk = 200_000, 4_000
    with load_stream() as collection, collection.get_map('records').open_reader(None) as reader:
        program = collection.get_program('produce')
        state = {'next': 0, 'batches': 0, 'wrong': 0, 'produced': 0}

        def on_records(_, batch):
            state['batches'] += 1
            for record in struct.iter_unpack('=Q56x', batch.get_bytes().get_data()):
                state['wrong'] += record[0] != state['next']
                state['next'] += 1

        def produce():
            # The ring holds some 14,000: go on when it has been read.
            if state['produced'] - state['next'] < chunk:
                program.test_run(PACKET, chunk)
                state['produced'] += chunk
            return state['produced'] < total

        reader.connect('records', on_records)
        reader.start()
        GLib.idle_add(produce)
        run_until(lambda: state['next'] >= total, 'all records arrived', 60)
        equal((state['next'], state['wrong'], reader.props.lost), (total, 0, 0))
        equal(collection.get_variable('dropped').get_value().unpack(), 0)
        equal(state['batches'] < total / 10, True)


@test
def arrays_of_one_or_no_element_are_lists_and_booleans_of_any_width_booleans():
    encoding = Ebpf.BtfIntEncoding
    builder = Ebpf.BtfBuilder.new()
    u32 = builder.add_int('unsigned int', 4, encoding.UNSIGNED)
    boolean = builder.add_int('bool', 1, encoding.BOOL)
    wide = builder.add_int('wide_bool', 4, encoding.BOOL)
    one = builder.add_array(u32, u32, 1)
    none = builder.add_array(u32, u32, 0)
    point = builder.add_struct('point', 4)
    builder.add_member('x', u32, 0, 0)
    points = builder.add_array(point, u32, 1)
    no_points = builder.add_array(point, u32, 0)
    record = builder.add_struct('record', 20)
    builder.add_member('plain', u32, 0, 0)
    builder.add_member('one', one, 32, 0)
    builder.add_member('points', points, 64, 0)
    builder.add_member('wide', wide, 96, 0)
    builder.add_member('bit', boolean, 129, 1)
    builder.add_member('rest', none, 160, 0)
    builder.add_member('no_points', no_points, 160, 0)
    record_type = builder.build().get_type_by_id(record)
    value = struct.pack('=5I', 1, 2, 3, 0x100, 2 if sys.byteorder == 'little' else 0x40000000)

    decoded = Ebpf.decoder(record_type)(value, 0)
    equal(decoded, {'plain': 1, 'one': [2], 'points': [{'x': 3}], 'wide': True, 'bit': True,
                    'rest': [], 'no_points': []})
    equal(decoded['bit'] is True and decoded['wide'] is True, True)
    # As a GVariant, a truth that is not 1 stays the number that it is.
    equal(record_type.to_variant(GLib.Bytes.new(value)).unpack(), decoded | {'wide': 0x100})


class QueueDriver(Ebpf.MapDriver):
    """Strings in a queue: values of a fixed size, without keys."""

    def do_fixup_spec(self, spec):
        if not spec.props.max_entries:
            spec.props.max_entries = 8
        return True

    def do_value_from_variant(self, map_, value):
        text = value.get_string().encode()
        size = map_.props.value_size
        if len(text) > size:
            raise GLib.Error.new_literal(Ebpf.error_quark(), f'{value.get_string()!r} is too long', Ebpf.Error.WRONG_SIZE)
        return GLib.Bytes.new(text.ljust(size, b'\0'))

    def do_value_to_variant(self, map_, value):
        return GLib.Variant('s', value.get_data().rstrip(b'\0').decode())


@test
def a_plug_in_in_python_drives_a_map_type():
    require_bpf()
    registry = Ebpf.PluginRegistry.get_default()
    driver = QueueDriver(nick='queue-py', map_types=GLib.Variant('au', [Ebpf.MapType.QUEUE]))
    equal(registry.add_driver(driver), True)
    with Ebpf.Map.new(Ebpf.MapSpec.new('words', Ebpf.MapType.QUEUE, 0, 16, 0)) as words:
        equal(words.props.max_entries, 8)
        for word in 'first', 'second':
            words.update(None, GLib.Variant('s', word), Ebpf.UpdateFlags.ANY)
        equal(words.lookup_and_delete(None).get_string(), 'first')
        equal(words.lookup_and_delete(None).get_string(), 'second')
        with raises(Ebpf.Error.NOT_FOUND, 'words'):
            words.lookup_and_delete(None)
        try:
            words.update(None, GLib.Variant('s', 'a word that is too long'), Ebpf.UpdateFlags.ANY)
        except GLib.Error as error:
            if 'too long' not in error.message:
                raise
        else:
            raise AssertionError('no error')
    equal(registry.remove_driver(driver), True)


class LazyDriver(Ebpf.MapDriver):
    def do_key_from_variant(self, map_, key):
        return None


@test
def a_plug_in_that_gives_nothing_and_no_error_makes_an_error():
    require_bpf()
    registry = Ebpf.PluginRegistry.get_default()
    driver = LazyDriver(nick='lazy-py', map_types=GLib.Variant('au', [Ebpf.MapType.LRU_HASH]))
    registry.add_driver(driver)
    with Ebpf.Map.new(Ebpf.MapSpec.new('lazy', Ebpf.MapType.LRU_HASH, 4, 4, 16)) as lazy:
        with raises(Ebpf.Error.PLUGIN, 'lazy-py'):
            lazy.lookup(GLib.Variant('u', 1))
    registry.remove_driver(driver)


class Target(GObject.Object):
    """The properties say what is wanted of a collection."""

    kept = GObject.Property(type=Ebpf.Map)
    produce = GObject.Property(type=Ebpf.Program)
    next_number = GObject.Property(type=Ebpf.Variable)


@test
def a_target_is_filled_by_the_names_of_its_properties():
    collection = load_stream()
    target = Target()
    collection.assign(target)
    collection.close()
    equal(target.kept.props.open, True)
    target.produce.test_run(PACKET, 1)
    equal(target.next_number.get_value().unpack(), 1)
    target.kept.close()
    target.produce.close()


@test
def a_congestion_control_is_registered_and_replaced():
    require_bpf()
    if tuple(int(part) for part in os.uname().release.split('.')[:2]) < (6, 4):
        raise Skip('operations by a link need Linux 6.4')

    spec = Ebpf.CollectionSpec.new_from_path(object_path('congestion.bpf.o'))
    spec.get_map('plain').props.autocreate = False
    spec.get_map('successor').props.autoattach = False
    name = f'py{os.getpid()}'
    for map_name in 'linked', 'successor':
        spec.get_map(map_name).set_member_value('name', GLib.Variant('s', name))
    equal(spec.get_map('linked').get_member_value('name').unpack(), name)
    equal(spec.get_map('linked').get_member_program('init'), 'first_init')
    with raises(Ebpf.Error.NOT_FOUND, 'cong_avoid'):
        spec.get_map('linked').set_member_value('nick', GLib.Variant('s', name))

    def names():
        with open('/proc/sys/net/ipv4/tcp_available_congestion_control', encoding='ascii') as file:
            return file.read().split()

    collection = Ebpf.Collection.new(spec)
    collection.load(None, None)
    links = collection.attach_all()
    equal([type(link) for link in links], [Ebpf.StructOpsLink])
    equal(name in names(), True)

    with socket.socket() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode())
        equal(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b'\0').decode(), name)
    links[0].update_map(collection.get_map('successor'))
    equal(links[0].props.map.props.name, 'successor')
    links[0].detach()
    equal(name in names(), False)
    collection.close()


@test
def a_target_program_is_told_before_a_load():
    require_bpf()
    target = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(object_path('replaceable.bpf.o')))
    target.load(None, None)
    program = target.get_program('decide')
    equal(program.list_functions()[0], 'decide')

    spec = Ebpf.CollectionSpec.new_from_path(object_path('replacing.bpf.o'))
    replacement = spec.get_program('new_verdict')
    replacement.set_attach_target(program, 'no_verdict')
    equal(replacement.get_attach_target(), program)
    options = Ebpf.LoadOptions.new()
    options.select_program('new_verdict')
    with raises(Ebpf.Error.NOT_FOUND, 'second_verdict'):
        Ebpf.Collection.new(spec).load(options, None)
    target.close()


@test
def an_iterator_is_read():
    require_bpf()
    options = Ebpf.LoadOptions.new()
    options.select_program('every_task')
    collection = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(object_path('attach.bpf.o')))
    collection.load(options, None)
    link, = collection.attach_all()
    equal(type(link), Ebpf.IterLink)
    lines = link.read_lines(None)
    equal(len(lines) > 1 and all(line.split()[0].isdigit() for line in lines), True)
    stream = link.open_stream()
    equal(stream.read_bytes(1, None).get_data().isdigit(), True)
    stream.close()
    link.close()
    collection.close()


@test
def nothing_is_left_open():
    load_stream().close()
    before = count_fds()
    for _ in range(5):
        load_stream().close()
    equal(count_fds(), before)


def main():
    failed = 0
    print(f'1..{len(TESTS)}')
    for number, func in enumerate(TESTS, 1):
        name = func.__name__.replace('_', ' ')
        try:
            func()
        except Skip as reason:
            print(f'ok {number} - {name} # SKIP {reason}')
        except Exception:  # any of them is a failed test
            failed += 1
            print('# ' + traceback.format_exc().strip().replace('\n', '\n# '))
            print(f'not ok {number} - {name}')
        else:
            print(f'ok {number} - {name}')
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
