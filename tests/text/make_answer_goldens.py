"""Writes answer_goldens.json: what the original answers to random scores.

    git clone https://github.com/google-research/albert
    python tests/text/make_answer_goldens.py albert/squad_utils.py

Only the functions named below are run; they need no TensorFlow.
"""

import ast
import collections
import json
import math
import random
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

FUNCTIONS = (
    "_get_best_indexes",
    "_compute_softmax",
    "_check_is_max_context",
    "accumulate_predictions_v1",
    "write_predictions_v1",
    "accumulate_predictions_v2",
    "write_predictions_v2",
)
N_BEST, LONGEST = 6, 4


def original(path):
    """The functions, with files in place of tf.gfile."""
    tree = ast.parse(Path(path).read_text("utf-8"))
    keep = [
        node
        for node in tree.body
        if (isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS)
        or (isinstance(node, ast.Assign) and "Prediction" in ast.dump(node))
    ]
    quiet = SimpleNamespace(info=lambda message: None)
    space = {
        "collections": collections,
        "json": json,
        "math": math,
        "tf": SimpleNamespace(gfile=SimpleNamespace(GFile=open), logging=quiet),
    }
    exec(compile(ast.Module(keep, []), str(path), "exec"), space)
    return SimpleNamespace(**space)


def windows(random_, google, words, question_words):
    """One question's windows of 8 words, 4 apart."""
    spans = [
        SimpleNamespace(start=s, length=min(8, words - s))
        for s in range(0, max(words - 4, 1), 4)
    ]
    first = question_words + 2
    for index, span in enumerate(spans):
        held = range(span.start, span.start + span.length)
        size = first + span.length + 1
        yield {
            "first": first,
            "words": list(held),
            "is_max_context": [
                google._check_is_max_context(spans, index, word)
                for word in held
            ],
            "start": [round(random_.gauss(0, 3), 3) for _ in range(size)],
            "end": [round(random_.gauss(0, 3), 3) for _ in range(size)],
            "beam_start": random_.sample(range(size), 3),
            "beam_end": [random_.randrange(size) for _ in range(6)],
            "cls": round(random_.gauss(0, 2), 3),
        }


def feature(window, index):
    first = window["first"]
    return SimpleNamespace(
        example_index=0,
        unique_id=index,
        tokens=["x"] * (first - 1) + ["[SEP]"],
        tok_start_to_orig_index=[3 * word for word in window["words"]],
        tok_end_to_orig_index=[3 * word + 1 for word in window["words"]],
        token_is_max_context={
            first + i: flag for i, flag in enumerate(window["is_max_context"])
        },
    )


def result(window, index):
    first, count = window["first"], len(window["words"])
    inside = range(first, first + count)

    def masked(scores):
        return [s if i in inside else -1e4 for i, s in enumerate(scores)]

    return SimpleNamespace(
        unique_id=index,
        start_log_prob=masked(window["start"]),
        end_log_prob=masked(window["end"]),
        start_top_index=window["beam_start"],
        start_top_log_probs=[window["start"][i] for i in window["beam_start"]],
        end_top_index=window["beam_end"],
        end_top_log_probs=[window["end"][i] for i in window["beam_end"]],
        cls_logits=window["cls"],
    )


def answered(google, context, given):
    example = SimpleNamespace(qas_id="q", paragraph_text=context)
    features = [feature(w, i) for i, w in enumerate(given)]
    results = [result(w, i) for i, w in enumerate(given)]
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, name)) for name in ("p", "n", "o")]
        found, cls = {}, {}
        google.accumulate_predictions_v1(
            found, [example], features, results, N_BEST, LONGEST
        )
        google.write_predictions_v1(
            found, [example], features, results, N_BEST, LONGEST, *files[:2]
        )
        v1 = json.loads(Path(files[1]).read_text())["q"]
        found = {}
        google.accumulate_predictions_v2(
            found, cls, [example], features, results, N_BEST, LONGEST, 3, 2
        )
        google.write_predictions_v2(
            found,
            cls,
            [example],
            features,
            results,
            N_BEST,
            LONGEST,
            *files,
            0.0,
        )
        predictions, v2, odds = (
            json.loads(Path(file).read_text())["q"] for file in files
        )
    return {"v1": v1, "v2": v2, "null_odds": odds, "prediction": predictions}


def main():
    google = original(sys.argv[1])
    random_ = random.Random(7)
    goldens = []
    for words in (3, 8, 9, 14, 20, 21):
        # Words occur again, so that answers have equal texts.
        context = " ".join(f"w{random_.randrange(6)}" for _ in range(words))
        given = list(windows(random_, google, words, random_.randint(1, 5)))
        goldens.append(
            {
                "context": context,
                "windows": given,
                **answered(google, context, given),
            }
        )
    file = Path(__file__).with_name("answer_goldens.json")
    file.write_text(json.dumps(goldens, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
