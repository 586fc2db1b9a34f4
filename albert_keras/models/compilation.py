"""How tasks are compiled, and which metrics fit a loss."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import keras
from keras import losses

from albert_keras.models.arguments import arguments_of

# Beside a saved optimizer: whether it has variables. That of a model which was
# never trained has none, and Keras warns where it has some after loading.
_BUILT = "built"


class CompileForDevice:
    """Mixed into the tasks: `jit_compile="auto"` means no XLA on a CPU.

    TensorFlow's XLA for CPUs takes half a minute to compile even a tiny
    ALBERT, and its bfloat16 steps are then 1.6 times slower than without.

    A `.keras` file keeps optimizer, loss and metrics: `load_model` restores
    them, so that training continues as if it had not stopped.
    """

    def compile(self, *args, jit_compile="auto", **kwargs):
        if (
            jit_compile == "auto"
            and keras.backend.backend() == "tensorflow"
            and not keras.distribution.list_devices("gpu")
            and not keras.distribution.list_devices("tpu")
        ):
            jit_compile = False
        super().compile(  # type: ignore[misc]  # of the class mixed into
            *args, jit_compile=jit_compile, **kwargs
        )

    def make_train_function(self, force=False):
        """Build the optimizer, then make the function as Keras does.

        TensorFlow traces a step twice if the first trace creates variables.
        """
        model: Any = self
        if keras.backend.backend() == "tensorflow" and model.optimizer:
            with model.distribute_strategy.scope():
                if not model.optimizer.built:
                    model.optimizer.build(model.trainable_variables)
        return super().make_train_function(force)  # type: ignore[misc]

    @classmethod
    def from_config(cls, config):
        """Return an uncompiled model, as `keras.Model.from_config` does."""
        if "compile" in arguments_of(cls):
            config = {"compile": False, **config}
        return super().from_config(config)  # type: ignore[misc]

    def get_compile_config(self) -> dict[str, Any]:
        """Return what `compile_from_config` takes."""
        config = super().get_compile_config()  # type: ignore[misc]
        if isinstance(config.get("optimizer"), dict):
            built = self.optimizer.built  # type: ignore[attr-defined]
            config["optimizer"][_BUILT] = built
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` returned.

        Args:
            config: Arguments of `keras.Model.compile`, serialized. They are
                what the task's `compile` made of its own arguments.
        """
        model: Any = self
        arguments = keras.saving.deserialize_keras_object(config)
        model.compile()  # for what an overriding method does besides
        keras.Model.compile(model, **arguments)
        saved = config.get("optimizer")
        if isinstance(saved, dict) and saved.get(_BUILT, True):
            model.optimizer.build(model.trainable_variables)


# What labels a loss takes: a class number a row, a row of one-hot numbers, or
# numbers from 0 to 1 that are independent of each other.
_LABELS_OF = (
    (
        "class",
        losses.SparseCategoricalCrossentropy,
        losses.sparse_categorical_crossentropy,
    ),
    (
        "one-hot",
        losses.CategoricalCrossentropy,
        losses.categorical_crossentropy,
    ),
    (
        "one-hot",
        losses.CategoricalFocalCrossentropy,
        losses.categorical_focal_crossentropy,
    ),
    ("binary", losses.BinaryCrossentropy, losses.binary_crossentropy),
    (
        "binary",
        losses.BinaryFocalCrossentropy,
        losses.binary_focal_crossentropy,
    ),
    ("number", losses.MeanSquaredError, losses.mean_squared_error),
    ("number", losses.MeanAbsoluteError, losses.mean_absolute_error),
    ("number", losses.Huber, losses.huber),
    ("number", losses.LogCosh, losses.log_cosh),
)


def resolved_loss(loss: Any, from_logits: bool, **options: Any) -> Any:
    """Return the loss for a name, made for what the model's outputs are.

    Keras' own names mean losses of probabilities, which on logits are wrong.

    Args:
        loss: What `compile` was given.
        from_logits: Whether the model's outputs are logits.
        **options: More arguments of a cross entropy over classes.
    """
    if not isinstance(loss, str):
        return loss
    wanted = loss.replace("_", "").lower()
    for labels, made, _ in _LABELS_OF:
        if made.__name__.lower() == wanted and labels != "number":
            return made(from_logits=from_logits, **options)
    return loss


def labels_of(loss: Any) -> str | None:
    """Return what labels a loss takes; None if that isn't known.

    Args:
        loss: A `keras.losses.Loss`, a function, or a name.

    Returns:
        `"class"`, `"one-hot"`, `"binary"`, `"number"` or None.
    """
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    for labels, made, function in _LABELS_OF:
        if loss is function or isinstance(loss, made):
            return labels
    return None


def fitting_metrics(loss: Any, name: str | None = None) -> list[Any]:
    """Return the accuracy that fits a loss, or no metric.

    Args:
        loss: As in `labels_of`.
        name: Name of the metric; by default Keras' own.
    """
    named = {} if name is None else {"name": name}
    labels = labels_of(loss)
    if labels == "class":
        return [keras.metrics.SparseCategoricalAccuracy(**named)]
    if labels == "one-hot":
        return [keras.metrics.CategoricalAccuracy(**named)]
    if labels == "binary":
        threshold = 0.0 if getattr(loss, "from_logits", False) else 0.5
        return [keras.metrics.BinaryAccuracy(threshold=threshold, **named)]
    return []


class MeanOverTokens:
    """Mixed into models with a class for each token: `loss` is a mean.

    Keras reports the mean of its batches' losses. Here `loss` is the mean
    over all tokens that count, whatever the batches, so that its exponential
    is a perplexity.
    """

    if TYPE_CHECKING:
        loss: Any

    def compile(self, optimizer="auto", loss="auto", **kwargs):
        super().compile(optimizer, loss, **kwargs)  # type: ignore[misc]
        if not hasattr(self, "_held"):
            # Keras would save a metric that is an attribute with the weights.
            mean = keras.metrics.Mean("mean_loss")
            self._held = SimpleNamespace(mean_loss=mean)

    @property
    def metrics(self):
        """All metrics, and the mean over tokens."""
        found = super().metrics  # type: ignore[misc]
        held = getattr(self, "_held", None)
        return found if held is None else [*found, held.mean_loss]

    def _has_mean_loss(self):
        return (
            isinstance(self.loss, losses.SparseCategoricalCrossentropy)
            and self.loss.reduction == "mean_with_sample_weight"
        )

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if self._has_mean_loss():
            each = keras.ops.sparse_categorical_crossentropy(
                y, y_pred, from_logits=self.loss.from_logits
            )
            self._held.mean_loss.update_state(each, sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)  # type: ignore[misc]

    def get_metrics_result(self):
        found = super().get_metrics_result()  # type: ignore[misc]
        mean = found.pop("mean_loss", None)
        return {**found, "loss": mean} if self._has_mean_loss() else found
