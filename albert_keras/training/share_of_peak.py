"""How much of what the device could do a step asks for."""

import functools

import keras
import tensorflow as tf

from albert_keras.config import AlbertConfig
from albert_keras.pretraining.batch_shapes import BatchShapes
from albert_keras.training.callbacks import StepCost
from albert_keras.training.cost import measured_peak_flops, step_flops
from albert_keras.training.strategies import TrainingStrategy


def step_cost(
    config: AlbertConfig,
    dtype: str,
    shapes: BatchShapes,
    strategy: TrainingStrategy,
) -> StepCost:
    """What the mean step costs, and what the devices could do meanwhile.

    The first call for a dtype measures the device, for about a second.

    Args:
        config: of the model.
        dtype: of the run: `"float32"`, `"mixed_bfloat16"`, `"mixed_float16"`.
        shapes: of its batches.
        strategy: the devices it trains on, each taken to be as fast as the
            one that is measured.
    """
    return StepCost(
        tokens=shapes.real_tokens_per_batch,
        flops=shapes.mean(lambda shape: step_flops(config, *shape[1:])),
        peak_flops=_devices(strategy)
        * _peak_flops(dtype.removeprefix("mixed_")),
    )


def _devices(strategy: TrainingStrategy) -> int:
    """Devices that compute at once; logical devices of one CPU are one."""
    if keras.backend.backend() == "jax":
        import jax

        is_cpu = jax.default_backend() == "cpu"
    else:
        has_gpu = bool(tf.config.list_physical_devices("GPU"))
        is_cpu = strategy.name != "tpu" and not has_gpu
    return strategy.num_workers if is_cpu else strategy.num_replicas


@functools.cache
def _peak_flops(dtype: str) -> float:
    return measured_peak_flops(dtype)
