"""What a masked LM would put in place of `[MASK]`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from albert_keras.inference.asking import Asks, Result, text_list
from albert_keras.inference.batches import run_rows
from albert_keras.text.examples import TextExample
from albert_keras.text.rows.arrays import encoder_inputs
from albert_keras.text.rows.encoding import encode_each
from albert_keras.text.rows.table import FeatureRows, Features

Guess = dict[str, Any]
# Of each mask of a row: its best pieces, and their probabilities.
_Best = list[tuple[np.ndarray, np.ndarray]]


class FillMask(Asks[TextExample]):
    """Fills `[MASK]` in texts, with the fields of the model card's pipeline.

    Args:
        model: An `ak.AlbertMaskedLM` or `ak.AlbertPretrainer`, or the path of
            a preset, a SavedModel or a .tflite file of one.
        tokenizer: The `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`
            to use; by default that of the model's preprocessor.
        **options: As of `ak.inference.Asks`.

    Call arguments:
        texts: A string with at least one `[MASK]`, or a sequence of such.
        top_k: Guesses for each mask, the best first.
        targets: Only these are considered, such as `["he", "she"]`; each
            must be a single piece of the vocabulary. Scores stay what they
            are among all pieces, as in the model card's pipeline.

    Returns:
        For one text with one mask a list of guesses. A text with several
        masks gives a list of such lists, in the order of the masks, and a
        sequence of texts gives a list with one of these for each text. A
        guess is a dictionary: `score` (float, probability), `token` (int,
        id), `token_str` (the piece, `"▁modeling"`) and `sequence` (the text
        with the piece filled in, normalised, other masks kept).

    Raises:
        TypeError: `model` has no masked-LM head, or a text is no string.
        ValueError: A text has no `[MASK]`, or is longer than the model
            takes; a target is not one piece; `top_k` is not positive.

    Example:

    ```python
    fill_mask = ak.FillMask(ak.AlbertMaskedLM.from_preset("preset"))
    fill_mask("Hello I'm a [MASK] model.", top_k=5)
    ```
    """

    task = "fill-mask"

    def __init__(
        self, model: Any, tokenizer: Any = None, **options: Any
    ) -> None:
        super().__init__(model, tokenizer, **options)
        self._top_k = 5
        self._candidates: np.ndarray | None = None

    def choose_from(
        self, top_k: int = 5, targets: Sequence[str] | None = None
    ) -> None:
        """Sets what `stream` gives.

        Args:
            top_k: As in a call.
            targets: Likewise.
        """
        if top_k < 1:
            raise ValueError(
                f"`top_k` must be positive. Received: top_k={top_k}."
            )
        self._top_k = top_k
        self._candidates = (
            None if targets is None else self._target_ids(targets)
        )

    def __call__(
        self,
        texts: str | Sequence[str],
        top_k: int = 5,
        targets: Sequence[str] | None = None,
    ) -> list:
        self.choose_from(top_k, targets)
        given, is_single = text_list(texts)
        examples = [TextExample("", t, None, None, "") for t in given]
        found = [result["guesses"] for _, result in self.stream(examples)]
        return found[0] if is_single else found

    def size_of(self, example: TextExample) -> int:
        return len(example.text)

    def answers(self, examples: Sequence[TextExample]) -> list[Result]:
        features = self._rows(examples)
        best = run_rows(
            self.model, features, self.batch_size, self._inputs, self._best
        )
        return [
            {"guesses": self._guesses(features.row(i)["token_ids"], found)}
            for i, found in enumerate(best)
        ]

    def _rows(self, examples: Sequence[TextExample]) -> Features:
        ids = encode_each(self.tokenizer, (each.text for each in examples))
        rows = FeatureRows()
        for example in examples:
            row = ids[example.text]
            where = f" ({example.source})" if example.source else ""
            if self.tokenizer.mask_id not in row:
                raise ValueError(
                    "A text must hold at least one [MASK]. Received: "
                    f"{example.text!r}{where}."
                )
            if len(row) > self.model.max_tokens - 2:
                raise ValueError(
                    f"A text must have at most {self.model.max_tokens - 2} "
                    f"tokens. Received: {len(row)} tokens, beginning with "
                    f"{example.text[:40]!r}{where}."
                )
            row = [self.tokenizer.cls_id, *row, self.tokenizer.sep_id]
            rows.add({"token_ids": row, "segment_ids": [0] * len(row)})
        return rows.features()

    def _target_ids(self, targets: Sequence[str]) -> np.ndarray:
        if isinstance(targets, str) or not targets:
            raise ValueError(
                "`targets` must be a non-empty list of strings. "
                f"Received: targets={targets!r}."
            )
        ids: list[int] = []
        for target in targets:
            encoded = self.tokenizer.encode(target)
            if len(encoded) != 1 or encoded[0] == self.tokenizer.unk_id:
                raise ValueError(
                    "Each of `targets` must be one piece of the vocabulary. "
                    f"Received: {target!r}, which is "
                    f"{self.tokenizer.pieces(target)}."
                )
            ids += encoded
        return np.unique(ids)

    def _inputs(self, batch: Features, width: int) -> dict[str, np.ndarray]:
        inputs = encoder_inputs(batch, width)
        masks = [self._masks(ids) for ids in inputs["token_ids"]]
        positions = np.zeros((len(masks), max(map(len, masks))), "int32")
        for row, found in zip(positions, masks, strict=True):
            row[: len(found)] = found
        return {**inputs, "mask_positions": positions}

    def _masks(self, ids: np.ndarray) -> np.ndarray:
        return np.flatnonzero(ids == self.tokenizer.mask_id)

    def _best(
        self, batch: Features, outputs: dict[str, np.ndarray]
    ) -> list[_Best]:
        best = []
        for index, logits in enumerate(outputs["mlm_logits"]):
            count = len(self._masks(batch.row(index)["token_ids"]))
            best.append([self._best_pieces(each) for each in logits[:count]])
        return best

    def _best_pieces(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # A table may have more rows than there are pieces.
        logits = logits[: self.tokenizer.vocabulary_size]
        exponentials = np.exp(logits - logits.max())
        scores = exponentials / exponentials.sum()
        pool = self._candidates
        if pool is None:
            pool = np.arange(len(scores))
        # Stable, so that equal scores come in the order of their ids.
        best = pool[np.argsort(-scores[pool], kind="stable")[: self._top_k]]
        return best, scores[best]

    def _guesses(self, row: np.ndarray, best: _Best) -> list:
        result = []
        for position, (pieces, scores) in zip(
            self._masks(row), best, strict=True
        ):
            result.append(
                [
                    self._guess(row, position, int(piece), float(score))
                    for piece, score in zip(pieces, scores, strict=True)
                ]
            )
        return result[0] if len(result) == 1 else result

    def _guess(
        self, row: np.ndarray, position: int, token: int, score: float
    ) -> Guess:
        filled = row[1:-1].tolist()
        filled[position - 1] = token
        return {
            "sequence": self.tokenizer.decode(filled),
            "score": score,
            "token": token,
            "token_str": self.tokenizer.id_to_piece(token),
        }
