#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later

// Prints every program that is started, and at the end how many each user started.
// exec.js [SECONDS [OBJECT]]; without SECONDS, until Ctrl-C.

import Ebpf from 'gi://Ebpf?version=1';
import GLib from 'gi://GLib';
import System from 'system';

const here = GLib.path_get_dirname(GLib.filename_from_uri(import.meta.url)[0]);
const [seconds, path = `${here}/exec.bpf.o`] = System.programArgs;

const spec = Ebpf.CollectionSpec.new_from_path(path);
const collection = Ebpf.Collection.new(spec);
collection.load(null, null);

const printRow = (...cells) => print(cells.map((cell, i) => `${cell}`.padStart([7, 7, 7, 12, 0][i])).join(' '));

// To the kernel a name is bytes. One that is not UTF-8 comes as bytes, up to and beyond its end.
const decodeName = name => typeof name === 'string' ? name : new TextDecoder().decode(name).split('\0')[0];

const reader = collection.get_map('events').open_reader(null);
reader.connect('records', (_reader, batch) => {
    for (let i = 0; i < batch.get_n_records(); i++) {
        const event = batch.decode(i).recursiveUnpack();
        printRow(event.pid, event.parent, event.uid, (event.start / 1e9).toFixed(3), ` ${decodeName(event.comm)}`);
    }
});
printRow('PID', 'PARENT', 'UID', 'STARTED', ' COMMAND');
reader.start();
const links = collection.attach_all();

const loop = new GLib.MainLoop(null, false);
for (const signal of [2 /* SIGINT */, 15 /* SIGTERM */])
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal, () => loop.quit());
if (seconds)
    GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, Number(seconds), () => loop.quit());
loop.run();

const counts = collection.get_map('execs_by_uid').iterate();
while (counts.next()) {
    const perCpu = counts.get_value().recursiveUnpack();
    print(`uid ${counts.get_key().unpack()} started ${perCpu.reduce((sum, n) => sum + n)}`);
}
links.forEach(link => link.close());
collection.close();
