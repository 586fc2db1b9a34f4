"""The signatures of texts that a model without labels of its own has."""

from typing import Any

import keras
import tensorflow as tf

from albert_keras.export.text_packing import TextPacker
from albert_keras.models.serving import takes_mask_positions

SERVE_TEXT = "serving_default"


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
        return serve_ids(**inputs)

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
    outputs = serve_ids(**inputs, mask_positions=mask_positions)
    logits = outputs["mlm_logits"]
    # Equal scores come in the order of their ids, as in FillMask.
    scores, tokens = tf.math.top_k(tf.nn.softmax(logits), k=top_k)
    is_guess = tf.sequence_mask(mask_count, tf.shape(mask_positions)[1])
    is_guess = tf.expand_dims(is_guess, -1)
    guesses = {
        "tokens": tf.where(is_guess, tokens, packer.tokenizer.pad_id),
        "scores": tf.where(is_guess, scores, 0.0),
        "pieces": tf.where(is_guess, packer.pieces(tokens), ""),
        "mask_count": mask_count,
    }
    if is_pair and "sop_logits" in outputs:
        guesses["sop_scores"] = tf.nn.softmax(outputs["sop_logits"])
    return guesses
