"""The same questions to Keras, to the SavedModel and to TFLite."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from albert_keras.inference.fill_mask import FillMask
from albert_keras.models.albert_tokenizer import AlbertTokenizer

TOP_K = 5
_CLIENT = Path(__file__).with_name("saved_model_client.py")


class Answers(NamedTuple):
    """What one runtime answered.

    Attributes:
        pieces: For each question its `TOP_K` pieces, the best first.
        scores: Their probabilities.
        milliseconds: Median time of a question, tokenization included.
    """

    pieces: list[list[str]]
    scores: list[list[float]]
    milliseconds: float

    def same_pieces(self, other: "Answers") -> int:
        """Questions to which both give the same pieces in the same order."""
        pairs = zip(self.pieces, other.pieces, strict=True)
        return sum(ours == theirs for ours, theirs in pairs)

    def largest_difference(self, other: "Answers") -> float:
        """Largest difference between two scores of the same rank."""
        ours, theirs = np.array(self.scores), np.array(other.scores)
        return float(np.abs(ours - theirs).max())


def ask_keras(fill_mask: FillMask, texts: Sequence[str]) -> Answers:
    """Asks the Keras model in this process, one text at a time."""
    pieces, scores, times = [], [], []
    for text in texts:
        fill_mask(text, top_k=TOP_K)
        started = time.perf_counter()
        guesses = fill_mask(text, top_k=TOP_K)
        times.append(time.perf_counter() - started)
        pieces.append([guess["token_str"] for guess in guesses])
        scores.append([guess["score"] for guess in guesses])
    return Answers(pieces, scores, 1000 * statistics.median(times))


def ask_saved_model(folder: Path, texts: Sequence[str]) -> Answers:
    """Asks a SavedModel in a process that does not import this package.

    Raises:
        RuntimeError: The process failed, or did import it.
    """
    process = subprocess.run(
        [sys.executable, "-I", str(_CLIENT), str(folder.resolve())],
        input=json.dumps(list(texts)),
        capture_output=True,
        text=True,
        cwd=os.sep,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if process.returncode != 0:
        raise RuntimeError(
            f"The SavedModel at `{folder}` must load and answer with "
            "TensorFlow and tensorflow-text alone. Received:\n"
            f"{process.stderr}"
        )
    result = json.loads(process.stdout)
    foreign = {"albert_keras", "keras_hub"} & set(result["modules"])
    if foreign:
        raise RuntimeError(
            "The SavedModel must answer without this package. Received: a "
            f"process that imported {', '.join(sorted(foreign))}."
        )
    return Answers(result["pieces"], result["scores"], result["milliseconds"])


def ask_tflite(
    path: Path, tokenizer: AlbertTokenizer, texts: Sequence[str]
) -> Answers:
    """Asks a TFLite file by ids, as an Android app would."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=os.cpu_count())
    runner = interpreter.get_signature_runner()
    shapes = {
        name: detail["shape"]
        for name, detail in runner.get_input_details().items()
    }
    pieces, scores, times = [], [], []
    for text in texts:
        started = time.perf_counter()
        ids = [
            tokenizer.cls_token_id,
            *tokenizer.encode(text),
            tokenizer.sep_token_id,
        ]
        inputs = {
            name: np.zeros(shape, "int32") for name, shape in shapes.items()
        }
        inputs["token_ids"][0, : len(ids)] = ids
        inputs["padding_mask"][0, : len(ids)] = 1
        inputs["mask_positions"][0, 0] = ids.index(tokenizer.mask_token_id)
        logits = runner(**inputs)["mlm_logits"][0, 0]
        exponentials = np.exp(logits - logits.max())
        best = np.argsort(-logits, kind="stable")[:TOP_K]
        times.append(time.perf_counter() - started)
        pieces.append([tokenizer.id_to_token(int(token)) for token in best])
        scores.append((exponentials[best] / exponentials.sum()).tolist())
    return Answers(pieces, scores, 1000 * statistics.median(times))
