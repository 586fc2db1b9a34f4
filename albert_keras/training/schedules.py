"""The learning rate over the course of a run."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="albert_keras")
class PolynomialDecayWithWarmup(
    keras.optimizers.schedules.LearningRateSchedule
):
    """Polynomial decay to 0, overlaid by a linear warm-up.

    ```
    warm-up:     learning_rate * step / num_warmup_steps
    afterwards:  learning_rate * (1 - step / num_train_steps) ** power
    ```

    The decay counts from step 0 and not from the end of the warm-up. So the
    rate jumps down when the warm-up ends: with the original's 3,125 warm-up
    steps of 125,000 from almost `learning_rate` to 0.975 of it. The first step
    is taken with rate 0, and after `num_train_steps` the rate stays 0.

    Args:
        learning_rate: float. The rate that the warm-up runs up to.
        num_train_steps: int. Steps after which the rate is 0.
        num_warmup_steps: int. Steps of warm-up. Defaults to 0, none.
        power: float. 1.0 decays linearly.

    Raises:
        ValueError: if `num_train_steps` is not positive, or the warm-up is
            negative or longer than the training.

    References:
        - google-research/albert, optimization.py, `create_optimizer`

    Example:
    ```python
    schedule = PolynomialDecayWithWarmup(
        0.00176, num_train_steps=125_000, num_warmup_steps=3_125
    )
    ```
    """

    def __init__(
        self,
        learning_rate: float,
        num_train_steps: int,
        num_warmup_steps: int = 0,
        power: float = 1.0,
    ) -> None:
        super().__init__()
        if num_train_steps < 1:
            raise ValueError(
                "`num_train_steps` must be positive. Received: "
                f"num_train_steps={num_train_steps}."
            )
        if not 0 <= num_warmup_steps <= num_train_steps:
            raise ValueError(
                "`num_warmup_steps` must be between 0 and `num_train_steps`. "
                f"Received: num_warmup_steps={num_warmup_steps}, "
                f"num_train_steps={num_train_steps}."
            )
        self.learning_rate = learning_rate
        self.num_train_steps = num_train_steps
        self.num_warmup_steps = num_warmup_steps
        self.power = power

    def __call__(self, step: Any) -> Any:
        """The rate of the step with this number, counted from 0."""
        step = ops.cast(step, "float32")
        remaining = 1.0 - ops.minimum(step / self.num_train_steps, 1.0)
        decayed = self.learning_rate * ops.power(remaining, self.power)
        if self.num_warmup_steps == 0:
            return decayed
        return ops.where(
            step < self.num_warmup_steps,
            self.learning_rate * step / self.num_warmup_steps,
            decayed,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "num_train_steps": self.num_train_steps,
            "num_warmup_steps": self.num_warmup_steps,
            "power": self.power,
        }
