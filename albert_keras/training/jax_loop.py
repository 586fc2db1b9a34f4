"""The training step on JAX, on one device or on many in parallel."""

from typing import Any

import jax
import keras

from albert_keras.training.loop import TrainingLoop
from albert_keras.training.loss_parts import (
    Batch,
    denominators_of,
    partial_loss,
    track_loss,
)


class JaxLoop(TrainingLoop):
    """Replaces the step of Keras' JAX trainer.

    Under `keras.distribution.DataParallel` the arrays of a step are those of
    the whole batch, and JAX divides the work: so the sums in the loss are over
    all devices already, and what is clipped is the gradient of the whole
    batch. What is added to Keras' own step are micro-batches that are no steps
    of their own, and the norm of the gradient.
    """

    REPLACED = ("make_train_function", "train_step")

    def make_train_function(self, force: bool = False) -> None:
        model = self.model
        if model.train_function is not None and not force:
            return
        type(model).make_train_function(model, force)
        execute = model.train_function

        def train_function(state: Any, batches: Any) -> Any:
            counted = _Counted(batches)
            results = execute(state, counted)
            self.finished_steps += counted.count
            return results

        model.train_function = train_function

    def train_step(self, state: Any, data: Any) -> Any:
        """One update, as a pure function.

        Args:
            state: values of the variables: trainable ones, others, the
                optimizer's, the metrics'.
            data: the whole batch.

        Returns:
            The metrics with `gradient_norm`, the joint norm of the gradients
            before they are clipped; and the state after the step.
        """
        trainable, others, of_optimizer, metrics = state
        batch = Batch.of(data)
        denominators = denominators_of(self.model, batch)

        def add_part(carried: Any, part: Batch) -> tuple[Any, None]:
            loss, gradients, others, metrics = carried
            (_, (part_loss, others, metrics)), part_gradients = (
                jax.value_and_grad(self._scaled_loss, has_aux=True)(
                    trainable, others, metrics, of_optimizer, part, denominators
                )
            )
            gradients = jax.tree.map(jax.numpy.add, gradients, part_gradients)
            return (loss + part_loss, gradients, others, metrics), None

        carried = (
            jax.numpy.zeros(()),
            [jax.numpy.zeros_like(value) for value in trainable],
            others,
            metrics,
        )
        parts, is_stacked = self._micro_batches(batch)
        if is_stacked:
            carried, _ = jax.lax.scan(add_part, carried, parts)
        else:
            for part in parts:
                carried, _ = add_part(carried, part)
        loss, gradients, others, metrics = carried

        norm = jax.numpy.sqrt(
            sum(jax.numpy.sum(jax.numpy.square(g)) for g in gradients)
        ) / self._scaled(jax.numpy.ones(()), of_optimizer)
        trainable, of_optimizer = self.optimizer.stateless_apply(
            of_optimizer, gradients, trainable
        )
        mapping = zip(self.model.metrics_variables, metrics, strict=True)
        with keras.StatelessScope(list(mapping)) as scope:
            track_loss(self.model, batch, loss, denominators)
            logs = self.model.get_metrics_result()
        metrics = _current(scope, self.model.metrics_variables, metrics)
        return (
            {**logs, "gradient_norm": norm},
            (trainable, others, of_optimizer, metrics),
        )

    def _scaled_loss(
        self,
        trainable: Any,
        others: Any,
        metrics: Any,
        of_optimizer: Any,
        part: Batch,
        denominators: Any,
    ) -> Any:
        """A part's contribution to the loss, scaled for float16."""
        model = self.model
        variables = [
            *zip(model.trainable_variables, trainable, strict=True),
            *zip(model.non_trainable_variables, others, strict=True),
            *zip(model.metrics_variables, metrics, strict=True),
        ]
        with keras.StatelessScope(variables, collect_losses=True) as scope:
            if model._call_has_training_arg:
                y_pred = model(part.x, training=True)
            else:
                y_pred = model(part.x)
            loss = partial_loss(model, part, y_pred, denominators, 1, True)
            model.compute_metrics(part.x, part.y, y_pred, part.sample_weight)
        others = _current(scope, model.non_trainable_variables, others)
        metrics = _current(scope, model.metrics_variables, metrics)
        return self._scaled(loss, of_optimizer), (loss, others, metrics)

    def _scaled(self, loss: Any, of_optimizer: Any) -> Any:
        mapping = zip(self.optimizer.variables, of_optimizer, strict=True)
        with keras.StatelessScope(list(mapping)):
            return self.optimizer.scale_loss(loss)

    def _micro_batches(self, batch: Batch) -> tuple[Any, bool]:
        """The parts, and whether they are one array each that is scanned.

        Part i has the examples i, i + K, i + 2 K, ..., so that each device
        holds some of every part.
        """
        rows = jax.tree.leaves(batch.x)[0].shape[0]
        count = min(self.num_micro_batches, max(rows, 1))
        if count == 1:
            return [batch], False
        if rows % count:
            return [
                jax.tree.map(lambda value, i=i: value[i::count], batch)
                for i in range(count)
            ], False

        def stack(value: Any) -> Any:
            parts = value.reshape((rows // count, count, *value.shape[1:]))
            return jax.numpy.moveaxis(parts, 1, 0)

        return jax.tree.map(stack, batch), True


class SyncState(keras.callbacks.Callback):
    """Puts the values of a finished step into the model's variables.

    Keras' JAX trainer does so at the end of an epoch. Callbacks that look at
    the model, evaluate or save it must come behind this one.
    """

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.model.jax_state_sync()


class _Counted:
    """An iterator that counts what it gave."""

    def __init__(self, batches: Any) -> None:
        self._batches = batches
        self.count = 0

    def __iter__(self) -> "_Counted":
        return self

    def __next__(self) -> Any:
        batch = next(self._batches)
        self.count += 1
        return batch


def _current(scope: Any, variables: Any, values: Any) -> list[Any]:
    """The values of variables after what was done in a scope."""
    current = [scope.get_current_value(variable) for variable in variables]
    return [
        old if new is None else new
        for new, old in zip(current, values, strict=True)
    ]
