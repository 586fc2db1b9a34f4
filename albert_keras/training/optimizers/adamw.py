"""AdamW as ALBERT is fine-tuned with it."""

from typing import Any

import keras

from albert_keras.training.optimizers.base import AlbertOptimizer


@keras.saving.register_keras_serializable(package="albert_keras")
class AdamW(AlbertOptimizer):
    """AdamW without bias correction (google-research/albert, optimization.py).

    ```
    w = w - learning_rate * (m / (sqrt(v) + epsilon) + weight_decay * w)
    ```

    The moments, the exclusions and the clipping are `AlbertOptimizer`'s. As the
    moments start at zero and are not corrected, the first steps are about
    `(1 - beta_1) / sqrt(1 - beta_2)` = 3.2 times as long as the learning rate
    says: train with warm-up.

    Args:
        learning_rate: float, `LearningRateSchedule` or callable. Defaults to
            5e-5, that of the original's fine-tuning scripts.
        **kwargs: arguments of `AlbertOptimizer`.

    Example:
    ```python
    model.compile(optimizer=AdamW(2e-5))
    ```
    """

    def __init__(self, learning_rate: Any = 5e-5, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)

    def scale_update(self, update: Any, variable: Any, index: int) -> Any:
        """Returns the update as it is."""
        return update
