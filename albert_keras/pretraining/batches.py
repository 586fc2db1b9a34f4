"""Records to batches as `AlbertPretrainer` takes them, in the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.graph_masking import GraphMasker
from albert_keras.pretraining.graph_random import ExampleRandom
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.masking import prediction_budget
from albert_keras.pretraining.pair_records import (
    join_pairs,
    parse_pairs,
    sequence_positions,
)
from albert_keras.pretraining.segments import SPECIAL_TOKENS_PER_PAIR

if TYPE_CHECKING:
    import tensorflow as tf

Batch = tuple[dict, dict, dict]


class PairMasker:
    """Unmasked pairs to a batch, with masks of their epoch.

    Args:
        manifest: Says what the pairs are and how they are to be masked.
        seed: Decides the masks, with the epoch and the number of the example.
    """

    def __init__(self, manifest: Manifest, seed: int) -> None:
        options = manifest.options
        self._manifest = manifest
        self._seed = seed
        self._masker = GraphMasker(
            mask_id=manifest.special_ids["[MASK]"],
            vocabulary_size=manifest.vocabulary_size,
            max_predictions_per_seq=options.max_predictions_per_seq,
            masked_lm_prob=options.masked_lm_prob,
            ngram=options.ngram,
            favor_shorter_ngram=options.favor_shorter_ngram,
            do_permutation=options.do_permutation,
        )

    def __call__(
        self,
        epochs: tf.Tensor,
        numbers: tf.Tensor,
        records: tf.Tensor,
        length: tf.Tensor | None = None,
        predictions: tf.Tensor | None = None,
    ) -> Batch:
        """Masks a batch.

        What an example gets depends neither on the batch nor on its length.

        Args:
            epochs: int64 [B].
            numbers: int64 [B]. Numbers of the examples in the corpus.
            records: String [B].
            length: int32 []. Tokens of every sequence, not fewer than the
                longest of these has. None takes the manifest's.
            predictions: int32 []. Masked positions of every sequence, as
                `predictions_for` says for the length. None takes all.

        Returns:
            The batch, see `dataset`.
        """
        manifest = self._manifest
        if length is None:
            length = manifest.options.max_seq_length
        pairs = parse_pairs(
            records,
            max_tokens=length - SPECIAL_TOKENS_PER_PAIR,
            vocabulary_size=manifest.vocabulary_size,
        )
        masked = self._masker.mask(
            pairs.tokens,
            pairs.lengths,
            pairs.starts,
            ExampleRandom(self._seed, epochs, numbers),
        )
        sequences = join_pairs(
            masked.tokens,
            pairs,
            cls_id=manifest.special_ids["[CLS]"],
            sep_id=manifest.special_ids["[SEP]"],
        )
        positions = sequence_positions(masked.positions, masked.weights, pairs)
        return _batch(
            {
                **sequences._asdict(),
                "mask_positions": positions[:, :predictions],
            },
            masked.labels[:, :predictions],
            masked.weights[:, :predictions],
            pairs.labels,
        )


def predictions_for(length: int, options: ExampleOptions) -> int:
    """The most masked positions of a sequence, with none to spare.

    Args:
        length: Tokens of the sequence, [CLS] and [SEP] counted.
        options: How the examples are to be masked.

    Returns:
        The number of positions, at least 1.
    """
    budget = prediction_budget(
        length, options.max_predictions_per_seq, options.masked_lm_prob
    )
    return max(1, budget * (1 + options.do_permutation))


def examples_parser(
    length: int, predictions: int
) -> Callable[[tf.Tensor], Batch]:
    """Makes a function from B serialized, masked examples to a batch.

    Args:
        length: Tokens of every sequence.
        predictions: Masked positions of every sequence.
    """
    import tensorflow as tf

    def integers(count: int) -> tf.io.FixedLenFeature:
        return tf.io.FixedLenFeature([count], tf.int64)

    features = {
        "input_ids": integers(length),
        "input_mask": integers(length),
        "segment_ids": integers(length),
        "masked_lm_positions": integers(predictions),
        "masked_lm_ids": integers(predictions),
        "masked_lm_weights": tf.io.FixedLenFeature([predictions], tf.float32),
        "next_sentence_labels": integers(1),
    }

    def parse(records: tf.Tensor) -> Batch:
        parsed = tf.io.parse_example(records, features)
        inputs = {
            "token_ids": parsed["input_ids"],
            "segment_ids": parsed["segment_ids"],
            "padding_mask": parsed["input_mask"],
            "mask_positions": parsed["masked_lm_positions"],
        }
        return _batch(
            {name: tf.cast(ids, tf.int32) for name, ids in inputs.items()},
            tf.cast(parsed["masked_lm_ids"], tf.int32),
            parsed["masked_lm_weights"],
            tf.cast(parsed["next_sentence_labels"][:, 0], tf.int32),
        )

    return parse


def _batch(
    inputs: dict,
    masked_ids: tf.Tensor,
    weights: tf.Tensor,
    sop_labels: tf.Tensor,
) -> Batch:
    import tensorflow as tf

    labels = {"mlm_logits": masked_ids, "sop_logits": sop_labels}
    sample_weight = {
        "mlm_logits": weights,
        "sop_logits": tf.ones_like(sop_labels, tf.float32),
    }
    return inputs, labels, sample_weight
