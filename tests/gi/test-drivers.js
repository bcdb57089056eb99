// SPDX-License-Identifier: LGPL-2.1-or-later

// A driver in JavaScript that goes wrong, in each of its virtual functions: it throws something, throws a GLib.Error, or gives
// nothing. Each is an error, or the default.

import Ebpf from 'gi://Ebpf?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {Skip, assert, assertEqual, run, test} from './tap.js';

const ANY = Ebpf.UpdateFlags.ANY;
const FUNCTIONS = [
    'fixup_spec', 'check_compatible', 'explain_create_error', 'get_value_buffer_size', 'key_to_variant', 'key_from_variant',
    'value_to_variant', 'value_from_variant', 'pack_value', 'unpack_value', 'value_from_object', 'value_to_object',
    'open_reader', 'query_n_possible_values', 'get_memory_size', 'query_tests_values',
];

// Goes wrong in one function, as it is told; the others do as they do by default.
class Wrong extends Ebpf.MapDriver {
    act(name, args) {
        if (name !== this.wrongFunction)
            return Ebpf.MapDriver.prototype[`vfunc_${name}`].call(this, ...args);
        this.calls = (this.calls ?? 0) + 1;
        if (this.mode === 'throws')
            throw new TypeError('what the script thinks of it');
        if (this.mode === 'fails')
            throw new GLib.Error(Ebpf.Error, Ebpf.Error.READ_ONLY, 'so it says itself');
        return null;
    }
}
for (const name of FUNCTIONS) {
    Wrong.prototype[`vfunc_${name}`] = function (...args) {
        return this.act(name, args);
    };
}
const WrongDriver = GObject.registerClass(Wrong);

const key = () => new GLib.Variant('u', 1);
const value = () => new GLib.Variant('ay', [0, 1, 2, 3, 4, 5, 6, 7]);
const keyBytes = new GLib.Bytes(new Uint8Array([1, 0, 0, 0]));
const valueBytes = new GLib.Bytes(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]));
const newSpec = (type = Ebpf.MapType.LRU_HASH, size = 8, entries = 16) => Ebpf.MapSpec.new('driven', type, 4, size, entries);

function goThrough(map) {
    const iterator = map.iterate();
    while (iterator.next())
        iterator.get_key();
}

// What asks for which function. A map is there, with an entry.
const FAILING = {
    fixup_spec: () => Ebpf.Map.new(newSpec()),
    check_compatible: map => map.check_compatible(newSpec()),
    key_to_variant: goThrough,
    key_from_variant: map => map.lookup(key()),
    value_to_variant: map => map.lookup(key()),
    value_from_variant: map => map.update(key(), value(), ANY),
    pack_value: map => map.update_bytes(keyBytes, valueBytes, ANY),
    unpack_value: map => map.lookup_bytes(keyBytes),
    value_from_object: map => map.update_object(key(), map, ANY),
    value_to_object: map => map.lookup_object(key()),
    open_reader: map => map.open_reader(null),
};

function withDriver(name, mode, func) {
    try {
        Ebpf.check_privileges();
    } catch (error) {
        throw new Skip(error.message);
    }
    const registry = Ebpf.PluginRegistry.get_default();
    const types = [Ebpf.MapType.LRU_HASH, Ebpf.MapType.PERCPU_HASH];
    const driver = new WrongDriver({nick: 'wrong-js', map_types: new GLib.Variant('au', types)});
    const wrong = (isWrong = true) => {
        driver.wrongFunction = isWrong ? name : null;
        driver.mode = mode;
    };
    registry.add_driver(driver);
    try {
        func(driver, wrong);
    } finally {
        driver.wrongFunction = null;
        registry.remove_driver(driver);
    }
}

function errorOf(name, mode) {
    let found = null;
    withDriver(name, mode, (driver, wrong) => {
        const map = Ebpf.Map.new(newSpec());
        map.update_bytes(keyBytes, valueBytes, ANY);
        wrong();
        try {
            FAILING[name](map);
        } catch (error) {
            found = error;
        }
        assertEqual(driver.calls, 1, `${name}, calls`);
        map.close();
    });
    // What a script threw may come back to it as it was.
    assert(found instanceof (mode === 'throws' ? Error : GLib.Error) || found instanceof GLib.Error, `${name}: an error, not ${found}`);
    return found;
}

test('each that throws makes an error', () => {
    for (const name of Object.keys(FAILING)) {
        const error = errorOf(name, 'throws');
        // gjs makes an error of what was thrown, where it can; else the library does.
        assert(/what the script thinks of it|failed without saying why/.test(error.message), `${name}: ${error.message}`);
    }
});

test('each that gives nothing makes an error', () => {
    for (const name of Object.keys(FAILING)) {
        const error = errorOf(name, 'nothing');
        assert(error.matches(Ebpf.Error, Ebpf.Error.PLUGIN), error.message);
        assert(error.message.includes('wrong-js') && error.message.includes(name), error.message);
    }
});

test('each may say itself what is wrong', () => {
    for (const name of Object.keys(FAILING)) {
        const error = errorOf(name, 'fails');
        assert(error.matches(Ebpf.Error, Ebpf.Error.READ_ONLY), `${name}: ${error.message}`);
        assert(error.message.includes('so it says itself'), error.message);
    }
});

test('a creation error that is not explained is as it was', () => {
    for (const mode of ['throws', 'nothing']) {
        withDriver('explain_create_error', mode, (driver, wrong) => {
            wrong();
            let found = null;
            try {
                Ebpf.Map.new(newSpec(Ebpf.MapType.LRU_HASH, 8, 0));
            } catch (error) {
                found = error;
            }
            assert(found?.message.includes('driven'), `${found}`);
            assertEqual(driver.calls, 1, 'calls');
        });
    }
});

test('a size that is not told damages nothing', () => {
    for (const mode of ['throws', 'nothing']) {
        withDriver('get_value_buffer_size', mode, (driver, wrong) => {
            wrong();
            for (const type of [Ebpf.MapType.LRU_HASH, Ebpf.MapType.PERCPU_HASH]) {
                const map = Ebpf.Map.new(newSpec(type, 64));
                // The kernel takes and gives that many, whatever the script said.
                const nValues = type === Ebpf.MapType.PERCPU_HASH ? Ebpf.get_n_possible_cpus() : 1;
                assert(map.get_value_buffer_size() >= 64 * nValues, `${map.get_value_buffer_size()} bytes`);
                const bytes = new GLib.Variant('ay', new Uint8Array(64));
                for (const func of [() => map.update(key(), bytes, ANY), () => map.lookup(key()), () => goThrough(map),
                    () => map.snapshot()]) {
                    try {
                        func();
                    } catch (error) {
                        assert(error instanceof GLib.Error, `${error}`);
                    }
                }
                map.close();
            }
            assert(driver.calls >= 2, `${driver.calls} calls`);
        });
    }
});

test('numbers and flags that are not told are the defaults', () => {
    for (const mode of ['throws', 'nothing']) {
        for (const [name, expected] of [['query_n_possible_values', 1], ['get_memory_size', 0], ['query_tests_values', false]]) {
            withDriver(name, mode, (driver, wrong) => {
                const map = Ebpf.Map.new(newSpec());
                wrong();
                assertEqual(driver[name](map), expected, `${name} ${mode}`);
                map.close();
            });
        }
    }
});

await run();
