"""`compile_for`: a model made ready to train under any strategy."""

from typing import Any

import keras

from albert_keras.training.loop import TrainingLoop


def compile_for(
    model: keras.Model,
    optimizer: Any,
    *,
    steps_per_execution: int = 1,
    gradient_accumulation_steps: int = 1,
    **kwargs: Any,
) -> TrainingLoop:
    """Compiles a model so that `fit` does the same under every strategy.

    The batch is always the global one. However it is divided over devices,
    processes and micro-batches, loss and metrics are those of the whole batch,
    and the gradients are clipped after they are summed. Keras 3.15's own `fit`
    fails under `MultiWorkerMirroredStrategy`, fails with
    `steps_per_execution` or accumulation under any strategy, and clips each
    replica's gradients by themselves.

    The logs get a `gradient_norm`: the joint norm of the gradients of the last
    step, before clipping.

    Args:
        model: made inside the scope of its strategy, if it has one.
        optimizer: a Keras optimizer. Under the dtype policy `mixed_float16` it
            is wrapped in a `LossScaleOptimizer`.
        steps_per_execution: int. Steps between two returns to Python.
            Callbacks for batches are called once for each execution.
        gradient_accumulation_steps: int. Micro-batches of a step: the memory
            of a smaller batch, the update of the whole one. Not to be
            confused with the optimizer's argument of this name, which counts
            each micro-batch as a step.
        **kwargs: other arguments of `model.compile`: `loss`, `metrics`,
            `jit_compile` and so on.

    Returns:
        The loop, whose `finished_steps` counts the steps.

    Raises:
        ValueError: if a number is not positive, or the optimizer accumulates
            by itself.

    Example:
    ```python
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = ak.AlbertTextClassifier(backbone, num_classes=2)
        ak.training.compile_for(
            model,
            AdamW(2e-5),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            gradient_accumulation_steps=4,
        )
    model.fit(batches, epochs=3)
    ```
    """
    for name, number in (
        ("steps_per_execution", steps_per_execution),
        ("gradient_accumulation_steps", gradient_accumulation_steps),
    ):
        if number < 1:
            raise ValueError(
                f"`{name}` must be at least 1. Received: {name}={number}."
            )
    if getattr(optimizer, "gradient_accumulation_steps", None):
        raise ValueError(
            "`gradient_accumulation_steps` must be given to `compile_for` and "
            "not to the optimizer. Received: an optimizer with "
            "gradient_accumulation_steps="
            f"{optimizer.gradient_accumulation_steps}."
        )
    model.compile(optimizer, steps_per_execution=steps_per_execution, **kwargs)
    loop = _loop_class()(model, gradient_accumulation_steps)
    loop.install()
    return loop


def _loop_class() -> type[TrainingLoop]:
    """That of the backend, which alone is imported."""
    if keras.backend.backend() == "jax":
        from albert_keras.training.jax_loop import JaxLoop

        return JaxLoop
    from albert_keras.training.tensorflow_loop import TensorFlowLoop

    return TensorFlowLoop
