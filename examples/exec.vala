/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints every program that is started, and at the end how many each user started.
 * exec [SECONDS [OBJECT]]; without SECONDS, until Ctrl-C. */

[CCode (cname = "EXEC_OBJECT")]
extern const string EXEC_OBJECT;

// To the kernel a name is bytes. One that is not UTF-8 comes as bytes, up to and beyond its end.
string decode_name (Variant name) {
    return name.is_of_type (VariantType.STRING) ? name.get_string () : name.get_bytestring ().make_valid ();
}

void print_records (Ebpf.RecordBatch batch) {
    for (uint i = 0; i < batch.get_n_records (); i++) {
        try {
            var event = new VariantDict (batch.decode (i));
            print ("%7u %7u %7u %12.3f  %s\n",
                   event.lookup_value ("pid", VariantType.UINT32).get_uint32 (),
                   event.lookup_value ("parent", VariantType.UINT32).get_uint32 (),
                   event.lookup_value ("uid", VariantType.UINT32).get_uint32 (),
                   event.lookup_value ("start", VariantType.UINT64).get_uint64 () / 1e9,
                   decode_name (event.lookup_value ("comm", null)));
        } catch (Error error) {
            warning (error.message);
        }
    }
}

void monitor (string path, uint seconds) throws Error {
    var collection = new Ebpf.Collection (new Ebpf.CollectionSpec.from_path (path));
    collection.load (null, null);

    var reader = collection.get_map ("events").open_reader (null);
    reader.records.connect ((batch) => print_records (batch));
    print ("%7s %7s %7s %12s  %s\n", "PID", "PARENT", "UID", "STARTED", "COMMAND");
    reader.start ();
    var links = collection.attach_all ();

    var loop = new MainLoop ();
    Unix.signal_add (Posix.Signal.INT, () => { loop.quit (); return Source.CONTINUE; });
    Unix.signal_add (Posix.Signal.TERM, () => { loop.quit (); return Source.CONTINUE; });
    if (seconds > 0)
        Timeout.add_seconds (seconds, () => { loop.quit (); return Source.CONTINUE; });
    loop.run ();

    var counts = collection.get_map ("execs_by_uid").iterate ();
    while (counts.next ()) {
        uint64 sum = 0;
        foreach (var n in counts.get_value ())
            sum += n.get_uint64 ();
        print ("uid %u started %" + uint64.FORMAT + "\n", counts.get_key ().get_uint32 (), sum);
    }
    links.foreach ((link) => link.close ());
    collection.close ();
}

int main (string[] args) {
    try {
        monitor (args.length > 2 ? args[2] : EXEC_OBJECT, args.length > 1 ? uint.parse (args[1]) : 0);
        return 0;
    } catch (Error error) {
        printerr ("exec: %s\n", error.message);
        return 1;
    }
}
