"""The training step on TensorFlow, the same under every strategy."""

import warnings
from typing import Any

import keras
import tensorflow as tf

from albert_keras.training.dropout_seeds import spread_seeds
from albert_keras.training.executions import Execution
from albert_keras.training.keras_workarounds import (
    symbolic_build,
    take_summed_gradients,
)
from albert_keras.training.loop import TrainingLoop
from albert_keras.training.loss_parts import (
    Batch,
    denominators_of,
    partial_loss,
    track_loss,
)


class TensorFlowLoop(TrainingLoop):
    """Replaces what `fit` and `evaluate` of a model call for each batch.

    A step is one update from one global batch:

    1. each replica counts what the loss divides by, and the counts are summed;
    2. it runs its share of the batch, one micro-batch after the other, and
       adds up the gradients of what they contribute to the loss;
    3. the gradients are summed over the replicas;
    4. the optimizer clips them and updates the weights, once.

    So the update is that of a single device with the whole batch, but for the
    order in which floats are added. Several steps make an execution, which
    Python calls once.

    Args:
        model: compiled under the strategy it trains with.
        gradient_accumulation_steps: int. Micro-batches of a step.
    """

    REPLACED = (
        "make_train_function",
        "make_test_function",
        "_maybe_symbolic_build",
    )

    def __init__(
        self, model: keras.Model, gradient_accumulation_steps: int = 1
    ) -> None:
        super().__init__(model, gradient_accumulation_steps)
        self._batches: Any = None
        self._train_execution: Execution | None = None
        self._test_execution: Execution | None = None
        self.strategy = model.distribute_strategy
        self.num_replicas = self.strategy.num_replicas_in_sync
        take_summed_gradients(self.optimizer)
        if self.num_replicas > 1 and model.jit_compile:
            # XLA reaches for the variables of the other devices.
            model.jit_compile = False

    # === What Keras calls ===
    def _maybe_symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        self._batches = iterator
        symbolic_build(self.model, iterator, data_batch)

    def make_train_function(self, force: bool = False) -> None:
        if self.num_replicas > 1:
            spread_seeds(self.model, self._first_replica())
        if self._train_execution is None or force:
            self._train_execution = Execution(self.model, self.train_step)
        execution, batches = self._train_execution, self._batches

        def train_function(source: Any) -> dict[str, Any]:
            wish = self.signals is not None and self.signals.is_received
            logs, steps = execution.run(source, batches, float(wish))
            self.finished_steps += steps
            wishes = logs.pop("wishes_to_stop")
            if self.signals is not None and self.signals.is_shared:
                self.signals.agreed = bool(wishes > 0)
            return logs

        self.model.train_function = train_function

    def make_test_function(self, force: bool = False) -> None:
        if self._test_execution is None or force:
            self._test_execution = Execution(self.model, self.test_step)
        execution, batches = self._test_execution, self._batches

        def test_function(source: Any) -> dict[str, Any]:
            return execution.run(source, batches, 0.0)[0]

        self.model.test_function = test_function

    def _first_replica(self) -> int:
        resolver = self.strategy.cluster_resolver
        if resolver is None or not resolver.cluster_spec():
            return 0
        chiefs = len(resolver.cluster_spec().as_dict().get("chief", []))
        worker = resolver.task_id or 0
        if resolver.task_type == "worker":
            worker += chiefs
        return worker * len(self.strategy.extended.worker_devices)

    # === What a replica does ===
    def train_step(self, data: Any, stop: tf.Tensor) -> dict[str, tf.Tensor]:
        """One update, in the context of a replica.

        Args:
            data: this replica's share of the batch.
            stop: float32 `[]`. 1 if this process is asked to stop.

        Returns:
            Dictionary of float32 `[]`: `gradient_norm`, the joint norm of the
            gradients of the whole batch before they are clipped, and
            `wishes_to_stop`, the number of replicas that are asked to.
        """
        batch = Batch.of(data)
        counts = self._sum_over_replicas(
            {
                **denominators_of(self.model, batch),
                # A copy on this replica's device, as a sum needs.
                "wishes_to_stop": tf.identity(stop),
            }
        )
        wishes = counts.pop("wishes_to_stop")
        if self.num_micro_batches == 1:
            loss, gradients = self._gradients(batch, counts)
        else:
            loss, gradients = self._accumulate(batch, counts)
        gradients = self._sum_over_replicas(gradients)
        track_loss(self.model, batch, loss, counts)
        norm = tf.linalg.global_norm(gradients)
        scale = self.optimizer.scale_loss(tf.ones([]))
        self.optimizer.apply(gradients, self.model.trainable_variables)
        return {"gradient_norm": norm / scale, "wishes_to_stop": wishes}

    def test_step(self, data: Any, stop: tf.Tensor) -> dict[str, tf.Tensor]:
        """Evaluates this replica's share of a batch; updates the metrics."""
        del stop
        batch = Batch.of(data)
        counts = self._sum_over_replicas(denominators_of(self.model, batch))
        y_pred = self._call(batch, training=False)
        loss = self._partial_loss(batch, y_pred, counts, training=False)
        track_loss(self.model, batch, loss, counts)
        self._update_metrics(batch, y_pred)
        return {}

    def _gradients(
        self, batch: Batch, denominators: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor | None]]:
        """A part's contribution to the loss, and its (scaled) gradients."""
        with tf.GradientTape() as tape:
            y_pred = self._call(batch, training=True)
            loss = self._partial_loss(batch, y_pred, denominators, True)
            scaled_loss = self.optimizer.scale_loss(loss)
        self._update_metrics(batch, y_pred)
        gradients = tape.gradient(
            scaled_loss, [v.value for v in self.model.trainable_variables]
        )
        return loss, [_to_dense(gradient) for gradient in gradients]

    def _accumulate(
        self, batch: Batch, denominators: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor | None]]:
        """The same, adding up micro-batches, one at a time in memory."""
        variables = self.model.trainable_variables
        rows = tf.shape(tf.nest.flatten(batch.x)[0])[0]
        # A last batch may have fewer examples than there are micro-batches.
        count = tf.minimum(self.num_micro_batches, tf.maximum(rows, 1))
        without_gradient: set[int] = set()

        def body(number, loss, sums):
            part = _micro_batch(batch, number, count, self.num_micro_batches)
            part_loss, gradients = self._gradients(part, denominators)
            added = []
            for index, gradient in enumerate(gradients):
                if gradient is None:
                    without_gradient.add(index)
                    added.append(sums[index])
                else:
                    added.append(sums[index] + gradient)
            return number + 1, loss + part_loss, added

        _, loss, sums = tf.while_loop(
            lambda number, loss, sums: number < count,
            body,
            (
                tf.constant(0),
                tf.constant(0.0),
                [tf.zeros(v.shape, v.dtype) for v in variables],
            ),
            parallel_iterations=1,
        )
        return loss, [
            None if index in without_gradient else total
            for index, total in enumerate(sums)
        ]

    def _call(self, batch: Batch, training: bool) -> Any:
        if self.model._call_has_training_arg:
            return self.model(batch.x, training=training)
        return self.model(batch.x)

    def _partial_loss(
        self,
        batch: Batch,
        y_pred: Any,
        denominators: dict[str, tf.Tensor],
        training: bool,
    ) -> tf.Tensor:
        return partial_loss(
            self.model, batch, y_pred, denominators, self.num_replicas, training
        )

    def _update_metrics(self, batch: Batch, y_pred: Any) -> None:
        self.model.compute_metrics(
            batch.x, batch.y, y_pred, batch.sample_weight
        )

    def _sum_over_replicas(self, values: Any) -> Any:
        """Sums each tensor over all replicas; `None` stays `None`."""
        if self.num_replicas == 1:
            return values
        tensors = [v for v in tf.nest.flatten(values) if v is not None]
        context = tf.distribute.get_replica_context()
        summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, tensors))
        return tf.nest.map_structure(
            lambda value: None if value is None else next(summed), values
        )


def _micro_batch(
    batch: Batch, number: tf.Tensor, count: tf.Tensor, divisor: int
) -> Batch:
    """Part `number` of `count`, of a shape that is known if it can be."""

    def slice_rows(rows: tf.Tensor | None) -> tf.Tensor | None:
        if rows is None:
            return None
        size = rows.shape[0]
        if size is not None and size % divisor == 0:
            parts = tf.reshape(
                rows, (divisor, size // divisor, *rows.shape[1:])
            )
            return parts[number]
        size = tf.shape(rows)[0]
        return rows[number * size // count : (number + 1) * size // count]

    return tf.nest.map_structure(slice_rows, batch)


def _to_dense(gradient: Any) -> tf.Tensor | None:
    """Sums the slices of an embedding's gradient."""
    if isinstance(gradient, tf.IndexedSlices):
        with warnings.catch_warnings():  # of the memory, which is meant
            warnings.simplefilter("ignore")
            return tf.convert_to_tensor(gradient)
    return gradient
