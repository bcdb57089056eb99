# addresses.py
import socket

import gi

gi.require_version('Ebpf', '1')
from gi.repository import Ebpf, GLib


class AddressesDriver(Ebpf.MapDriver):
    def __init__(self):
        super().__init__(nick='addresses',
                         map_types=GLib.Variant('au', [Ebpf.MapType.LRU_HASH]))

    def do_fixup_spec(self, spec):
        """Before the kernel is asked for a map: a table that says no size gets one."""
        if spec.props.max_entries == 0:
            spec.props.max_entries = 1024
        return True

    def do_key_to_variant(self, map, key):
        """From the kernel's bytes to what people read. What is not one of ours is left to the library."""
        if key.get_size() != 4:
            return Ebpf.MapDriver.do_key_to_variant(self, map, key)
        return GLib.Variant('s', socket.inet_ntoa(key.get_data()))

    def do_key_from_variant(self, map, key):
        """And back."""
        if key.get_type_string() != 's':
            return Ebpf.MapDriver.do_key_from_variant(self, map, key)
        text = key.get_string()
        try:
            return GLib.Bytes.new(socket.inet_pton(socket.AF_INET, text))
        except OSError:
            raise GLib.Error.new_literal(Ebpf.error_quark(), f'map {map.props.name}: "{text}" is not an IPv4 address',
                                         Ebpf.Error.INVALID_ARGUMENT) from None
