// SPDX-License-Identifier: LGPL-2.1-or-later

// What an application in Vala does.

private string object (string name) {
  return Path.build_filename (Environment.get_variable ("EBPF_TEST_OBJECTS"), name);
}

private bool have_bpf () {
  try {
    Ebpf.check_privileges ();
    return true;
  } catch (Error error) {
    Test.skip (error.message);
    return false;
  }
}

private Ebpf.Collection load () throws Error {
  var spec = new Ebpf.CollectionSpec.from_path (object ("stream.bpf.o"));
  var collection = new Ebpf.Collection (spec);

  collection.load (null, null);
  return collection;
}

private void test_spec () {
  try {
    var spec = new Ebpf.CollectionSpec.from_path (object ("stream.bpf.o"));
    var map = spec.get_map ("kept");

    assert (spec.license == "GPL");
    assert (map.map_type == Ebpf.MapType.HASH);
    assert (map.key_size == 4 && map.value_size == 64);
  } catch (Error error) {
    GLib.error ("%s", error.message);
  }
}

private void test_error () {
  try {
    new Ebpf.CollectionSpec.from_path ("/nonexistent.o");
    assert_not_reached ();
  } catch (Ebpf.Error.NOT_FOUND error) {
    assert ("/nonexistent.o" in error.message);
  } catch (Error error) {
    GLib.error ("%s", error.message);
  }
}

private void test_per_cpu () {
  if (!have_bpf ())
    return;

  try {
    var collection = load ();
    uint retval, duration;
    Bytes data_out;
    uint64 sum = 0;

    collection.get_program ("produce").test_run (
      new Bytes (new uint8[64]), 10, out retval, out data_out, out duration);
    var values = collection.get_map ("runs").lookup (new Variant.uint32 (0));
    for (size_t i = 0; i < values.n_children (); i++)
      sum += values.get_child_value (i).get_uint64 ();
    assert (sum == 10);
    collection.close ();
  } catch (Error error) {
    GLib.error ("%s", error.message);
  }
}

private void test_records () {
  if (!have_bpf ())
    return;

  try {
    var collection = load ();
    var reader = collection.get_map ("records").open_reader (null);
    var loop = new MainLoop ();
    uint retval, duration;
    Bytes data_out;
    uint n = 0;

    reader.records.connect ((batch) => {
      try {
        for (uint i = 0; i < batch.get_n_records (); i++) {
          var record = batch.decode (i);
          assert (record.lookup_value ("number", null).get_uint64 () == n++);
        }
      } catch (Error error) {
        GLib.error ("%s", error.message);
      }
      if (n == 3)
        loop.quit ();
    });
    reader.start ();
    collection.get_program ("produce").test_run (
      new Bytes (new uint8[64]), 3, out retval, out data_out, out duration);
    Timeout.add_seconds (20, () => {
      GLib.error ("no records");
    });
    loop.run ();
    assert (n == 3);
    reader.close ();
    collection.close ();
  } catch (Error error) {
    GLib.error ("%s", error.message);
  }
}

private void test_load_async () {
  if (!have_bpf ())
    return;

  var loop = new MainLoop ();

  load_in_background.begin ((_, result) => {
    try {
      load_in_background.end (result);
    } catch (Error error) {
      GLib.error ("%s", error.message);
    }
    loop.quit ();
  });
  loop.run ();
}

private async void load_in_background () throws Error {
  var spec = new Ebpf.CollectionSpec.from_path (object ("stream.bpf.o"));
  var collection = new Ebpf.Collection (spec);

  yield collection.load_async (null, null);
  assert (collection.state == Ebpf.CollectionState.LOADED);
  collection.close ();
}

public int main (string[] args) {
  Test.init (ref args);
  Test.add_func ("/vala/spec", test_spec);
  Test.add_func ("/vala/error", test_error);
  Test.add_func ("/vala/per-cpu", test_per_cpu);
  Test.add_func ("/vala/records", test_records);
  Test.add_func ("/vala/load-async", test_load_async);
  return Test.run ();
}
