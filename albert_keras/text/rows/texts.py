"""Texts and pairs of texts as rows of ids."""

from collections.abc import Sequence
from typing import Any

from albert_keras.text.examples import TextExample
from albert_keras.text.packing import truncated_lengths
from albert_keras.text.rows.encoding import encode_each
from albert_keras.text.rows.table import FeatureRows, Features


def text_features(
    examples: Sequence[TextExample], tokenizer: Any, sequence_length: int
) -> Features:
    """Packs `[CLS] text [SEP]` or `[CLS] text [SEP] pair [SEP]`.

    Of a pair that is too long the longer text loses tokens at its end, the
    second where both are equally long.

    Args:
        examples: the examples.
        tokenizer: a `SentencePieceTokenizer` or `WordPieceTokenizer`.
        sequence_length: most tokens of a row.

    Returns:
        A row an example, in their order: `token_ids`, `segment_ids`; `label`,
        if all have one; `num_cut`, the tokens that were cut off.

    Source: google-research/albert, `classifier_utils.py`,
    `convert_single_example`.
    """
    texts = (t for e in examples for t in (e.text, e.pair) if t is not None)
    ids = encode_each(tokenizer, texts)
    rows = FeatureRows()
    labelled = all(example.label is not None for example in examples)
    for example in examples:
        first = ids[example.text]
        is_pair = example.pair is not None
        second = ids[example.pair] if example.pair is not None else []
        room = sequence_length - 2 - is_pair
        kept = truncated_lengths(len(first), len(second), room, "longest_first")
        row = [tokenizer.cls_id, *first[: kept[0]], tokenizer.sep_id]
        behind = [*second[: kept[1]], tokenizer.sep_id] if is_pair else []
        tokens = {
            "token_ids": row + behind,
            "segment_ids": [0] * len(row) + [1] * len(behind),
        }
        cut = len(first) + len(second) - sum(kept)
        label = {"label": example.label} if labelled else {}
        rows.add(tokens, num_cut=cut, **label)  # type: ignore[arg-type]
    return rows.features()
