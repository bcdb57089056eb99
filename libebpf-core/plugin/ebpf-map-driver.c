/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/ebpf-map-driver-private.h"

#include "base/ebpf-error-private.h"
#include "sys/ebpf-system.h"

/**
 * EbpfMapDriver:
 *
 * Knows how to drive one or several types of map.
 *
 * What is special about a type of map (how its spec is fixed up, what the value buffer looks like,
 * how its records are read) lives in a subclass of this class, which a plug-in provides: a module
 * in C (see `EBPF_DEFINE_PLUGIN`), or a class written in a script and given to
 * [method@PluginRegistry.add_driver]. A virtual function that the subclass leaves out treats the
 * map as one of plain keys and values.
 *
 * A driver that is not [property@MapDriver:thread-safe] belongs to the thread that registered it: a
 * call from another thread is brought to the main context that was the thread-default one there,
 * and waited for. That thread must run the context for as long as other threads use such maps; a
 * call from the thread itself is an ordinary call, whether the context runs or not.
 */

typedef struct
{
  char *nick;
  GVariant *map_types;
  gboolean thread_safe;
  /* Set once, by the registry, before the driver is seen by another thread. */
  GMainContext *context;
  GThread *owner;
  gboolean bound;
} EbpfMapDriverPrivate;

enum
{
  PROP_0,
  PROP_NICK,
  PROP_MAP_TYPES,
  PROP_THREAD_SAFE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (EbpfMapDriver, ebpf_map_driver, G_TYPE_OBJECT)

#define PRIV(self) ((EbpfMapDriverPrivate *) ebpf_map_driver_get_instance_private (self))

typedef enum
{
  VFUNC_FIXUP_SPEC,
  VFUNC_CHECK_COMPATIBLE,
  VFUNC_EXPLAIN_CREATE_ERROR,
  VFUNC_GET_VALUE_BUFFER_SIZE,
  VFUNC_KEY_TO_VARIANT,
  VFUNC_KEY_FROM_VARIANT,
  VFUNC_VALUE_TO_VARIANT,
  VFUNC_VALUE_FROM_VARIANT,
  VFUNC_PACK_VALUE,
  VFUNC_UNPACK_VALUE,
  VFUNC_VALUE_FROM_OBJECT,
  VFUNC_VALUE_TO_OBJECT,
  VFUNC_OPEN_READER,
  VFUNC_QUERY_N_POSSIBLE_VALUES,
  VFUNC_GET_MEMORY_SIZE,
  VFUNC_QUERY_TESTS_VALUES,
  VFUNC_QUERY_IS_PER_CPU,
  VFUNC_QUERY_IS_ARRAY,
} Vfunc;

static const char *const vfunc_names[] = {
  "fixup_spec",           "check_compatible",
  "explain_create_error", "get_value_buffer_size",
  "key_to_variant",       "key_from_variant",
  "value_to_variant",     "value_from_variant",
  "pack_value",           "unpack_value",
  "value_from_object",    "value_to_object",
  "open_reader",          "query_n_possible_values",
  "get_memory_size",      "query_tests_values",
  "query_is_per_cpu",     "query_is_array",
};

/* One call of a virtual function, in a form that can be carried to another thread. */
typedef struct
{
  EbpfMapDriver *self;
  Vfunc vfunc;
  EbpfMapSpec *spec;
  EbpfMap *map;
  gpointer argument;
  int errsv;

  gboolean ok;
  guint64 number;
  gpointer result;
  GError *error;

  GMutex mutex;
  GCond cond;
  gboolean done;
} Call;

static void
perform (Call *call)
{
  EbpfMapDriver *self = call->self;
  EbpfMapDriverClass *klass = EBPF_MAP_DRIVER_GET_CLASS (self);

  switch (call->vfunc)
    {
    case VFUNC_FIXUP_SPEC:
      call->ok = klass->fixup_spec (self, call->spec, &call->error);
      break;
    case VFUNC_CHECK_COMPATIBLE:
      call->ok = klass->check_compatible (self, call->spec, call->map, &call->error);
      break;
    case VFUNC_EXPLAIN_CREATE_ERROR:
      call->result = klass->explain_create_error (self, call->spec, call->errsv);
      break;
    case VFUNC_GET_VALUE_BUFFER_SIZE:
      call->number = klass->get_value_buffer_size (self, call->map);
      break;
    case VFUNC_KEY_TO_VARIANT:
      call->result = klass->key_to_variant (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_KEY_FROM_VARIANT:
      call->result = klass->key_from_variant (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_VALUE_TO_VARIANT:
      call->result = klass->value_to_variant (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_VALUE_FROM_VARIANT:
      call->result = klass->value_from_variant (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_PACK_VALUE:
      call->result = klass->pack_value (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_UNPACK_VALUE:
      call->result = klass->unpack_value (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_VALUE_FROM_OBJECT:
      call->result = klass->value_from_object (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_VALUE_TO_OBJECT:
      call->result = klass->value_to_object (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_OPEN_READER:
      call->result = klass->open_reader (self, call->map, call->argument, &call->error);
      break;
    case VFUNC_QUERY_N_POSSIBLE_VALUES:
      call->number = klass->query_n_possible_values (self, call->map);
      break;
    case VFUNC_GET_MEMORY_SIZE:
      call->number = klass->get_memory_size (self, call->map);
      break;
    case VFUNC_QUERY_TESTS_VALUES:
      call->ok = klass->query_tests_values (self, call->map);
      break;
    case VFUNC_QUERY_IS_PER_CPU:
      call->ok = klass->query_is_per_cpu (self, call->map);
      break;
    case VFUNC_QUERY_IS_ARRAY:
      call->ok = klass->query_is_array (self, call->map);
      break;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
perform_in_owner (gpointer user_data)
{
  Call *call = user_data;

  perform (call);

  g_mutex_lock (&call->mutex);
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);

  return G_SOURCE_REMOVE;
}

static void
run_call (Call *call)
{
  EbpfMapDriverPrivate *priv = PRIV (call->self);
  GSource *source;

  if (priv->context == NULL || priv->owner == g_thread_self () ||
      g_main_context_is_owner (priv->context))
    {
      perform (call);
      return;
    }

  /* Not g_main_context_invoke (): where nobody runs the default context at this moment it would
   * make the call right here, in a thread that a script's interpreter does not know. */
  g_mutex_init (&call->mutex);
  g_cond_init (&call->cond);

  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_static_name (source, "EbpfMapDriver call");
  g_source_set_callback (source, perform_in_owner, call, NULL);
  g_source_attach (source, priv->context);
  g_source_unref (source);

  g_mutex_lock (&call->mutex);
  while (!call->done)
    g_cond_wait (&call->cond, &call->mutex);
  g_mutex_unlock (&call->mutex);

  g_cond_clear (&call->cond);
  g_mutex_clear (&call->mutex);
}

/* A script may return FALSE or NULL without an error, or an error with a result. */
static gboolean
finish_call (Call *call, gboolean succeeded, GDestroyNotify free_result, GError **error)
{
  if (call->error != NULL)
    {
      if (call->result != NULL)
        free_result (g_steal_pointer (&call->result));
      g_propagate_error (error, call->error);
      return FALSE;
    }

  if (!succeeded)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "map driver \"%s\" (%s): %s () failed without saying why",
                      ebpf_map_driver_get_nick (call->self), G_OBJECT_TYPE_NAME (call->self),
                      vfunc_names[call->vfunc]);
      return FALSE;
    }

  return TRUE;
}

static gboolean
call_boolean (EbpfMapDriver *self, Vfunc vfunc, EbpfMapSpec *spec, EbpfMap *map, GError **error)
{
  Call call = { .self = self, .vfunc = vfunc, .spec = spec, .map = map };

  run_call (&call);

  return finish_call (&call, call.ok, NULL, error);
}

static GBytes *
call_bytes (EbpfMapDriver *self, Vfunc vfunc, EbpfMap *map, gpointer argument, GError **error)
{
  Call call = { .self = self, .vfunc = vfunc, .map = map, .argument = argument };

  run_call (&call);
  if (!finish_call (&call, call.result != NULL, (GDestroyNotify) g_bytes_unref, error))
    return NULL;

  return call.result;
}

/* The kernel reads a whole buffer, so a shorter one from a driver must not reach it. */
static GBytes *
call_kernel_value (EbpfMapDriver *self,
                   Vfunc vfunc,
                   EbpfMap *map,
                   gpointer argument,
                   GError **error)
{
  g_autoptr (GBytes) bytes = call_bytes (self, vfunc, map, argument, error);
  gsize expected;

  if (bytes == NULL)
    return NULL;

  expected = ebpf_map_driver_get_value_buffer_size (self, map);
  if (g_bytes_get_size (bytes) != expected)
    {
      ebpf_error_set (error, EBPF_ERROR_PLUGIN, 0,
                      "map driver \"%s\" (%s): %s () made a value of %" G_GSIZE_FORMAT
                      " bytes where the kernel takes %" G_GSIZE_FORMAT,
                      ebpf_map_driver_get_nick (self), G_OBJECT_TYPE_NAME (self),
                      vfunc_names[vfunc], g_bytes_get_size (bytes), expected);
      return NULL;
    }

  return g_steal_pointer (&bytes);
}

static GVariant *
call_variant (EbpfMapDriver *self, Vfunc vfunc, EbpfMap *map, gpointer argument, GError **error)
{
  Call call = { .self = self, .vfunc = vfunc, .map = map, .argument = argument };

  run_call (&call);
  if (!finish_call (&call, call.result != NULL, (GDestroyNotify) g_variant_unref, error))
    return NULL;

  return g_variant_take_ref (call.result);
}

static gpointer
call_object (EbpfMapDriver *self, Vfunc vfunc, EbpfMap *map, gpointer argument, GError **error)
{
  Call call = { .self = self, .vfunc = vfunc, .map = map, .argument = argument };

  run_call (&call);
  if (!finish_call (&call, call.result != NULL, g_object_unref, error))
    return NULL;

  return call.result;
}

static gboolean
default_fixup_spec (EbpfMapDriver *self, EbpfMapSpec *spec, GError **error)
{
  return TRUE;
}

static char *
default_explain_create_error (EbpfMapDriver *self, EbpfMapSpec *spec, int errsv)
{
  return NULL;
}

static GBytes *
default_unpack_value (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error)
{
  return g_bytes_ref (value);
}

static guint
default_query_n_possible_values (EbpfMapDriver *self, EbpfMap *map)
{
  return 1;
}

static gboolean
default_query_tests_values (EbpfMapDriver *self, EbpfMap *map)
{
  return FALSE;
}

static gboolean
default_query_is_per_cpu (EbpfMapDriver *self, EbpfMap *map)
{
  return FALSE;
}

static GVariant *
peek_map_types (EbpfMapDriver *self)
{
  static gsize none;
  GVariant *map_types = PRIV (self)->map_types;

  if (map_types != NULL)
    return map_types;

  if (g_once_init_enter (&none))
    g_once_init_leave (&none, (gsize) g_variant_ref_sink (g_variant_new_fixed_array (
                                  G_VARIANT_TYPE_UINT32, NULL, 0, sizeof (guint32))));

  return (GVariant *) none;
}

static void
ebpf_map_driver_finalize (GObject *object)
{
  EbpfMapDriverPrivate *priv = PRIV (EBPF_MAP_DRIVER (object));

  g_free (priv->nick);
  g_clear_pointer (&priv->map_types, g_variant_unref);
  g_clear_pointer (&priv->context, g_main_context_unref);
  g_clear_pointer (&priv->owner, g_thread_unref);

  G_OBJECT_CLASS (ebpf_map_driver_parent_class)->finalize (object);
}

static void
ebpf_map_driver_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfMapDriverPrivate *priv = PRIV (EBPF_MAP_DRIVER (object));

  switch (prop_id)
    {
    case PROP_NICK:
      g_value_set_string (value, priv->nick);
      break;
    case PROP_MAP_TYPES:
      g_value_set_variant (value, peek_map_types (EBPF_MAP_DRIVER (object)));
      break;
    case PROP_THREAD_SAFE:
      g_value_set_boolean (value, priv->thread_safe);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_map_driver_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  EbpfMapDriverPrivate *priv = PRIV (EBPF_MAP_DRIVER (object));

  /* The registry has drawn its conclusions. */
  g_return_if_fail (!priv->bound);

  switch (prop_id)
    {
    case PROP_NICK:
      if (g_value_get_string (value) == NULL)
        return;
      g_free (priv->nick);
      priv->nick = g_value_dup_string (value);
      break;
    case PROP_MAP_TYPES:
      if (g_value_get_variant (value) == NULL)
        return;
      g_clear_pointer (&priv->map_types, g_variant_unref);
      priv->map_types = g_value_dup_variant (value);
      break;
    case PROP_THREAD_SAFE:
      priv->thread_safe = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      return;
    }

  g_object_notify_by_pspec (object, pspec);
}

static void
ebpf_map_driver_class_init (EbpfMapDriverClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ebpf_map_driver_finalize;
  object_class->get_property = ebpf_map_driver_get_property;
  object_class->set_property = ebpf_map_driver_set_property;

  klass->fixup_spec = default_fixup_spec;
  klass->check_compatible = ebpf_map_driver_default_check_compatible;
  klass->explain_create_error = default_explain_create_error;
  klass->get_value_buffer_size = ebpf_map_driver_default_get_value_buffer_size;
  klass->key_to_variant = ebpf_map_driver_default_key_to_variant;
  klass->key_from_variant = ebpf_map_driver_default_key_from_variant;
  klass->value_to_variant = ebpf_map_driver_default_value_to_variant;
  klass->value_from_variant = ebpf_map_driver_default_value_from_variant;
  klass->pack_value = ebpf_map_driver_default_pack_value;
  klass->unpack_value = default_unpack_value;
  klass->value_from_object = ebpf_map_driver_default_value_from_object;
  klass->value_to_object = ebpf_map_driver_default_value_to_object;
  klass->open_reader = ebpf_map_driver_default_open_reader;
  klass->query_n_possible_values = default_query_n_possible_values;
  klass->get_memory_size = ebpf_map_driver_default_get_memory_size;
  klass->query_tests_values = default_query_tests_values;
  klass->query_is_per_cpu = default_query_is_per_cpu;
  klass->query_is_array = ebpf_map_driver_default_query_is_array;

  /**
   * EbpfMapDriver:nick:
   *
   * A short name for people, unique among the drivers. Cannot change once the driver is registered.
   */
  properties[PROP_NICK] = g_param_spec_string (
      "nick", NULL, NULL, NULL,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfMapDriver:map-types:
   *
   * The numbers of the map types that the driver serves (`au`), see [enum@MapType]. Cannot change
   * once the driver is registered.
   */
  properties[PROP_MAP_TYPES] = g_param_spec_variant (
      "map-types", NULL, NULL, G_VARIANT_TYPE ("au"), NULL,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfMapDriver:thread-safe:
   *
   * Whether the virtual functions may be called from any thread. A driver in C can say so; one
   * written in a script must not. Cannot change once the driver is registered.
   */
  properties[PROP_THREAD_SAFE] = g_param_spec_boolean (
      "thread-safe", NULL, NULL, FALSE,
      G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_map_driver_init (EbpfMapDriver *self)
{
}

void
ebpf_map_driver_describe (EbpfMapDriver *self, const char *nick)
{
  PRIV (self)->nick = g_strdup (nick);
  PRIV (self)->thread_safe = TRUE;
}

void
ebpf_map_driver_bind (EbpfMapDriver *self, GMainContext *context)
{
  EbpfMapDriverPrivate *priv = PRIV (self);

  g_return_if_fail (!priv->bound);

  priv->bound = TRUE;
  if (context != NULL)
    {
      priv->context = g_main_context_ref (context);
      priv->owner = g_thread_ref (g_thread_self ());
    }
}

gboolean
ebpf_map_driver_is_bound (EbpfMapDriver *self)
{
  return PRIV (self)->bound;
}

/**
 * ebpf_map_driver_get_nick: (get-property nick)
 * @self: a map driver
 *
 * Gets the driver's short name.
 *
 * Returns: (transfer none): the name, or that of the driver's class where none was set
 */
const char *
ebpf_map_driver_get_nick (EbpfMapDriver *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);

  return PRIV (self)->nick != NULL ? PRIV (self)->nick : G_OBJECT_TYPE_NAME (self);
}

/**
 * ebpf_map_driver_get_map_types: (get-property map-types)
 * @self: a map driver
 *
 * Gets the numbers of the map types that the driver serves.
 *
 * Returns: (transfer none): the numbers, `au`
 */
GVariant *
ebpf_map_driver_get_map_types (EbpfMapDriver *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);

  return peek_map_types (self);
}

/**
 * ebpf_map_driver_get_thread_safe: (get-property thread-safe)
 * @self: a map driver
 *
 * Says whether the virtual functions may be called from any thread.
 *
 * Returns: whether they may
 */
gboolean
ebpf_map_driver_get_thread_safe (EbpfMapDriver *self)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), FALSE);

  return PRIV (self)->thread_safe;
}

/**
 * ebpf_map_driver_fixup_spec: (virtual fixup_spec)
 * @self: a map driver
 * @spec: a map spec that may be changed: a copy of the application's
 * @error: return location for an error
 *
 * Makes a spec fit for the kernel before a map is created from it: sizes that the type asks for, a
 * number of entries rounded up.
 *
 * Returns: whether the spec can be used
 */
gboolean
ebpf_map_driver_fixup_spec (EbpfMapDriver *self, EbpfMapSpec *spec, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), FALSE);
  g_return_val_if_fail (spec != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return call_boolean (self, VFUNC_FIXUP_SPEC, spec, NULL, error);
}

/**
 * ebpf_map_driver_check_compatible: (virtual check_compatible)
 * @self: a map driver
 * @spec: a map spec, fixed up
 * @map: a live map
 * @error: return location for an error, %EBPF_ERROR_INCOMPATIBLE with every difference
 *
 * Checks whether a map that exists can stand in for a spec.
 *
 * Returns: whether it can
 */
gboolean
ebpf_map_driver_check_compatible (EbpfMapDriver *self,
                                  EbpfMapSpec *spec,
                                  EbpfMap *map,
                                  GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), FALSE);
  g_return_val_if_fail (spec != NULL, FALSE);
  g_return_val_if_fail (map != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return call_boolean (self, VFUNC_CHECK_COMPATIBLE, spec, map, error);
}

/**
 * ebpf_map_driver_explain_create_error: (virtual explain_create_error)
 * @self: a map driver
 * @spec: the spec that a map was to be created from, fixed up
 * @errsv: the errno with which the kernel refused
 *
 * Asks for a hint on why the kernel refused to create a map.
 *
 * Returns: (nullable) (transfer full): a sentence for people, without a full stop; or %NULL
 */
char *
ebpf_map_driver_explain_create_error (EbpfMapDriver *self, EbpfMapSpec *spec, int errsv)
{
  Call call = { .self = self, .vfunc = VFUNC_EXPLAIN_CREATE_ERROR, .spec = spec, .errsv = errsv };

  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (spec != NULL, NULL);

  run_call (&call);

  return call.result;
}

/**
 * ebpf_map_driver_get_value_buffer_size: (virtual get_value_buffer_size)
 * @self: a map driver
 * @map: a map
 *
 * Gets how many bytes the kernel reads or writes for one value of the map.
 *
 * Returns: the size in bytes
 */
gsize
ebpf_map_driver_get_value_buffer_size (EbpfMapDriver *self, EbpfMap *map)
{
  gsize least;
  Call call = { .self = self, .vfunc = VFUNC_GET_VALUE_BUFFER_SIZE, .map = map };

  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), 0);
  g_return_val_if_fail (map != NULL, 0);

  run_call (&call);

  /* A script that raised here gives 0, and the kernel does not ask the driver how much it writes. */
  least = ebpf_map_driver_default_get_value_buffer_size (self, map);
  if (call.number < least)
    {
      g_debug ("map driver \"%s\": a value takes %" G_GSIZE_FORMAT " bytes, not %" G_GUINT64_FORMAT,
               PRIV (self)->nick, least, call.number);
      return least;
    }

  return (gsize) call.number;
}

/**
 * ebpf_map_driver_key_to_variant: (virtual key_to_variant)
 * @self: a map driver
 * @map: a map
 * @key: the bytes of a key
 * @error: return location for an error
 *
 * Decodes a key.
 *
 * Returns: (transfer full): the key, or %NULL with @error set
 */
GVariant *
ebpf_map_driver_key_to_variant (EbpfMapDriver *self, EbpfMap *map, GBytes *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_variant (self, VFUNC_KEY_TO_VARIANT, map, key, error);
}

/**
 * ebpf_map_driver_key_from_variant: (virtual key_from_variant)
 * @self: a map driver
 * @map: a map
 * @key: a key
 * @error: return location for an error
 *
 * Encodes a key.
 *
 * Returns: (transfer full): the bytes as the kernel takes them, or %NULL with @error set
 */
GBytes *
ebpf_map_driver_key_from_variant (EbpfMapDriver *self, EbpfMap *map, GVariant *key, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (key != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_bytes (self, VFUNC_KEY_FROM_VARIANT, map, key, error);
}

/**
 * ebpf_map_driver_value_to_variant: (virtual value_to_variant)
 * @self: a map driver
 * @map: a map
 * @value: a value as the kernel gave it, see [method@MapDriver.get_value_buffer_size]
 * @error: return location for an error
 *
 * Decodes a value.
 *
 * Returns: (transfer full): the value, or %NULL with @error set
 */
GVariant *
ebpf_map_driver_value_to_variant (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_variant (self, VFUNC_VALUE_TO_VARIANT, map, value, error);
}

/**
 * ebpf_map_driver_value_from_variant: (virtual value_from_variant)
 * @self: a map driver
 * @map: a map
 * @value: a value
 * @error: return location for an error
 *
 * Encodes a value.
 *
 * Returns: (transfer full): the bytes as the kernel takes them, or %NULL with @error set
 */
GBytes *
ebpf_map_driver_value_from_variant (EbpfMapDriver *self,
                                    EbpfMap *map,
                                    GVariant *value,
                                    GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_kernel_value (self, VFUNC_VALUE_FROM_VARIANT, map, value, error);
}

/**
 * ebpf_map_driver_pack_value: (virtual pack_value)
 * @self: a map driver
 * @map: a map
 * @value: the plain bytes of a value
 * @error: return location for an error
 *
 * Brings a value's plain bytes into the form that the kernel takes.
 *
 * Returns: (transfer full): the kernel's form, or %NULL with @error set
 */
GBytes *
ebpf_map_driver_pack_value (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_kernel_value (self, VFUNC_PACK_VALUE, map, value, error);
}

/**
 * ebpf_map_driver_unpack_value: (virtual unpack_value)
 * @self: a map driver
 * @map: a map
 * @value: a value as the kernel gave it
 * @error: return location for an error
 *
 * Brings a value out of the kernel's form into its plain bytes.
 *
 * Returns: (transfer full): the plain bytes, or %NULL with @error set
 */
GBytes *
ebpf_map_driver_unpack_value (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_bytes (self, VFUNC_UNPACK_VALUE, map, value, error);
}

/**
 * ebpf_map_driver_value_from_object: (virtual value_from_object)
 * @self: a map driver
 * @map: a map
 * @object: a map or program to be put into @map
 * @error: return location for an error
 *
 * Encodes the value that stands for an object.
 *
 * Returns: (transfer full): the bytes as the kernel takes them, or %NULL with @error set
 */
GBytes *
ebpf_map_driver_value_from_object (EbpfMapDriver *self,
                                   EbpfMap *map,
                                   GObject *object,
                                   GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (G_IS_OBJECT (object), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_kernel_value (self, VFUNC_VALUE_FROM_OBJECT, map, object, error);
}

/**
 * ebpf_map_driver_value_to_object: (virtual value_to_object)
 * @self: a map driver
 * @map: a map
 * @value: a value as the kernel gave it
 * @error: return location for an error
 *
 * Opens the map or program that a value stands for.
 *
 * Returns: (transfer full): the object, or %NULL with @error set
 */
GObject *
ebpf_map_driver_value_to_object (EbpfMapDriver *self, EbpfMap *map, GBytes *value, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_object (self, VFUNC_VALUE_TO_OBJECT, map, value, error);
}

/**
 * ebpf_map_driver_open_reader: (virtual open_reader)
 * @self: a map driver
 * @map: a map
 * @options: (nullable): the plug-in's options, `a{sv}`
 * @error: return location for an error; %EBPF_ERROR_NOT_SUPPORTED where the type has no records
 *
 * Opens a stream of the records in the map.
 *
 * Returns: (transfer full): the reader, or %NULL with @error set
 */
EbpfReader *
ebpf_map_driver_open_reader (EbpfMapDriver *self, EbpfMap *map, GVariant *options, GError **error)
{
  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), NULL);
  g_return_val_if_fail (map != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return call_object (self, VFUNC_OPEN_READER, map, options, error);
}

/**
 * ebpf_map_driver_query_n_possible_values: (virtual query_n_possible_values)
 * @self: a map driver
 * @map: a map
 *
 * Gets how many values the map holds for one key: 1, or for a per-CPU map the number of CPUs that
 * can ever be.
 *
 * Returns: the number
 */
guint
ebpf_map_driver_query_n_possible_values (EbpfMapDriver *self, EbpfMap *map)
{
  Call call = { .self = self, .vfunc = VFUNC_QUERY_N_POSSIBLE_VALUES, .map = map };

  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), 1);
  g_return_val_if_fail (map != NULL, 1);

  run_call (&call);

  /* 0 from a script that raised. */
  return (guint) CLAMP (call.number, 1, ebpf_get_n_possible_cpus ());
}

/**
 * ebpf_map_driver_get_memory_size: (virtual get_memory_size)
 * @self: a map driver
 * @map: a map
 *
 * Gets how many bytes of the map can be mapped into memory, see [method@Map.get_memory].
 *
 * Returns: bytes; 0 where it cannot be mapped
 */
guint64
ebpf_map_driver_get_memory_size (EbpfMapDriver *self, EbpfMap *map)
{
  Call call = { .self = self, .vfunc = VFUNC_GET_MEMORY_SIZE, .map = map };

  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), 0);
  g_return_val_if_fail (map != NULL, 0);

  run_call (&call);

  return call.number;
}

/**
 * ebpf_map_driver_query_tests_values: (virtual query_tests_values)
 * @self: a map driver
 * @map: a map
 *
 * Gets whether a lookup takes no key but a value, and says if that is in the map: see
 * [method@Map.has_value].
 *
 * Returns: whether it does
 */
gboolean
ebpf_map_driver_query_tests_values (EbpfMapDriver *self, EbpfMap *map)
{
  Call call = { .self = self, .vfunc = VFUNC_QUERY_TESTS_VALUES, .map = map };

  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), FALSE);
  g_return_val_if_fail (map != NULL, FALSE);

  run_call (&call);

  return call.ok;
}

/**
 * ebpf_map_driver_query_is_per_cpu: (virtual query_is_per_cpu)
 * @self: a map driver
 * @map: a map
 *
 * Gets whether the map holds a value for each CPU, also where there is one CPU.
 *
 * Returns: whether it does
 */
gboolean
ebpf_map_driver_query_is_per_cpu (EbpfMapDriver *self, EbpfMap *map)
{
  Call call = { .self = self, .vfunc = VFUNC_QUERY_IS_PER_CPU, .map = map };

  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), FALSE);
  g_return_val_if_fail (map != NULL, FALSE);

  run_call (&call);

  return call.ok;
}

/**
 * ebpf_map_driver_query_is_array: (virtual query_is_array)
 * @self: a map driver
 * @map: a map
 *
 * Gets whether all keys of the map have values from the start, and always will: whether it is an
 * array. What nobody has written is zeros there.
 *
 * Returns: whether it is
 */
gboolean
ebpf_map_driver_query_is_array (EbpfMapDriver *self, EbpfMap *map)
{
  Call call = { .self = self, .vfunc = VFUNC_QUERY_IS_ARRAY, .map = map };

  g_return_val_if_fail (EBPF_IS_MAP_DRIVER (self), FALSE);
  g_return_val_if_fail (map != NULL, FALSE);

  run_call (&call);

  return call.ok;
}

/* Whether the driver's class has its own way to open a reader. Lies in the class struct, so that
 * asking needs no call into a script. */
gboolean
ebpf_map_driver_has_reader (EbpfMapDriver *self)
{
  return EBPF_MAP_DRIVER_GET_CLASS (self)->open_reader != ebpf_map_driver_default_open_reader;
}

gboolean
ebpf_map_driver_has_packed_values (EbpfMapDriver *self)
{
  EbpfMapDriverClass *klass = EBPF_MAP_DRIVER_GET_CLASS (self);

  return klass->unpack_value != default_unpack_value ||
         klass->pack_value != ebpf_map_driver_default_pack_value;
}

gboolean
ebpf_map_driver_has_plain_lookups (EbpfMapDriver *self)
{
  EbpfMapDriverClass *klass = EBPF_MAP_DRIVER_GET_CLASS (self);

  return klass->key_from_variant == ebpf_map_driver_default_key_from_variant &&
         klass->value_to_variant == ebpf_map_driver_default_value_to_variant &&
         klass->get_value_buffer_size == ebpf_map_driver_default_get_value_buffer_size;
}
