/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls of virtual functions, and drivers that an application adds. */

#include <ebpf.h>

#include "ebpf-test.h"

typedef enum
{
  BEHAVE_WELL,
  FAIL_SILENTLY,
  FAIL_WITH_ERROR,
  SUCCEED_WITH_ERROR,
} Behaviour;

#define TEST_TYPE_DRIVER (test_driver_get_type ())
G_DECLARE_FINAL_TYPE (TestDriver, test_driver, TEST, DRIVER, EbpfMapDriver)

struct _TestDriver
{
  EbpfMapDriver parent_instance;

  Behaviour behaviour;
  GThread *called_in;
};

G_DEFINE_FINAL_TYPE (TestDriver, test_driver, EBPF_TYPE_MAP_DRIVER)

static gboolean
test_driver_fixup_spec (EbpfMapDriver *driver, EbpfMapSpec *spec, GError **error)
{
  TestDriver *self = TEST_DRIVER (driver);

  self->called_in = g_thread_self ();
  if (self->behaviour == FAIL_WITH_ERROR || self->behaviour == SUCCEED_WITH_ERROR)
    g_set_error_literal (error, EBPF_ERROR, EBPF_ERROR_LIMIT, "too much");
  ebpf_map_spec_set_max_entries (spec, 77);

  return self->behaviour == BEHAVE_WELL || self->behaviour == SUCCEED_WITH_ERROR;
}

static GVariant *
test_driver_value_to_variant (EbpfMapDriver *driver, EbpfMap *map, GBytes *value, GError **error)
{
  TestDriver *self = TEST_DRIVER (driver);

  if (self->behaviour == FAIL_WITH_ERROR || self->behaviour == SUCCEED_WITH_ERROR)
    g_set_error_literal (error, EBPF_ERROR, EBPF_ERROR_LIMIT, "too much");

  return self->behaviour == BEHAVE_WELL || self->behaviour == SUCCEED_WITH_ERROR
             ? g_variant_new_string ("decoded")
             : NULL;
}

/* One byte too few. */
static GBytes *
test_driver_value_from_variant (EbpfMapDriver *driver,
                                EbpfMap *map,
                                GVariant *value,
                                GError **error)
{
  return g_bytes_new_static ("abc", 3);
}

static void
test_driver_class_init (TestDriverClass *klass)
{
  EbpfMapDriverClass *driver_class = EBPF_MAP_DRIVER_CLASS (klass);

  driver_class->fixup_spec = test_driver_fixup_spec;
  driver_class->value_to_variant = test_driver_value_to_variant;
  driver_class->value_from_variant = test_driver_value_from_variant;
}

static void
test_driver_init (TestDriver *self)
{
}

static TestDriver *
new_driver (guint32 map_type, Behaviour behaviour)
{
  GVariant *map_types = g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, &map_type, 1, 4);
  TestDriver *self = g_object_new (TEST_TYPE_DRIVER, "nick", "test", "map-types", map_types, NULL);

  self->behaviour = behaviour;

  return self;
}

static EbpfMapSpec *
new_spec (void)
{
  return ebpf_map_spec_new ("m", EBPF_MAP_TYPE_ARRAY, 4, 4, 1);
}

static void
test_properties (void)
{
  g_autoptr (TestDriver) self = new_driver (5001, BEHAVE_WELL);
  g_autoptr (TestDriver) bare = g_object_new (TEST_TYPE_DRIVER, NULL);
  EbpfMapDriver *driver = EBPF_MAP_DRIVER (self);
  GVariant *map_types = ebpf_map_driver_get_map_types (driver);
  gsize n;
  const guint32 *types = g_variant_get_fixed_array (map_types, &n, 4);

  g_assert_cmpstr (ebpf_map_driver_get_nick (driver), ==, "test");
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (types[0], ==, 5001);
  g_assert_false (ebpf_map_driver_get_thread_safe (driver));

  g_assert_cmpstr (ebpf_map_driver_get_nick (EBPF_MAP_DRIVER (bare)), ==, "TestDriver");
  g_assert_cmpuint (g_variant_n_children (ebpf_map_driver_get_map_types (EBPF_MAP_DRIVER (bare))),
                    ==, 0);
}

static void
test_checked_boolean (void)
{
  g_autoptr (TestDriver) self = new_driver (5001, BEHAVE_WELL);
  EbpfMapDriver *driver = EBPF_MAP_DRIVER (self);
  g_autoptr (EbpfMapSpec) spec = new_spec ();
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_map_driver_fixup_spec (driver, spec, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (ebpf_map_spec_get_max_entries (spec), ==, 77);

  self->behaviour = FAIL_SILENTLY;
  g_assert_false (ebpf_map_driver_fixup_spec (driver, spec, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN, "*\"test\"*fixup_spec*");
  g_clear_error (&error);
  g_assert_false (ebpf_map_driver_fixup_spec (driver, spec, NULL));

  self->behaviour = FAIL_WITH_ERROR;
  g_assert_false (ebpf_map_driver_fixup_spec (driver, spec, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_clear_error (&error);

  self->behaviour = SUCCEED_WITH_ERROR;
  g_assert_false (ebpf_map_driver_fixup_spec (driver, spec, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
}

static void
test_checked_results (void)
{
  g_autoptr (TestDriver) self = new_driver (5001, BEHAVE_WELL);
  EbpfMapDriver *driver = EBPF_MAP_DRIVER (self);
  g_autoptr (EbpfMapSpec) spec = new_spec ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\0\0\0", 4);
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GVariant) number = g_variant_ref_sink (g_variant_new_uint32 (1));
  g_autoptr (EbpfMap) map = NULL;
  g_autoptr (GError) error = NULL;

  if (!ebpf_test_require_bpf ())
    return;

  map = ebpf_map_new (spec, &error);
  g_assert_no_error (error);

  variant = ebpf_map_driver_value_to_variant (driver, map, bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (variant, NULL), ==, "decoded");
  g_assert_false (g_variant_is_floating (variant));

  self->behaviour = FAIL_SILENTLY;
  g_assert_null (ebpf_map_driver_value_to_variant (driver, map, bytes, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN, "*value_to_variant*");
  g_clear_error (&error);

  self->behaviour = SUCCEED_WITH_ERROR;
  g_assert_null (ebpf_map_driver_value_to_variant (driver, map, bytes, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_LIMIT);
  g_clear_error (&error);

  /* The kernel would read beyond the end. */
  g_assert_null (ebpf_map_driver_value_from_variant (driver, map, number, &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN, "*3 bytes*4*");
}

static void
test_add_driver (void)
{
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  g_autoptr (TestDriver) first = new_driver (5002, BEHAVE_WELL);
  g_autoptr (TestDriver) second = new_driver (5002, BEHAVE_WELL);
  g_autoptr (TestDriver) bare = g_object_new (TEST_TYPE_DRIVER, NULL);
  g_autoptr (EbpfMapDriver) found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_plugin_registry_add_driver (registry, EBPF_MAP_DRIVER (first), &error));
  g_assert_no_error (error);
  g_assert_false (ebpf_plugin_registry_add_driver (registry, EBPF_MAP_DRIVER (first), &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (ebpf_plugin_registry_add_driver (registry, EBPF_MAP_DRIVER (bare), &error));
  ebpf_test_assert_error_matches (error, EBPF_ERROR, EBPF_ERROR_PLUGIN, "*map-types*");
  g_clear_error (&error);

  /* The later one comes first. */
  g_assert_true (ebpf_plugin_registry_add_driver (registry, EBPF_MAP_DRIVER (second), &error));
  found = ebpf_plugin_registry_find_driver (registry, (EbpfMapType) 5002, &error);
  g_assert_true (found == EBPF_MAP_DRIVER (second));
  g_clear_object (&found);

  g_assert_true (ebpf_plugin_registry_remove_driver (registry, EBPF_MAP_DRIVER (second)));
  g_assert_false (ebpf_plugin_registry_remove_driver (registry, EBPF_MAP_DRIVER (second)));
  found = ebpf_plugin_registry_find_driver (registry, (EbpfMapType) 5002, &error);
  g_assert_true (found == EBPF_MAP_DRIVER (first));
  g_clear_object (&found);

  /* A driver of a plug-in cannot be removed. */
  found = ebpf_plugin_registry_find_driver (registry, EBPF_MAP_TYPE_RINGBUF, &error);
  g_assert_false (ebpf_plugin_registry_remove_driver (registry, found));

  g_assert_true (ebpf_plugin_registry_remove_driver (registry, EBPF_MAP_DRIVER (first)));
}

static void
test_override_plugin (void)
{
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  g_autoptr (TestDriver) self = new_driver (EBPF_MAP_TYPE_RINGBUF, BEHAVE_WELL);
  g_autoptr (EbpfMapDriver) found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (ebpf_plugin_registry_add_driver (registry, EBPF_MAP_DRIVER (self), &error));
  found = ebpf_plugin_registry_find_driver (registry, EBPF_MAP_TYPE_RINGBUF, &error);
  g_assert_true (found == EBPF_MAP_DRIVER (self));
  g_clear_object (&found);

  g_assert_true (ebpf_plugin_registry_remove_driver (registry, EBPF_MAP_DRIVER (self)));
  found = ebpf_plugin_registry_find_driver (registry, EBPF_MAP_TYPE_RINGBUF, &error);
  g_assert_true (found != EBPF_MAP_DRIVER (self));
}

/* A type that says what it serves while an instance is made, as one of a script does. */
#define TEST_TYPE_SELF_DESCRIBING (test_self_describing_get_type ())
G_DECLARE_FINAL_TYPE (TestSelfDescribing,
                      test_self_describing,
                      TEST,
                      SELF_DESCRIBING,
                      EbpfMapDriver)

struct _TestSelfDescribing
{
  EbpfMapDriver parent_instance;
};

G_DEFINE_FINAL_TYPE (TestSelfDescribing, test_self_describing, EBPF_TYPE_MAP_DRIVER)

static void
test_self_describing_constructed (GObject *object)
{
  const guint32 types[] = { 5003, 5004 };

  g_object_set (object, "nick", "self", "map-types",
                g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, types, 2, 4), NULL);

  G_OBJECT_CLASS (test_self_describing_parent_class)->constructed (object);
}

static void
test_self_describing_class_init (TestSelfDescribingClass *klass)
{
  G_OBJECT_CLASS (klass)->constructed = test_self_describing_constructed;
}

static void
test_self_describing_init (TestSelfDescribing *self)
{
}

static void
test_add_type (void)
{
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  g_autoptr (EbpfMapDriver) found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (ebpf_plugin_registry_add_type (registry, G_TYPE_OBJECT, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);
  g_assert_false (ebpf_plugin_registry_add_type (registry, EBPF_TYPE_MAP_DRIVER, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_WRONG_TYPE);
  g_clear_error (&error);
  g_assert_false (ebpf_plugin_registry_add_type (registry, TEST_TYPE_DRIVER, &error));
  g_assert_error (error, EBPF_ERROR, EBPF_ERROR_PLUGIN);
  g_clear_error (&error);

  g_assert_true (ebpf_plugin_registry_add_type (registry, TEST_TYPE_SELF_DESCRIBING, &error));
  g_assert_no_error (error);
  found = ebpf_plugin_registry_find_driver (registry, (EbpfMapType) 5004, &error);
  g_assert_cmpstr (ebpf_map_driver_get_nick (found), ==, "self");
  g_assert_true (ebpf_plugin_registry_remove_driver (registry, found));
}

typedef struct
{
  EbpfMapDriver *driver;
  gboolean ok;
  gboolean done;
} ThreadCall;

static gboolean
set_done (gpointer data)
{
  ((ThreadCall *) data)->done = TRUE;

  return G_SOURCE_REMOVE;
}

static gpointer
call_in_thread (gpointer data)
{
  ThreadCall *call = data;
  g_autoptr (EbpfMapSpec) spec = new_spec ();
  g_autoptr (GError) error = NULL;

  call->ok = ebpf_map_driver_fixup_spec (call->driver, spec, &error);
  g_assert_no_error (error);
  g_idle_add (set_done, call);

  return NULL;
}

/* A driver that is not thread-safe is only called in the thread that added it. */
static void
test_dispatch (void)
{
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  g_autoptr (TestDriver) self = new_driver (5005, BEHAVE_WELL);
  EbpfMapDriver *driver = EBPF_MAP_DRIVER (self);
  g_autoptr (EbpfMapSpec) spec = new_spec ();
  g_autoptr (GError) error = NULL;
  ThreadCall call = { .driver = driver };
  GThread *thread;

  g_assert_true (ebpf_plugin_registry_add_driver (registry, driver, &error));

  /* Without anybody running the context. */
  g_assert_true (ebpf_map_driver_fixup_spec (driver, spec, &error));
  g_assert_true (self->called_in == g_thread_self ());

  self->called_in = NULL;
  thread = g_thread_new ("call", call_in_thread, &call);
  ebpf_test_wait_for (&call.done);
  g_thread_join (thread);
  g_assert_true (call.ok);
  g_assert_true (self->called_in == g_thread_self ());

  g_assert_true (ebpf_plugin_registry_remove_driver (registry, driver));
}

static void
test_thread_safe (void)
{
  EbpfPluginRegistry *registry = ebpf_plugin_registry_get_default ();
  g_autoptr (TestDriver) self = new_driver (5006, BEHAVE_WELL);
  EbpfMapDriver *driver = EBPF_MAP_DRIVER (self);
  g_autoptr (GError) error = NULL;
  ThreadCall call = { .driver = driver };
  GThread *thread;

  g_object_set (self, "thread-safe", TRUE, NULL);
  g_assert_true (ebpf_plugin_registry_add_driver (registry, driver, &error));

  thread = g_thread_new ("call", call_in_thread, &call);
  g_thread_join (thread);
  g_assert_true (call.ok);
  g_assert_nonnull (self->called_in);
  g_assert_true (self->called_in != g_thread_self ());
  ebpf_test_wait_for (&call.done);

  g_assert_true (ebpf_plugin_registry_remove_driver (registry, driver));
}

int
main (int argc, char **argv)
{
  ebpf_test_init (&argc, &argv);

  ebpf_test_add ("/plugin/map-driver/properties", test_properties);
  ebpf_test_add ("/plugin/map-driver/checked-boolean", test_checked_boolean);
  ebpf_test_add ("/plugin/map-driver/checked-results", test_checked_results);
  ebpf_test_add ("/plugin/map-driver/add-driver", test_add_driver);
  ebpf_test_add ("/plugin/map-driver/override-plugin", test_override_plugin);
  ebpf_test_add ("/plugin/map-driver/add-type", test_add_type);
  ebpf_test_add ("/plugin/map-driver/dispatch", test_dispatch);
  ebpf_test_add ("/plugin/map-driver/thread-safe", test_thread_safe);

  return g_test_run ();
}
