#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The view of examples/top.py on a screen: an EbpfMapModel in a GtkColumnView, under Xvfb. What the cells say is
read off the widgets, and what is on the screen off a screenshot. Prints TAP.

Usage: test-view.py TOP.PY TOP.BPF.O SCREENSHOT-FOLDER
"""

import importlib.util
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback
import zlib

EXAMPLE, OBJECT, SCREENSHOTS = sys.argv[1:4]
TESTS = []
WIDTH, HEIGHT = 640, 480


class Skip(Exception):
    pass


def test(func):
    TESTS.append(func)
    return func


class Screen:
    """An X server without a screen, and the picture that it would show."""

    def __init__(self):
        if shutil.which('Xvfb') is None:
            raise Skip('Xvfb is not here')
        self.folder = tempfile.TemporaryDirectory(prefix='ebpf-view-')
        reader, writer = os.pipe()
        environment = {key: value for key, value in os.environ.items() if key != 'LD_PRELOAD'}
        self.log = open(f'{self.folder.name}/log', 'w+', encoding='utf-8')
        self.server = subprocess.Popen(
            ['Xvfb', '-displayfd', str(writer), '-screen', '0', f'{WIDTH}x{HEIGHT}x24', '-fbdir', self.folder.name,
             '-nolisten', 'tcp', '-noreset'],
            pass_fds=[writer], env=environment, stdout=self.log, stderr=self.log)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            number = pipe.readline().strip()
        if not number:
            self.log.seek(0)
            raise Skip(f'Xvfb does not start: {self.log.read().strip()}')
        os.environ.update(DISPLAY=f':{number}', GDK_BACKEND='x11', GSK_RENDERER='cairo', GTK_A11Y='none',
                          GSETTINGS_BACKEND='memory', GTK_THEME='Adwaita', NO_AT_BRIDGE='1')
        os.environ.pop('WAYLAND_DISPLAY', None)

    def close(self):
        self.server.terminate()
        self.server.wait()
        self.log.close()
        self.folder.cleanup()

    def read(self):
        """Rows of (red, green, blue), out of the server's own memory (an XWD file)."""
        data = pathlib.Path(self.folder.name, 'Xvfb_screen0').read_bytes()
        header = struct.unpack('>25I', data[:100])
        size, width, height, bits, line, n_colors = (header[i] for i in (0, 4, 5, 11, 12, 19))
        assert bits == 32 and (width, height) == (WIDTH, HEIGHT), header
        start = size + n_colors * 12
        order = '<' if header[7] == 0 else '>'
        rows = []
        for y in range(height):
            pixels = struct.unpack(f'{order}{width}I', data[start + y * line:start + y * line + 4 * width])
            rows.append([(pixel >> 16 & 255, pixel >> 8 & 255, pixel & 255) for pixel in pixels])
        return rows

    def take(self, name):
        rows = self.read()
        os.makedirs(SCREENSHOTS, exist_ok=True)
        raw = b''.join(b'\0' + bytes(part for pixel in row for part in pixel) for row in rows)

        def chunk(kind, data):
            return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

        path = os.path.join(SCREENSHOTS, name + '.png')
        pathlib.Path(path).write_bytes(
            b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', WIDTH, HEIGHT, 8, 2, 0, 0, 0)) +
            chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b''))
        print(f'# screenshot: {path}')
        return rows


SCREEN = None


def load():
    """Everything that needs the screen."""
    global Ebpf, GLib, Gtk, top
    import gi
    try:
        gi.require_version('Gtk', '4.0')
    except ValueError as error:
        raise Skip(str(error)) from None
    gi.require_version('Ebpf', '1')
    from gi.repository import Ebpf, GLib, Gtk
    if not Gtk.init_check():
        raise Skip('GTK finds no screen')
    try:
        Ebpf.check_privileges()
    except GLib.Error as error:
        raise Skip(error.message) from None
    spec = importlib.util.spec_from_file_location('top', EXAMPLE)
    top = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(top)


def run_until(condition, what, seconds=20):
    expired = []
    source = GLib.timeout_add_seconds(seconds, expired.append, True)
    while not condition():
        GLib.MainContext.default().iteration(True)
        if expired:
            raise AssertionError(f'timed out waiting until {what}')
    GLib.source_remove(source)


def run_for(milliseconds):
    done = []
    GLib.timeout_add(milliseconds, done.append, True)
    while not done:
        GLib.MainContext.default().iteration(True)


def children_of(widget):
    child = widget.get_first_child()
    while child is not None:
        yield child
        child = child.get_next_sibling()


def labels_below(widget):
    if isinstance(widget, Gtk.Label):
        yield widget.get_text()
    for child in children_of(widget):
        yield from labels_below(child)


def find(widget, kind):
    if type(widget).__name__.endswith(kind) or widget.get_css_name() == kind:
        yield widget
    for child in children_of(widget):
        yield from find(child, kind)


def rows_of(view):
    """What the cells say, row by row, in the order in which they are on the screen."""
    listview = next(find(view, 'listview'))
    rows = [row for row in children_of(listview) if row.get_mapped() and row.get_css_name() == 'row']
    rows.sort(key=lambda row: row.translate_coordinates(view, 0, 0)[1])
    return [list(labels_below(row)) for row in rows]


class Window:
    def __init__(self, bpf_map, interval=0):
        self.model = Ebpf.MapModel.new(bpf_map, interval)
        self.view = top.new_view(self.model)
        self.window = Gtk.Window(title='Processes', default_width=560, default_height=400, decorated=False)
        self.window.set_child(Gtk.ScrolledWindow(child=self.view))

    def __enter__(self):
        self.model.refresh()
        self.window.present()
        run_until(lambda: self.window.get_mapped() and (len(self.model) == 0 or self.rows()), 'the window is there')
        # The rows are drawn with the frame that comes after they were made.
        run_for(300)
        return self

    def __exit__(self, *_):
        self.window.destroy()
        run_for(50)

    def rows(self):
        return rows_of(self.view)

    def expect(self, column, expected):
        index = [title for title, _ in top.COLUMNS].index(column)
        run_until(lambda: [row[index] for row in self.rows()] == expected,
                  f'{column} is {expected}, instead of {self.rows()}')


def new_map():
    """That of the example, without its programs."""
    return Ebpf.Map.new(Ebpf.CollectionSpec.new_from_path(OBJECT).get_map('processes'))


def ink(rows, top_edge, bottom_edge):
    """How many pixels are much darker than the background, within these lines of the window."""
    return sum(sum(pixel) < 300 for row in rows[top_edge:min(bottom_edge, 400)] for pixel in row[:560])


@test
def rows_are_on_the_screen():
    with new_map() as processes:
        for i in range(8):
            processes[100 + i] = {'system_calls': i * 1000, 'programs': i, 'user': 7, 'name': f'worker-{i}'}
        with Window(processes) as window:
            window.expect('Name', [f'worker-{i}' for i in range(7, -1, -1)])
            assert window.rows()[0] == ['107', 'worker-7', '7', '7000', '7'], window.rows()[0]

            before = SCREEN.take('view')
            colors = {pixel for row in before for pixel in row}
            assert len(colors) > 16, f'{len(colors)} colors'
            # Each row has its own ink, and there is none below the last.
            listview = next(find(window.view, 'listview'))
            rows = [row for row in children_of(listview) if row.get_mapped() and row.get_css_name() == 'row']
            inks = []
            for row in rows:
                y = int(row.translate_coordinates(window.window, 0, 0)[1])
                inks.append(ink(before, y, y + row.get_height()))
            assert len(inks) == 8 and all(n > 50 for n in inks), inks
            bottom = max(int(row.translate_coordinates(window.window, 0, 0)[1]) + row.get_height() for row in rows)
            assert bottom < 380, bottom
            assert ink(before, bottom + 4, 390) == 0, ink(before, bottom + 4, 390)

            # Fewer rows, less ink.
            for i in range(6):
                del processes[100 + i]
            window.model.refresh()
            window.expect('Name', ['worker-7', 'worker-6'])
            run_for(300)
            after = SCREEN.take('view-after')
            assert ink(after, 0, HEIGHT) < ink(before, 0, HEIGHT) * 0.7, (ink(before, 0, HEIGHT), ink(after, 0, HEIGHT))


@test
def a_refresh_changes_cells_and_order():
    with new_map() as processes:
        def put(pid, name, calls):
            processes[pid] = {'system_calls': calls, 'programs': 0, 'user': 0, 'name': name}

        put(1, 'one', 10)
        put(2, 'two', 2**63 + 20)
        put(3, 'three', 2**63 + 21)
        with Window(processes) as window:
            # Beyond what a double tells apart.
            window.expect('Name', ['three', 'two', 'one'])
            window.expect('System calls', [str(2**63 + 21), str(2**63 + 20), '10'])

            # Only values change: the list stays, and the order is another one.
            entries = {entry.props.key_text: entry for entry in window.model}
            put(2, 'two', 2**63 + 22)
            window.model.refresh()
            window.expect('Name', ['two', 'three', 'one'])
            window.expect('System calls', [str(2**63 + 22), str(2**63 + 21), '10'])
            for entry in window.model:
                assert entries[entry.props.key_text] == entry, entry.props.key_text

            # One comes, one goes.
            put(4, 'four', 11)
            del processes[3]
            window.model.refresh()
            window.expect('Name', ['two', 'four', 'one'])
            assert len(window.model) == 3 and window.model[0]['name'] in ('one', 'two'), len(window.model)

            # By another column, upwards and downwards.
            name_column = window.view.get_columns().get_item(1)
            window.view.sort_by_column(name_column, Gtk.SortType.ASCENDING)
            window.expect('Name', ['four', 'one', 'two'])
            window.view.sort_by_column(name_column, Gtk.SortType.DESCENDING)
            window.expect('Name', ['two', 'one', 'four'])
            window.view.sort_by_column(window.view.get_columns().get_item(0), Gtk.SortType.ASCENDING)
            window.expect('PID', ['1', '2', '4'])


@test
def the_timer_brings_what_is_new():
    with new_map() as processes, Window(processes, 50) as window:
        assert window.rows() == [], window.rows()
        processes[5] = {'system_calls': 1, 'programs': 1, 'user': 1, 'name': 'five'}
        window.expect('Name', ['five'])
        processes[5] = {'system_calls': 1, 'programs': 1, 'user': 1, 'name': 'renamed'}
        window.expect('Name', ['renamed'])
        # A map that is closed leaves what was there, and says so once.
        failures = []
        window.model.connect('failed', lambda _, error: failures.append(error))
        processes.close()
        run_until(lambda: failures, 'it failed')
        run_for(200)
        assert len(failures) == 1 and failures[0].matches(Ebpf.error_quark(), Ebpf.Error.CLOSED), failures
        window.expect('Name', ['renamed'])


@test
def the_example_shows_this_process():
    application = top.Application(OBJECT)
    seen = []

    def look():
        window = application.get_active_window()
        rows = rows_of(window) if window is not None and window.get_mapped() else []
        subprocess.run(['/bin/true'], check=True)
        # Rows of this screen are those with the most system calls: this process makes some.
        for _ in range(2000):
            os.getppid()
        seen.extend(row for row in rows if row[0] == str(os.getpid()))
        if seen:
            run_for(300)
            SCREEN.take('top')
            application.quit()
        return not seen

    GLib.timeout_add(100, look)
    GLib.timeout_add_seconds(30, application.quit)
    application.run(None)
    assert seen, 'this process was not in the table'
    assert int(seen[0][3]) > 0, seen[0]


def main():
    global SCREEN
    failed, reason = 0, None
    print(f'1..{len(TESTS)}', flush=True)
    try:
        SCREEN = Screen()
        load()
    except Skip as error:
        reason = error
    try:
        for number, func in enumerate(TESTS, 1):
            name = func.__name__.replace('_', ' ')
            if reason is not None:
                print(f'ok {number} - {name} # SKIP {reason}')
                continue
            try:
                func()
            except Exception:  # any of them is a failed test
                failed += 1
                print('# ' + traceback.format_exc().strip().replace('\n', '\n# '))
                print(f'not ok {number} - {name}', flush=True)
            else:
                print(f'ok {number} - {name}', flush=True)
    finally:
        if SCREEN is not None:
            SCREEN.close()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
