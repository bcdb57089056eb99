/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loader/ebpf-loader-private.h"

#include "base/ebpf-error-private.h"
#include "object/ebpf-collection-struct-private.h"
#include "object/ebpf-externs-private.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-map-struct-private.h"
#include "object/ebpf-program-loader-private.h"
#include "object/ebpf-program-private.h"
#include "object/ebpf-verifier-log-private.h"
#include "plugin/ebpf-map-driver.h"
#include "plugin/ebpf-plugin-registry.h"
#include "sys/ebpf-sys-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define KCONFIG_SECTION ".kconfig"
#define HASH_SIZE 32

/* A verifier that a signal interrupts gives up with EAGAIN. */
#define MAX_AGAIN 16

/* struct bpf_map_info of Linux 6.18: its size, and where the address and size of the hash are. */
#define MAP_INFO_SIZE 104
#define MAP_INFO_HASH 88
#define MAP_INFO_HASH_SIZE 96

typedef struct
{
  EbpfLoader *loader; /* of the caller, as what follows */
  EbpfLoadOptions *options;
  guint8 *context;
  gsize context_size;
  GPtrArray *values; /* of GBytes: what the context points to */
  int map_fd;
  int program_fd;
} Run;

static void
run_close (Run *self)
{
  ebpf_sys_clear_fd (&self->program_fd);
  ebpf_sys_clear_fd (&self->map_fd);
}

static void
run_clear (Run *self)
{
  run_close (self);
  g_free (self->context);
  g_clear_pointer (&self->values, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* --- the context */

/* What this machine wants where the map does not say (an entry for each CPU …), and what was
 * changed since. */
static gboolean
get_max_entries (EbpfMapSpec *map, guint32 *max_entries, GError **error)
{
  g_autoptr (EbpfMapSpec) fixed = ebpf_map_spec_copy (map);
  g_autoptr (EbpfMapDriver) driver = ebpf_plugin_registry_find_driver (
      ebpf_plugin_registry_get_default (), ebpf_map_spec_get_map_type (map), error);

  if (driver == NULL || !ebpf_map_driver_fixup_spec (driver, fixed, error))
    {
      g_prefix_error (error, "map \"%s\": ", ebpf_map_spec_get_name (map));
      return FALSE;
    }

  *max_entries = ebpf_map_spec_get_max_entries (fixed);
  return TRUE;
}

static GBytes *
get_value (Run *self, EbpfMapSpec *map, GError **error)
{
  EbpfCollectionSpec *spec = self->loader->spec;

  if (strcmp (ebpf_map_spec_get_name (map), KCONFIG_SECTION) == 0 &&
      ebpf_collection_spec_peek_kconfig_externs (spec)->len > 0)
    {
      g_autoptr (EbpfExterns) externs = ebpf_externs_new (spec, NULL);

      ebpf_externs_set_kconfig_text (externs, ebpf_load_options_get_kconfig (self->options));
      return ebpf_externs_kconfig_bytes (externs, error);
    }

  return ebpf_collection_spec_merge_data (spec, map, error);
}

static gboolean
make_context (Run *self, GError **error)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->loader->spec);

  self->context_size = ebpf_loader_get_context_size (self->loader);
  self->context = g_malloc0 (self->context_size);

  for (guint i = 0; i < maps->len; i++)
    {
      EbpfMapSpec *map = g_ptr_array_index (maps, i);
      const EbpfLoaderRange *made = &g_array_index (self->loader->values, EbpfLoaderRange, i);
      EbpfLoaderMap one = { 0 };
      g_autoptr (GBytes) value = NULL;

      if (!get_max_entries (map, &one.max_entries, error))
        return FALSE;
      if (ebpf_map_spec_is_data_section (map))
        {
          value = get_value (self, map, error);
          if (value == NULL)
            return FALSE;
          if (g_bytes_get_size (value) != made->size)
            {
              ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                              "section \"%s\" has %" G_GSIZE_FORMAT
                              " bytes, and was made to have %u",
                              ebpf_map_spec_get_name (map), g_bytes_get_size (value), made->size);
              return FALSE;
            }
          one.initial_value = EBPF_PTR_TO_U64 (g_bytes_get_data (value, NULL));
          g_ptr_array_add (self->values, g_steal_pointer (&value));
        }

      memcpy (self->context + ebpf_loader_map_offset (i), &one, sizeof one);
    }

  return TRUE;
}

static void
reset_context (Run *self, guint32 log_level, char *log, guint32 log_size)
{
  GPtrArray *maps = ebpf_collection_spec_peek_maps (self->loader->spec);
  EbpfLoaderContext head = { .size = (guint32) self->context_size };

  head.log_level = log_level;
  head.log_size = log_size;
  head.log_buf = EBPF_PTR_TO_U64 (log);
  memcpy (self->context, &head, sizeof head);

  for (guint i = 0; i < maps->len; i++)
    memset (self->context + ebpf_loader_map_offset (i) + G_STRUCT_OFFSET (EbpfLoaderMap, fd), 0,
            sizeof (gint32));
}

static gint32
get_fd (Run *self, guint32 offset)
{
  gint32 fd;

  memcpy (&fd, self->context + offset, sizeof fd);
  return fd;
}

/* --- map and program of the loader itself */

/* Whether the data are to be what they are when the kernel, or the program, looks at them. */
static gboolean
is_sealed (Run *self)
{
  return self->loader->hashed || self->loader->signature != NULL;
}

/* Only a program with this hash can use the map: nobody else writes to it before it is checked. */
static int
create_map (Run *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  EbpfSysMapCreate attr = { 0 };
  guint8 hash[HASH_SIZE];
  gsize size = sizeof hash;

  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = sizeof (guint32);
  attr.value_size = (guint32) g_bytes_get_size (self->loader->data);
  attr.max_entries = 1;
  ebpf_sys_copy_name (attr.map_name, "loader.data");

  if (is_sealed (self))
    {
      g_checksum_update (checksum, g_bytes_get_data (self->loader->insns, NULL),
                         (gssize) g_bytes_get_size (self->loader->insns));
      g_checksum_get_digest (checksum, hash, &size);
      attr.excl_prog_hash = EBPF_PTR_TO_U64 (hash);
      attr.excl_prog_hash_size = sizeof hash;
    }

  return ebpf_sys_bpf (EBPF_SYS_MAP_CREATE, &attr, sizeof attr);
}

/* The kernel keeps the hash of a frozen map where programs can read it when it is asked for it. */
static gboolean
hash_map (Run *self, GError **error)
{
  EbpfSysMapElem freeze = { .map_fd = (guint32) self->map_fd };
  guint8 hash[HASH_SIZE];
  guint64 address = EBPF_PTR_TO_U64 (hash);
  guint32 size = sizeof hash;
  EbpfSysInfo attr = { 0 };
  guint8 info[MAP_INFO_SIZE] = { 0 };

  if (ebpf_sys_bpf (EBPF_SYS_MAP_FREEZE, &freeze, sizeof freeze) < 0)
    {
      ebpf_sys_set_error (error, errno, "freezing the data of the loader program");
      return FALSE;
    }

  memcpy (info + MAP_INFO_HASH, &address, sizeof address);
  memcpy (info + MAP_INFO_HASH_SIZE, &size, sizeof size);
  attr.bpf_fd = (guint32) self->map_fd;
  attr.info_len = sizeof info;
  attr.info = EBPF_PTR_TO_U64 (info);
  if (ebpf_sys_bpf (EBPF_SYS_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) < 0)
    {
      ebpf_sys_set_error (error, errno, "taking the hash of the loader program's data");
      return FALSE;
    }

  return TRUE;
}

static gboolean
make_map (Run *self, GError **error)
{
  EbpfSysMapElem attr = { 0 };
  const guint32 key = 0;

  self->map_fd = create_map (self);
  if (self->map_fd < 0)
    {
      int errsv = errno;

      if (is_sealed (self) && (errsv == E2BIG || errsv == EINVAL))
        ebpf_sys_set_error_with_hint (error, EBPF_ERROR_NOT_SUPPORTED, errsv,
                                      "hashes of data and signatures of programs came with Linux "
                                      "6.18",
                                      "creating the map of the loader program");
      else
        ebpf_sys_set_error (error, errsv, "creating the map of the loader program");
      return FALSE;
    }

  attr.map_fd = (guint32) self->map_fd;
  attr.key = EBPF_PTR_TO_U64 (&key);
  attr.value = EBPF_PTR_TO_U64 (g_bytes_get_data (self->loader->data, NULL));
  if (ebpf_sys_bpf (EBPF_SYS_MAP_UPDATE_ELEM, &attr, sizeof attr) < 0)
    {
      ebpf_sys_set_error (error, errno, "filling the map of the loader program");
      return FALSE;
    }

  return !is_sealed (self) || hash_map (self, error);
}

static int
try_program (Run *self, char *log, guint32 log_size)
{
  EbpfSysProgLoad attr = { 0 };
  int fd_array[1] = { self->map_fd };

  attr.prog_type = BPF_PROG_TYPE_SYSCALL;
  attr.insns = EBPF_PTR_TO_U64 (g_bytes_get_data (self->loader->insns, NULL));
  attr.insn_cnt = (guint32) (g_bytes_get_size (self->loader->insns) / sizeof (EbpfInsn));
  attr.license = EBPF_PTR_TO_U64 ("Dual BSD/GPL");
  attr.prog_flags = EBPF_PROGRAM_FLAGS_SLEEPABLE;
  attr.fd_array = EBPF_PTR_TO_U64 (fd_array);
  ebpf_sys_copy_name (attr.prog_name, "loader");
  if (log != NULL)
    {
      attr.log_level = 1;
      attr.log_size = log_size;
      attr.log_buf = EBPF_PTR_TO_U64 (log);
      log[0] = '\0';
    }
  if (self->loader->signature != NULL)
    {
      gsize size;

      attr.signature = EBPF_PTR_TO_U64 (g_bytes_get_data (self->loader->signature, &size));
      attr.signature_size = (guint32) size;
      attr.keyring_id = self->loader->keyring_id;
      /* Bound by where they are in it: what is signed names no descriptors (Linux 7.3 insists). */
      attr.fd_array_cnt = G_N_ELEMENTS (fd_array);
    }

  return ebpf_sys_bpf (EBPF_SYS_PROG_LOAD, &attr, sizeof attr);
}

static gboolean
make_program (Run *self, GError **error)
{
  g_autofree char *buffer = NULL;
  g_autofree char *log = NULL;
  g_autofree char *reason = NULL;
  guint32 version = ebpf_sys_get_kernel_version_code ();
  const char *hint = NULL;
  GError *local_error = NULL;
  EbpfError code;
  int errsv, fd;

  self->program_fd = try_program (self, NULL, 0);
  if (self->program_fd >= 0)
    return TRUE;

  errsv = errno;
  code = ebpf_sys_error_code (errsv);
  if (!ebpf_load_options_get_log_disabled (self->options))
    {
      buffer = g_malloc (EBPF_VERIFIER_LOG_START);
      fd = try_program (self, buffer, EBPF_VERIFIER_LOG_START);
      ebpf_sys_clear_fd (&fd);
      log = ebpf_verifier_log_extract (buffer, EBPF_VERIFIER_LOG_START);
      reason = log != NULL ? ebpf_verifier_log_get_reason (log) : NULL;
    }

  if (version < EBPF_SYS_KERNEL_VERSION (5, 14, 0) && errsv != EPERM)
    {
      code = EBPF_ERROR_NOT_SUPPORTED;
      hint = "programs that load others came with Linux 5.14";
    }
  else if (self->loader->signature != NULL && errsv == EOPNOTSUPP)
    {
      hint = "this kernel checks no signatures; it needs CONFIG_SYSTEM_DATA_VERIFICATION";
    }
  else if (self->loader->signature != NULL && errsv != EPERM && errsv != EACCES)
    {
      code = EBPF_ERROR_PERMISSION;
      hint = "its signature is perhaps not one of what this kernel checks, or the key is not in "
             "the keyring";
    }
  else if (reason != NULL)
    {
      code = EBPF_ERROR_VERIFIER;
      hint = reason;
    }

  ebpf_sys_set_error_with_hint (&local_error, code, errsv, hint, "loading the loader program");
  ebpf_error_set_log (local_error, log);
  g_propagate_error (error, local_error);
  return FALSE;
}

/* --- running it */

/* A descriptor of 0 means none to the kernel here and there, and to the loader. */
static void
occupy_standard_fds (int placeholders[3])
{
  for (int i = 0; i < 3; i++)
    {
      placeholders[i] = -1;
      if (fcntl (i, F_GETFD) < 0)
        {
          int fd = open ("/dev/null", O_RDWR | O_CLOEXEC);

          /* The lowest there is; another thread's are left alone. */
          if (fd > 2)
            close (fd);
          else
            placeholders[i] = fd;
        }
    }
}

static void
release_standard_fds (int placeholders[3])
{
  for (int i = 0; i < 3; i++)
    ebpf_sys_clear_fd (&placeholders[i]);
}

/* @result: 0, or the negative errno of what failed. FALSE where it could not be run at all. */
static gboolean
run_once (Run *self, guint32 log_level, char *log, guint32 log_size, int *result, GError **error)
{
  EbpfSysTestRun attr = { 0 };
  int ret;

  run_close (self);
  reset_context (self, log_level, log, log_size);
  if (!make_map (self, error) || !make_program (self, error))
    return FALSE;

  attr.prog_fd = (guint32) self->program_fd;
  attr.ctx_size_in = (guint32) self->context_size;
  attr.ctx_in = EBPF_PTR_TO_U64 (self->context);
  ret = ebpf_sys_bpf (EBPF_SYS_PROG_TEST_RUN, &attr, sizeof attr);
  if (ret < 0)
    {
      ebpf_sys_set_error (error, errno, "running the loader program");
      return FALSE;
    }

  *result = (int) attr.retval;
  return TRUE;
}

/* The step that it did not get beyond. */
static const EbpfLoaderStep *
find_failed_step (Run *self)
{
  g_autofree guint8 *data = g_malloc (g_bytes_get_size (self->loader->data));
  EbpfSysMapElem attr = { .map_fd = (guint32) self->map_fd };
  const guint32 key = 0;
  guint32 number;

  attr.key = EBPF_PTR_TO_U64 (&key);
  attr.value = EBPF_PTR_TO_U64 (data);
  if (ebpf_sys_bpf (EBPF_SYS_MAP_LOOKUP_ELEM, &attr, sizeof attr) < 0)
    return NULL;

  memcpy (&number, data + EBPF_LOADER_STEP_OFFSET, sizeof number);
  return number > 0 && number <= self->loader->steps->len
             ? g_ptr_array_index (self->loader->steps, number - 1)
             : NULL;
}

static void
explain (Run *self, int errsv, const EbpfLoaderStep *step, const char *log, GError **error)
{
  static const char *const doing[EBPF_LOADER_N_STEP_KINDS] = {
    [EBPF_LOADER_STEP_BTF] = "loading type information%s",
    [EBPF_LOADER_STEP_MAP] = "creating map \"%s\"",
    [EBPF_LOADER_STEP_FILL] = "filling map \"%s\"",
    [EBPF_LOADER_STEP_FREEZE] = "freezing map \"%s\"",
    [EBPF_LOADER_STEP_ADDRESS] = "looking for the address of the kernel's %s",
    [EBPF_LOADER_STEP_TYPE] = "looking for the kernel's %s",
    [EBPF_LOADER_STEP_PROGRAM] = "loading program \"%s\"",
  };
  EbpfProgramSpec *program;
  GString *what;
  GError *local_error = NULL;

  if (step == NULL)
    {
      if (self->loader->hashed && errsv == EBADMSG)
        ebpf_sys_set_error_with_hint (error, EBPF_ERROR_INCOMPATIBLE, errsv,
                                      "its data are not those that it was made with",
                                      "running the loader program");
      else
        ebpf_sys_set_error (error, errsv, "running the loader program");
      return;
    }

  program = step->kind == EBPF_LOADER_STEP_PROGRAM
                ? ebpf_collection_spec_get_program (self->loader->spec, step->name)
                : NULL;
  if (program != NULL)
    {
      ebpf_program_explain_rejection (program, errsv, log, NULL, &local_error);
      ebpf_error_propagate_prefixed (error, local_error, "program \"%s\": ", step->name);
      return;
    }

  what = g_string_new (doing[step->kind]);
  g_string_replace (what, "%s", step->name, 1);
  ebpf_sys_set_error (&local_error, errsv, "%s", what->str);
  ebpf_error_set_log (local_error, log);
  g_propagate_error (error, local_error);
  g_string_free (what, TRUE);
}

static gboolean
has_log (const EbpfLoaderStep *step)
{
  return step != NULL &&
         (step->kind == EBPF_LOADER_STEP_PROGRAM || step->kind == EBPF_LOADER_STEP_BTF);
}

/* Again for the log, which is the verifier's about what it refused first: it begins anew with each
 * program. */
static char *
fetch_log (Run *self)
{
  guint32 size = ebpf_load_options_get_log_size (self->options);
  guint level = MAX (ebpf_load_options_get_log_level (self->options), 1);

  if (ebpf_load_options_get_log_disabled (self->options))
    return NULL;

  size = MAX (size, EBPF_VERIFIER_LOG_START);
  for (guint i = 0; i < EBPF_VERIFIER_LOG_ATTEMPTS; i++)
    {
      g_autofree char *buffer = g_try_malloc0 (size);
      int result;

      if (buffer == NULL || !run_once (self, level, buffer, size, &result, NULL))
        return NULL;
      /* Something else is in the way now, or nothing. */
      if (result >= 0)
        return NULL;
      if (result != -ENOSPC)
        return ebpf_verifier_log_extract (buffer, size);

      size = ebpf_verifier_log_next_size (size, 0, ENOSPC);
      if (size == 0)
        return NULL;
    }

  return NULL;
}

static void
close_results (Run *self)
{
  EbpfCollectionSpec *spec = self->loader->spec;

  for (guint i = 0; i < ebpf_collection_spec_peek_maps (spec)->len; i++)
    {
      int fd = get_fd (self, ebpf_loader_map_offset (i));

      if (fd > 0)
        close (fd);
    }
  for (guint i = 0; i < ebpf_collection_spec_peek_programs (spec)->len; i++)
    {
      int fd = get_fd (self, ebpf_loader_program_offset (self->loader, i));

      if (fd > 0)
        close (fd);
    }
}

static gboolean
run (Run *self, GError **error)
{
  const EbpfLoaderStep *step;
  g_autofree char *log = NULL;
  int result = 0;

  for (guint i = 0; i < MAX_AGAIN; i++)
    {
      if (!run_once (self, 0, NULL, 0, &result, error))
        return FALSE;
      if (result != -EAGAIN)
        break;
    }

  if (result == 0)
    return TRUE;

  step = find_failed_step (self);
  if (has_log (step) && result != -EAGAIN)
    {
      log = fetch_log (self);
      /* A second run that went through after all is not what was reported. */
      close_results (self);
    }
  explain (self, result < 0 ? -result : EINVAL, step, log, error);
  return FALSE;
}

/* --- what it made */

static gint32
take_fd (Run *self, guint32 offset)
{
  const gint32 none = 0;
  gint32 fd = get_fd (self, offset);

  memcpy (self->context + offset, &none, sizeof none);
  return fd;
}

static gboolean
wrap_results (Run *self, GHashTable *maps, GHashTable *programs, GError **error)
{
  GPtrArray *map_specs = ebpf_collection_spec_peek_maps (self->loader->spec);
  GPtrArray *program_specs = ebpf_collection_spec_peek_programs (self->loader->spec);

  for (guint i = 0; i < map_specs->len; i++)
    {
      EbpfMapSpec *spec = g_ptr_array_index (map_specs, i);
      EbpfMap *map =
          ebpf_map_wrap_fd (take_fd (self, ebpf_loader_map_offset (i)), NULL, FALSE, error);

      if (map == NULL)
        return FALSE;
      ebpf_map_adopt_spec (map, spec);
      g_hash_table_insert (maps, g_strdup (ebpf_map_spec_get_name (spec)), map);
    }

  for (guint i = 0; i < program_specs->len; i++)
    {
      EbpfProgramSpec *spec = g_ptr_array_index (program_specs, i);
      int fd = take_fd (self, ebpf_loader_program_offset (self->loader, i));

      g_hash_table_insert (programs, g_strdup (ebpf_program_spec_get_name (spec)),
                           ebpf_program_new_loaded (fd, spec, NULL));
    }

  return TRUE;
}

static EbpfCollection *
load (Run *self, GError **error)
{
  g_autoptr (GHashTable) maps = ebpf_collection_new_table ();
  g_autoptr (GHashTable) programs = ebpf_collection_new_table ();
  int placeholders[3];
  gboolean done;

  if (!make_context (self, error))
    return NULL;

  occupy_standard_fds (placeholders);
  done = run (self, error);
  release_standard_fds (placeholders);
  if (!done)
    return NULL;

  if (!wrap_results (self, maps, programs, error))
    {
      close_results (self);
      return NULL;
    }

  return ebpf_collection_new_loaded (self->loader->spec, maps, programs);
}

/**
 * ebpf_loader_load:
 * @self: a loader
 * @options: (nullable): how to load it; the log and the kernel's configuration are looked at
 * @cancellable: (nullable): to give up before it is run
 * @error: return location for an error
 *
 * Runs the program, and so loads what it makes. It can be called any number of times.
 *
 * The kernel's configuration (`extern … __kconfig`) and numbers of entries that depend on the
 * machine are worked out here and given to the program; all else it does itself. It needs what
 * [method@Collection.load] needs, and CAP_PERFMON.
 *
 * Returns: (transfer full): what was loaded, or %NULL with @error set; then nothing was left
 * behind, and the error says what the kernel did not take
 */
EbpfCollection *
ebpf_loader_load (EbpfLoader *self,
                  EbpfLoadOptions *options,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (EbpfLoadOptions) own_options = NULL;
  g_auto (Run) run = { .map_fd = -1, .program_fd = -1 };
  const char *source;
  EbpfCollection *collection;
  GError *local_error = NULL;

  g_return_val_if_fail (EBPF_IS_LOADER (self), NULL);
  g_return_val_if_fail (options == NULL || EBPF_IS_LOAD_OPTIONS (options), NULL);
  g_return_val_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  own_options = options != NULL ? g_object_ref (options) : ebpf_load_options_new ();
  run.loader = self;
  run.options = own_options;
  run.values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  collection = load (&run, &local_error);
  if (collection != NULL)
    return collection;

  source = ebpf_collection_spec_get_source (self->spec);
  if (source != NULL && local_error->domain == EBPF_ERROR)
    ebpf_error_propagate_prefixed (error, local_error, "%s: ", source);
  else
    g_propagate_error (error, local_error);
  return NULL;
}
