/* Reading and writing of the loader's requests, and of protocol buffers. */
#ifndef ALBERT_KERAS_WIRE_H_
#define ALBERT_KERAS_WIRE_H_

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tensorflow/c/c_api.h"

/* One named tensor of a signature: where it is in the graph. */
typedef struct {
  char name[128];    /* as the signature calls it: "text" */
  char tensor[256];  /* as the graph does: "serving_default_text:0" */
  int dtype;
  int rank; /* -1 if the signature leaves it open */
} Slot;

#define MAX_SLOTS 32

typedef struct {
  char name[128];
  Slot inputs[MAX_SLOTS];
  Slot outputs[MAX_SLOTS];
  int num_inputs, num_outputs;
} Signature;

/* Fills `signatures` from a serialised MetaGraphDef; returns how many. */
int read_signatures(const uint8_t* graph, size_t size, Signature* signatures,
                    int most);

/* A request or answer is a sequence of tensors; a tensor is, little-endian:
 *   uint32 n, n bytes          its name
 *   int32                      dtype, as numbered by TF_DataType
 *   uint32 r, r x int64        shape
 *   uint64 n, n bytes          its elements; of strings, each uint64 and bytes
 */

#define MAX_BYTES (1ull << 31)

/* Returns 0 where the input is cut off or no tensor; else 1, with NULL for
 * `*tensor` if dtype, shape and elements do not go together. */
int read_tensor(FILE* from, char* name, size_t name_size, TF_Tensor** tensor);

void write_tensor(FILE* to, const char* name, TF_Tensor* tensor);

int read_all(FILE* from, void* into, size_t size); /* 1, or 0 at the end */
int read_name(FILE* from, char* name, size_t size);
void write_text(FILE* to, const char* text);

#endif
