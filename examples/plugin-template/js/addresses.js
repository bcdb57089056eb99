// addresses.js
import Ebpf from 'gi://Ebpf?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

export const AddressesDriver = GObject.registerClass(class AddressesDriver extends Ebpf.MapDriver {
    _init() {
        super._init({
            nick: 'addresses',
            map_types: new GLib.Variant('au', [Ebpf.MapType.LRU_HASH]),
        });
    }

    // Before the kernel is asked for a map: a table that says no size gets one.
    vfunc_fixup_spec(spec) {
        spec.max_entries ||= 1024;
        return true;
    }

    // From the kernel's bytes to what people read. What is not one of ours is left to the library.
    vfunc_key_to_variant(map, key) {
        if (key.get_size() !== 4)
            return super.vfunc_key_to_variant(map, key);
        return new GLib.Variant('s', key.toArray().join('.'));
    }

    // And back.
    vfunc_key_from_variant(map, key) {
        if (key.get_type_string() !== 's')
            return super.vfunc_key_from_variant(map, key);
        const [text] = key.get_string();
        const bytes = text.split('.').map(Number);
        if (bytes.length !== 4 || bytes.some(byte => !(byte >= 0 && byte <= 255)))
            throw new GLib.Error(Ebpf.Error, Ebpf.Error.INVALID_ARGUMENT, `map ${map.name}: "${text}" is not an IPv4 address`);
        return new GLib.Bytes(new Uint8Array(bytes));
    }
});
