"""Measures what a masked LM fills in for paired groups."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from albert_keras.checkpoints.temporary_presets import as_own_model
from albert_keras.inference.bias.comparisons import (
    DEFAULT_COMPARISONS,
    Comparison,
)
from albert_keras.inference.bias.divergence import jensen_shannon
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_pretrainer import AlbertPretrainer

_BATCH = 16  # of rows: each is given a probability for every piece
# Less than this is taken for this, so that ratios stay finite.
_LEAST = float(np.finfo("float32").tiny)


@dataclasses.dataclass(frozen=True)
class Completion:
    """A piece that may stand for `[MASK]`.

    Attributes:
        piece: As the vocabulary has it, `"▁waiter"`.
        token: Its id.
        probabilities: With the words of the first group, and of the second.
    """

    piece: str
    token: int
    probabilities: tuple[float, float]

    @property
    def ratio(self) -> float:
        """How many times as probable it is for the first group."""
        return self.probabilities[0] / self.probabilities[1]

    @property
    def log2_ratio(self) -> float:
        """The same on a scale where 0 is alike: 1 is twice, -1 is half."""
        return math.log2(self.ratio)


@dataclasses.dataclass(frozen=True)
class TemplateResult:
    """What was found with one template.

    Attributes:
        template: The sentence with its slots.
        texts: It with the words of the first group, and of the second.
        divergence: `jensen_shannon` of all pieces of the vocabulary, in bits
            from 0 (the same for both groups) to 1 (nothing in common).
        top: For each group its most probable completions, the best first.
    """

    template: str
    texts: tuple[str, str]
    divergence: float
    top: tuple[tuple[Completion, ...], tuple[Completion, ...]]

    @property
    def completions(self) -> list[Completion]:
        """Those of either list once, from the first group's to the second's."""
        either = {each.token: each for each in (*self.top[0], *self.top[1])}
        return sorted(
            either.values(), key=lambda each: (-each.ratio, each.token)
        )


@dataclasses.dataclass(frozen=True)
class ComparisonResult:
    """What was found with all templates of a comparison.

    Attributes:
        comparison: What was asked.
        templates: A result for each template.
    """

    comparison: Comparison
    templates: tuple[TemplateResult, ...]

    @property
    def divergence(self) -> float:
        """Mean of the templates' divergences, in bits."""
        found = [result.divergence for result in self.templates]
        return sum(found) / len(found)


def measure_bias(
    model: keras.Model,
    comparisons: Sequence[Comparison] = DEFAULT_COMPARISONS,
    top_k: int = 10,
    tokenizer: Any | None = None,
) -> list[ComparisonResult]:
    """Compares what a masked LM fills in for the groups of each comparison.

    This is the "Limitations and bias" of the released models' card, as a
    measurement. What it does not measure says `NOT_MEASURED` beside it.

    Args:
        model: An `ak.AlbertMaskedLM` or `ak.AlbertPretrainer`.
        comparisons: What to compare; by default the card's occupations of
            men and women.
        top_k: Completions to list for each group.
        tokenizer: By default that of the model's preprocessor.

    Returns:
        A `ComparisonResult` for each.

    Raises:
        TypeError: `model` has no masked-LM head.
        ValueError: A text is longer than the model takes, `top_k` is not
            positive, or there is no tokenizer.

    Example:

    ```python
    model = ak.AlbertMaskedLM.from_preset("preset")
    for result in ak.measure_bias(model):
        print(result.comparison.title, result.divergence)
    ```
    """
    model = as_own_model(model)
    if not isinstance(model, AlbertMaskedLM | AlbertPretrainer):
        raise TypeError(
            "`model` must be an AlbertMaskedLM or an AlbertPretrainer. "
            f"Received: {type(model).__name__}."
        )
    if top_k < 1:
        raise ValueError(f"`top_k` must be positive. Received: top_k={top_k}.")
    if tokenizer is None:
        if model.preprocessor is None:
            raise ValueError(
                "`tokenizer` must be given for a model without a "
                "preprocessor. Received: tokenizer=None."
            )
        tokenizer = model.preprocessor.tokenizer
    pairs = [
        (comparison, template)
        for comparison in comparisons
        for template in comparison.templates
    ]
    texts = [
        comparison.text(template, group)
        for comparison, template in pairs
        for group in comparison.names
    ]
    rows = [_encode(model, tokenizer, text) for text in texts]
    for number, (comparison, template) in enumerate(pairs):
        if rows[2 * number] == rows[2 * number + 1]:
            raise ValueError(
                "The vocabulary must tell the groups "
                f"{' and '.join(comparison.names)} apart. Received: "
                f"{template!r}, which has the same pieces for both."
            )
    found = _probabilities(model, tokenizer, rows)
    results = [
        _result(
            template,
            (texts[2 * number], texts[2 * number + 1]),
            (found[2 * number], found[2 * number + 1]),
            top_k,
            tokenizer,
        )
        for number, (_, template) in enumerate(pairs)
    ]
    remaining = iter(results)
    return [
        ComparisonResult(
            comparison, tuple(next(remaining) for _ in comparison.templates)
        )
        for comparison in comparisons
    ]


def _encode(model: Any, tokenizer: Any, text: str) -> list[int]:
    ids = tokenizer.encode(text)
    longest = model.backbone.max_sequence_length - 2
    if len(ids) > longest:
        raise ValueError(
            f"A text must have at most {longest} tokens. Received: {len(ids)} "
            f"tokens, {text!r}."
        )
    return [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]


def _probabilities(
    model: Any, tokenizer: Any, rows: list[list[int]]
) -> np.ndarray:
    """Float64 `[texts, vocabulary]`, at the one `[MASK]` of each."""
    found = []
    for first in range(0, len(rows), _BATCH):
        batch = rows[first : first + _BATCH]
        width = max(map(len, batch))
        ids = np.full((len(batch), width), tokenizer.pad_token_id, "int32")
        mask = np.zeros_like(ids)
        for number, row in enumerate(batch):
            ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
        outputs = model(
            {
                "token_ids": ids,
                "segment_ids": np.zeros_like(ids),
                "padding_mask": mask,
                "mask_positions": np.array(
                    [[row.index(tokenizer.mask_token_id)] for row in batch],
                    "int32",
                ),
            },
            training=False,
        )
        if isinstance(outputs, dict):
            outputs = outputs["mlm_logits"]
        logits = np.asarray(outputs, "float64")[:, 0]
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        found.append(exponentials / exponentials.sum(axis=-1, keepdims=True))
    return np.concatenate(found)


def _result(
    template: str,
    texts: tuple[str, str],
    probabilities: tuple[np.ndarray, np.ndarray],
    top_k: int,
    tokenizer: Any,
) -> TemplateResult:
    first, second = (np.maximum(each, _LEAST) for each in probabilities)

    def completion(token: int) -> Completion:
        return Completion(
            tokenizer.id_to_token(token),
            token,
            (float(first[token]), float(second[token])),
        )

    def best(scores: np.ndarray) -> tuple[Completion, ...]:
        # Stable, so that equal scores come in the order of their ids.
        ids = np.argsort(-scores, kind="stable")[:top_k]
        return tuple(completion(int(token)) for token in ids)

    return TemplateResult(
        template,
        texts,
        jensen_shannon(*probabilities),
        (best(first), best(second)),
    )
