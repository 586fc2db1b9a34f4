"""The outputs of a model with a head of one's own."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from albert_keras.artefact_names import OWN_HEAD_TASK
from albert_keras.inference.asking import Asks, Result, as_many, text_list
from albert_keras.inference.batches import ids_of, run_rows
from albert_keras.text.examples import TextExample
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.texts import text_features


class Predict(Asks[TextExample]):
    """Return what a model with a head of one's own computes from texts.

    Args:
        model: A Keras model built on an `ak.AlbertBackbone`, as
            `ak.export.saved_model` takes it, or the path of a SavedModel or a
            .tflite file of one.
        tokenizer: As of `ak.inference.Asks`.
        **options: As of `ak.inference.Asks`.

    Call arguments:
        texts: A string, or a sequence of strings.
        pairs: The second text of each, or None.

    Returns:
        For one text a dictionary, else a list of these: the model's outputs
        by name, as NumPy arrays without the batch axis. An output with one
        value per token has one for each token of the text, `[CLS]` and
        `[SEP]` included.

    Raises:
        TypeError: `model` has no head of its own, or a text isn't a string.
        ValueError: The numbers of pairs and texts differ.

    Example:

    ```python
    outputs = backbone.output
    logits = keras.layers.Dense(3, name="stars")(outputs["pooled_output"])
    model = keras.Model(backbone.input, logits)
    predict = ak.inference.Predict(model, tokenizer)
    predict("A fine film.")["stars"]
    ```
    """

    task = OWN_HEAD_TASK

    def __call__(
        self,
        texts: str | Sequence[str],
        pairs: str | Sequence[str] | None = None,
    ) -> Any:
        given, is_single = text_list(texts)
        seconds: Sequence[str | None] = [None] * len(given)
        if pairs is not None:
            seconds, _ = text_list(pairs, "pairs")
            as_many("pairs", seconds, len(given), "texts")
        examples = [
            TextExample("", text, pair, None, "")
            for text, pair in zip(given, seconds, strict=True)
        ]
        found = [result for _, result in self.stream(examples)]
        return found[0] if is_single else found

    def size_of(self, example: TextExample) -> int:
        return len(example.text) + len(example.pair or "")

    def answers(self, examples: Sequence[TextExample]) -> list[Result]:
        features = text_features(
            examples, self.tokenizer, self.model.max_tokens
        )
        self.count_truncated(features)
        return run_rows(
            self.model, features, self.batch_size, ids_of, self._rows
        )

    def _rows(
        self, batch: Features, outputs: dict[str, np.ndarray]
    ) -> list[Result]:
        of_tokens = self.model.token_outputs
        return [
            {
                # Copies, or the outputs of the whole batch would be kept.
                name: output[
                    row, : int(length) if name in of_tokens else None
                ].copy()
                if output.ndim > 1
                else output[row]
                for name, output in outputs.items()
            }
            for row, length in enumerate(batch.lengths)
        ]
