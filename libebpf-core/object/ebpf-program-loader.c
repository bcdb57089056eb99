/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object/ebpf-program-loader-private.h"

#include <errno.h>
#include <string.h>

#include "object/ebpf-attach-target-private.h"
#include "object/ebpf-jump-table-private.h"
#include "object/ebpf-load-options-private.h"
#include "object/ebpf-map-private.h"
#include "object/ebpf-verifier-log-private.h"
#include "sys/ebpf-sys-private.h"

/* The records go to the kernel as they are. */
G_STATIC_ASSERT (sizeof (EbpfFuncInfo) == 8);
G_STATIC_ASSERT (sizeof (EbpfLineInfo) == 16);

/* What old objects put for "the running kernel" (libbpf's and iproute2's KERNEL_VERSION magic). */
#define KERNEL_VERSION_ANY 0xfffffffeu

/* What was given for it, or NULL for the running kernel: that is opened when it is needed. */
void
ebpf_load_context_init (EbpfLoadContext *self,
                        EbpfCollectionSpec *spec,
                        EbpfLoadOptions *options,
                        EbpfLoadFindMap find_map,
                        gpointer find_map_data)
{
  memset (self, 0, sizeof *self);
  self->spec = spec;
  self->options = options;
  self->find_map = find_map;
  self->find_map_data = find_map_data;
  self->btf_fd = -1;
}

void
ebpf_load_context_clear (EbpfLoadContext *self)
{
  ebpf_sys_clear_fd (&self->btf_fd);
  g_clear_error (&self->btf_error);
  g_clear_pointer (&self->core_cache, ebpf_core_cache_free);
  g_clear_pointer (&self->externs, ebpf_externs_free);
}

int
ebpf_load_context_peek_btf_fd (EbpfLoadContext *self)
{
  EbpfBtf *btf = ebpf_collection_spec_get_btf (self->spec);

  if (!self->btf_tried)
    {
      self->btf_tried = TRUE;
      if (btf != NULL && ebpf_sys_has_feature (EBPF_FEATURE_BTF))
        self->btf_fd = ebpf_btf_load_into_kernel (btf, &self->btf_error);
      if (self->btf_error != NULL)
        g_debug ("loading without type information: %s", self->btf_error->message);
    }

  return self->btf_fd;
}

EbpfExterns *
ebpf_load_context_peek_externs (EbpfLoadContext *self)
{
  if (self->externs == NULL)
    {
      self->externs = ebpf_externs_new (self->spec, NULL);
      ebpf_externs_set_kconfig_text (self->externs, ebpf_load_options_get_kconfig (self->options));
    }

  return self->externs;
}

/* A program that was put together by hand may bring type information of its own. */
static EbpfCoreCache *
peek_core_cache (EbpfLoadContext *self)
{
  EbpfBtf *given = ebpf_load_options_get_kernel_btf (self->options);
  GPtrArray *more = ebpf_load_options_peek_relocation_targets (self->options);
  g_autoptr (GPtrArray) targets = NULL;

  if (self->core_cache == NULL)
    {
      /* Nothing given is the running kernel, opened once something is looked for in it. */
      if (given != NULL)
        {
          targets = g_ptr_array_new_with_free_func (g_object_unref);
          g_ptr_array_add (targets, g_object_ref (given));
        }
      self->core_cache = ebpf_core_cache_new (ebpf_collection_spec_get_btf (self->spec), targets);
      for (guint i = 0; i < more->len; i++)
        ebpf_core_cache_add_target (self->core_cache, g_ptr_array_index (more, i));
    }

  return self->core_cache;
}

/* The instructions of one program on their way into the kernel. */
typedef struct
{
  EbpfProgramSpec *spec;
  EbpfLoadContext *context;
  const EbpfCode *code;
  EbpfInsn *insns;
  guint n_insns;
  GArray *fd_array;  /* of int */
  GPtrArray *tables; /* of EbpfMap, or NULL; as many as the code has jump tables */
} Load;

static void
load_clear (Load *self)
{
  g_clear_pointer (&self->insns, g_free);
  g_clear_pointer (&self->fd_array, g_array_unref);
  g_clear_pointer (&self->tables, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Load, load_clear)

static gboolean
check_spec (EbpfProgramSpec *spec, GError **error)
{
  static const char *const orders[] = { "little-endian", "big-endian" };
  const EbpfByteOrder host =
      G_BYTE_ORDER == G_LITTLE_ENDIAN ? EBPF_BYTE_ORDER_LITTLE_ENDIAN : EBPF_BYTE_ORDER_BIG_ENDIAN;
  EbpfByteOrder byte_order = ebpf_program_spec_get_byte_order (spec);

  if (ebpf_program_spec_get_program_type (spec) == EBPF_PROGRAM_TYPE_UNSPEC)
    {
      ebpf_error_set (
          error, EBPF_ERROR_INVALID_ARGUMENT, 0,
          "its section \"%s\" does not say what type of program it is; set "
          "EbpfProgramSpec:program-type",
          ebpf_program_spec_get_section (spec) != NULL ? ebpf_program_spec_get_section (spec) : "");
      return FALSE;
    }

  if (ebpf_program_spec_get_n_instructions (spec) == 0)
    {
      ebpf_error_set (error, EBPF_ERROR_INVALID_ARGUMENT, 0, "it has no instructions");
      return FALSE;
    }

  if (byte_order != host)
    {
      ebpf_error_set (error, EBPF_ERROR_BYTE_ORDER, 0,
                      "it was compiled for %s machines and this one is %s; build the object with "
                      "--target=%s",
                      orders[byte_order == EBPF_BYTE_ORDER_BIG_ENDIAN], orders[host],
                      host == EBPF_BYTE_ORDER_BIG_ENDIAN ? "bpfeb" : "bpfel");
      return FALSE;
    }

  return TRUE;
}

static gboolean
relocate_core (Load *self, GError **error)
{
  const GArray *relos = self->code->core_relos;
  EbpfBtf *btf = ebpf_program_spec_get_btf (self->spec);

  if (relos->len == 0)
    return TRUE;

  if (btf == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_BTF, 0, "it has CO-RE relocations but no type information");
      return FALSE;
    }

  return ebpf_core_relocate (peek_core_cache (self->context), self->insns, self->n_insns,
                             (const EbpfCoreRelo *) relos->data, relos->len, error);
}

static gboolean
relocate_externs (Load *self, GError **error)
{
  for (guint i = 0; i < self->code->relocs->len; i++)
    {
      EbpfRelocKind kind = g_array_index (self->code->relocs, EbpfReloc, i).kind;

      if (kind == EBPF_RELOC_KSYM || kind == EBPF_RELOC_KFUNC)
        return ebpf_externs_apply (ebpf_load_context_peek_externs (self->context), self->spec,
                                   self->insns, self->fd_array, error);
    }

  return TRUE;
}

static gboolean
relocate_map (Load *self, guint index, const EbpfReloc *reloc, GError **error)
{
  EbpfInsn *insn = &self->insns[reloc->insn];
  gboolean left_out = FALSE;
  EbpfMap *map;

  if (reloc->insn + 1 >= self->n_insns || !ebpf_insn_is_ldimm64 (insn))
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "instruction %u refers to map \"%s\" but is no 64-bit load", reloc->insn,
                      reloc->symbol);
      return FALSE;
    }

  map = self->context->find_map (reloc->symbol, &left_out, self->context->find_map_data);
  if (map == NULL && left_out)
    {
      /* Fine as long as the verifier finds that it is never reached. */
      for (guint i = 0; i < 2; i++)
        {
          memset (&insn[i], 0, sizeof insn[i]);
          insn[i].code = EBPF_OP_CALL;
          insn[i].imm = (gint32) (EBPF_MAP_POISON + MIN (index, EBPF_MAP_POISON_MAX));
        }
      return TRUE;
    }
  if (map == NULL)
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "instruction %u refers to map \"%s\", which is not there; load the whole "
                      "collection, or give the map by ebpf_load_options_replace_map ()",
                      reloc->insn, reloc->symbol);
      return FALSE;
    }
  if (!ebpf_map_is_open (map))
    {
      ebpf_error_set (error, EBPF_ERROR_CLOSED, 0,
                      "instruction %u refers to map \"%s\", which was closed", reloc->insn,
                      reloc->symbol);
      return FALSE;
    }
  if (reloc->addend < 0 || reloc->addend > G_MAXUINT32 - ebpf_map_peek_data_offset (map) ||
      (reloc->kind == EBPF_RELOC_MAP && reloc->addend != 0))
    {
      ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                      "instruction %u refers to byte %" G_GINT64_FORMAT
                      " of map \"%s\", which cannot be",
                      reloc->insn, reloc->addend, reloc->symbol);
      return FALSE;
    }

  insn[0].src = reloc->kind == EBPF_RELOC_MAP ? EBPF_PSEUDO_MAP_FD : EBPF_PSEUDO_MAP_VALUE;
  insn[0].imm = ebpf_map_peek_fd (map);
  insn[1].imm = (gint32) (guint32) reloc->addend;
  if (reloc->kind == EBPF_RELOC_MAP_VALUE)
    insn[1].imm += (gint32) ebpf_map_peek_data_offset (map);
  return TRUE;
}

/* What is weak is 0 where it is not there, and a call of it cannot be reached. */
static gboolean
relocate_undefined (Load *self, const EbpfReloc *reloc, GError **error)
{
  EbpfInsn *insn = &self->insns[reloc->insn];

  if (!reloc->weak)
    {
      ebpf_error_set (
          error, EBPF_ERROR_RELOCATION, 0,
          "instruction %u refers to \"%s\", which nothing defines; %s", reloc->insn, reloc->symbol,
          ebpf_insn_is_ldimm64 (insn)
              ? "declare it __ksym if it is the kernel's, or give it a value by "
                "ebpf_program_spec_set_constant ()"
              : "link it with the object that has it, declare it __ksym if it is the kernel's, "
                "or give it a body by ebpf_program_spec_define_function ()");
      return FALSE;
    }

  if (insn->code == EBPF_OP_CALL)
    {
      insn->src = 0;
      insn->imm = EBPF_EXTERNS_POISON_CALL;
    }

  return TRUE;
}

static gboolean
relocate_maps (Load *self, GError **error)
{
  for (guint i = 0; i < self->code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (self->code->relocs, EbpfReloc, i);

      if (reloc->insn >= self->n_insns)
        {
          ebpf_error_set (error, EBPF_ERROR_RELOCATION, 0,
                          "symbol \"%s\" is wanted at instruction %u of %u", reloc->symbol,
                          reloc->insn, self->n_insns);
          return FALSE;
        }

      switch (reloc->kind)
        {
        case EBPF_RELOC_MAP:
        case EBPF_RELOC_MAP_VALUE:
          if (!relocate_map (self, i, reloc, error))
            return FALSE;
          break;
        case EBPF_RELOC_OTHER:
          if (!relocate_undefined (self, reloc, error))
            return FALSE;
          break;
        case EBPF_RELOC_KSYM:
        case EBPF_RELOC_KFUNC:
        case EBPF_RELOC_JUMP_TABLE:
        default:
          break;
        }
    }

  return TRUE;
}

static void
unref_table (gpointer data)
{
  g_clear_object (&data);
}

/* The kernel ties such a map to the program that it is loaded with: each load makes its own, and no
 * longer has to have them open once it is done. */
static gboolean
make_jump_tables (Load *self, GError **error)
{
  const GArray *tables = self->code->jump_tables;

  if (tables->len == 0)
    return TRUE;

  self->tables = g_ptr_array_new_with_free_func (unref_table);
  g_ptr_array_set_size (self->tables, (gint) tables->len);

  for (guint i = 0; i < self->code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (self->code->relocs, EbpfReloc, i);
      EbpfInsn *insn = &self->insns[reloc->insn];
      gpointer *map;

      if (reloc->kind != EBPF_RELOC_JUMP_TABLE)
        continue;

      map = &g_ptr_array_index (self->tables, reloc->addend);
      if (*map == NULL)
        *map = ebpf_jump_table_create (&g_array_index (tables, EbpfJumpTable, reloc->addend),
                                       reloc->symbol, error);
      if (*map == NULL)
        return FALSE;

      insn[0].src = EBPF_PSEUDO_MAP_VALUE;
      insn[0].imm = ebpf_map_peek_fd (*map);
      insn[1].imm = 0;
    }

  return TRUE;
}

/* Before Linux 5.5 there was one helper for reading both memories. */
static void
downgrade_probe_read (Load *self)
{
  static const struct
  {
    gint32 from, to;
  } helpers[] = {
    { BPF_FUNC_probe_read_user, BPF_FUNC_probe_read },
    { BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read },
    { BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_str },
    { BPF_FUNC_probe_read_kernel_str, BPF_FUNC_probe_read_str },
  };

  for (guint i = 0; i < self->n_insns; i++)
    {
      EbpfInsn *insn = &self->insns[i];

      if (ebpf_insn_is_ldimm64 (insn))
        {
          i++;
          continue;
        }
      if (insn->code != EBPF_OP_CALL || insn->src != 0)
        continue;

      for (gsize j = 0; j < G_N_ELEMENTS (helpers); j++)
        if (insn->imm == helpers[j].from)
          {
            if (ebpf_sys_has_feature (EBPF_FEATURE_PROBE_READ_KERNEL))
              return;
            insn->imm = helpers[j].to;
            break;
          }
    }
}

/* The kernel wants a record for each function, at its very start. */
gboolean
ebpf_program_can_send_func_infos (const EbpfCode *code)
{
  const GArray *infos = code->func_infos;
  guint32 previous = 0;

  if (infos->len == 0 || g_array_index (infos, EbpfFuncInfo, 0).insn != 0)
    return FALSE;

  for (guint i = 0; i < infos->len; i++)
    {
      const EbpfFuncInfo *info = &g_array_index (infos, EbpfFuncInfo, i);

      if (info->insn >= code->insns->len || (i > 0 && info->insn <= previous))
        return FALSE;
      previous = info->insn;
    }

  return TRUE;
}

/* It wants them in order, none inside of an instruction, and one at the start of each function. */
gboolean
ebpf_program_can_send_line_infos (const EbpfCode *code)
{
  const GArray *lines = code->line_infos;
  const GArray *funcs = code->func_infos;
  guint next_func = 0;
  guint32 previous = 0;

  if (lines->len == 0)
    return FALSE;

  for (guint i = 0; i < lines->len; i++)
    {
      const EbpfLineInfo *line = &g_array_index (lines, EbpfLineInfo, i);

      if (line->insn >= code->insns->len || (i > 0 && line->insn <= previous) ||
          g_array_index (code->insns, EbpfInsn, line->insn).code == 0)
        return FALSE;
      previous = line->insn;

      if (next_func < funcs->len)
        {
          guint32 start = g_array_index (funcs, EbpfFuncInfo, next_func).insn;

          if (line->insn > start)
            return FALSE;
          if (line->insn == start)
            next_func++;
        }
    }

  return next_func == funcs->len;
}

/* One load with a log of @size bytes, or none. The fd, or -1 with errno. @true_size: what the
 * kernel says the log needs. */
static int
try_load (EbpfSysProgLoad *attr, guint level, char *buffer, guint32 size, guint32 *true_size)
{
  int fd;

  attr->log_level = level;
  attr->log_size = size;
  attr->log_buf = EBPF_PTR_TO_U64 (buffer);
  attr->log_true_size = 0;
  if (buffer != NULL)
    buffer[0] = '\0';

  fd = ebpf_sys_bpf (EBPF_SYS_PROG_LOAD, attr, sizeof *attr);
  *true_size = attr->log_true_size;

  return fd;
}

static gboolean
is_worth_a_log (int errsv)
{
  switch (errsv)
    {
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EINTR:
    case ENOSYS:
      return FALSE;
    default:
      return TRUE;
    }
}

/* Loads, at first without a log where none was asked for, then with one that grows until it fits.
 * @errsv: the first answer, which is the true one: that a log is too small hides it. */
static int
load_with_log (EbpfSysProgLoad *attr, EbpfLoadOptions *options, char **log, int *errsv)
{
  gboolean disabled = ebpf_load_options_get_log_disabled (options);
  guint level = disabled ? 0 : ebpf_load_options_get_log_level (options);
  guint32 size = ebpf_load_options_get_log_size (options);
  guint32 true_size;
  gboolean known = FALSE;
  int fd = -1;

  *log = NULL;
  *errsv = 0;

  if (level == 0)
    {
      fd = try_load (attr, 0, NULL, 0, &true_size);
      if (fd >= 0)
        return fd;

      *errsv = errno;
      known = TRUE;
      if (disabled || !is_worth_a_log (*errsv))
        return -1;
      level = 1;
    }

  if (size == 0)
    size = EBPF_VERIFIER_LOG_START;
  /* Older kernels do not take less than 128. */
  size = CLAMP (size, 128, EBPF_VERIFIER_LOG_MAX);

  for (guint i = 0; i < EBPF_VERIFIER_LOG_ATTEMPTS && size != 0; i++)
    {
      g_autofree char *buffer = g_try_malloc (size);
      int answer;

      if (buffer == NULL)
        break;

      fd = try_load (attr, level, buffer, size, &true_size);
      answer = errno;
      g_free (*log);
      *log = ebpf_verifier_log_extract (buffer, size);
      if (fd >= 0)
        return fd;

      if (!known)
        *errsv = answer;
      /* A log that was asked for and did not fit may have hidden an answer, or a success. */
      if (answer != ENOSPC)
        {
          if (!known || answer != EFAULT)
            *errsv = answer;
          break;
        }

      size = ebpf_verifier_log_next_size (size, true_size, answer);
    }

  return -1;
}

static int
load_into_kernel (Load *self, const EbpfAttachTarget *target, char **log_out, GError **error)
{
  EbpfProgramSpec *spec = self->spec;
  EbpfProgramType program_type = ebpf_program_spec_get_program_type (spec);
  const char *license = ebpf_program_spec_get_license (spec);
  g_autofree char *log = NULL;
  EbpfSysProgLoad attr;
  int btf_fd = -1, fd, errsv;

  memset (&attr, 0, sizeof attr);
  if (license == NULL)
    license = ebpf_collection_spec_get_license (self->context->spec);
  if (license == NULL)
    license = "";

  attr.prog_type = (guint32) program_type;
  attr.insns = EBPF_PTR_TO_U64 (self->insns);
  attr.insn_cnt = self->n_insns;
  attr.license = EBPF_PTR_TO_U64 (license);
  attr.prog_flags = ebpf_program_spec_get_program_flags (spec);
  attr.prog_ifindex = ebpf_program_spec_get_ifindex (spec);
  if (ebpf_sys_has_feature (EBPF_FEATURE_PROG_NAME))
    ebpf_sys_copy_name (attr.prog_name, ebpf_program_spec_get_name (spec));

  if (ebpf_program_spec_has_attach_type (spec) && ebpf_program_spec_get_attach_type (spec) != 0 &&
      ebpf_sys_has_feature (EBPF_FEATURE_EXPECTED_ATTACH_TYPE))
    attr.expected_attach_type = (guint32) ebpf_program_spec_get_attach_type (spec);
  if (target->member >= 0)
    attr.expected_attach_type = (guint32) target->member;

  attr.kern_version = ebpf_program_spec_get_kernel_version (spec);
  if (attr.kern_version == KERNEL_VERSION_ANY ||
      (attr.kern_version == 0 && program_type == EBPF_PROGRAM_TYPE_KPROBE))
    attr.kern_version = ebpf_sys_get_kernel_version_code ();

  attr.attach_btf_id = target->btf_id;
  attr.attach_prog_fd = (guint32) target->btf_fd;

  if (self->fd_array->len > 1)
    attr.fd_array = EBPF_PTR_TO_U64 (self->fd_array->data);

  if (ebpf_program_can_send_func_infos (self->code) && ebpf_sys_has_feature (EBPF_FEATURE_BTF_FUNC))
    btf_fd = ebpf_load_context_peek_btf_fd (self->context);
  if (btf_fd >= 0)
    {
      attr.prog_btf_fd = (guint32) btf_fd;
      attr.func_info_rec_size = sizeof (EbpfFuncInfo);
      attr.func_info = EBPF_PTR_TO_U64 (self->code->func_infos->data);
      attr.func_info_cnt = self->code->func_infos->len;
      if (ebpf_program_can_send_line_infos (self->code))
        {
          attr.line_info_rec_size = sizeof (EbpfLineInfo);
          attr.line_info = EBPF_PTR_TO_U64 (self->code->line_infos->data);
          attr.line_info_cnt = self->code->line_infos->len;
        }
    }

  fd = load_with_log (&attr, self->context->options, &log, &errsv);
  if (fd < 0 && attr.func_info_cnt > 0 && ebpf_verifier_log_is_about_ext_info (log))
    {
      g_debug ("program \"%s\": loading without function and line records, which the kernel does "
               "not like: %s",
               ebpf_program_spec_get_name (spec), log);
      g_clear_pointer (&log, g_free);
      attr.prog_btf_fd = 0;
      attr.func_info_rec_size = attr.func_info_cnt = 0;
      attr.line_info_rec_size = attr.line_info_cnt = 0;
      attr.func_info = attr.line_info = 0;
      fd = load_with_log (&attr, self->context->options, &log, &errsv);
    }

  if (fd < 0)
    {
      const GError *btf_error = self->context->btf_error;
      g_autofree char *hint =
          btf_error != NULL
              ? g_strdup_printf ("its type information was refused before: %s", btf_error->message)
              : NULL;

      ebpf_program_explain_rejection (spec, errsv, log, hint, error);
      return -1;
    }

  *log_out =
      ebpf_load_options_get_log_level (self->context->options) > 0 ? g_steal_pointer (&log) : NULL;
  return fd;
}

/* What the code of one program becomes for this kernel. The contexts are behind @self. */
typedef struct
{
  Load load;
  EbpfLoadContext own_context;
  EbpfCollectionSpec *own_collection;
} Preparation;

static void
preparation_clear (Preparation *self)
{
  load_clear (&self->load);
  if (self->own_collection != NULL)
    ebpf_load_context_clear (&self->own_context);
  g_clear_object (&self->own_collection);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Preparation, preparation_clear)

/* @with_maps: where not, what refers to maps stays as it is in @spec. */
static gboolean
prepare (Preparation *self,
         EbpfProgramSpec *spec,
         EbpfLoadContext *context,
         gboolean with_maps,
         GError **error)
{
  EbpfBtf *btf = ebpf_program_spec_get_btf (spec);
  Load *load = &self->load;

  memset (self, 0, sizeof *self);
  load->spec = spec;
  load->context = context;

  if (!check_spec (spec, error))
    return FALSE;

  /* Out of another object file: its numbers of types are not those of the collection. */
  if (btf != NULL && btf != ebpf_collection_spec_get_btf (context->spec))
    {
      self->own_collection = ebpf_collection_spec_new ();
      ebpf_collection_spec_set_btf (self->own_collection, btf);
      ebpf_collection_spec_set_license (self->own_collection,
                                        ebpf_collection_spec_get_license (context->spec));
      ebpf_load_context_init (&self->own_context, self->own_collection, context->options,
                              context->find_map, context->find_map_data);
      load->context = &self->own_context;
    }

  load->code = ebpf_program_spec_peek_code (spec);
  load->n_insns = load->code->insns->len;
  load->insns = g_memdup2 (load->code->insns->data, sizeof (EbpfInsn) * load->n_insns);
  load->fd_array = g_array_new (FALSE, FALSE, sizeof (int));

  if (!relocate_core (load, error) || !relocate_externs (load, error) ||
      (with_maps && !relocate_maps (load, error)))
    return FALSE;

  downgrade_probe_read (load);
  return TRUE;
}

static void
propagate_of_program (EbpfProgramSpec *spec, GError **error, GError *local_error)
{
  ebpf_error_propagate_prefixed (error, local_error,
                                 "program \"%s\": ", ebpf_program_spec_get_name (spec));
}

GBytes *
ebpf_program_prepare (EbpfProgramSpec *spec,
                      EbpfLoadContext *context,
                      gboolean with_maps,
                      GError **error)
{
  g_auto (Preparation) self = { 0 };
  GError *local_error = NULL;

  if (!prepare (&self, spec, context, with_maps, &local_error))
    {
      propagate_of_program (spec, error, local_error);
      return NULL;
    }

  return g_bytes_new (self.load.insns, sizeof (EbpfInsn) * self.load.n_insns);
}

int
ebpf_program_load (EbpfProgramSpec *spec, EbpfLoadContext *context, char **log, GError **error)
{
  g_auto (Preparation) self = { 0 };
  g_auto (EbpfAttachTarget) target = { 0 };
  GError *local_error = NULL;
  int fd = -1;

  *log = NULL;

  if (prepare (&self, spec, context, TRUE, &local_error) &&
      make_jump_tables (&self.load, &local_error) &&
      ebpf_attach_target_resolve (&target, spec, &local_error))
    fd = load_into_kernel (&self.load, &target, log, &local_error);

  if (local_error != NULL)
    propagate_of_program (spec, error, local_error);

  return fd;
}
