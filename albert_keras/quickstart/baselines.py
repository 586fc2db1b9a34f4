"""What a guess without a model gets right.

A masked LM that cannot beat these has learnt nothing but frequencies.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.documents import read_documents
from albert_keras.text.sentencepiece import SentencePieceTokenizer


class Baselines(NamedTuple):
    """Shares of the held-out masked pieces that are guessed right.

    Attributes:
        commonest: Always guessing the commonest piece of the training text.
        bigram: Guessing the piece that most often follows the true left
            neighbour, which the model itself sees only where it is not
            masked too.
    """

    commonest: float
    bigram: float


def measure_baselines(
    training_text: Path,
    held_out_examples: Path,
    tokenizer: SentencePieceTokenizer,
) -> Baselines:
    """Counts the training text, and guesses the held-out masks.

    Args:
        training_text: Documents, one sentence a line.
        held_out_examples: Folder of pretraining examples.
        tokenizer: The tokenizer of both.
    """
    size = tokenizer.vocabulary_size
    tokens = np.concatenate(list(_encoded(training_text, tokenizer)))
    commonest = int(np.bincount(tokens, minlength=size).argmax())
    successor = _commonest_successors(tokens, size, commonest)
    left, labels = _masked_pieces(held_out_examples)
    return Baselines(
        commonest=float((labels == commonest).mean()),
        bigram=float((labels == successor[left]).mean()),
    )


def _encoded(
    text: Path, tokenizer: SentencePieceTokenizer
) -> Iterator[np.ndarray]:
    for document in read_documents([text]):
        for ids in tokenizer.encode_batch(document):
            yield np.asarray(ids, "int64")


def _commonest_successors(
    tokens: np.ndarray, size: int, otherwise: int
) -> np.ndarray:
    """For each piece the one that most often follows it, int64 `[size]`."""
    pairs, counts = np.unique(
        tokens[:-1] * size + tokens[1:], return_counts=True
    )
    successor = np.full(size, otherwise)
    # Ascending counts, so that the commonest successor is written last.
    order = np.argsort(counts, kind="stable")
    successor[pairs[order] // size] = pairs[order] % size
    return successor


def _masked_pieces(examples: Path) -> tuple[np.ndarray, np.ndarray]:
    """The true left neighbour and the label of every masked piece."""
    left, labels = [], []
    for inputs, targets, weights in dataset(
        examples, batch_size=256, shuffle=False
    ):
        token_ids = inputs["token_ids"].numpy()
        positions = inputs["mask_positions"].numpy()
        label = targets["mlm_logits"].numpy()
        real = weights["mlm_logits"].numpy() > 0
        rows = np.broadcast_to(np.arange(len(real))[:, None], real.shape)
        token_ids[rows[real], positions[real]] = label[real]
        left.append(token_ids[rows[real], positions[real] - 1])
        labels.append(label[real])
    return np.concatenate(left), np.concatenate(labels)
