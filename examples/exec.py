#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Prints every program that is started, and at the end how many each user started.

exec.py [SECONDS [OBJECT]]; without SECONDS, until Ctrl-C.
"""

import signal
import sys
from pathlib import Path

import gi

gi.require_version('Ebpf', '1')
from gi.repository import Ebpf, GLib

seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 0
path = sys.argv[2] if len(sys.argv) > 2 else str(Path(__file__).resolve().with_name('exec.bpf.o'))

spec = Ebpf.CollectionSpec.new_from_path(path)
collection = Ebpf.Collection.new(spec)
collection.load(None, None)


def decode_name(name):
    # To the kernel a name is bytes. One that is not UTF-8 comes as bytes, up to and beyond its end.
    return name if isinstance(name, str) else bytes(name).split(b'\0')[0].decode(errors='replace')


def on_records(_reader, batch):
    for i in range(batch.get_n_records()):
        event = batch.decode(i).unpack()
        print(f'{event["pid"]:7} {event["parent"]:7} {event["uid"]:7} {event["start"] / 1e9:12.3f} '
              f' {decode_name(event["comm"])}', flush=True)


reader = collection.get_map('events').open_reader(None)
reader.connect('records', on_records)
print(f'{"PID":>7} {"PARENT":>7} {"UID":>7} {"STARTED":>12}  COMMAND', flush=True)
reader.start()
links = collection.attach_all()

loop = GLib.MainLoop()
for number in signal.SIGINT, signal.SIGTERM:
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
if seconds:
    GLib.timeout_add_seconds(seconds, loop.quit)
loop.run()

counts = collection.get_map('execs_by_uid').iterate()
while counts.next():
    print(f'uid {counts.get_key().unpack()} started {sum(counts.get_value().unpack())}')
for link in links:
    link.close()
collection.close()
