"""The same inputs to every command, of a preset, a SavedModel and a .tflite.

    python -m benchmarks.inference.equality --count 200 --json FILE

Real inputs (SST-2, MRPC, SQuAD, RACE, CoNLL-2003, from `--data`) go through
`albert-keras fill-mask | embed | classify | answer | tag | choose` with
`--json`, in a process for each, to small models with random weights in the
three forms. Words and numbers of the answers must be the same, and scores
within 1e-4.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import albert_keras as ak
from benchmarks.serving import models_and_inputs
from benchmarks.tokenizer.record import write_record

PROJECT = Path(__file__).parents[2]
LIBRARIES = ("tensorflow", "keras", "keras-hub", "ai-edge-litert")
TOLERANCE = 1e-4
# By the signature of a case: the command, and what it is given besides.
COMMANDS = {
    "fill_mask": ["fill-mask", "--top-k", "5"],
    "embed": ["embed", "--pooling", "mean", "--pooling", "cls"],
    "classify": ["classify"],
    "serve_pairs": ["classify"],
    "answer": ["answer", "--top-k", "5"],
    "tag": ["tag"],
    "choose": ["choose"],
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared/data"
    )
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--json", type=Path)
    arguments = options.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, case in enumerate(
            models_and_inputs.cases(arguments.data, arguments.count)
        ):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            results += list(compare(case, folder))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        write_record(arguments.json, LIBRARIES, {"equality": results})
    if any(each["different"] for each in results):
        sys.exit(1)


def compare(case: Any, folder: Path) -> Iterator[dict[str, Any]]:
    """Asks a model in three forms, and says where they differ."""
    file = write_inputs(case, folder / "inputs.jsonl")
    command = COMMANDS[case.signature]
    forms = write_forms(case, folder)
    expected = ask(command, forms.pop("preset"), file, case.labels)
    for form, path in forms.items():
        found = ask(command, path, file, case.labels)
        assert len(found) == len(expected) == case.count
        worst = [
            difference(one, other)
            for one, other in zip(expected, found, strict=True)
        ]
        different = sum(each > TOLERANCE for each in worst)
        largest = max(each for each in worst if each < float("inf"))
        print(
            f"{case.name:26} {command[0]:10} {form:12} {len(worst)} inputs, "
            f"{different} different, largest difference {largest:.1e}",
            flush=True,
        )
        yield {
            "model": case.name,
            "command": command[0],
            "form": form,
            "inputs": len(worst),
            "different": different,
            "largest_difference": largest,
        }


def write_inputs(case: Any, path: Path) -> Path:
    rows = zip(*case.inputs.values(), strict=True)
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            line = dict(zip(case.inputs, row, strict=True))
            file.write(json.dumps(line) + "\n")
    return path


def write_forms(case: Any, folder: Path) -> dict[str, Path]:
    forms = {
        "preset": folder / "preset",
        "SavedModel": folder / "served",
        ".tflite": folder / "model.tflite",
    }
    case.model.save_to_preset(str(forms["preset"]))
    if isinstance(case.model, ak.AlbertBackbone):
        case.tokenizer.save_to_preset(str(forms["preset"]))
    options = {"tokenizer": case.tokenizer, "labels": case.labels}
    ak.export.saved_model(case.model, forms["SavedModel"], **options)
    # As many tokens as the other forms read, or texts would be cut elsewhere.
    length = ak.inference.load(forms["SavedModel"]).model.max_tokens
    ak.export.tflite(
        case.model, forms[".tflite"], sequence_length=length, **options
    )
    return forms


def ask(
    command: list[str], model: Path, file: Path, labels: Any
) -> list[dict[str, Any]]:
    words = [*command, str(model), "--file", str(file), "--json"]
    if labels:
        words += ["--labels", ",".join(labels)]
    said = subprocess.run(
        [sys.executable, "-m", "albert_keras", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    return [json.loads(line) for line in said.splitlines()]


def difference(expected: Any, found: Any) -> float:
    """How far scores are apart; infinite where anything else differs."""
    if isinstance(expected, dict) and isinstance(found, dict):
        if expected.keys() != found.keys():
            return float("inf")
        pairs = [(expected[name], found[name]) for name in expected]
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return float("inf")
        pairs = list(zip(expected, found, strict=True))
    elif isinstance(expected, float) and isinstance(found, float):
        return abs(expected - found)
    else:
        return 0.0 if expected == found else float("inf")
    return max((difference(*pair) for pair in pairs), default=0.0)


if __name__ == "__main__":
    main()
