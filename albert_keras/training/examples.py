"""What a run asks of its training data."""

from typing import Any, Protocol

import tensorflow as tf


class Examples(Protocol):
    """Pretraining examples, wherever they come from.

    Batches are `(x, y, sample_weight)` as `AlbertPretrainer` takes them:
    `x = {"token_ids", "segment_ids", "padding_mask"` int32 [B, S],
    `"mask_positions"` int32 [B, P]`}`; `y` and `sample_weight` have the keys
    `"mlm_logits"` [B, P] and `"sop_logits"` [B].
    """

    def training_batches(
        self, batch_size: int, seed: int, skip: int
    ) -> tf.data.Dataset:
        """Batches without end, all of the same shape.

        A run that is resumed after `skip` steps relies on getting the batches
        that it would have got: they must depend on nothing but the arguments.

        Args:
            batch_size: int. Examples of a batch.
            seed: int. Decides the order.
            skip: int. Batches to leave out at the start.
        """

    def evaluation_batches(self, batch_size: int) -> tf.data.Dataset:
        """Each example once, in an order that does not change.

        The last batch may be smaller. The number of batches must be known to
        the dataset (`cardinality`).
        """

    def describe(self) -> Any:
        """What tells these examples from others, as JSON can hold it.

        It is written into run.json, and a run is resumed only with examples of
        the same description.
        """
