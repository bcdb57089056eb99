// try-addresses.js
import Ebpf from 'gi://Ebpf?version=1';
import {AddressesDriver} from './addresses.js';

Ebpf.PluginRegistry.get_default().add_driver(new AddressesDriver());

const map = Ebpf.Map.new(Ebpf.MapSpec.new('seen', Ebpf.MapType.LRU_HASH, 4, 4, 0));
print(`driven by ${map.driver.nick}, ${map.max_entries} entries`);

map.set('10.0.0.1', new Uint8Array([7, 0, 0, 0]));
for (const [key] of map)
    print(`key '${key}'`);

try {
    map.remove('localhost');
} catch (error) {
    print(`error: ${error.message}`);
}
