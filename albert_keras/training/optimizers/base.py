"""What ALBERT's LAMB and AdamW have in common."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops

# google-research/albert, optimization.py: `exclude_from_weight_decay=
# ["LayerNorm", "layer_norm", "bias"]`. Keras calls the two variables of a layer
# norm "gamma" and "beta" whatever the layer is called. The variable's own name
# is anchored at the end, so that a model called "unbiased" is still decayed.
DEFAULT_EXCLUSIONS = ("LayerNorm", "layer_norm", "bias$", "gamma$", "beta$")


class AlbertOptimizer(keras.optimizers.Optimizer):
    """Adam moments as ALBERT keeps them: not corrected for their bias.

    The step common to both optimizers of google-research/albert
    (`optimization.py`, `lamb_optimizer.py`) is

    ```
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g ** 2
    u = m / (sqrt(v) + epsilon) + weight_decay * w
    w = w - learning_rate * scale(u, w)
    ```

    where `g` is the gradient after clipping all gradients to a joint norm of 1.
    A subclass says what `scale` is. `weight_decay * w` is left out for the
    variables whose path matches an exclusion.

    This differs from `keras.optimizers.AdamW` and `keras.optimizers.Lamb`:
    those correct the moments for their start at zero, add epsilon 1e-7, match
    exclusions with `variable.name` (in which "LayerNorm" never occurs), and
    decay the weights before the step, out of sight of LAMB's trust ratio.

    Args:
        learning_rate: float, `LearningRateSchedule` or callable.
        beta_1: float. Decay of the first moment.
        beta_2: float. Decay of the second moment.
        epsilon: float. Added to the root of the second moment.
        weight_decay: float. Weight of the decay term inside the update.
        exclude_from_weight_decay: sequence of regular expressions. A variable
            is not decayed if one is found in its `path`. The method of this
            name, which Keras optimizers have, excludes further variables.
        global_clipnorm: float or `None`. The joint norm to which the gradients
            are clipped. Defaults to 1.0.
        **kwargs: other arguments of `keras.optimizers.Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-6,
        weight_decay: float = 0.01,
        exclude_from_weight_decay: Sequence[str] = DEFAULT_EXCLUSIONS,
        global_clipnorm: float | None = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            global_clipnorm=global_clipnorm,
            **kwargs,
        )
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.decay_exclusions = tuple(exclude_from_weight_decay)

    def build(self, variables: list[keras.Variable]) -> None:
        """Creates both moments and settles which variables are decayed.

        Paths are read here because under TensorFlow `update_step` receives the
        backend's variables, which do not know them.
        """
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )
        self._decayed = tuple(
            self._use_weight_decay(variable)
            and not matches(variable.path, self.decay_exclusions)
            for variable in variables
        )

    def apply(
        self,
        grads: Sequence[Any],
        trainable_variables: Sequence[keras.Variable] | None = None,
    ) -> None:
        """Updates the variables, one gradient each.

        An embedding's gradient may arrive as slices, the same row several
        times. It is summed into a dense tensor first: the joint norm is that of
        the summed gradient, and both moments of all rows change in every step.
        """
        super().apply([_to_dense(g) for g in grads], trainable_variables)

    def update_step(
        self, gradient: Any, variable: Any, learning_rate: Any
    ) -> None:
        """Updates one variable and its moments."""
        index = self._get_variable_index(variable)
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype)
        momentum = ops.add(
            ops.multiply(self._momentums[index], self.beta_1),
            ops.multiply(gradient, 1.0 - self.beta_1),
        )
        velocity = ops.add(
            ops.multiply(self._velocities[index], self.beta_2),
            ops.multiply(ops.square(gradient), 1.0 - self.beta_2),
        )
        self.assign(self._momentums[index], momentum)
        self.assign(self._velocities[index], velocity)

        update = ops.divide(momentum, ops.add(ops.sqrt(velocity), self.epsilon))
        if self._decayed[index]:
            update = ops.add(update, ops.multiply(variable, self.weight_decay))
        self.assign_sub(
            variable,
            ops.multiply(
                self.scale_update(update, variable, index),
                ops.cast(learning_rate, dtype),
            ),
        )

    def scale_update(self, update: Any, variable: Any, index: int) -> Any:
        """Scales an update before the learning rate multiplies it.

        Args:
            update: tensor of the variable's shape, the decay included.
            variable: the variable before the update.
            index: int. Its place in the list the optimizer was built with.

        Returns:
            A tensor of the same shape.
        """
        raise NotImplementedError

    def decayed_variables(self) -> list[keras.Variable]:
        """The variables that are decayed, once the optimizer is built."""
        return [
            variable
            for variable, decayed in zip(
                self._trainable_variables, self._decayed, strict=True
            )
            if decayed
        ]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.update(
            {
                "beta_1": self.beta_1,
                "beta_2": self.beta_2,
                "epsilon": self.epsilon,
                "exclude_from_weight_decay": list(self.decay_exclusions),
            }
        )
        return config

    def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
        """Nothing: the decay is a term of the update."""


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the regular expressions is found in a variable's path."""
    return any(re.search(pattern, path) for pattern in patterns)


def _to_dense(gradient: Any) -> Any:
    """Sums the slices of a sparse gradient; leaves a dense one as it is."""
    if hasattr(gradient, "indices"):
        return ops.add(gradient, 0.0)
    return gradient
