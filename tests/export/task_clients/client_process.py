"""Runs clients of MediaPipe and the TFLite Task Library.

Reads jobs as JSON from standard input: the library, the client's class, a
.tflite file and a list of inputs, each the arguments of a call. Writes a list
of what each call gave, or the error, as JSON to standard output.
"""

import json
import sys


def task_library(client, file):
    from tflite_support.task import text

    return getattr(text, client).create_from_file(file)


def mediapipe(client, file):
    from mediapipe.tasks.python import BaseOptions, text

    options = getattr(text, f"{client}Options")(
        base_options=BaseOptions(model_asset_path=file)
    )
    return getattr(text, client).create_from_options(options)


def classify(client, sentence):
    (head,) = client.classify(sentence).classifications
    found = [[each.category_name, each.score] for each in head.categories]
    if hasattr(client, "close"):  # MediaPipe's, which puts the best first
        order = [each.index for each in head.categories]
        found = [found[order.index(index)] for index in range(len(order))]
    return found


def answer(client, passage, question):
    return [
        [each.text, each.pos.start, each.pos.end, each.pos.logit]
        for each in client.answer(passage, question).answers
    ]


def embed(client, sentence):
    (head,) = client.embed(sentence).embeddings
    is_mediapipe = hasattr(head, "embedding")
    vector = head.embedding if is_mediapipe else head.feature_vector.value
    return [float(number) for number in vector]


OPEN = {"mediapipe": mediapipe, "tflite_support": task_library}
CALLS = {
    "BertNLClassifier": classify,
    "TextClassifier": classify,
    "BertQuestionAnswerer": answer,
    "TextEmbedder": embed,
}


def run(job):
    try:
        client = OPEN[job["library"]](job["client"], job["file"])
        call = CALLS[job["client"]]
        return [call(client, *inputs) for inputs in job["inputs"]]
    except (ValueError, RuntimeError) as error:
        return {"error": str(error)}


json.dump([run(job) for job in json.load(sys.stdin)], sys.stdout)
