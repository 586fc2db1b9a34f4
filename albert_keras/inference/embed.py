"""A vector for each text."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from albert_keras.inference.asking import Asks, Result, text_list
from albert_keras.inference.batches import ids_of, run_rows
from albert_keras.text.examples import TextExample
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.texts import text_features

POOLINGS = ("mean", "cls", "pooled")
# Nothing is longer than a length of 1 for being divided by less.
_SHORTEST = 1e-12


class Embed(Asks[TextExample]):
    """Turns texts into vectors by what an encoder says of them.

    Args:
        model: An `ak.AlbertBackbone` or any model that has one, or the path
            of a preset, or of a SavedModel or a .tflite file of a backbone.
        tokenizer: As of `ak.inference.Asks`, needed for a backbone.
        pooling: Which vectors: `"mean"`, the mean of `sequence_output` over
            all tokens of the text, `[CLS]` and `[SEP]` among them; `"cls"`,
            that of `[CLS]`; `"pooled"`, the `pooled_output`, which the
            sentence order head was trained on. Or several of these. None for
            what the model's folder says (`modules.json` of
            sentence-transformers), or what a .tflite file was made with, else
            `"mean"`.
        normalize: Whether vectors get a Euclidean length of 1, so that their
            products are cosines. None for what the model's folder says, else
            False.
        **options: As of `ak.inference.Asks`.

    Call arguments:
        texts: A string, or a sequence of strings. Of a text that is longer
            than the model takes the end is left out.

    Returns:
        float32 `[hidden_dim]` for one text, else `[texts, hidden_dim]`; of
        several poolings a dictionary of these.

    Raises:
        TypeError: `model` has no encoder to look at, or a text is no string.
        ValueError: `pooling` is none of these.

    Example:

    ```python
    embed = ak.inference.Embed("preset", normalize=True)
    vectors = embed(["A fine film.", "A good movie.", "It rains."])
    vectors @ vectors.T
    ```
    """

    task = "embed"

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        pooling: str | Sequence[str] | None = None,
        normalize: bool | None = None,
        **options: Any,
    ) -> None:
        if pooling is not None:
            check_poolings([pooling] if isinstance(pooling, str) else pooling)
        super().__init__(model, tokenizer, **options)
        only, layout = self.model.pooling, self.model.layout
        if pooling is None and layout is not None and layout.refusal:
            raise ValueError(
                "A model of sentence-transformers must have the pooling mean "
                "or cls and no steps but Normalize after it, unless `pooling` "
                f"(--pooling) is given. Received: {layout.refusal}."
            )
        if pooling is None:
            pooling = (layout and layout.pooling) or only or "mean"
        if normalize is None:
            normalize = layout is not None and layout.normalize
        self.poolings = [pooling] if isinstance(pooling, str) else [*pooling]
        if only is not None and set(self.poolings) != {only}:
            raise ValueError(
                f"`pooling` must be {only}, the one that {self.model.source} "
                f"gives. Received: {', '.join(self.poolings)}."
            )
        self._one = isinstance(pooling, str)
        self.normalize = normalize

    def __call__(self, texts: str | Sequence[str]) -> Any:
        given, is_single = text_list(texts)
        if not given:
            raise ValueError("`texts` must not be empty. Received: none.")
        examples = [TextExample("", t, None, None, "") for t in given]
        found = [result for _, result in self.stream(examples)]
        vectors = {
            name: np.stack([result[name] for result in found])
            for name in self.poolings
        }
        if is_single:
            vectors = {name: rows[0] for name, rows in vectors.items()}
        return vectors[self.poolings[0]] if self._one else vectors

    def size_of(self, example: TextExample) -> int:
        return len(example.text)

    def answers(self, examples: Sequence[TextExample]) -> list[Result]:
        features = text_features(
            examples, self.tokenizer, self.model.max_tokens
        )
        self.count_truncated(features)
        return run_rows(
            self.model, features, self.batch_size, ids_of, self._vectors
        )

    def _vectors(
        self, batch: Features, outputs: dict[str, np.ndarray]
    ) -> list[Result]:
        found = []
        for row, length in enumerate(batch.lengths):
            vectors = {}
            for name in self.poolings:
                vector = _vector(outputs, row, int(length), name)
                if self.normalize:
                    vector /= max(float(np.linalg.norm(vector)), _SHORTEST)
                vectors[name] = vector
            found.append(vectors)
        return found


def check_poolings(poolings: Sequence[str]) -> None:
    """Refuses what is none of `POOLINGS`."""
    unknown = sorted(set(poolings) - set(POOLINGS))
    if unknown or not poolings:
        raise ValueError(
            f"`pooling` must be among {', '.join(POOLINGS)}. Received: "
            f"{', '.join(unknown) or 'none'}."
        )


def _vector(
    outputs: dict[str, np.ndarray], row: int, length: int, pooling: str
) -> np.ndarray:
    if "embedding" in outputs:  # of a file that gives nothing else
        return outputs["embedding"][row].copy()
    if pooling == "pooled":
        return outputs["pooled_output"][row].copy()
    hidden = outputs["sequence_output"][row]
    # A copy, or the outputs of all tokens would stay with it.
    return hidden[0].copy() if pooling == "cls" else hidden[:length].mean(0)
