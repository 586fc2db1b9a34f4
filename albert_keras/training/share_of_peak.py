"""How much of what the device could do a step asks for."""

import functools

from albert_keras.config import AlbertConfig
from albert_keras.pretraining.batch_shapes import BatchShapes
from albert_keras.training.callbacks import StepCost
from albert_keras.training.cost import measured_peak_flops, step_flops


def step_cost(
    config: AlbertConfig, dtype: str, shapes: BatchShapes, devices: int = 1
) -> StepCost:
    """What the mean step costs, and what the devices could do meanwhile.

    The first call for a dtype measures the device, for about a second.

    Args:
        config: of the model.
        dtype: of the run: `"float32"`, `"mixed_bfloat16"`, `"mixed_float16"`.
        shapes: of its batches.
        devices: int. Devices that compute at once, each as fast as the first.
            Logical devices of one CPU are one.
    """
    return StepCost(
        tokens=shapes.real_tokens_per_batch,
        flops=shapes.mean(lambda shape: step_flops(config, *shape[1:])),
        peak_flops=devices * _peak_flops(dtype.removeprefix("mixed_")),
    )


@functools.cache
def _peak_flops(dtype: str) -> float:
    return measured_peak_flops(dtype)
