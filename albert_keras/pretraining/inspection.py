"""Examples read back from their shards, as plain Python."""

from collections.abc import Iterator
from itertools import islice
from os import PathLike
from typing import Any, NamedTuple

from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.examples import PretrainingExample
from albert_keras.pretraining.manifest import Manifest, sha256
from albert_keras.pretraining.masking import word_start_table
from albert_keras.text.piece_tokenizer import PieceTokenizer

_BATCH = 64


def read_examples(
    shards: str | PathLike[str],
    tokenizer: PieceTokenizer,
    *,
    seed: int = 0,
    epoch: int = 0,
    count: int | None = None,
) -> Iterator[PretrainingExample]:
    """Read examples as training gets them, one by one, in the order on disk.

    Args:
        shards: A folder that `albert-keras prepare` wrote.
        tokenizer: The tokenizer that they were made with.
        seed: Decides dynamic masks, with `epoch`: those of the run that
            trains with this seed on this folder alone. Masks that are stored
            are shown as they are.
        epoch: Counts from 0.
        count: How many examples to read at most; by default, all. The order
            on disk is random, so any number of them is a fair sample.

    Yields:
        The examples, masked, without padding.

    Raises:
        FileNotFoundError: If the folder has no manifest, or lacks a shard.
        ValueError: If the examples were made with another tokenizer, or an
            argument is out of range.

    Example:

    ```python
    tokenizer = ak.AlbertTokenizer("spiece.model").python_tokenizer
    for example in read_examples("shards", tokenizer, count=3):
        print(example.sop_label, tokenizer.decode(example.token_ids))
    ```
    """
    for name, value, least in (("epoch", epoch, 0), ("count", count, 1)):
        if value is not None and value < least:
            raise ValueError(
                f"`{name}` must be at least {least}. Received: {name}={value}."
            )
    examples = Manifest.read(shards).examples
    # Epochs follow each other without a gap, so one may begin in a batch.
    skip, begun = divmod(epoch * examples, _BATCH)
    batches = dataset(
        shards,
        batch_size=_BATCH,
        shuffle=False,
        seed=seed,
        repeat=True,
        skip=skip,
        tokenizer_sha256=sha256(tokenizer.vocabulary_bytes),
    )
    starts = bytearray(
        word_start_table(tokenizer.vocabulary, tokenizer.suffix_mark)
    )
    starts[tokenizer.cls_id] = starts[tokenizer.sep_id] = 1
    rows = (
        _example(row, starts)
        for batch in batches.as_numpy_iterator()
        for row in _rows(batch)
    )
    return islice(rows, begun, begun + min(count or examples, examples))


class MaskedRun(NamedTuple):
    """Neighbouring tokens that are all to be predicted.

    It is one n-gram as it was drawn, or several that touch.

    Attributes:
        start: Position of its first token in the sequence.
        stop: Position behind its last token.
        words: How many words it has.
    """

    start: int
    stop: int
    words: int


def masked_runs(example: PretrainingExample) -> list[MaskedRun]:
    """Find what is masked together.

    Args:
        example: An example.

    Returns:
        The runs, in the order of the text. [SEP] divides them.
    """
    bounds: list[list[int]] = []
    for position in example.mask_positions:
        if bounds and bounds[-1][1] == position:
            bounds[-1][1] += 1
        else:
            bounds.append([position, position + 1])
    return [
        # Truncation may have cut off where the first word begins.
        MaskedRun(
            start, stop, 1 + sum(example.token_boundary[start + 1 : stop])
        )
        for start, stop in bounds
    ]


def _rows(batch: Any) -> Iterator[Any]:
    """The parts of a batch, of one example after the other."""
    x, y, weights = batch
    yield from zip(
        x["token_ids"],
        x["segment_ids"],
        x["padding_mask"].sum(axis=1),
        x["mask_positions"],
        y["mlm_logits"],
        weights["mlm_logits"].astype(int).sum(axis=1),
        y["sop_logits"],
        strict=True,
    )


def _example(row: Any, starts: bytearray) -> PretrainingExample:
    ids, segments, length, positions, labels, masked, sop_label = row
    token_ids = ids[:length].tolist()
    mask_positions = positions[:masked].tolist()
    mask_ids = labels[:masked].tolist()
    originals = list(token_ids)
    for position, token in zip(mask_positions, mask_ids, strict=True):
        originals[position] = token
    return PretrainingExample(
        token_ids=token_ids,
        segment_ids=bytes(segments[:length].tolist()),
        token_boundary=bytes(map(starts.__getitem__, originals)),
        mask_positions=mask_positions,
        mask_ids=mask_ids,
        sop_label=int(sop_label),
    )
