#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A table of what each process does, in a window: system calls and started programs, by the second.

Usage: top.py [MAP-OBJECT], as root: sudo -E ./top.py
"""

import sys
from pathlib import Path

import gi

gi.require_version('Ebpf', '1')
gi.require_version('Gtk', '4.0')
from gi.repository import Ebpf, Gio, GLib, Gtk

# Title, and the member of the value that the column shows; None is the key.
COLUMNS = [('PID', None), ('Name', 'name'), ('User', 'user'), ('System calls', 'system_calls'), ('Programs', 'programs')]


def text_of(entry, field):
    return entry.props.key_text if field is None else str(entry[field])


def new_column(title, field):
    """A column of labels that follow their entry, sorted by a click on the title."""
    factory = Gtk.SignalListItemFactory()

    def setup(_factory, item):
        item.set_child(Gtk.Label(xalign=0 if field == 'name' else 1, width_chars=8))

    def bind(_factory, item):
        entry, label = item.get_item(), item.get_child()
        label.set_text(text_of(entry, field))
        # The object of a key stays as long as the key: only its value changes.
        item.handler = entry.connect('notify::value', lambda entry, _: label.set_text(text_of(entry, field)))

    def unbind(_factory, item):
        item.get_item().disconnect(item.handler)

    for name, function in ('setup', setup), ('bind', bind), ('unbind', unbind):
        factory.connect(name, function)

    def compare(a, b, _data):
        return a.compare_keys(b) if field is None else a.compare(b, field)

    return Gtk.ColumnViewColumn(title=title, factory=factory, sorter=Gtk.CustomSorter.new(compare, None),
                                resizable=True, expand=field == 'name')


def new_view(model):
    columns = [new_column(*column) for column in COLUMNS]
    view = Gtk.ColumnView(show_row_separators=True)
    for column in columns:
        view.append_column(column)
    view.set_model(Gtk.NoSelection(model=Gtk.SortListModel(model=model, sorter=view.get_sorter())))
    view.sort_by_column(columns[3], Gtk.SortType.DESCENDING)

    # Values that changed may belong elsewhere now.
    def on_refreshed(_model, _n_changed):
        for column in columns:
            column.get_sorter().changed(Gtk.SorterChange.DIFFERENT)
    model.connect('refreshed', on_refreshed)

    return view


class Application(Gtk.Application):
    def __init__(self, path):
        super().__init__(application_id='org.example.EbpfTop', flags=Gio.ApplicationFlags.NON_UNIQUE)
        self.path = path

    def do_startup(self):
        Gtk.Application.do_startup(self)
        self.collection = Ebpf.Collection.new(Ebpf.CollectionSpec.new_from_path(self.path))
        self.collection.load(None, None)
        self.links = self.collection.attach_all()
        self.model = Ebpf.MapModel.new(self.collection.get_map('processes'), 1000)

    def do_activate(self):
        view = new_view(self.model)
        window = Gtk.ApplicationWindow(application=self, title='Processes', default_width=560, default_height=400)
        window.set_child(Gtk.ScrolledWindow(child=view))
        self.model.refresh()
        window.present()

    def do_shutdown(self):
        for link in self.links:
            link.close()
        self.collection.close()
        Gtk.Application.do_shutdown(self)


if __name__ == '__main__':
    try:
        Ebpf.check_privileges()
    except GLib.Error as error:
        sys.exit(f'top: {error.message}')
    path = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parent / 'top.bpf.o')
    sys.exit(Application(path).run(None))
