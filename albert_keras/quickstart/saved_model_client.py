"""Asks a SavedModel, as a program of its own that knows nothing of ours.

    python -I saved_model_client.py MODEL_FOLDER < questions.json

Reads a JSON list of texts and prints one JSON object: `pieces` and `scores`,
for each text the guesses for its first [MASK]; `milliseconds`, the median of
a question; and `modules`, the packages that were imported to get them.
"""

import json
import statistics
import sys
import time

import tensorflow as tf
import tensorflow_text  # noqa: F401  registers the ops of the tokenizer


def main() -> None:
    """Answers the questions of standard input."""
    texts = json.load(sys.stdin)
    signature = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
    answers, times = [], []
    for text in texts:
        question = tf.constant([text])
        signature(question)
        started = time.perf_counter()
        answers.append(signature(question))
        times.append(time.perf_counter() - started)
    result = {
        "pieces": [
            [piece.decode() for piece in answer["pieces"].numpy()[0, 0]]
            for answer in answers
        ],
        "scores": [
            answer["scores"].numpy()[0, 0].tolist() for answer in answers
        ],
        "milliseconds": 1000 * statistics.median(times),
        "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
