"""Several training steps as one call into TensorFlow."""

import itertools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


class Execution:
    """The steps between two returns to Python, under any strategy.

    Keras' own loop over steps draws each batch in a branch of the graph, which
    tf.distribute cannot follow ("You must feed a value for placeholder
    tensor"). Here their number is known when they begin.

    Args:
        model: compiled under its strategy.
        step: what a replica does: a function of its share of a batch and of a
            float32 `[]`, to a dictionary of tensors that are equal on all
            replicas.
    """

    def __init__(self, model: keras.Model, step: Callable) -> None:
        self._model = model
        self._step = step
        self._one = tf.autograph.experimental.do_not_convert(self._one_step)
        self._several = self._several_steps
        if not model.run_eagerly:
            self._one = tf.function(
                self._one,
                reduce_retracing=True,
                jit_compile=model.jit_compile or None,
            )
            self._several = tf.function(self._several, reduce_retracing=True)

    def run(
        self, source: Any, batches: Any, number: float
    ) -> tuple[dict[str, Any], int]:
        """Takes the steps of an execution.

        Args:
            source: an iterator of batches; or Python's of a single one, as
                `train_on_batch` hands it over.
            batches: Keras' `TFEpochIterator`, which knows how many there are.
            number: handed to each step.

        Returns:
            The metrics with the outputs of the last step, and how many were
            taken.

        Raises:
            StopIteration: if there is no batch left.
        """
        handed = tf.constant(number)
        total = batches.num_batches if batches is not None else None
        steps = self._model.steps_per_execution
        if total is not None:
            # The last execution of an epoch may have fewer steps.
            steps = min(steps, total - batches._steps_seen + steps)
        is_known = total is not None or _is_endless(batches)
        if is_known and isinstance(
            source, tf.data.Iterator | tf.distribute.DistributedIterator
        ):
            return dict(
                self._several(source, handed, tf.constant(steps))
            ), steps
        # A batch by itself, or one of data that may end at any time: that is
        # not to be found out in a graph, of which a part may have run by then.
        taken = 0
        for data in itertools.islice(source, steps):
            outputs = self._one(data, handed)
            taken += 1
        if taken == 0:
            raise StopIteration
        return {**self._model.get_metrics_result(), **outputs}, taken

    def _several_steps(
        self, iterator: Any, handed: tf.Tensor, steps: tf.Tensor
    ) -> dict[str, Any]:
        outputs = self._one(next(iterator), handed)
        if self._model.steps_per_execution > 1:
            for _ in tf.range(steps - 1):
                outputs = self._one(next(iterator), handed)
        # Here, where reading a metric sums it over the replicas.
        return {**self._model.get_metrics_result(), **outputs}

    def _one_step(self, data: Any, handed: tf.Tensor) -> dict[str, Any]:
        strategy = self._model.distribute_strategy
        outputs = strategy.run(self._step, args=(data, handed))
        return tf.nest.map_structure(
            lambda value: strategy.experimental_local_results(value)[0],
            outputs,
        )


def _is_endless(batches: Any) -> bool:
    if batches is None:
        return False
    cardinality = batches._distributed_dataset.cardinality
    if callable(cardinality):
        cardinality = cardinality()
    return cardinality == tf.data.INFINITE_CARDINALITY
