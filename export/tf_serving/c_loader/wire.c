#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* === Protocol buffers: as much as a MetaGraphDef's signatures need === */

typedef struct {
  const uint8_t* at;
  const uint8_t* end;
} Message;

typedef struct {
  int number;
  uint64_t value;  /* of a varint */
  Message inside;  /* of what has a length */
} Field;

static uint64_t varint(Message* message) {
  uint64_t value = 0;
  for (int shift = 0; message->at < message->end && shift < 64; shift += 7) {
    uint8_t byte = *message->at++;
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

static int next_field(Message* message, Field* field) {
  if (message->at >= message->end) return 0;
  uint64_t key = varint(message), size = 0;
  field->number = (int)(key >> 3);
  switch (key & 7) {
    case 0:
      field->value = varint(message);
      return 1;
    case 1:
      size = 8;
      break;
    case 2:
      size = varint(message);
      break;
    case 5:
      size = 4;
      break;
    default:
      return 0;
  }
  if (size > (uint64_t)(message->end - message->at)) return 0;
  field->inside.at = message->at;
  field->inside.end = message->at += size;
  return 1;
}

static void copy_text(Message text, char* into, size_t size) {
  size_t length = (size_t)(text.end - text.at);
  if (length >= size) length = size - 1;
  memcpy(into, text.at, length);
  into[length] = 0;
}

/* TensorShapeProto: 2 dim, 3 unknown_rank. */
static int rank_of(Message shape) {
  Field field;
  int rank = 0;
  while (next_field(&shape, &field)) {
    if (field.number == 2) ++rank;
    if (field.number == 3 && field.value) return -1;
  }
  return rank;
}

/* An entry of map<string, TensorInfo>; TensorInfo: 1 name, 2 dtype, 3 shape. */
static void read_slot(Message entry, Slot* slot) {
  Field field, info;
  memset(slot, 0, sizeof *slot);
  slot->rank = -1;
  while (next_field(&entry, &field)) {
    if (field.number == 1) copy_text(field.inside, slot->name, 128);
    if (field.number != 2) continue;
    while (next_field(&field.inside, &info)) {
      if (info.number == 1) copy_text(info.inside, slot->tensor, 256);
      if (info.number == 2) slot->dtype = (int)info.value;
      if (info.number == 3) slot->rank = rank_of(info.inside);
    }
  }
}

/* An entry of map<string, SignatureDef>: 1 inputs, 2 outputs. */
static void read_signature(Message entry, Signature* signature) {
  Field field, part;
  memset(signature, 0, sizeof *signature);
  while (next_field(&entry, &field)) {
    if (field.number == 1) copy_text(field.inside, signature->name, 128);
    if (field.number != 2) continue;
    while (next_field(&field.inside, &part)) {
      if (part.number == 1 && signature->num_inputs < MAX_SLOTS)
        read_slot(part.inside, &signature->inputs[signature->num_inputs++]);
      if (part.number == 2 && signature->num_outputs < MAX_SLOTS)
        read_slot(part.inside, &signature->outputs[signature->num_outputs++]);
    }
  }
}

int read_signatures(const uint8_t* graph, size_t size, Signature* signatures,
                    int most) {
  Message message = {graph, graph + size};
  Field field;
  int count = 0;
  while (count < most && next_field(&message, &field))
    if (field.number == 5) /* signature_def */
      read_signature(field.inside, &signatures[count++]);
  return count;
}

/* === Tensors === */

int read_all(FILE* from, void* into, size_t size) {
  return fread(into, 1, size, from) == size;
}

int read_name(FILE* from, char* name, size_t size) {
  uint32_t length;
  if (!read_all(from, &length, 4) || length >= size) return 0;
  name[length] = 0;
  return read_all(from, name, length);
}

void write_text(FILE* to, const char* text) {
  uint32_t length = (uint32_t)strlen(text);
  fwrite(&length, 4, 1, to);
  fwrite(text, 1, length, to);
}

static int64_t num_elements(TF_Tensor* tensor) {
  return TF_TensorElementCount(tensor);
}

static int read_strings(const uint8_t* at, uint64_t size, TF_Tensor* tensor) {
  TF_TString* strings = TF_TensorData(tensor);
  int64_t count = num_elements(tensor);
  for (int64_t i = 0; i < count; ++i) TF_StringInit(&strings[i]);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t length;
    if (size < 8) return 0;
    memcpy(&length, at, 8);
    at += 8, size -= 8;
    if (length > size) return 0;
    TF_StringCopy(&strings[i], (const char*)at, length);
    at += length, size -= length;
  }
  return size == 0;
}

/* The number of elements, or -1 for a shape that no tensor can have. */
static int64_t count_of(const int64_t* shape, uint32_t rank) {
  int64_t count = 1;
  for (uint32_t i = 0; i < rank; ++i)
    if (shape[i] < 0 || __builtin_mul_overflow(count, shape[i], &count))
      return -1;
  return count;
}

static TF_Tensor* make_tensor(int dtype, const int64_t* shape, uint32_t rank,
                              const uint8_t* bytes, uint64_t size) {
  int is_string = dtype == TF_STRING;
  int is_known = dtype >= TF_FLOAT && dtype <= TF_UINT64;
  size_t width = is_string  ? sizeof(TF_TString)
                 : is_known ? TF_DataTypeSize((TF_DataType)dtype)
                            : 0;
  int64_t count = count_of(shape, rank);
  /* Each string takes at least 8 bytes, so that `size` bounds the count. */
  if (!width || count < 0 ||
      (uint64_t)count > size / (is_string ? 8 : width))
    return NULL;
  TF_Tensor* tensor =
      TF_AllocateTensor(dtype, shape, (int)rank, width * (size_t)count);
  int good = is_string ? read_strings(bytes, size, tensor)
                       : size == width * (uint64_t)count;
  if (good && !is_string) memcpy(TF_TensorData(tensor), bytes, size);
  if (!good) TF_DeleteTensor(tensor), tensor = NULL;
  return tensor;
}

int read_tensor(FILE* from, char* name, size_t name_size, TF_Tensor** tensor) {
  int32_t dtype;
  uint32_t rank;
  int64_t shape[8];
  uint64_t size;
  *tensor = NULL;
  if (!read_name(from, name, name_size) || !read_all(from, &dtype, 4) ||
      !read_all(from, &rank, 4) || rank > 8 ||
      !read_all(from, shape, 8 * rank) || !read_all(from, &size, 8) ||
      size > MAX_BYTES)
    return 0;
  uint8_t* bytes = malloc(size + 1);
  int whole = bytes && read_all(from, bytes, size);
  if (whole) *tensor = make_tensor(dtype, shape, rank, bytes, size);
  free(bytes);
  return whole;
}

static void write_strings(FILE* to, TF_Tensor* tensor) {
  const TF_TString* strings = TF_TensorData(tensor);
  uint64_t total = 0, length;
  int64_t count = num_elements(tensor);
  for (int64_t i = 0; i < count; ++i)
    total += 8 + TF_StringGetSize(&strings[i]);
  fwrite(&total, 8, 1, to);
  for (int64_t i = 0; i < count; ++i) {
    length = TF_StringGetSize(&strings[i]);
    fwrite(&length, 8, 1, to);
    fwrite(TF_StringGetDataPointer(&strings[i]), 1, length, to);
  }
}

void write_tensor(FILE* to, const char* name, TF_Tensor* tensor) {
  int32_t dtype = TF_TensorType(tensor);
  uint32_t rank = (uint32_t)TF_NumDims(tensor);
  write_text(to, name);
  fwrite(&dtype, 4, 1, to);
  fwrite(&rank, 4, 1, to);
  for (uint32_t i = 0; i < rank; ++i) {
    int64_t size = TF_Dim(tensor, (int)i);
    fwrite(&size, 8, 1, to);
  }
  if (dtype == TF_STRING) {
    write_strings(to, tensor);
    return;
  }
  uint64_t size = TF_TensorByteSize(tensor);
  fwrite(&size, 8, 1, to);
  fwrite(TF_TensorData(tensor), 1, size, to);
}
