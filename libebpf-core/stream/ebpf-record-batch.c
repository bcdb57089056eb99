/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stream/ebpf-record-batch-private.h"

#include <string.h>

#include "base/ebpf-error-private.h"
#include "btf/ebpf-btf-type.h"

/**
 * EbpfRecordBatch:
 *
 * Records that came out of a map together.
 *
 * The records lie in one slab, each at an offset that is a multiple of 8, so that it can be read in
 * place: [method@RecordBatch.get_bytes] is the slab, [method@RecordBatch.get_offsets] says where
 * each record lies. That is the quick way for a script; [method@RecordBatch.get_record] and
 * [method@RecordBatch.decode] are the comfortable ones.
 *
 * A batch is filled by one thread and does not change once it was handed out.
 */

typedef struct
{
  guint32 offset;
  guint32 size;
} Place;

struct _EbpfRecordBatch
{
  GObject parent_instance;

  EbpfBtfType *record_type;

  guint8 *slab;
  gsize slab_size;
  gsize slab_capacity;
  Place *places;
  guint n_records;
  guint places_capacity;
  gint32 *cpus; /* NULL while all are -1; as long as places */
  guint64 lost;

  /* Made when first asked for; they own slab and places from then on. */
  GBytes *bytes;
  GBytes *offsets;

  int accessed; /* atomic */
  GMutex lock;  /* of the lazy members */
};

enum
{
  PROP_0,
  PROP_RECORD_TYPE,
  PROP_N_RECORDS,
  PROP_LOST,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (EbpfRecordBatch, ebpf_record_batch, G_TYPE_OBJECT)

#define ALIGNMENT 8

/* Slabs of batches that are gone. Memory fresh from the kernel costs more than all the rest of filling a
 * batch. */
#define MAX_SPARES 2
#define MAX_SPARE_CAPACITY (2 * 1024 * 1024)

typedef struct
{
  guint8 *data;
  gsize capacity;
} Slab;

static GMutex spares_lock;
static Slab spares[MAX_SPARES];

static Slab
take_spare (void)
{
  Slab slab = { NULL, 0 };

  g_mutex_lock (&spares_lock);
  for (guint i = 0; i < MAX_SPARES; i++)
    if (spares[i].capacity > slab.capacity)
      {
        Slab other = slab;

        slab = spares[i];
        spares[i] = other;
      }
  g_mutex_unlock (&spares_lock);

  return slab;
}

/* The smaller ones make room. */
static void
give_back (Slab slab)
{
  if (slab.capacity <= MAX_SPARE_CAPACITY)
    {
      g_mutex_lock (&spares_lock);
      for (guint i = 0; i < MAX_SPARES; i++)
        if (spares[i].capacity < slab.capacity)
          {
            Slab other = spares[i];

            spares[i] = slab;
            slab = other;
          }
      g_mutex_unlock (&spares_lock);
    }

  g_free (slab.data);
}

static void
free_slab (gpointer data)
{
  give_back (*(Slab *) data);
  g_free (data);
}

static void
mark_accessed (EbpfRecordBatch *self)
{
  g_atomic_int_set (&self->accessed, TRUE);
}

static void
ebpf_record_batch_finalize (GObject *object)
{
  EbpfRecordBatch *self = EBPF_RECORD_BATCH (object);

  if (self->bytes != NULL)
    g_bytes_unref (self->bytes);
  else
    give_back ((Slab){ self->slab, self->slab_capacity });

  if (self->offsets != NULL)
    g_bytes_unref (self->offsets);
  else
    g_free (self->places);

  g_free (self->cpus);
  g_clear_pointer (&self->record_type, ebpf_btf_type_unref);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (ebpf_record_batch_parent_class)->finalize (object);
}

static void
ebpf_record_batch_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  EbpfRecordBatch *self = EBPF_RECORD_BATCH (object);

  switch (prop_id)
    {
    case PROP_RECORD_TYPE:
      g_value_set_boxed (value, self->record_type);
      break;
    case PROP_N_RECORDS:
      g_value_set_uint (value, ebpf_record_batch_get_n_records (self));
      break;
    case PROP_LOST:
      g_value_set_uint64 (value, ebpf_record_batch_get_lost (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_record_batch_set_property (GObject *object,
                                guint prop_id,
                                const GValue *value,
                                GParamSpec *pspec)
{
  EbpfRecordBatch *self = EBPF_RECORD_BATCH (object);

  switch (prop_id)
    {
    case PROP_RECORD_TYPE:
      self->record_type = g_value_dup_boxed (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
ebpf_record_batch_class_init (EbpfRecordBatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = ebpf_record_batch_finalize;
  object_class->get_property = ebpf_record_batch_get_property;
  object_class->set_property = ebpf_record_batch_set_property;

  /**
   * EbpfRecordBatch:record-type:
   *
   * The type of a record, where it is known.
   */
  properties[PROP_RECORD_TYPE] =
      g_param_spec_boxed ("record-type", NULL, NULL, EBPF_TYPE_BTF_TYPE,
                          G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS |
                              G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfRecordBatch:n-records:
   *
   * The number of records.
   */
  properties[PROP_N_RECORDS] =
      g_param_spec_uint ("n-records", NULL, NULL, 0, G_MAXUINT, 0,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * EbpfRecordBatch:lost:
   *
   * How many records were lost between the batch before and the end of this one.
   */
  properties[PROP_LOST] =
      g_param_spec_uint64 ("lost", NULL, NULL, 0, G_MAXUINT64, 0,
                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
ebpf_record_batch_init (EbpfRecordBatch *self)
{
  g_mutex_init (&self->lock);
}

/**
 * ebpf_record_batch_new:
 * @record_type: (nullable): the type of a record, or %NULL where it is not known
 *
 * Makes an empty batch.
 *
 * Returns: (transfer full): a new batch
 */
EbpfRecordBatch *
ebpf_record_batch_new (EbpfBtfType *record_type)
{
  return g_object_new (EBPF_TYPE_RECORD_BATCH, "record-type", record_type, NULL);
}

static void
grow_places (EbpfRecordBatch *self)
{
  self->places_capacity = MAX (64, self->places_capacity * 2);
  self->places = g_renew (Place, self->places, self->places_capacity);
  if (self->cpus != NULL)
    self->cpus = g_renew (gint32, self->cpus, self->places_capacity);
}

/**
 * ebpf_record_batch_append:
 * @self: a batch that was not handed out yet
 * @data: (array length=size) (element-type guint8): the bytes of a record
 * @size: their number
 * @cpu: the CPU on which the record was written, or -1 where that is not known
 *
 * Adds a copy of a record. For readers; the slab holds at most 4 GiB.
 */
void
ebpf_record_batch_append (EbpfRecordBatch *self, gconstpointer data, gsize size, int cpu)
{
  gsize padded;

  g_return_if_fail (EBPF_IS_RECORD_BATCH (self));
  g_return_if_fail (data != NULL || size == 0);
  g_return_if_fail (self->bytes == NULL && self->offsets == NULL);
  g_return_if_fail (size <= G_MAXUINT32 - ALIGNMENT &&
                    self->slab_size <= G_MAXUINT32 - ALIGNMENT - size);

  padded = (size + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1);

  if (self->n_records == self->places_capacity)
    grow_places (self);

  if (self->slab == NULL)
    {
      Slab spare = take_spare ();

      self->slab = spare.data;
      self->slab_capacity = spare.capacity;
    }

  if (padded > self->slab_capacity - self->slab_size)
    {
      self->slab_capacity = MAX (MAX (4096, self->slab_capacity * 2), self->slab_size + padded);
      self->slab = g_realloc (self->slab, self->slab_capacity);
    }

  if (cpu >= 0 && self->cpus == NULL)
    {
      self->cpus = g_new (gint32, self->places_capacity);
      for (guint i = 0; i < self->n_records; i++)
        self->cpus[i] = -1;
    }
  if (self->cpus != NULL)
    self->cpus[self->n_records] = cpu;

  self->places[self->n_records].offset = (guint32) self->slab_size;
  self->places[self->n_records].size = (guint32) size;
  self->n_records++;

  if (size > 0)
    memcpy (self->slab + self->slab_size, data, size);
  if (padded > size)
    memset (self->slab + self->slab_size + size, 0, padded - size);
  self->slab_size += padded;
}

/**
 * ebpf_record_batch_add_lost:
 * @self: a batch that was not handed out yet
 * @n_lost: a number of records
 *
 * Counts records that were lost. For readers.
 */
void
ebpf_record_batch_add_lost (EbpfRecordBatch *self, guint64 n_lost)
{
  g_return_if_fail (EBPF_IS_RECORD_BATCH (self));

  self->lost += n_lost;
}

/**
 * ebpf_record_batch_get_n_records: (get-property n-records)
 * @self: a batch
 *
 * Gets the number of records.
 *
 * Returns: the number
 */
guint
ebpf_record_batch_get_n_records (EbpfRecordBatch *self)
{
  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), 0);

  mark_accessed (self);

  return self->n_records;
}

/**
 * ebpf_record_batch_get_lost: (get-property lost)
 * @self: a batch
 *
 * Gets how many records were lost between the batch before and the end of this one.
 *
 * Returns: the number
 */
guint64
ebpf_record_batch_get_lost (EbpfRecordBatch *self)
{
  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), 0);

  mark_accessed (self);

  return self->lost;
}

static GBytes *
freeze_bytes (EbpfRecordBatch *self)
{
  g_mutex_lock (&self->lock);
  if (self->bytes == NULL)
    {
      Slab *slab = g_new (Slab, 1);

      *slab = (Slab){ self->slab, self->slab_capacity };
      self->bytes = g_bytes_new_with_free_func (self->slab, self->slab_size, free_slab, slab);
    }
  g_mutex_unlock (&self->lock);

  return self->bytes;
}

/**
 * ebpf_record_batch_get_bytes:
 * @self: a batch
 *
 * Gets all records in one slab of bytes. Where each of them lies is said by
 * [method@RecordBatch.get_offsets]; what lies between them is zero.
 *
 * Returns: (transfer full): the slab
 */
GBytes *
ebpf_record_batch_get_bytes (EbpfRecordBatch *self)
{
  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), NULL);

  mark_accessed (self);

  return g_bytes_ref (freeze_bytes (self));
}

/**
 * ebpf_record_batch_get_offsets:
 * @self: a batch
 *
 * Gets where each record lies in the slab: two 32-bit unsigned numbers for each record, in the
 * host's byte order, its offset and its size in bytes.
 *
 * Returns: (transfer full): 8 bytes for each record
 */
GBytes *
ebpf_record_batch_get_offsets (EbpfRecordBatch *self)
{
  GBytes *offsets;

  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), NULL);

  mark_accessed (self);

  g_mutex_lock (&self->lock);
  if (self->offsets == NULL)
    self->offsets = g_bytes_new_take (self->places, self->n_records * sizeof (Place));
  offsets = g_bytes_ref (self->offsets);
  g_mutex_unlock (&self->lock);

  return offsets;
}

/**
 * ebpf_record_batch_peek_record: (skip)
 * @self: a batch
 * @index: a record's number
 * @size: (out) (optional): return location for its size in bytes
 *
 * Gets a record where it lies in the slab, at an address that is a multiple of 8. It is valid as
 * long as the batch.
 *
 * Returns: (transfer none): the record
 */
gconstpointer
ebpf_record_batch_peek_record (EbpfRecordBatch *self, guint index, gsize *size)
{
  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), NULL);
  g_return_val_if_fail (index < self->n_records, NULL);

  mark_accessed (self);

  if (size != NULL)
    *size = self->places[index].size;

  return self->slab + self->places[index].offset;
}

/**
 * ebpf_record_batch_get_record:
 * @self: a batch
 * @index: a record's number
 *
 * Gets a record. The bytes are a part of the slab, not a copy.
 *
 * Returns: (transfer full): the record
 */
GBytes *
ebpf_record_batch_get_record (EbpfRecordBatch *self, guint index)
{
  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), NULL);
  g_return_val_if_fail (index < self->n_records, NULL);

  mark_accessed (self);

  return g_bytes_new_from_bytes (freeze_bytes (self), self->places[index].offset,
                                 self->places[index].size);
}

/**
 * ebpf_record_batch_get_cpu:
 * @self: a batch
 * @index: a record's number
 *
 * Gets the CPU on which a record was written.
 *
 * Returns: the CPU's number, or -1 where the map does not say
 */
int
ebpf_record_batch_get_cpu (EbpfRecordBatch *self, guint index)
{
  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), -1);
  g_return_val_if_fail (index < self->n_records, -1);

  mark_accessed (self);

  return self->cpus != NULL ? self->cpus[index] : -1;
}

/**
 * ebpf_record_batch_get_record_type: (get-property record-type)
 * @self: a batch
 *
 * Gets the type of a record.
 *
 * Returns: (nullable) (transfer none): the type, or %NULL where it is not known
 */
EbpfBtfType *
ebpf_record_batch_get_record_type (EbpfRecordBatch *self)
{
  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), NULL);

  return self->record_type;
}

/**
 * ebpf_record_batch_decode:
 * @self: a batch
 * @index: a record's number
 * @error: return location for an error; %EBPF_ERROR_WRONG_SIZE where the record is shorter than its
 *   type
 *
 * Decodes a record by the type of records. What lies behind the type's size (padding, or a part of
 * varying length) is left out. Without a type the result is `ay`.
 *
 * Returns: (transfer full): the record, or %NULL with @error set
 */
GVariant *
ebpf_record_batch_decode (EbpfRecordBatch *self, guint index, GError **error)
{
  gconstpointer data;
  gint64 type_size;
  GVariant *variant;
  gsize size;

  g_return_val_if_fail (EBPF_IS_RECORD_BATCH (self), NULL);
  g_return_val_if_fail (index < self->n_records, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  data = ebpf_record_batch_peek_record (self, index, &size);

  if (self->record_type == NULL)
    return g_variant_ref_sink (g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, size, 1));

  type_size = ebpf_btf_type_get_size (self->record_type);
  if (type_size < 0 || (guint64) type_size > size)
    {
      const char *name = ebpf_btf_type_get_name (self->record_type);

      ebpf_error_set (error, EBPF_ERROR_WRONG_SIZE, 0,
                      "record %u has %" G_GSIZE_FORMAT " bytes, its type %s has %" G_GINT64_FORMAT
                      "; set the reader's record type to what the program writes",
                      index, size, name != NULL && *name != '\0' ? name : "(anonymous)", type_size);
      return NULL;
    }

  variant = ebpf_btf_type_to_variant_raw (self->record_type, data, (gsize) type_size, error);

  return variant != NULL ? g_variant_take_ref (variant) : NULL;
}

gboolean
ebpf_record_batch_is_accessed (EbpfRecordBatch *self)
{
  return g_atomic_int_get (&self->accessed);
}

void
ebpf_record_batch_clear_accessed (EbpfRecordBatch *self)
{
  g_atomic_int_set (&self->accessed, FALSE);
}

guint
ebpf_record_batch_peek_n_records (EbpfRecordBatch *self)
{
  return self->n_records;
}

gsize
ebpf_record_batch_peek_size (EbpfRecordBatch *self)
{
  return self->slab_size;
}
