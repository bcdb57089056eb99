// SPDX-License-Identifier: LGPL-2.1-or-later

// The least that makes gjs speak TAP. Tests run in order; each may be async.

import GLib from 'gi://GLib';
import System from 'system';

const tests = [];

export function test(name, func) {
    tests.push([name, func]);
}

export class Skip extends Error {}

export function assertEqual(actual, expected, what = 'value') {
    const show = x => JSON.stringify(x, (_, v) => typeof v === 'bigint' ? `${v}n` : v);
    if (show(actual) !== show(expected))
        throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`);
}

export function assert(condition, what) {
    if (!condition)
        throw new Error(`not so: ${what}`);
}

export function assertThrows(func, domain, code, pattern) {
    try {
        func();
    } catch (error) {
        if (!(error instanceof GLib.Error) || !error.matches(domain, code))
            throw new Error(`another error than expected: ${error}`);
        if (!pattern.test(error.message))
            throw new Error(`"${error.message}" does not match ${pattern}`);
        return;
    }
    throw new Error('no error');
}

// Runs the main context until the condition holds.
export function waitUntil(condition, what, seconds = 20) {
    const context = GLib.MainContext.default();
    let expired = false;
    const source = GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, seconds, () => {
        expired = true;
        return GLib.SOURCE_REMOVE;
    });
    while (!condition()) {
        context.iteration(true);
        if (expired)
            throw new Error(`timed out waiting until ${what}`);
    }
    GLib.source_remove(source);
}

export async function run() {
    let failed = 0;
    print(`1..${tests.length}`);
    for (const [i, [name, func]] of tests.entries()) {
        try {
            await func();
            print(`ok ${i + 1} - ${name}`);
        } catch (error) {
            if (error instanceof Skip) {
                print(`ok ${i + 1} - ${name} # SKIP ${error.message}`);
                continue;
            }
            failed++;
            print(`# ${error}\n# ${`${error.stack}`.trim().replaceAll('\n', '\n# ')}`);
            print(`not ok ${i + 1} - ${name}`);
        }
    }
    System.exit(failed ? 1 : 0);
}
