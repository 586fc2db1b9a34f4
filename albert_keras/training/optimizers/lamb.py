"""LAMB as ALBERT is pretrained with it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from albert_keras.training.optimizers.base import AlbertOptimizer, matches


@keras.saving.register_keras_serializable(package="albert_keras")
class Lamb(AlbertOptimizer):
    """LAMB without bias correction (google-research/albert, lamb_optimizer.py).

    Each variable's update is scaled by its trust ratio, the norm of the weights
    over the norm of the update, decay included:

    ```
    u = m / (sqrt(v) + epsilon) + weight_decay * w
    w = w - learning_rate * (|w| / |u|) * u
    ```

    The ratio is 1 where one of the norms is 0, and for the variables excluded
    from layer adaptation.

    The original holds query, key and value in three kernels, so LAMB gives each
    a ratio of its own. A kernel that stores the three side by side gets three
    ratios, one for each block of columns, and is updated exactly as three
    separate kernels would be.

    Args:
        learning_rate: float, `LearningRateSchedule` or callable. Defaults to
            0.00176, that of the original at a batch of 4,096.
        exclude_from_layer_adaptation: sequence of regular expressions, or
            `None`. A variable keeps the ratio 1 if one is found in its `path`.
            `None` stands for the exclusions from weight decay, as in the
            original.
        column_blocks: mapping of regular expressions to ints. A variable in
            whose `path` the expression is found holds so many weights side by
            side on its last axis, of equal width.
        **kwargs: arguments of `AlbertOptimizer`.

    References:
        - [You et al., 2019](https://arxiv.org/abs/1904.00962), algorithm 2

    Example:
    ```python
    schedule = PolynomialDecayWithWarmup(
        0.00176, num_train_steps=125_000, num_warmup_steps=3_125
    )
    pretrainer.compile(optimizer=Lamb(schedule))
    ```
    """

    def __init__(
        self,
        learning_rate: Any = 0.00176,
        exclude_from_layer_adaptation: Sequence[str] | None = None,
        column_blocks: Mapping[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        if exclude_from_layer_adaptation is None:
            exclude_from_layer_adaptation = self.decay_exclusions
        if column_blocks is None:
            column_blocks = {"query_key_value/kernel$": 3}
        self.adaptation_exclusions = tuple(exclude_from_layer_adaptation)
        self.column_blocks = tuple(column_blocks.items())

    def build(self, variables: list[keras.Variable]) -> None:
        """Creates the moments and settles how each variable is scaled.

        Raises:
            ValueError: if the columns of a fused kernel cannot be divided into
                its blocks.
        """
        if self.built:
            return
        super().build(variables)
        self._num_blocks = tuple(self._count_blocks(v) for v in variables)

    def scale_update(self, update: Any, variable: Any, index: int) -> Any:
        """Multiplies each block of the update by its trust ratio."""
        num_blocks = self._num_blocks[index]
        if num_blocks == 0:
            return update
        shape = tuple(variable.shape) or (1,)
        blocks = (*shape[:-1], num_blocks, shape[-1] // num_blocks)
        update_blocks = ops.reshape(update, blocks)
        weight_norm = _block_norm(ops.reshape(variable, blocks))
        update_norm = _block_norm(update_blocks)
        adapted = ops.logical_and(
            ops.greater(weight_norm, 0.0), ops.greater(update_norm, 0.0)
        )
        ratio = ops.where(
            adapted,
            ops.divide(
                weight_norm,
                ops.where(adapted, update_norm, ops.ones_like(update_norm)),
            ),
            ops.ones_like(weight_norm),
        )
        return ops.reshape(
            ops.multiply(update_blocks, ratio), tuple(variable.shape)
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "exclude_from_layer_adaptation": list(
                    self.adaptation_exclusions
                ),
                "column_blocks": dict(self.column_blocks),
            }
        )
        return config

    def _count_blocks(self, variable: keras.Variable) -> int:
        """The number of trust ratios a variable gets, 0 if it has none."""
        if matches(variable.path, self.adaptation_exclusions):
            return 0
        for pattern, num_blocks in self.column_blocks:
            if re.search(pattern, variable.path):
                if variable.shape[-1] % num_blocks:
                    raise ValueError(
                        "The last axis of a fused kernel must be divisible "
                        "into its `column_blocks`. Received: "
                        f"{variable.path} of shape {tuple(variable.shape)}, "
                        f"num_blocks={num_blocks}."
                    )
                return num_blocks
        return 1


def _block_norm(blocks: Any) -> Any:
    """Norms of `[..., num_blocks, width]` as `[1, ..., num_blocks, 1]`."""
    block_axis = len(blocks.shape) - 2
    other_axes = [
        axis for axis in range(len(blocks.shape)) if axis != block_axis
    ]
    return ops.sqrt(ops.sum(ops.square(blocks), axis=other_axes, keepdims=True))
