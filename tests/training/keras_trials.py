"""What plain Keras and `compile_for` do under a strategy, as a program.

Started by tests in a process of its own, since the devices of a process cannot
be changed. Prints one JSON object: for each trial what it gave, or the error.
"""

import json
import sys

import keras
import numpy as np

from albert_keras.training.strategies import choose_strategy

ROWS, VOCABULARY, CLASSES = 12, 50, 3


def make_data(rows=ROWS):
    rng = np.random.default_rng(0)
    return (
        rng.integers(0, VOCABULARY, (rows, 6)).astype("int32"),
        rng.integers(0, CLASSES, rows).astype("int32"),
        rng.uniform(0.0, 2.0, rows).astype("float32"),
    )


def make_model(dropout=0.0, is_sparse=True):
    """A classifier, whose embedding has a sparse gradient if it has any."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.layers.Input((6,), dtype="int32"),
            keras.layers.Embedding(VOCABULARY, 8, trainable=is_sparse),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(CLASSES),
        ]
    )


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def plain(model, optimizer, **kwargs):
    model.compile(optimizer, loss=loss(), metrics=["accuracy"], **kwargs)


def ours(model, optimizer, **kwargs):
    from albert_keras.training.compiling import compile_for

    compile_for(model, optimizer, loss=loss(), metrics=["accuracy"], **kwargs)


def fit(
    strategy,
    compile_model,
    optimizer,
    rows=ROWS,
    batch_size=ROWS,
    is_sparse=True,
    **kwargs,
):
    """Trains for two epochs; returns losses, metrics and weights."""
    with strategy.scope():
        model = make_model(is_sparse=is_sparse)
        compile_model(model, optimizer(), **kwargs)
    x, y, weights = make_data(rows)
    history = model.fit(
        x,
        y,
        sample_weight=weights,
        batch_size=batch_size,
        epochs=2,
        shuffle=False,
        verbose=0,
    )
    evaluated = model.evaluate(
        x, y, batch_size=batch_size, verbose=0, return_dict=True
    )
    return {
        "losses": history.history["loss"],
        "evaluated": evaluated,
        "weights": [v.numpy().tolist() for v in model.trainable_variables],
        "steps": int(model.optimizer.iterations.numpy()),
    }


def masks_of_replicas(strategy):
    """The dropout masks that each replica makes, after `fit` has begun."""
    with strategy.scope():
        model = make_model(dropout=0.5)
        ours(model, keras.optimizers.SGD(0.0))
    x, y, _ = make_data()
    model.fit(x, y, batch_size=ROWS, verbose=0)
    (layer,) = [v for v in model.layers if isinstance(v, keras.layers.Dropout)]
    state = layer.seed_generator.state.value
    return [
        s.numpy().tolist()
        for s in strategy.handle.experimental_local_results(state)
    ]


def clipped():
    return keras.optimizers.SGD(1.0, global_clipnorm=0.01)


def accumulating():
    return keras.optimizers.SGD(1.0, gradient_accumulation_steps=2)


def with_momentum():
    # Keras clips and squares sparse gradients before it sums equal rows, so
    # what is not linear in them is not compared with an embedding.
    return keras.optimizers.SGD(0.5, momentum=0.9)


def overflowing():
    """Its first steps overflow; each of them halves the loss scale."""
    return keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.03), initial_scale=2.0**127
    )


# So large a loss, times the scale, is more than a float32 can hold.
OVERFLOWING = {"batch_size": 2, "loss_weights": [16.0]}


def trials(name):
    devices = 2 if name == "mirrored" else None
    strategy = choose_strategy(name, cpu_devices=devices)
    parts = {"steps_per_execution": 2, "gradient_accumulation_steps": 2}
    yield (
        "plain, clipped",
        lambda: fit(strategy, plain, clipped, is_sparse=False),
    )
    yield "plain", lambda: fit(strategy, plain, with_momentum)
    if name == "mirrored":
        yield (
            "plain, steps_per_execution",
            lambda: fit(
                strategy,
                plain,
                with_momentum,
                batch_size=4,
                steps_per_execution=2,
            ),
        )
        yield (
            "plain, accumulating",
            lambda: fit(strategy, plain, accumulating),
        )
        yield (
            "ours, clipped",
            lambda: fit(strategy, ours, clipped, is_sparse=False),
        )
        # 13 rows: the last batch has one, so a replica has none.
        yield "ours", lambda: fit(strategy, ours, with_momentum, 13, 4, **parts)
        yield (
            "ours, float16",
            lambda: fit(strategy, ours, overflowing, **OVERFLOWING),
        )
        yield "seeds", lambda: masks_of_replicas(strategy)


def main():
    results = {}
    for name, trial in trials(sys.argv[1]):
        try:
            results[name] = trial()
        except Exception as error:  # whatever Keras or TensorFlow raises
            results[name] = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(results))


if __name__ == "__main__":
    main()
