"""What a masked LM would put in place of `[MASK]`."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.albert_word_piece_tokenizer import (
    AlbertWordPieceTokenizer,
)

Guess = dict[str, Any]


class FillMask:
    """Fills `[MASK]` in texts, with the fields of the model card's pipeline.

    Args:
        model: An `ak.AlbertMaskedLM` or `ak.AlbertPretrainer`.
        tokenizer: The `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`
            to use; by default that of the model's preprocessor.

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

    def __init__(
        self,
        model: AlbertMaskedLM | AlbertPretrainer,
        tokenizer: AlbertTokenizer | AlbertWordPieceTokenizer | None = None,
    ) -> None:
        if not isinstance(model, AlbertMaskedLM | AlbertPretrainer):
            raise TypeError(
                "`model` must be an AlbertMaskedLM or an AlbertPretrainer. "
                f"Received: {type(model).__name__}."
            )
        if tokenizer is None:
            if model.preprocessor is None:
                raise ValueError(
                    "`tokenizer` must be given for a model without a "
                    "preprocessor. Received: tokenizer=None."
                )
            tokenizer = model.preprocessor.tokenizer
        self.model = model
        self.tokenizer = tokenizer

    def __call__(
        self,
        texts: str | Sequence[str],
        top_k: int = 5,
        targets: Sequence[str] | None = None,
    ) -> list:
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            return self([texts], top_k=top_k, targets=targets)[0]
        if top_k < 1:
            raise ValueError(
                f"`top_k` must be positive. Received: top_k={top_k}."
            )
        if not texts:
            return []
        rows = [self._encode(text) for text in texts]
        candidates = None if targets is None else self._target_ids(targets)
        probabilities = self._probabilities(rows)
        return [
            self._guesses(row, probabilities[i], candidates, top_k)
            for i, row in enumerate(rows)
        ]

    def _encode(self, text: str) -> list[int]:
        if not isinstance(text, str):
            raise TypeError(
                "`texts` must be a string or a sequence of strings. "
                f"Received: {text!r} ({type(text).__name__})."
            )
        row = [
            self.tokenizer.cls_token_id,
            *self.tokenizer.encode(text),
            self.tokenizer.sep_token_id,
        ]
        if self.tokenizer.mask_token_id not in row:
            raise ValueError(
                f"A text must hold at least one [MASK]. Received: {text!r}."
            )
        longest = self.model.backbone.max_sequence_length
        if len(row) > longest:
            raise ValueError(
                f"A text must have at most {longest - 2} tokens. Received: "
                f"{len(row) - 2} tokens, beginning with {text[:40]!r}."
            )
        return row

    def _target_ids(self, targets: Sequence[str]) -> np.ndarray:
        if isinstance(targets, str) or not targets:
            raise ValueError(
                "`targets` must be a non-empty list of strings. "
                f"Received: targets={targets!r}."
            )
        ids: list[int] = []
        for target in targets:
            encoded = self.tokenizer.encode(target)
            if len(encoded) != 1 or encoded[0] == self.tokenizer.unk_token_id:
                raise ValueError(
                    "Each of `targets` must be one piece of the vocabulary. "
                    f"Received: {target!r}, which is "
                    f"{self.tokenizer.pieces(target)}."
                )
            ids += encoded
        return np.unique(ids)

    def _probabilities(self, rows: list[list[int]]) -> np.ndarray:
        """Float32 `[texts, most masks, vocabulary]`."""
        masks = [self._mask_positions(row) for row in rows]
        token_ids = _padded(rows, self.tokenizer.pad_token_id)
        outputs = self.model(
            {
                "token_ids": token_ids,
                "segment_ids": np.zeros_like(token_ids),
                "padding_mask": _padded([[1] * len(r) for r in rows], 0),
                "mask_positions": _padded(masks, 0),
            },
            training=False,
        )
        if isinstance(outputs, dict):
            outputs = outputs["mlm_logits"]
        logits = np.asarray(outputs, "float32")
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def _mask_positions(self, row: list[int]) -> list[int]:
        mask_id = self.tokenizer.mask_token_id
        return [i for i, token in enumerate(row) if token == mask_id]

    def _guesses(
        self,
        row: list[int],
        probabilities: np.ndarray,
        candidates: np.ndarray | None,
        top_k: int,
    ) -> list:
        positions = self._mask_positions(row)
        result = []
        for position, scores in zip(positions, probabilities, strict=False):
            pool = np.arange(len(scores)) if candidates is None else candidates
            # Stable, so that equal scores come in the order of their ids.
            best = pool[np.argsort(-scores[pool], kind="stable")[:top_k]]
            result.append(
                [
                    self._guess(row, position, int(token), scores[token])
                    for token in best
                ]
            )
        return result[0] if len(positions) == 1 else result

    def _guess(
        self, row: list[int], position: int, token: int, score: float
    ) -> Guess:
        filled = [*row[1:position], token, *row[position + 1 : -1]]
        return {
            "sequence": self.tokenizer.decode(filled),
            "score": float(score),
            "token": token,
            "token_str": self.tokenizer.id_to_token(token),
        }


def _padded(rows: Sequence[Sequence[int]], value: int) -> np.ndarray:
    width = max(len(row) for row in rows)
    padded = np.full((len(rows), width), value, dtype="int32")
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    return padded
