"""Training less than the whole model: LoRA, or the head alone."""

import keras
import numpy as np

from albert_keras.tasks.options import FinetuningOptions


def apply_economies(model: keras.Model, options: FinetuningOptions) -> None:
    """Makes trainable what the options ask for.

    Args:
        model: a task with a `backbone`, built.
        options: of the run, see `lora_rank` and `freeze_encoder`.
    """
    if options.freeze_encoder:
        model.backbone.trainable = False
    elif options.lora_rank is not None:
        model.backbone.enable_lora(options.lora_rank)


def count_trainable(model: keras.Model) -> tuple[int, int]:
    """The parameters that are trained, and all of them.

    Returns:
        Two ints. The states of dropout generators are not parameters.
    """
    trained = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    return trained, int(model.count_params())
