"""The loss of a batch as the sum of what its parts contribute.

A step's batch is divided over replicas and into micro-batches. Its loss, and
so its gradient, must not depend on how: therefore each part divides by what
the whole batch counts, and the parts are summed.

A model says what its loss divides by with a method

```python
def loss_denominators(self, y, sample_weight) -> dict[str, scalar]
```

and takes those of the whole batch as `compute_loss(..., denominators=...)`. A
model without it is taken to have a loss that is a mean over the examples, as
that of `compile(loss=...)` is.
"""

from typing import Any, NamedTuple

import keras
from keras import ops


class Batch(NamedTuple):
    """Some examples: inputs, labels and weights, as `fit` takes them."""

    x: Any
    y: Any
    sample_weight: Any

    @classmethod
    def of(cls, data: Any) -> "Batch":
        """The parts of what a dataset yields."""
        return cls(*keras.utils.unpack_x_y_sample_weight(data))

    def num_rows(self) -> Any:
        """The number of examples, float32 `[]`."""
        leaf = next(i for i in keras.tree.flatten(self.x) if i is not None)
        return ops.cast(ops.shape(leaf)[0], "float32")


def denominators_of(model: keras.Model, batch: Batch) -> dict[str, Any]:
    """What the loss of these examples divides by.

    Args:
        model: compiled.
        batch: all examples of a replica.

    Returns:
        Dictionary of float32 `[]`; `"rows"` is the number of examples. They
        are summed over the replicas.
    """
    denominators = {"rows": batch.num_rows()}
    if hasattr(model, "loss_denominators"):
        denominators.update(
            model.loss_denominators(batch.y, batch.sample_weight)
        )
    return denominators


def partial_loss(
    model: keras.Model,
    batch: Batch,
    y_pred: Any,
    denominators: dict[str, Any],
    num_replicas: int,
    training: bool,
) -> Any:
    """What a part contributes to the loss of the whole batch.

    Args:
        model: compiled.
        batch: the part.
        y_pred: what the model put out for it.
        denominators: of the whole batch.
        num_replicas: int. Replicas of the strategy the model is made under.
        training: whether this is a training step.

    Returns:
        float32 `[]`. Summed over all parts it is the loss.
    """
    if hasattr(model, "loss_denominators"):
        return model.compute_loss(
            *batch[:2],
            y_pred,
            batch.sample_weight,
            training=training,
            denominators=denominators,
        )
    # Keras divides each replica's mean by their number, as if all had equally
    # many examples (losses/loss.py, scale_loss_for_distribution).
    mean = num_replicas * model._compute_loss(
        *batch[:2], y_pred, batch.sample_weight, training=training
    )
    return mean * batch.num_rows() / denominators["rows"]


def track_loss(
    model: keras.Model,
    batch: Batch,
    loss: Any,
    denominators: dict[str, Any],
) -> None:
    """Adds a part's contribution to the metric `loss`.

    The metric is the mean over steps, each weighted by its examples.

    Args:
        model: compiled.
        batch: all examples of a replica.
        loss: the sum of what they contribute.
        denominators: of the whole batch.
    """
    rows = batch.num_rows()
    # An empty part must not divide by zero.
    share = ops.maximum(rows, 1.0) / denominators["rows"]
    model._loss_tracker.update_state(loss / share, sample_weight=rows)
