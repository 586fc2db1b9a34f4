/* Runs a SavedModel without Python, through the loader that TF Serving uses.
 *
 *   run_saved_model FOLDER OP_LIBRARY... < requests > answers
 *
 * FOLDER holds saved_model.pb; the libraries are tensorflow-text's. A request
 * is the name of a signature (uint32 length, bytes), the number of tensors
 * (uint32) and the tensors, as wire.h has them. An answer is a TF_Code
 * (uint32) and, if that is TF_OK, the number of tensors and the tensors; else
 * a sentence (uint32 length, bytes). Requests are answered one by one until
 * the input ends; the first answer, without request, tells of the loading.
 *
 * The program ends with 0, or with 2 if the model could not be loaded or a
 * request was cut off.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define MAX_SIGNATURES 64

static Signature signatures[MAX_SIGNATURES];
static int num_signatures;

static void refuse(TF_Code code, const char* sentence) {
  uint32_t number = code;
  fwrite(&number, 4, 1, stdout);
  write_text(stdout, sentence);
}

static const Slot* find(const Slot* slots, int count, const char* name) {
  for (int i = 0; i < count; ++i)
    if (!strcmp(slots[i].name, name)) return &slots[i];
  return NULL;
}

/* "serving_default_text:0" -> operation and output; 0 if it is not there. */
static int locate(TF_Graph* graph, const char* tensor, TF_Output* output) {
  char operation[256];
  const char* colon = strrchr(tensor, ':');
  size_t length = colon ? (size_t)(colon - tensor) : strlen(tensor);
  memcpy(operation, tensor, length);
  operation[length] = 0;
  output->oper = TF_GraphOperationByName(graph, operation);
  output->index = colon ? atoi(colon + 1) : 0;
  return output->oper != NULL;
}

/* A sentence about what is wrong with the request, or NULL. */
static const char* bind(const Signature* signature, TF_Graph* graph,
                        char names[][128], TF_Tensor** given, int num_given,
                        TF_Output* inputs, TF_Output* outputs) {
  static char sentence[512];
  if (num_given != signature->num_inputs) {
    snprintf(sentence, sizeof sentence,
             "The signature `%s` must get %d tensor(s). Received: %d.",
             signature->name, signature->num_inputs, num_given);
    return sentence;
  }
  for (int i = 0; i < num_given; ++i) {
    if (!given[i]) {
      snprintf(sentence, sizeof sentence,
               "`%s` must hold as many elements as its shape says, of a dtype "
               "that can be sent. Received: something else.",
               names[i]);
      return sentence;
    }
    const Slot* slot =
        find(signature->inputs, signature->num_inputs, names[i]);
    for (int j = 0; j < i; ++j)
      if (!strcmp(names[i], names[j])) slot = NULL;
    if (!slot || !locate(graph, slot->tensor, &inputs[i])) {
      snprintf(sentence, sizeof sentence,
               "The signature `%s` must get each of its inputs once. "
               "Received: `%s`.",
               signature->name, names[i]);
      return sentence;
    }
    if ((int)TF_TensorType(given[i]) != slot->dtype) {
      snprintf(sentence, sizeof sentence,
               "`%s` must be of dtype %d. Received: %d.", names[i],
               slot->dtype, (int)TF_TensorType(given[i]));
      return sentence;
    }
    if (slot->rank >= 0 && TF_NumDims(given[i]) != slot->rank) {
      snprintf(sentence, sizeof sentence,
               "`%s` must have %d dimension(s). Received: %d.", names[i],
               slot->rank, TF_NumDims(given[i]));
      return sentence;
    }
  }
  for (int i = 0; i < signature->num_outputs; ++i)
    if (!locate(graph, signature->outputs[i].tensor, &outputs[i]))
      return "An output of the signature must be in the graph.";
  return NULL;
}

static void answer(TF_Session* session, TF_Graph* graph, const char* name,
                   char names[][128], TF_Tensor** given, int num_given) {
  const Signature* signature = NULL;
  TF_Output inputs[MAX_SLOTS], outputs[MAX_SLOTS];
  TF_Tensor* results[MAX_SLOTS] = {0};
  for (int i = 0; i < num_signatures; ++i)
    if (!strcmp(signatures[i].name, name)) signature = &signatures[i];
  if (!signature) {
    refuse(TF_NOT_FOUND, "The model must have the signature asked for.");
    return;
  }
  const char* wrong =
      bind(signature, graph, names, given, num_given, inputs, outputs);
  if (wrong) {
    refuse(TF_INVALID_ARGUMENT, wrong);
    return;
  }
  TF_Status* status = TF_NewStatus();
  TF_SessionRun(session, NULL, inputs, given, num_given, outputs, results,
                signature->num_outputs, NULL, 0, NULL, status);
  if (TF_GetCode(status) != TF_OK) {
    refuse(TF_GetCode(status), TF_Message(status));
  } else {
    uint32_t header[2] = {TF_OK, (uint32_t)signature->num_outputs};
    fwrite(header, 4, 2, stdout);
    for (int i = 0; i < signature->num_outputs; ++i)
      write_tensor(stdout, signature->outputs[i].name, results[i]);
  }
  for (int i = 0; i < signature->num_outputs; ++i)
    if (results[i]) TF_DeleteTensor(results[i]);
  TF_DeleteStatus(status);
}

static int serve(TF_Session* session, TF_Graph* graph) {
  char name[128];
  while (read_name(stdin, name, sizeof name)) {
    static char names[MAX_SLOTS][128];
    TF_Tensor* given[MAX_SLOTS];
    uint32_t count, read = 0;
    if (!read_all(stdin, &count, 4) || count > MAX_SLOTS) return 2;
    while (read < count &&
           read_tensor(stdin, names[read], 128, &given[read]))
      ++read;
    if (read == count)
      answer(session, graph, name, names, given, (int)count);
    for (uint32_t i = 0; i < read; ++i)
      if (given[i]) TF_DeleteTensor(given[i]);
    if (read < count) return 2;
    fflush(stdout);
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fputs("run_saved_model FOLDER OP_LIBRARY... < requests > answers\n",
          stderr);
    return 2;
  }
  TF_Status* status = TF_NewStatus();
  for (int i = 2; i < argc; ++i) {
    TF_LoadLibrary(argv[i], status);
    if (TF_GetCode(status) != TF_OK) break;
  }
  TF_Graph* graph = TF_NewGraph();
  TF_Buffer* meta_graph = TF_NewBuffer();
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Session* session = NULL;
  const char* tags[] = {"serve"};
  if (TF_GetCode(status) == TF_OK)
    session = TF_LoadSessionFromSavedModel(options, NULL, argv[1], tags, 1,
                                           graph, meta_graph, status);
  uint32_t loaded[2] = {TF_GetCode(status), 0};
  if (loaded[0] != TF_OK) {
    refuse(TF_GetCode(status), TF_Message(status));
    return 2;
  }
  fwrite(loaded, 4, 2, stdout);
  fflush(stdout);
  num_signatures = read_signatures(meta_graph->data, meta_graph->length,
                                   signatures, MAX_SIGNATURES);
  int code = serve(session, graph);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteBuffer(meta_graph);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return code;
}
