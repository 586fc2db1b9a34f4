"""Fine-tuned models in MediaPipe's and the Task Library's clients.

    python benchmarks/lite/task_clients.py --data FOLDER --sst2 PRESET \
        --squad PRESET --clients PYTHON

500 sentences of SST-2 are classified and 100 questions of SQuAD 1.1, of those
that `train_small_models.py` trained the reader on, answered by the clients, and
by Keras on the ids that the clients make. PYTHON is that of an environment with
what `tests/export/task_clients/requirements.txt` lists.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from small_models import load

import albert_keras as ak
from albert_keras.export.client_ids import (
    ANSWERER_LENGTH,
    ClientIds,
    PassageRow,
    client_answers,
)
from albert_keras.models.preset import saved_task_class

sys.path.insert(0, str(Path(__file__).parents[1] / "tokenizer"))
from record import write_record

PROJECT = Path(__file__).parents[2]
PROCESS = PROJECT / "tests/export/task_clients/client_process.py"
RESULTS = PROJECT / "benchmarks/results/lite/task_clients.json"
QUANTIZATIONS = ("float32", "float16", "int8", "int8-per-tensor", "int4")
LENGTH = 128
BATCH = 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sst2", type=Path)
    parser.add_argument("--squad", type=Path)
    parser.add_argument("--clients", required=True)
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    content: dict[str, Any] = {
        "clients": _versions(options.clients),
        "presets": {
            name: getattr(options, name) and getattr(options, name).name
            for name in ("sst2", "squad")
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        if options.sst2:
            content["classification"] = classification(options, path)
        if options.squad:
            content["answers"] = answers(options, path)
    write_record(options.out, ["tensorflow", "keras"], content)


def classification(
    options: argparse.Namespace, path: Path
) -> list[dict[str, Any]]:
    lines = (options.data / "glue/SST-2/dev.tsv").read_text("utf-8").split("\n")
    rows = [line.split("\t") for line in lines[1:] if line]
    rows = rows[: options.sentences]
    model = _load(options.sst2)
    tokenizer = model.preprocessor.tokenizer
    found = []
    for quantization in QUANTIZATIONS:
        ids = _export(
            model,
            path,
            quantization,
            LENGTH,
            labels=["negative", "positive"],
        )
        made = [ids.text(text, LENGTH) for text, _ in rows]
        same = sum(
            row[1:-1] == tokenizer.encode(text)[: LENGTH - 2]
            for row, (text, _) in zip(made, rows, strict=True)
        )
        expected = _softmax(_predict(model, [(row, None) for row in made]))
        for library, client in (
            ("mediapipe", "TextClassifier"),
            ("tflite_support", "BertNLClassifier"),
        ):
            answer = _ask(
                options.clients, library, client, path, [[t] for t, _ in rows]
            )
            row = {
                "client": f"{library} {client}",
                "quantization": quantization,
                "sentences": len(rows),
                "ids_of_albert": same,
            }
            if isinstance(answer, dict):
                row["refused"] = answer["error"]
            else:
                scores = np.array([[s for _, s in head] for head in answer])
                gold = np.array([int(label) for _, label in rows])
                row |= {
                    "largest_difference": float(abs(scores - expected).max()),
                    "same_class": int(
                        (scores.argmax(-1) == expected.argmax(-1)).sum()
                    ),
                    "accuracy": _percent(scores.argmax(-1) == gold),
                    "accuracy_of_keras": _percent(expected.argmax(-1) == gold),
                }
            print(row)
            found.append(row)
    return found


def answers(options: argparse.Namespace, path: Path) -> list[dict[str, Any]]:
    learned = [
        (each.question, each.context, each.answers)
        for each in load("squad1")["train"].examples
    ]
    asked = random.Random(1).sample(learned, options.questions)
    model = _load(options.squad)
    tokenizer = model.preprocessor.tokenizer
    found = []
    for quantization in QUANTIZATIONS:
        ids = _export(model, path, quantization, ANSWERER_LENGTH)
        rows = [
            ids.passage(question, context) for question, context, _ in asked
        ]
        outputs = _predict(
            model,
            [(row.token_ids, row.segment_ids) for row in rows],
            ANSWERER_LENGTH,
        )
        expected = [
            client_answers(row, start, end)
            for row, start, end in zip(
                rows,
                outputs["start_logits"],
                outputs["end_logits"],
                strict=True,
            )
        ]
        answer = _ask(
            options.clients,
            "tflite_support",
            "BertQuestionAnswerer",
            path,
            [[context, question] for question, context, _ in asked],
        )
        row = {
            "client": "tflite_support BertQuestionAnswerer",
            "quantization": quantization,
            "questions": len(asked),
            "ids_of_albert": sum(
                _is_alberts(tokenizer, row, question, context)
                for row, (question, context, _) in zip(rows, asked, strict=True)
            ),
        }
        if isinstance(answer, dict):
            row["refused"] = answer["error"]
        else:
            row |= _compare(answer, expected, asked)
        print(row)
        found.append(row)
    return found


def _compare(found: list, expected: list, asked: list) -> dict[str, Any]:
    differences, same_text, same_spans, exact = [], 0, 0, 0
    for theirs, ours, (_, _, gold) in zip(found, expected, asked, strict=True):
        logits = {(start, end): logit for _, start, end, logit in theirs}
        differences += [
            abs(answer.logit - logits[answer.start, answer.end])
            for answer in ours
            if (answer.start, answer.end) in logits
        ]
        best = theirs[0][0] if theirs else ""
        same_spans += [each[:3] for each in theirs] == [
            list(each[:3]) for each in ours
        ]
        same_text += best == (ours[0].text if ours else "")
        exact += best in gold
    return {
        "answers": len(differences),
        "largest_difference": max(differences, default=0.0),
        "same_best_answer": same_text,
        "same_five_answers": same_spans,
        "literally_exact": exact,
    }


def _is_alberts(
    tokenizer: Any, row: PassageRow, question: str, context: str
) -> bool:
    """Whether the ids are those of the model's tokenizer, cut alike."""
    first = row.segment_ids.index(1)
    asked = tokenizer.encode(question)[: first - 2]
    told = tokenizer.encode(context)[: len(row.token_ids) - first - 1]
    return (
        row.token_ids[1 : first - 1] == asked
        and row.token_ids[first:-1] == told
    )


def _load(preset: Path) -> keras.Model:
    return saved_task_class(preset).from_preset(preset)


def _export(
    model: keras.Model, path: Path, quantization: str, length: int, **options
) -> ClientIds:
    ak.export.tflite(
        model,
        path,
        quantization=quantization,
        sequence_length=min(length, model.backbone.max_sequence_length),
        overwrite=True,
        **options,
    )
    return ClientIds(ak.export.LiteContents(path).files["spiece.model"])


def _predict(
    model: keras.Model, rows: list[tuple], length: int | None = None
) -> Any:
    length = length or max(len(ids) for ids, _ in rows)
    inputs = {
        name: np.zeros((len(rows), length), "int32")
        for name in ("token_ids", "segment_ids", "padding_mask")
    }
    for row, (ids, segments) in enumerate(rows):
        inputs["token_ids"][row, : len(ids)] = ids
        inputs["segment_ids"][row, : len(ids)] = segments or 0
        inputs["padding_mask"][row, : len(ids)] = 1
    outputs = [
        model(
            {name: ids[start : start + BATCH] for name, ids in inputs.items()},
            training=False,
        )
        for start in range(0, len(rows), BATCH)
    ]
    if isinstance(outputs[0], dict):
        return {
            name: np.concatenate([np.asarray(each[name]) for each in outputs])
            for name in outputs[0]
        }
    return np.concatenate([np.asarray(each) for each in outputs])


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def _percent(right: np.ndarray) -> float:
    return round(100 * float(right.mean()), 2)


def _ask(
    python: str, library: str, client: str, path: Path, inputs: list
) -> Any:
    job = {
        "library": library,
        "client": client,
        "file": str(path),
        "inputs": inputs,
    }
    return json.loads(_run(python, [PROCESS], json.dumps([job])))[0]


def _versions(python: str) -> dict[str, str]:
    ask = (
        "from importlib.metadata import version as v; import json;"
        "print(json.dumps({n: v(n) for n in ('mediapipe', 'tflite-support')}))"
    )
    return json.loads(_run(python, ["-c", ask], ""))


def _run(python: str, arguments: list, stdin: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [python, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout


if __name__ == "__main__":
    main()
