#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A driver in Python that goes wrong, in each of its virtual functions: it raises something, raises a GLib.Error, or
gives nothing. Each is an error that names the driver and the function, or the default. Prints TAP."""

import subprocess
import sys
import traceback

import gi

gi.require_version('Ebpf', '1')
from gi.repository import Ebpf, GLib  # noqa: E402

ANY = Ebpf.UpdateFlags.ANY
TESTS = []


class Skip(Exception):
    pass


def test(func):
    TESTS.append(func)
    return func


def equal(actual, expected, what=''):
    if actual != expected:
        raise AssertionError(f'{what}: expected {expected!r}, got {actual!r}')


class WrongDriver(Ebpf.MapDriver):
    """Goes wrong in one function, as it is told; the others do as they do by default."""

    function = mode = None

    def act(self, function, *args):
        if function != self.function:
            return getattr(Ebpf.MapDriver, f'do_{function}')(self, *args)
        self.calls = getattr(self, 'calls', 0) + 1
        if self.mode == 'raises':
            raise ValueError('what the script thinks of it')
        if self.mode == 'fails':
            raise GLib.Error.new_literal(Ebpf.error_quark(), 'so it says itself', Ebpf.Error.READ_ONLY)
        if self.mode == 'other':
            return 'of another type'
        return None

    def do_fixup_spec(self, spec):
        return self.act('fixup_spec', spec)

    def do_check_compatible(self, spec, map_):
        return self.act('check_compatible', spec, map_)

    def do_explain_create_error(self, spec, errsv):
        return self.act('explain_create_error', spec, errsv)

    def do_get_value_buffer_size(self, map_):
        return self.act('get_value_buffer_size', map_)

    def do_key_to_variant(self, map_, key):
        return self.act('key_to_variant', map_, key)

    def do_key_from_variant(self, map_, key):
        return self.act('key_from_variant', map_, key)

    def do_value_to_variant(self, map_, value):
        return self.act('value_to_variant', map_, value)

    def do_value_from_variant(self, map_, value):
        return self.act('value_from_variant', map_, value)

    def do_pack_value(self, map_, value):
        return self.act('pack_value', map_, value)

    def do_unpack_value(self, map_, value):
        return self.act('unpack_value', map_, value)

    def do_value_from_object(self, map_, value):
        return self.act('value_from_object', map_, value)

    def do_value_to_object(self, map_, value):
        return self.act('value_to_object', map_, value)

    def do_open_reader(self, map_, options):
        return self.act('open_reader', map_, options)

    def do_query_n_possible_values(self, map_):
        return self.act('query_n_possible_values', map_)

    def do_get_memory_size(self, map_):
        return self.act('get_memory_size', map_)

    def do_query_tests_values(self, map_):
        return self.act('query_tests_values', map_)


KEY, VALUE = GLib.Variant('u', 1), GLib.Variant('ay', bytes(range(8)))
BYTES_KEY, BYTES_VALUE = GLib.Bytes.new(bytes([1, 0, 0, 0])), GLib.Bytes.new(bytes(range(8)))


def new_spec():
    return Ebpf.MapSpec.new('driven', Ebpf.MapType.LRU_HASH, 4, 8, 16)


def go_through(bpf_map):
    iterator = bpf_map.iterate()
    while iterator.next():
        iterator.get_key()


# What asks for which function. A map is there, with an entry.
FAILING = {
    'fixup_spec': lambda _: Ebpf.Map.new(new_spec()),
    'check_compatible': lambda bpf_map: bpf_map.check_compatible(new_spec()),
    'key_to_variant': go_through,
    'key_from_variant': lambda bpf_map: bpf_map.lookup(KEY),
    'value_to_variant': lambda bpf_map: bpf_map.lookup(KEY),
    'value_from_variant': lambda bpf_map: bpf_map.update(KEY, VALUE, ANY),
    'pack_value': lambda bpf_map: bpf_map.update_bytes(BYTES_KEY, BYTES_VALUE, ANY),
    'unpack_value': lambda bpf_map: bpf_map.lookup_bytes(BYTES_KEY),
    'value_from_object': lambda bpf_map: bpf_map.update_object(KEY, bpf_map, ANY),
    'value_to_object': lambda bpf_map: bpf_map.lookup_object(KEY),
    'open_reader': lambda bpf_map: bpf_map.open_reader(None),
}


class Driven:
    """A driver that goes wrong and a map of it, made while it did not."""

    def __init__(self, function, mode):
        self.driver = WrongDriver(nick='wrong-py', map_types=GLib.Variant('au', [Ebpf.MapType.LRU_HASH]))
        self.function, self.mode = function, mode

    def __enter__(self):
        Ebpf.PluginRegistry.get_default().add_driver(self.driver)
        self.map = Ebpf.Map.new(new_spec())
        self.driver.function, self.driver.mode = self.function, self.mode
        return self

    def __exit__(self, *_):
        self.driver.function = None
        Ebpf.PluginRegistry.get_default().remove_driver(self.driver)
        self.map.close()


def expect_error(function, mode):
    with Driven(function, mode) as driven:
        if function not in ('fixup_spec', 'value_from_variant', 'pack_value'):
            driven.driver.function = None
            driven.map.update_bytes(BYTES_KEY, BYTES_VALUE, ANY)
            driven.driver.function = function
        try:
            FAILING[function](driven.map)
        except GLib.Error as error:
            equal(driven.driver.calls, 1, 'calls')
            return error
        raise AssertionError(f'{function} {mode}: no error')


@test
def each_that_raises_makes_an_error():
    for function in FAILING:
        error = expect_error(function, 'raises')
        assert error.matches(Ebpf.error_quark(), Ebpf.Error.PLUGIN), error.message
        assert 'wrong-py' in error.message and function in error.message, error.message


@test
def each_that_gives_nothing_makes_an_error():
    for function in FAILING:
        error = expect_error(function, 'gives nothing')
        assert error.matches(Ebpf.error_quark(), Ebpf.Error.PLUGIN), error.message
        assert 'wrong-py' in error.message and function in error.message, error.message


@test
def each_that_gives_something_else_makes_an_error():
    for function in FAILING:
        # Everything is true or false.
        if function in ('fixup_spec', 'check_compatible'):
            continue
        error = expect_error(function, 'other')
        assert error.matches(Ebpf.error_quark(), Ebpf.Error.PLUGIN), error.message
        assert 'wrong-py' in error.message and function in error.message, error.message


@test
def each_may_say_itself_what_is_wrong():
    for function in FAILING:
        error = expect_error(function, 'fails')
        assert error.matches(Ebpf.error_quark(), Ebpf.Error.READ_ONLY), error.message
        assert 'so it says itself' in error.message, error.message


@test
def a_creation_error_that_is_not_explained_is_as_it_was():
    for mode in 'raises', 'gives nothing':
        driver = WrongDriver(nick='wrong-py', map_types=GLib.Variant('au', [Ebpf.MapType.LRU_HASH]))
        driver.function, driver.mode = 'explain_create_error', mode
        registry = Ebpf.PluginRegistry.get_default()
        registry.add_driver(driver)
        try:
            Ebpf.Map.new(Ebpf.MapSpec.new('driven', Ebpf.MapType.LRU_HASH, 4, 8, 0))
        except GLib.Error as error:
            assert 'driven' in error.message, error.message
        else:
            raise AssertionError('no error')
        finally:
            registry.remove_driver(driver)
        equal(driver.calls, 1, 'calls')


@test
def a_size_that_is_not_told_damages_nothing():
    for mode in 'raises', 'gives nothing':
        driver = WrongDriver(nick='wrong-py', map_types=GLib.Variant('au', [Ebpf.MapType.LRU_HASH,
                                                                           Ebpf.MapType.PERCPU_HASH]))
        driver.function, driver.mode = 'get_value_buffer_size', mode
        registry = Ebpf.PluginRegistry.get_default()
        registry.add_driver(driver)
        for kind in Ebpf.MapType.LRU_HASH, Ebpf.MapType.PERCPU_HASH:
            with Ebpf.Map.new(Ebpf.MapSpec.new('driven', kind, 4, 64, 16)) as bpf_map:
                # The kernel takes and gives that many, whatever the script said.
                n_values = Ebpf.get_n_possible_cpus() if kind == Ebpf.MapType.PERCPU_HASH else 1
                assert bpf_map.get_value_buffer_size() == 64 * n_values, mode
                for func in (lambda: bpf_map.update(KEY, GLib.Variant('ay', bytes(64)), ANY),
                             lambda: bpf_map.lookup(KEY), lambda: go_through(bpf_map), bpf_map.snapshot):
                    try:
                        func()
                    except GLib.Error:
                        pass
        registry.remove_driver(driver)
        assert driver.calls >= 2, driver.calls


@test
def numbers_and_flags_that_are_not_told_are_the_defaults():
    for mode in 'raises', 'gives nothing':
        with Driven('query_n_possible_values', mode) as driven:
            equal(driven.driver.query_n_possible_values(driven.map), 1, mode)
        with Driven('get_memory_size', mode) as driven:
            equal(driven.driver.get_memory_size(driven.map), 0, mode)
            try:
                driven.map.get_memory()
            except GLib.Error as error:
                assert 'driven' in error.message, error.message
            else:
                raise AssertionError('no error')
        with Driven('query_tests_values', mode) as driven:
            equal(driven.driver.query_tests_values(driven.map), False, mode)


def main():
    # PyGObject prints what was raised in a virtual function; that is what is tested here.
    if len(sys.argv) == 1:
        result = subprocess.run([sys.executable, __file__, 'child'], stderr=subprocess.PIPE, text=True)
        if result.returncode != 0:
            print('# ' + result.stderr.strip().replace('\n', '\n# '))
        return result.returncode

    failed = 0
    print(f'1..{len(TESTS)}')
    try:
        Ebpf.check_privileges()
        reason = None
    except GLib.Error as error:
        reason = error.message
    for number, func in enumerate(TESTS, 1):
        name = func.__name__.replace('_', ' ')
        try:
            if reason is not None:
                raise Skip(reason)
            func()
        except Skip as skip:
            print(f'ok {number} - {name} # SKIP {skip}')
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
