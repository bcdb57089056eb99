# try-addresses.py
import gi

gi.require_version('Ebpf', '1')
from gi.repository import Ebpf, GLib

from addresses import AddressesDriver

Ebpf.PluginRegistry.get_default().add_driver(AddressesDriver())

bpf_map = Ebpf.Map.new(Ebpf.MapSpec.new('seen', Ebpf.MapType.LRU_HASH, 4, 4, 0))
print(f'driven by {bpf_map.props.driver.props.nick}, {bpf_map.props.max_entries} entries')

bpf_map['10.0.0.1'] = bytes([7, 0, 0, 0])
for key in bpf_map:
    print(f'key {key!r}')

try:
    del bpf_map['localhost']
except GLib.Error as error:
    print(f'error: {error.message}')
