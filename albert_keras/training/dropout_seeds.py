"""The states of dropout generators under tf.distribute."""

import keras
import tensorflow as tf

# Keras draws seeds of 30 bits and holds them in 64; what lies above is free
# for the number of the replica.
_SEED_RANGE = 2**32


def spread_seeds(model: keras.Model, first_replica: int) -> None:
    """Gives every replica dropout masks of its own.

    Under tf.distribute each replica has a copy of a generator's state, and
    Keras leaves the copies equal, so that all replicas would drop the same
    units. The number of the replica is written above the seed's own bits. That
    of the first replica is 0: its state is what a single device would have,
    and what a checkpoint holds, and that of the others follows from it.

    Args:
        model: built under its strategy.
        first_replica: int. Number, over all workers, of the first replica of
            this process.
    """
    for variable in model.variables:
        if variable.name != "seed_generator_state":
            continue
        copies = model.distribute_strategy.experimental_local_results(
            variable.value
        )
        for number, copy in enumerate(copies, start=first_replica):
            seed, counter = copy.numpy()
            seed = seed % _SEED_RANGE + number * _SEED_RANGE
            copy.assign(tf.constant([seed, counter], copy.dtype))
