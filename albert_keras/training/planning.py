"""What a pretraining run will need, before it is started."""

import dataclasses
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable

import keras
import tensorflow as tf

from albert_keras.config import AlbertConfig
from albert_keras.layers.block import AlbertBlock
from albert_keras.layers.encoder import AlbertEncoder
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.training.cost import (
    block_flops,
    measured_peak_flops,
    step_flops,
)
from albert_keras.training.graph_memory import peak_bytes
from albert_keras.training.optimizers import Lamb

_FLOAT32 = 4
# Arrays as large as all weights that an update takes at its height, measured:
# the clipped gradients, both new moments, and what the update is made of.
_UPDATE_ARRAYS = 6
# What a process takes besides once it reads data, trains and saves, measured.
_RUNTIME_BYTES = 400e6
_TIMED_CALLS = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Needs:
    """What a pretraining run needs on each device.

    Attributes:
        num_parameters: of the model with its heads.
        process_bytes: what Python, TensorFlow and the data take before.
        weight_bytes: float32 weights.
        optimizer_bytes: both moments of every weight.
        update_bytes: temporary arrays of the update.
        step_bytes: activations that wait for the backward pass, and gradients.
        step_seconds: of one step, without what devices say to each other.
        tokens_per_second: over all devices, padding included.
        share_of_peak: of the rate at which the device multiplies matrices.
    """

    num_parameters: int
    process_bytes: float
    weight_bytes: float
    optimizer_bytes: float
    update_bytes: float
    step_bytes: float
    step_seconds: float
    tokens_per_second: float
    share_of_peak: float

    @property
    def bytes(self) -> float:
        """The memory of one device, or of the process on a CPU."""
        return (
            self.process_bytes
            + self.weight_bytes
            + self.optimizer_bytes
            + self.update_bytes
            + self.step_bytes
        )


def estimate_needs(
    config: AlbertConfig,
    *,
    batch_size: int,
    sequence_length: int,
    predictions_per_seq: int,
    num_devices: int = 1,
    gradient_accumulation_steps: int = 1,
    dtype: str = "float32",
    remat: bool = False,
) -> Needs:
    """Estimates memory and time of a pretraining step on devices like this.

    The memory is that of the step as TensorFlow traces it, in which every
    tensor's size and lifetime are known. The time is measured on one block,
    which the model applies again and again, and its update; so it takes seconds
    where a step may take minutes. Nothing is trained, and the whole model's
    weights are allocated but not touched.

    Args:
        config: of the model.
        batch_size: int. Examples of a step over all devices.
        sequence_length: int. Tokens of an example.
        predictions_per_seq: int. Masked positions of an example.
        num_devices: int. Devices that share a batch; each is taken to be like
            the one at hand.
        gradient_accumulation_steps: int. Micro-batches of a step.
        dtype: `"float32"`, `"mixed_bfloat16"` or `"mixed_float16"`.
        remat: whether activations are computed again for the gradient.

    Returns:
        The estimate.

    Raises:
        ValueError: if a number is not positive, the batch cannot be divided,
            or the backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "A run is planned on Keras' TensorFlow backend. Received: "
            f"KERAS_BACKEND={keras.backend.backend()}."
        )
    for name, number in (
        ("num_devices", num_devices),
        ("gradient_accumulation_steps", gradient_accumulation_steps),
    ):
        if number < 1:
            raise ValueError(
                f"`{name}` must be at least 1. Received: {name}={number}."
            )
    parts = num_devices * gradient_accumulation_steps
    if batch_size % parts:
        raise ValueError(
            "`batch_size` must be divisible by the devices and the micro-"
            f"batches of each. Received: batch_size={batch_size}, "
            f"num_devices={num_devices}, gradient_accumulation_steps="
            f"{gradient_accumulation_steps}."
        )
    process = _resident_bytes() + _RUNTIME_BYTES
    sizes = (batch_size // parts, sequence_length, predictions_per_seq)
    policy = keras.dtype_policies.get(dtype)
    num_parameters, step_bytes = _trace_step(config, sizes, policy, remat)
    weights = _FLOAT32 * num_parameters

    seconds_a_block, seconds_a_weight = _time_block(
        config, sizes, policy, remat
    )
    peak = measured_peak_flops(policy.compute_dtype)
    blocks = config.num_hidden_layers * config.inner_group_num
    flops = step_flops(config, *sizes)
    other_flops = flops - 3 * blocks * block_flops(config, *sizes[:2])
    step_seconds = (
        gradient_accumulation_steps
        * (blocks * seconds_a_block + other_flops / peak)
        + num_parameters * seconds_a_weight
    )
    return Needs(
        num_parameters=num_parameters,
        process_bytes=process,
        weight_bytes=weights,
        optimizer_bytes=2 * weights,
        update_bytes=_UPDATE_ARRAYS * weights,
        step_bytes=step_bytes,
        step_seconds=step_seconds,
        tokens_per_second=batch_size * sequence_length / step_seconds,
        share_of_peak=gradient_accumulation_steps
        * flops
        / (step_seconds * peak),
    )


def _trace_step(
    config: AlbertConfig,
    sizes: tuple[int, int, int],
    policy: keras.DTypePolicy,
    remat: bool,
) -> tuple[int, int]:
    """Parameters of the model, and the memory of a traced gradient."""
    batch_size, sequence_length, predictions = sizes
    model = AlbertPretrainer(
        AlbertBackbone.from_albert_config(config, dtype=policy)
    )
    model.backbone.encoder.remat = remat
    variables = [variable.value for variable in model.trainable_variables]

    def ids(*shape: int) -> tf.TensorSpec:
        return tf.TensorSpec([batch_size, *shape], tf.int32)

    x = {
        "token_ids": ids(sequence_length),
        "segment_ids": ids(sequence_length),
        "padding_mask": ids(sequence_length),
        "mask_positions": ids(predictions),
    }
    y = {"mlm_logits": ids(predictions), "sop_logits": ids()}

    @tf.function(autograph=False)
    def gradients(x: dict, y: dict) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x, y, model(x, training=True))
        return tape.gradient(loss, variables)

    graph = gradients.get_concrete_function(x, y).graph
    # A block's gradient is a sum over its calls, and TensorFlow may have all
    # of its terms before it begins to add them.
    terms = sum(
        _FLOAT32 * block.count_params() * calls
        for block, calls in _calls(model.backbone.encoder).items()
    )
    return model.count_params(), max(peak_bytes(graph), terms)


def _calls(encoder: AlbertEncoder) -> Counter[AlbertBlock]:
    """How often each block of an encoder is applied."""
    return Counter(
        block
        for layer in range(encoder.num_layers)
        for block in encoder.blocks_of_layer(layer)
    )


def _time_block(
    config: AlbertConfig,
    sizes: tuple[int, int, int],
    policy: keras.DTypePolicy,
    remat: bool,
) -> tuple[float, float]:
    """Seconds of a block forth and back, and of the update of one weight."""
    batch_size, sequence_length, _ = sizes
    block = AlbertBlock(
        config.hidden_size,
        config.num_attention_heads,
        config.intermediate_size,
        activation=config.hidden_act,
        dropout=config.hidden_dropout_prob,
        attention_dropout=config.attention_probs_dropout_prob,
        dtype=policy,
    )
    block.build((None, config.hidden_size))
    optimizer = Lamb(0.0)
    optimizer.build(block.trainable_variables)
    variables = [variable.value for variable in block.trainable_variables]
    rows = batch_size * sequence_length
    hidden = tf.ones([rows, config.hidden_size], policy.compute_dtype)
    bias = tf.zeros([batch_size, 1, 1, sequence_length], policy.compute_dtype)

    @tf.function(autograph=False)
    def differentiate() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            output = block(hidden, bias, training=True)
        gradients = tape.gradient(output, [hidden, *variables])
        return gradients[1:]

    @tf.function(autograph=False)
    def forward() -> tf.Tensor:
        return block(hidden, bias, training=True)

    @tf.function(autograph=False)
    def update(gradients: list[tf.Tensor]) -> None:
        optimizer.apply(gradients, block.trainable_variables)

    gradients = differentiate()
    seconds = _time(differentiate)
    if remat:
        seconds += _time(forward)
    return seconds, _time(lambda: update(gradients)) / block.count_params()


def _time(call: Callable[[], object]) -> float:
    """The median of a few calls, after one in which it is traced."""
    call()
    times = []
    for _ in range(_TIMED_CALLS):
        started = time.perf_counter()
        result = call()
        for tensor in tf.nest.flatten(result):
            if tensor is not None:
                tensor.numpy()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _resident_bytes() -> float:
    """The memory that this process has taken so far, at its height."""
    height = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return height if sys.platform == "darwin" else 1024.0 * height
