"""The signatures of texts that a model without labels of its own has."""

from typing import Any

import keras
import tensorflow as tf

from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import ROWS_AT_ONCE, run_in_parts
from albert_keras.models.serving import takes_mask_positions

SERVE_TEXT = "serving_default"
# Masks whose logits are in memory at once: 30,000 numbers for each, so that a
# batch of texts that are all masks would take gigabytes.
_MASKS_AT_ONCE = 1024


def text_signature(
    model: keras.Model,
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    top_k: int,
) -> Any:
    """A model as a function of texts or of pairs of texts.

    Args:
        model: A backbone, classifier, masked LM or pretrainer.
        serve_ids: Its signature of ids, which that of texts calls, so that
            the model's graph stands once in what is saved.
        packer: Makes ids of texts.
        top_k: Guesses for each mask, for a model with a masked-LM head.

    Returns:
        A function of `text` and, if there is one, `pair`, string tensors
        `[batch]`. For a model with a masked-LM head it returns what
        `fill_masks` does, for others what `serve_ids` does.
    """

    def serve_text(
        text: tf.Tensor, pair: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        inputs = packer(text, pair)
        if takes_mask_positions(model):
            return fill_masks(
                serve_ids, packer, inputs, top_k, is_pair=pair is not None
            )
        return run_in_parts(serve_ids, inputs)

    return serve_text


def fill_masks(
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    inputs: dict[str, tf.Tensor],
    top_k: int,
    *,
    is_pair: bool = False,
) -> dict[str, tf.Tensor]:
    """The best guesses for each `[MASK]`; the graph twin of `ak.FillMask`.

    Args:
        serve_ids: The signature of ids of a model with a masked-LM head.
        packer: What made the inputs.
        inputs: Inputs of the backbone, with `[MASK]` among the `token_ids`.
        top_k: Guesses K for each mask.
        is_pair: Whether to say more of pairs, if the model does.

    Returns:
        For up to M masks a row, in the order of the text: `tokens` int32
        `[batch, M, K]`, the best first; their `scores` float32 and `pieces`
        string, shaped alike; `mask_count` int32 `[batch]`. Where a row has
        fewer than M masks there are scores of 0 and empty pieces. Of pairs a
        pretrainer also gives `sop_scores` float32 `[batch, 2]`: how likely the
        two texts stand in their order, and how likely they are swapped.
    """
    is_mask = tf.equal(inputs["token_ids"], packer.tokenizer.mask_id)
    mask_count = tf.reduce_sum(tf.cast(is_mask, tf.int32), axis=1)
    found = tf.where(is_mask)
    mask_positions = tf.RaggedTensor.from_value_rowids(
        tf.cast(found[:, 1], tf.int32),
        found[:, 0],
        nrows=tf.shape(is_mask, tf.int64)[0],
        validate=False,
    ).to_tensor()
    inputs = {**inputs, "mask_positions": mask_positions}
    width = tf.shape(mask_positions)[1]
    best = run_in_parts(
        _best_guesses(serve_ids, top_k, packer.tokenizer.vocabulary_size),
        inputs,
        width,
        tf.clip_by_value(
            _MASKS_AT_ONCE // tf.maximum(width, 1), 1, ROWS_AT_ONCE
        ),
    )
    tokens = best["tokens"]
    is_guess = tf.sequence_mask(mask_count, width)
    is_guess = tf.expand_dims(is_guess, -1)
    guesses = {
        "tokens": tf.where(is_guess, tokens, packer.tokenizer.pad_id),
        "scores": tf.where(is_guess, best["scores"], 0.0),
        "pieces": tf.where(is_guess, packer.pieces(tokens), ""),
        "mask_count": mask_count,
    }
    if is_pair and "sop_scores" in best:
        guesses["sop_scores"] = best["sop_scores"]
    return guesses


def _best_guesses(
    serve_ids: tf.types.experimental.ConcreteFunction, top_k: int, pieces: int
) -> tf.types.experimental.ConcreteFunction:
    """The signature of ids, with the best of each mask's pieces alone."""

    def best_guesses(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = serve_ids(**inputs)
        # Equal scores come in the order of their ids, as in FillMask.
        logits = outputs["mlm_logits"]
        if logits.shape[-1] > pieces:  # a table with rows to spare
            logits = logits[..., :pieces]
        scores, tokens = tf.math.top_k(tf.nn.softmax(logits), k=top_k)
        found = {"scores": scores, "tokens": tokens}
        if "sop_logits" in outputs:
            found["sop_scores"] = tf.nn.softmax(outputs["sop_logits"])
        return found

    specs = serve_ids.structured_input_signature[1]
    return tf.function(best_guesses, autograph=False).get_concrete_function(
        **specs
    )
