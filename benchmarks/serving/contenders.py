"""One contender of `speed.py`: texts in, scores out, by JSON lines.

Run by a Python that has what the contender needs; it imports nothing of
`benchmarks` and of this project only its tokenizer, for padding to 128.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Scores = Callable[[list[str]], np.ndarray]


def ours(folder: Path) -> Scores:
    """The exported model's signature of texts."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401

    served = tf.saved_model.load(str(folder / "1")).signatures["classify"]
    return lambda texts: served(text=tf.constant(texts))["scores"].numpy()


def padded(folder: Path) -> Scores:
    """The same model's signature of ids, every row padded to 128."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401

    import albert_keras as ak

    tokenizer = ak.AlbertTokenizer(str(folder.parent / "spiece.model"))
    served = tf.saved_model.load(str(folder / "1")).signatures["serve_ids"]

    def scores(texts: list[str]) -> np.ndarray:
        packed = tokenizer.pack(texts, max_length=128)
        rows = {
            name: tf.constant(np.pad(ids, ((0, 0), (0, 128 - ids.shape[1]))))
            for name, ids in packed.items()
            if name != "offsets"
        }
        return served(**rows)["scores"].numpy()

    return scores


def keras_hub(folder: Path, length: int) -> Scores:
    """KerasHub's classifier, exported with its preprocessor."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401

    served = tf.saved_model.load(str(folder / f"keras_hub_{length}"))
    return lambda texts: served.serve(tf.constant(texts)).numpy()


def hugging_face(folder: Path, dtype: str) -> Scores:
    """transformers on torch, padded to the longest of a batch."""
    import torch
    from transformers import AlbertForSequenceClassification, AutoTokenizer

    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AlbertForSequenceClassification.from_pretrained(
        folder, dtype=getattr(torch, dtype)
    ).eval()

    @torch.inference_mode()
    def scores(texts: list[str]) -> np.ndarray:
        inputs = tokenizer(
            texts,
            padding=True,
            truncation=True,
            max_length=512,
            return_tensors="pt",
        )
        return model(**inputs).logits.float().softmax(-1).numpy()

    return scores


def contender(name: str, folder: Path) -> Scores:
    """The contender of a name, from what `speed.py` has prepared."""
    if name == "padded":
        return padded(folder / "float32")
    kind, _, variant = name.rpartition(" ")
    if kind == "ours":
        return ours(folder / variant)
    if kind == "keras-hub":
        return keras_hub(folder, int(variant))
    return hugging_face(folder / "huggingface", variant)


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    answers = sys.stdout
    sys.stdout = sys.stderr
    scores = contender(name, folder)
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        requests = json.loads(line)
        seconds, found = [], []
        for texts in requests:
            began = time.perf_counter()
            result = scores(texts)
            seconds.append(time.perf_counter() - began)
            found += result.tolist()
        answer = {"seconds": seconds, "scores": found}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
