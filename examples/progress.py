#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Loads a collection of fifty programs in the background, and shows how far it is.

progress.py [OBJECT]. On a terminal it is a bar; otherwise each step is a line.
"""

import sys
from pathlib import Path

import gi

gi.require_version('Ebpf', '1')
from gi.repository import Ebpf, GLib

WIDTH = 40

path = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().with_name('progress.bpf.o'))
spec = Ebpf.CollectionSpec.new_from_path(path)
collection = Ebpf.Collection.new(spec)
loop = GLib.MainLoop()
status = 0
last = ''


def show(_collection=None, _pspec=None):
    done = collection.props.progress
    if sys.stdout.isatty():
        filled = round(done * WIDTH)
        print(f'\r[{"#" * filled}{" " * (WIDTH - filled)}] {done:4.0%} {last:32.32}', end='', flush=True)
    else:
        print(f'{done:.3f} {last}', flush=True)


def on_map(_collection, map_):
    global last
    last = f'map {map_.props.name}'


def on_program(_collection, program):
    global last
    last = f'program {program.props.name}'


def on_loaded(_collection, result):
    global status
    try:
        collection.load_finish(result)
    except GLib.Error as error:
        print(f'\n{error.message}', file=sys.stderr)
        status = 1
    loop.quit()


# The load runs on a thread of its own; all of this comes in the main loop, which never waits for it.
collection.connect('map-created', on_map)
collection.connect('program-loaded', on_program)
collection.connect('notify::progress', show)
collection.load_async(None, None, on_loaded)
loop.run()

if status == 0:
    print(f'{chr(10) if sys.stdout.isatty() else ""}{len(collection.list_programs())} programs and '
          f'{len(collection.list_maps())} maps are loaded', flush=True)
collection.close()
sys.exit(status)
