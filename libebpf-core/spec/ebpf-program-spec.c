/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec/ebpf-program-spec-private.h"

#include <string.h>

#include "asm/ebpf-assembler-private.h"
#include "asm/ebpf-instruction.h"
#include "base/ebpf-enum-types.h"

/**
 * EbpfProgramSpec:
 *
 * The blueprint of a program: its code, whole with every subprogram that it calls, and what the
 * kernel has to know of it.
 */
struct _EbpfProgramSpec
{
  GObject parent_instance;

  char *name;
  char *section;
  EbpfProgramType program_type;
  EbpfAttachType attach_type;
  gboolean has_attach_type;
  char *attach_to;
  GObject *target;
  guint program_flags;
  char *license;
  guint kernel_version;
  guint ifindex;
  gboolean autoload;
  gboolean autoattach;
  EbpfByteOrder byte_order;
  EbpfCode *code;
  EbpfBtf *btf;
};

typedef enum
{
  PROP_NAME = 1,
  PROP_SECTION,
  PROP_PROGRAM_TYPE,
  PROP_ATTACH_TYPE,
  PROP_ATTACH_TO,
  PROP_PROGRAM_FLAGS,
  PROP_LICENSE,
  PROP_KERNEL_VERSION,
  PROP_IFINDEX,
  PROP_AUTOLOAD,
  PROP_AUTOATTACH,
  PROP_N_INSTRUCTIONS,
  PROP_BTF,
  N_PROPS
} ProgramSpecProperty;

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfProgramSpec, ebpf_program_spec, G_TYPE_OBJECT)

static void
ebpf_program_spec_finalize (GObject *object)
{
  EbpfProgramSpec *self = EBPF_PROGRAM_SPEC (object);

  g_free (self->name);
  g_free (self->section);
  g_free (self->attach_to);
  g_clear_object (&self->target);
  g_free (self->license);
  ebpf_code_unref (self->code);
  g_clear_object (&self->btf);

  G_OBJECT_CLASS (ebpf_program_spec_parent_class)->finalize (object);
}

static void
ebpf_program_spec_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfProgramSpec *self = EBPF_PROGRAM_SPEC (object);

  switch ((ProgramSpecProperty) prop_id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_SECTION:
      g_value_set_string (value, self->section);
      break;
    case PROP_PROGRAM_TYPE:
      g_value_set_enum (value, (int) self->program_type);
      break;
    case PROP_ATTACH_TYPE:
      g_value_set_enum (value, (int) self->attach_type);
      break;
    case PROP_ATTACH_TO:
      g_value_set_string (value, self->attach_to);
      break;
    case PROP_PROGRAM_FLAGS:
      g_value_set_uint (value, self->program_flags);
      break;
    case PROP_LICENSE:
      g_value_set_string (value, self->license);
      break;
    case PROP_KERNEL_VERSION:
      g_value_set_uint (value, self->kernel_version);
      break;
    case PROP_IFINDEX:
      g_value_set_uint (value, self->ifindex);
      break;
    case PROP_AUTOLOAD:
      g_value_set_boolean (value, self->autoload);
      break;
    case PROP_AUTOATTACH:
      g_value_set_boolean (value, self->autoattach);
      break;
    case PROP_N_INSTRUCTIONS:
      g_value_set_uint (value, self->code->insns->len);
      break;
    case PROP_BTF:
      g_value_set_object (value, self->btf);
      break;
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_program_spec_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  EbpfProgramSpec *self = EBPF_PROGRAM_SPEC (object);

  switch ((ProgramSpecProperty) prop_id)
    {
    case PROP_NAME:
      self->name = g_value_dup_string (value);
      if (self->name == NULL)
        self->name = g_strdup ("");
      break;
    case PROP_SECTION:
      ebpf_program_spec_set_section (self, g_value_get_string (value));
      break;
    case PROP_PROGRAM_TYPE:
      ebpf_program_spec_set_program_type (self, g_value_get_enum (value));
      break;
    case PROP_ATTACH_TYPE:
      ebpf_program_spec_set_attach_type (self, g_value_get_enum (value));
      break;
    case PROP_ATTACH_TO:
      ebpf_program_spec_set_attach_to (self, g_value_get_string (value));
      break;
    case PROP_PROGRAM_FLAGS:
      ebpf_program_spec_set_program_flags (self, g_value_get_uint (value));
      break;
    case PROP_LICENSE:
      ebpf_program_spec_set_license (self, g_value_get_string (value));
      break;
    case PROP_KERNEL_VERSION:
      ebpf_program_spec_set_kernel_version (self, g_value_get_uint (value));
      break;
    case PROP_IFINDEX:
      ebpf_program_spec_set_ifindex (self, g_value_get_uint (value));
      break;
    case PROP_AUTOLOAD:
      ebpf_program_spec_set_autoload (self, g_value_get_boolean (value));
      break;
    case PROP_AUTOATTACH:
      ebpf_program_spec_set_autoattach (self, g_value_get_boolean (value));
      break;
    case PROP_N_INSTRUCTIONS:
    case PROP_BTF:
    case N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_program_spec_class_init (EbpfProgramSpecClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = ebpf_program_spec_finalize;
  object_class->get_property = ebpf_program_spec_get_property;
  object_class->set_property = ebpf_program_spec_set_property;

  /**
   * EbpfProgramSpec:name: (getter get_name)
   *
   * The name by which a collection knows the program. The kernel sees the first 15 characters of
   * it.
   */
  properties[PROP_NAME] = g_param_spec_string (
      "name", NULL, NULL, "", G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgramSpec:section: (getter get_section) (setter set_section)
   *
   * The section of the object file that the program came from.
   */
  properties[PROP_SECTION] = g_param_spec_string ("section", NULL, NULL, NULL, flags);

  /**
   * EbpfProgramSpec:program-type: (getter get_program_type) (setter set_program_type)
   *
   * The type of program.
   */
  properties[PROP_PROGRAM_TYPE] = g_param_spec_enum (
      "program-type", NULL, NULL, EBPF_TYPE_PROGRAM_TYPE, EBPF_PROGRAM_TYPE_UNSPEC, flags);

  /**
   * EbpfProgramSpec:attach-type: (getter get_attach_type) (setter set_attach_type)
   *
   * The kind of hook that the program attaches to.
   */
  properties[PROP_ATTACH_TYPE] =
      g_param_spec_enum ("attach-type", NULL, NULL, EBPF_TYPE_ATTACH_TYPE,
                         EBPF_ATTACH_TYPE_CGROUP_INET_INGRESS, flags);

  /**
   * EbpfProgramSpec:attach-to: (getter get_attach_to) (setter set_attach_to)
   *
   * What the program attaches to: a function, tracepoint or the like.
   */
  properties[PROP_ATTACH_TO] = g_param_spec_string ("attach-to", NULL, NULL, NULL, flags);

  /**
   * EbpfProgramSpec:program-flags: (getter get_program_flags) (setter set_program_flags)
   *
   * The flags that the program is loaded with.
   */
  properties[PROP_PROGRAM_FLAGS] =
      g_param_spec_uint ("program-flags", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfProgramSpec:license: (getter get_license) (setter set_license)
   *
   * The license, which decides on what helpers the program may call.
   */
  properties[PROP_LICENSE] = g_param_spec_string ("license", NULL, NULL, NULL, flags);

  /**
   * EbpfProgramSpec:kernel-version: (getter get_kernel_version) (setter set_kernel_version)
   *
   * The kernel version that an old kernel demands of kprobes.
   */
  properties[PROP_KERNEL_VERSION] =
      g_param_spec_uint ("kernel-version", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfProgramSpec:ifindex: (getter get_ifindex) (setter set_ifindex)
   *
   * The network device that the program is bound to.
   */
  properties[PROP_IFINDEX] = g_param_spec_uint ("ifindex", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * EbpfProgramSpec:autoload: (getter get_autoload) (setter set_autoload)
   *
   * Whether loading a collection loads the program.
   */
  properties[PROP_AUTOLOAD] = g_param_spec_boolean ("autoload", NULL, NULL, TRUE, flags);

  /**
   * EbpfProgramSpec:autoattach: (getter get_autoattach) (setter set_autoattach)
   *
   * Whether attaching a collection attaches the program.
   */
  properties[PROP_AUTOATTACH] = g_param_spec_boolean ("autoattach", NULL, NULL, TRUE, flags);

  /**
   * EbpfProgramSpec:n-instructions: (getter get_n_instructions)
   *
   * How many instructions the code has, counted as the kernel does: a 64-bit immediate load is two.
   */
  properties[PROP_N_INSTRUCTIONS] = g_param_spec_uint (
      "n-instructions", NULL, NULL, 0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * EbpfProgramSpec:btf: (getter get_btf)
   *
   * The type information of the object file, where it has any.
   */
  properties[PROP_BTF] = g_param_spec_object ("btf", NULL, NULL, EBPF_TYPE_BTF,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_program_spec_init (EbpfProgramSpec *self)
{
  self->code = ebpf_code_new ();
  self->autoload = TRUE;
  self->autoattach = TRUE;
  self->byte_order =
      G_BYTE_ORDER == G_BIG_ENDIAN ? EBPF_BYTE_ORDER_BIG_ENDIAN : EBPF_BYTE_ORDER_LITTLE_ENDIAN;
}

/**
 * ebpf_program_spec_new:
 * @name: the program's name
 * @program_type: the type of program
 *
 * Makes a blueprint by hand, without code.
 *
 * Returns: (transfer full): a new spec
 */
EbpfProgramSpec *
ebpf_program_spec_new (const char *name, EbpfProgramType program_type)
{
  EbpfProgramSpec *self;

  g_return_val_if_fail (name != NULL, NULL);

  self = g_object_new (EBPF_TYPE_PROGRAM_SPEC, "name", name, NULL);
  self->program_type = program_type;

  return self;
}

/**
 * ebpf_program_spec_copy:
 * @self: a program spec
 *
 * Makes an independent copy. The code, which never changes, is shared.
 *
 * Returns: (transfer full): the copy
 */
EbpfProgramSpec *
ebpf_program_spec_copy (EbpfProgramSpec *self)
{
  EbpfProgramSpec *copy;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  copy = ebpf_program_spec_new (self->name, self->program_type);
  copy->section = g_strdup (self->section);
  copy->attach_type = self->attach_type;
  copy->has_attach_type = self->has_attach_type;
  copy->attach_to = g_strdup (self->attach_to);
  g_set_object (&copy->target, self->target);
  copy->program_flags = self->program_flags;
  copy->license = g_strdup (self->license);
  copy->kernel_version = self->kernel_version;
  copy->ifindex = self->ifindex;
  copy->autoload = self->autoload;
  copy->autoattach = self->autoattach;
  copy->byte_order = self->byte_order;
  ebpf_code_unref (copy->code);
  copy->code = ebpf_code_ref (self->code);
  g_set_object (&copy->btf, self->btf);

  return copy;
}

const char *
ebpf_program_spec_peek_name (EbpfProgramSpec *self)
{
  return self->name;
}

/**
 * ebpf_program_spec_get_name: (get-property name)
 * @self: a program spec
 *
 * Gets the program's name.
 *
 * Returns: (transfer none): the name
 */
const char *
ebpf_program_spec_get_name (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  return self->name;
}

/**
 * ebpf_program_spec_get_section: (get-property section)
 * @self: a program spec
 *
 * Gets the section of the object file that the program came from.
 *
 * Returns: (transfer none) (nullable): the section name, or %NULL
 */
const char *
ebpf_program_spec_get_section (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  return self->section;
}

/**
 * ebpf_program_spec_set_section: (set-property section)
 * @self: a program spec
 * @section: (nullable): the section name
 *
 * Sets the section of the object file that the program came from.
 */
void
ebpf_program_spec_set_section (EbpfProgramSpec *self, const char *section)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (g_strcmp0 (self->section, section) == 0)
    return;

  g_free (self->section);
  self->section = g_strdup (section);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SECTION]);
}

/**
 * ebpf_program_spec_get_program_type: (get-property program-type)
 * @self: a program spec
 *
 * Gets the type of program.
 *
 * Returns: the type
 */
EbpfProgramType
ebpf_program_spec_get_program_type (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), EBPF_PROGRAM_TYPE_UNSPEC);

  return self->program_type;
}

/**
 * ebpf_program_spec_set_program_type: (set-property program-type)
 * @self: a program spec
 * @program_type: the type
 *
 * Sets the type of program.
 */
void
ebpf_program_spec_set_program_type (EbpfProgramSpec *self, EbpfProgramType program_type)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (self->program_type == program_type)
    return;

  self->program_type = program_type;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRAM_TYPE]);
}

/**
 * ebpf_program_spec_get_attach_type: (get-property attach-type)
 * @self: a program spec
 *
 * Gets the kind of hook that the program attaches to.
 *
 * Meaningful only where [method@ProgramSpec.has_attach_type] says so.
 *
 * Returns: the attach type
 */
EbpfAttachType
ebpf_program_spec_get_attach_type (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), EBPF_ATTACH_TYPE_CGROUP_INET_INGRESS);

  return self->attach_type;
}

/**
 * ebpf_program_spec_set_attach_type: (set-property attach-type)
 * @self: a program spec
 * @attach_type: the attach type
 *
 * Sets the kind of hook that the program attaches to.
 */
void
ebpf_program_spec_set_attach_type (EbpfProgramSpec *self, EbpfAttachType attach_type)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (self->has_attach_type && self->attach_type == attach_type)
    return;

  self->attach_type = attach_type;
  self->has_attach_type = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ATTACH_TYPE]);
}

/**
 * ebpf_program_spec_has_attach_type:
 * @self: a program spec
 *
 * Whether the section, or the application, gives an attach type.
 *
 * Returns: %TRUE where there is one
 */
gboolean
ebpf_program_spec_has_attach_type (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), FALSE);

  return self->has_attach_type;
}

/**
 * ebpf_program_spec_get_attach_to: (get-property attach-to)
 * @self: a program spec
 *
 * Gets what the program attaches to: a function, tracepoint or the like.
 *
 * Returns: (transfer none) (nullable): the name, or %NULL
 */
const char *
ebpf_program_spec_get_attach_to (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  return self->attach_to;
}

/**
 * ebpf_program_spec_set_attach_to: (set-property attach-to)
 * @self: a program spec
 * @attach_to: (nullable): the name
 *
 * Sets what the program attaches to: a function, tracepoint or the like.
 */
void
ebpf_program_spec_set_attach_to (EbpfProgramSpec *self, const char *attach_to)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (g_strcmp0 (self->attach_to, attach_to) == 0)
    return;

  g_free (self->attach_to);
  self->attach_to = g_strdup (attach_to);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ATTACH_TO]);
}

void
ebpf_program_spec_set_target_object (EbpfProgramSpec *self, GObject *target)
{
  g_set_object (&self->target, target);
}

GObject *
ebpf_program_spec_peek_target_object (EbpfProgramSpec *self)
{
  return self->target;
}

/**
 * ebpf_program_spec_get_program_flags: (get-property program-flags)
 * @self: a program spec
 *
 * Gets the flags that the program is loaded with.
 *
 * Returns: [flags@ProgramFlags] as a number
 */
guint
ebpf_program_spec_get_program_flags (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), 0);

  return self->program_flags;
}

/**
 * ebpf_program_spec_set_program_flags: (set-property program-flags)
 * @self: a program spec
 * @program_flags: [flags@ProgramFlags] as a number
 *
 * Sets the flags that the program is loaded with.
 */
void
ebpf_program_spec_set_program_flags (EbpfProgramSpec *self, guint program_flags)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (self->program_flags == program_flags)
    return;

  self->program_flags = program_flags;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRAM_FLAGS]);
}

/**
 * ebpf_program_spec_get_license: (get-property license)
 * @self: a program spec
 *
 * Gets the license, which decides on what helpers the program may call.
 *
 * Returns: (transfer none) (nullable): the license, or %NULL
 */
const char *
ebpf_program_spec_get_license (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  return self->license;
}

/**
 * ebpf_program_spec_set_license: (set-property license)
 * @self: a program spec
 * @license: (nullable): the license
 *
 * Sets the license, which decides on what helpers the program may call.
 */
void
ebpf_program_spec_set_license (EbpfProgramSpec *self, const char *license)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (g_strcmp0 (self->license, license) == 0)
    return;

  g_free (self->license);
  self->license = g_strdup (license);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LICENSE]);
}

/**
 * ebpf_program_spec_get_kernel_version: (get-property kernel-version)
 * @self: a program spec
 *
 * Gets the kernel version that an old kernel demands of kprobes.
 *
 * Returns: LINUX_VERSION_CODE, or 0 to take the running kernel's
 */
guint
ebpf_program_spec_get_kernel_version (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), 0);

  return self->kernel_version;
}

/**
 * ebpf_program_spec_set_kernel_version: (set-property kernel-version)
 * @self: a program spec
 * @kernel_version: LINUX_VERSION_CODE, or 0 to take the running kernel's
 *
 * Sets the kernel version that an old kernel demands of kprobes.
 */
void
ebpf_program_spec_set_kernel_version (EbpfProgramSpec *self, guint kernel_version)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (self->kernel_version == kernel_version)
    return;

  self->kernel_version = kernel_version;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KERNEL_VERSION]);
}

/**
 * ebpf_program_spec_get_ifindex: (get-property ifindex)
 * @self: a program spec
 *
 * Gets the network device that the program is bound to.
 *
 * Returns: the index of the interface, or 0
 */
guint
ebpf_program_spec_get_ifindex (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), 0);

  return self->ifindex;
}

/**
 * ebpf_program_spec_set_ifindex: (set-property ifindex)
 * @self: a program spec
 * @ifindex: the index of the interface, or 0
 *
 * Sets the network device that the program is bound to.
 */
void
ebpf_program_spec_set_ifindex (EbpfProgramSpec *self, guint ifindex)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  if (self->ifindex == ifindex)
    return;

  self->ifindex = ifindex;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_IFINDEX]);
}

/**
 * ebpf_program_spec_get_autoload: (get-property autoload)
 * @self: a program spec
 *
 * Gets whether loading a collection loads the program.
 *
 * Returns: %TRUE where it does
 */
gboolean
ebpf_program_spec_get_autoload (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), FALSE);

  return self->autoload;
}

/**
 * ebpf_program_spec_set_autoload: (set-property autoload)
 * @self: a program spec
 * @autoload: %TRUE where it does
 *
 * Sets whether loading a collection loads the program.
 */
void
ebpf_program_spec_set_autoload (EbpfProgramSpec *self, gboolean autoload)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  autoload = !!autoload;
  if (self->autoload == autoload)
    return;

  self->autoload = autoload;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUTOLOAD]);
}

/**
 * ebpf_program_spec_get_autoattach: (get-property autoattach)
 * @self: a program spec
 *
 * Gets whether attaching a collection attaches the program.
 *
 * Returns: %TRUE where it does
 */
gboolean
ebpf_program_spec_get_autoattach (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), FALSE);

  return self->autoattach;
}

/**
 * ebpf_program_spec_set_autoattach: (set-property autoattach)
 * @self: a program spec
 * @autoattach: %TRUE where it does
 *
 * Sets whether attaching a collection attaches the program.
 */
void
ebpf_program_spec_set_autoattach (EbpfProgramSpec *self, gboolean autoattach)
{
  g_return_if_fail (EBPF_IS_PROGRAM_SPEC (self));

  autoattach = !!autoattach;
  if (self->autoattach == autoattach)
    return;

  self->autoattach = autoattach;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AUTOATTACH]);
}

/**
 * ebpf_program_spec_get_byte_order:
 * @self: a program spec
 *
 * Gets the byte order of the object file. Only a program of the host's own can be loaded.
 *
 * Returns: the byte order
 */
EbpfByteOrder
ebpf_program_spec_get_byte_order (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), EBPF_BYTE_ORDER_LITTLE_ENDIAN);

  return self->byte_order;
}

void
ebpf_program_spec_set_byte_order (EbpfProgramSpec *self, EbpfByteOrder byte_order)
{
  self->byte_order = byte_order;
}

/**
 * ebpf_program_spec_get_n_instructions: (get-property n-instructions)
 * @self: a program spec
 *
 * Counts the instructions as the kernel does: a 64-bit immediate load is two.
 *
 * Returns: their number
 */
guint
ebpf_program_spec_get_n_instructions (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), 0);

  return self->code->insns->len;
}

/**
 * ebpf_program_spec_get_instructions:
 * @self: a program spec
 *
 * Gets the code in the host's byte order, 8 bytes an instruction, before any relocation against the
 * kernel. [func@Instruction.list_from_bytes] decodes it.
 *
 * Returns: (transfer full): the code
 */
GBytes *
ebpf_program_spec_get_instructions (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  return g_bytes_new_with_free_func (self->code->insns->data,
                                     self->code->insns->len * sizeof (EbpfInsn),
                                     (GDestroyNotify) ebpf_code_unref, ebpf_code_ref (self->code));
}

/**
 * ebpf_program_spec_set_instructions:
 * @self: a program spec
 * @assembler: what the code was written with
 * @error: return location for an error
 *
 * Replaces the code. Maps that it loads are found by name when a collection is loaded.
 *
 * Returns: %TRUE, or %FALSE where the code jumps to a label that was never set
 */
gboolean
ebpf_program_spec_set_instructions (EbpfProgramSpec *self, EbpfAssembler *assembler, GError **error)
{
  g_autoptr (EbpfCode) code = NULL;
  g_autoptr (GArray) insns = NULL;
  g_autoptr (GArray) references = NULL;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), FALSE);
  g_return_val_if_fail (EBPF_IS_ASSEMBLER (assembler), FALSE);

  if (!ebpf_assembler_finish (assembler, &insns, &references, error))
    return FALSE;

  code = ebpf_code_new ();
  g_array_append_vals (code->insns, insns->data, insns->len);
  for (guint i = 0; i < references->len; i++)
    {
      const EbpfAssemblerReference *reference =
          &g_array_index (references, EbpfAssemblerReference, i);

      ebpf_code_add_reloc (code, reference->insn, EBPF_RELOC_MAP, reference->map_name, 0);
    }

  ebpf_program_spec_take_code (self, g_steal_pointer (&code));
  return TRUE;
}

void
ebpf_program_spec_take_code (EbpfProgramSpec *self, EbpfCode *code)
{
  ebpf_code_unref (self->code);
  self->code = code;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_INSTRUCTIONS]);
}

const EbpfCode *
ebpf_program_spec_peek_code (EbpfProgramSpec *self)
{
  return self->code;
}

/**
 * ebpf_program_spec_disassemble:
 * @self: a program spec
 *
 * Prints the code, an instruction a line with its number, and the symbol that it refers to.
 *
 * Returns: (transfer full): the text
 */
char *
ebpf_program_spec_disassemble (EbpfProgramSpec *self)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GPtrArray) instructions = NULL;
  g_autoptr (GString) text = NULL;
  guint number = 0, next_reloc = 0;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  text = g_string_new (NULL);
  bytes = ebpf_program_spec_get_instructions (self);
  instructions = ebpf_instruction_list_from_bytes (bytes, NULL);

  /* Code that does not even decode is shown as bytes rather than not at all. */
  if (instructions == NULL)
    {
      for (guint i = 0; i < self->code->insns->len; i++)
        {
          guint64 raw;

          memcpy (&raw, &g_array_index (self->code->insns, EbpfInsn, i), sizeof raw);
          g_string_append_printf (text, "%4u: 0x%016" G_GINT64_MODIFIER "x\n", i, raw);
        }
      return g_string_free (g_steal_pointer (&text), FALSE);
    }

  for (guint i = 0; i < instructions->len; i++)
    {
      EbpfInstruction *instruction = g_ptr_array_index (instructions, i);
      g_autofree char *line = ebpf_instruction_to_string (instruction);

      g_string_append_printf (text, "%4u: %s", number, line);
      while (next_reloc < self->code->relocs->len)
        {
          const EbpfReloc *reloc = &g_array_index (self->code->relocs, EbpfReloc, next_reloc);

          if (reloc->insn > number)
            break;
          if (reloc->insn == number)
            g_string_append_printf (text, " ; %s", reloc->symbol);
          next_reloc++;
        }
      g_string_append_c (text, '\n');
      number += ebpf_instruction_get_size (instruction);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * ebpf_program_spec_list_map_references:
 * @self: a program spec
 *
 * Lists the maps that the code uses, each once, sorted.
 *
 * Returns: (transfer full) (array zero-terminated=1): the names
 */
char **
ebpf_program_spec_list_map_references (EbpfProgramSpec *self)
{
  g_autoptr (GHashTable) names = NULL;
  GPtrArray *list;

  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  names = g_hash_table_new (g_str_hash, g_str_equal);
  list = g_ptr_array_new ();
  for (guint i = 0; i < self->code->relocs->len; i++)
    {
      const EbpfReloc *reloc = &g_array_index (self->code->relocs, EbpfReloc, i);

      if ((reloc->kind == EBPF_RELOC_MAP || reloc->kind == EBPF_RELOC_MAP_VALUE) &&
          g_hash_table_add (names, reloc->symbol))
        g_ptr_array_add (list, g_strdup (reloc->symbol));
    }

  g_ptr_array_sort (list, compare_names);
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}

/**
 * ebpf_program_spec_get_btf: (get-property btf)
 * @self: a program spec
 *
 * Gets the type information of the object file.
 *
 * Returns: (transfer none) (nullable): the BTF, or %NULL where there is none
 */
EbpfBtf *
ebpf_program_spec_get_btf (EbpfProgramSpec *self)
{
  g_return_val_if_fail (EBPF_IS_PROGRAM_SPEC (self), NULL);

  return self->btf;
}

void
ebpf_program_spec_set_btf (EbpfProgramSpec *self, EbpfBtf *btf)
{
  g_set_object (&self->btf, btf);
}
