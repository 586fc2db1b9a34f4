"""What Keras 3.15 does not do under tf.distribute, mended in one place each.

Two more of its limits need no code here, since `TensorFlowLoop` brings its own
training function: `steps_per_execution` above 1 fails under every strategy
(runtime: "You must feed a value for placeholder tensor"), and
`gradient_accumulation_steps` of an optimizer fails there too (keras #20582).

tests/training/test_keras_workarounds.py holds plain Keras to each of these
failures, so that it is noticed when one of them is mended there.
"""

from typing import Any

import keras
import tensorflow as tf


def take_summed_gradients(optimizer: Any) -> None:
    """Makes an optimizer take gradients that are summed over the replicas.

    Keras clips and looks for infinities first and sums over the replicas
    afterwards, inside the update. So `global_clipnorm` is compared with the
    norm of one replica's share, and the loss scale of float16 is that of one
    replica's gradients. After this the caller sums first, and everything that
    the optimizer does is done to the gradient of the whole batch.

    keras: optimizers/base_optimizer.py, `_backend_apply_gradients`;
    tensorflow #33929 on why to clip after the sum.

    Args:
        optimizer: any Keras optimizer, or a `LossScaleOptimizer` around one.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    vars(inner)["_all_reduce_sum_gradients"] = list


def symbolic_build(
    model: keras.Model, iterator: Any = None, data_batch: Any = None
) -> None:
    """Builds a compiled model's metrics from the shapes of its data.

    In place of `TensorFlowTrainer._maybe_symbolic_build`, which draws a batch
    and reduces it over the replicas to get at its shape: with several workers
    a tuple of per-replica values raises there (keras #20585), and data that
    are shuffled anew by each iterator begin with another batch than on one
    device.

    Args:
        model: compiled under a strategy.
        iterator: Keras' `TFEpochIterator`, or `None`.
        data_batch: a batch, if there is no iterator.
    """
    if model._distribute_strategy is None:
        return
    if iterator is not None:
        data_batch = tf.nest.map_structure(
            _of_one_replica, iterator._distributed_dataset.element_spec
        )
    with model.distribute_strategy.scope():
        model._symbolic_build(data_batch=data_batch)


def _of_one_replica(spec: Any) -> tf.TensorSpec:
    return getattr(spec, "_value_specs", [spec])[0]
