"""The training step goes through XLA whole, with static shapes.

No TPU is at hand. What can be shown without one is what a TPU asks for: XLA
takes every operation of the step, its program consists of XLA's own operations
(nothing is left to a library of the host, nothing is fed in or out), all shapes
are known, and there are no 64-bit floats.
"""

import collections
import dataclasses
import re

import pytest
import tensorflow as tf

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.training.compiling import compile_for
from albert_keras.training.optimizers import Lamb

BATCH, SEQUENCE, PREDICTIONS = 4, 16, 2

# Operations of XLA (openxla.org/xla/operation_semantics) that leave the device
# or that only some devices have.
NOT_EVERYWHERE = {
    "custom-call",
    "domain",
    "infeed",
    "outfeed",
    "recv",
    "send",
}


def batch():
    ids = tf.ones([BATCH, SEQUENCE], tf.int32)
    positions = tf.ones([BATCH, PREDICTIONS], tf.int32)
    order = tf.ones([BATCH], tf.int32)
    return (
        {
            "token_ids": ids,
            "segment_ids": ids,
            "padding_mask": ids,
            "mask_positions": positions,
        },
        {"mlm_logits": positions, "sop_logits": order},
        {
            "mlm_logits": tf.cast(positions, tf.float32),
            "sop_logits": tf.cast(order, tf.float32),
        },
    )


def program_of(config, dtype, micro_batches=1, remat=False):
    """The training step as XLA's program, in its text form."""
    model = AlbertPretrainer(
        AlbertBackbone.from_albert_config(config, dtype=dtype)
    )
    model.backbone.encoder.remat = remat
    loop = compile_for(
        model, Lamb(1e-3), gradient_accumulation_steps=micro_batches
    )
    # Every variable has to be there before the step is traced.
    model.optimizer.build(model.trainable_variables)
    loop.test_step(batch(), tf.constant(0.0))
    step = tf.function(loop.train_step, jit_compile=True)
    return step.experimental_get_compiler_ir(batch(), tf.constant(0.0))(
        stage="hlo"
    )


def operations_in(program):
    """How often each operation occurs: `%name = f32[2,3]{1,0} add(...)`."""
    pattern = r"= (?:\([^)]*\)|\S+) ([a-z][a-z-]*)\("
    return collections.Counter(re.findall(pattern, program))


@pytest.mark.parametrize(
    ("dtype", "micro_batches", "remat"),
    [("float32", 1, False), ("mixed_bfloat16", 2, True)],
    ids=["plain", "bfloat16, accumulated, rematerialised"],
)
def test_step_is_a_program_for_any_device(
    tiny_config, dtype, micro_batches, remat
):
    program = program_of(tiny_config, dtype, micro_batches, remat)
    operations = operations_in(program)
    # Six products a block, forward, and two more for each in the backward
    # pass: the program is the whole step.
    blocks = tiny_config.num_hidden_layers
    assert operations["dot"] >= 3 * 6 * blocks
    assert not NOT_EVERYWHERE & operations.keys()
    assert "f64[" not in program
    assert "<=" not in program  # the bound of a dimension that is not known


def test_more_layers_make_a_longer_program_of_the_same_operations(tiny_config):
    """So what holds for the small one holds for every size."""
    short = operations_in(program_of(tiny_config, "float32"))
    deep = dataclasses.replace(tiny_config, num_hidden_layers=4)
    long = operations_in(program_of(deep, "float32"))
    assert long.keys() == short.keys()
    assert long["dot"] == short["dot"] + 2 * 3 * 6
