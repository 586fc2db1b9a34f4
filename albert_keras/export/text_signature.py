"""The signature `serving_default`: texts in, answers out."""

import keras
import tensorflow as tf

from albert_keras.export.ids_signature import (
    backbone_of,
    takes_mask_positions,
)
from albert_keras.export.text_packing import TextPacker
from albert_keras.models.albert_text_classifier import AlbertTextClassifier

SERVE_TEXT = "serving_default"


def max_text_length(model: keras.Model) -> int:
    """Most tokens of a text: as `predict` on strings and `ak.FillMask` take.

    A classifier's preprocessor may cut texts to less than the model takes.
    """
    longest = backbone_of(model).max_sequence_length
    if isinstance(model, AlbertTextClassifier) and model.preprocessor:
        return min(longest, model.preprocessor.sequence_length)
    return longest


def text_signature(
    model: keras.Model,
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    top_k: int,
) -> tf.types.experimental.ConcreteFunction:
    """A model as a traced function of texts.

    Args:
        model: A model that `check_model` accepts.
        serve_ids: Its signature of ids, which that of texts calls, so that
            the model's graph stands once in what is saved.
        packer: Makes ids of texts.
        top_k: Guesses for each mask, for a model with a masked-LM head.

    Returns:
        A concrete function of `text`, a string tensor `[batch]`. For a model
        with a masked-LM head it returns what `fill_masks` does, for others
        what `serve_ids` does.
    """

    def serve_text(text):
        inputs = packer(text)
        if takes_mask_positions(model):
            return fill_masks(serve_ids, packer, inputs, top_k)
        return serve_ids(**inputs)

    return tf.function(serve_text, autograph=False).get_concrete_function(
        tf.TensorSpec([None], tf.string, name="text")
    )


def fill_masks(
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    inputs: dict[str, tf.Tensor],
    top_k: int,
) -> dict[str, tf.Tensor]:
    """The best guesses for each `[MASK]`; the graph twin of `ak.FillMask`.

    Args:
        serve_ids: The signature of ids of a model with a masked-LM head.
        packer: What made the inputs.
        inputs: Inputs of the backbone, with `[MASK]` among the `token_ids`.
        top_k: Guesses K for each mask.

    Returns:
        For up to M masks a row, in the order of the text: `tokens` int32
        `[batch, M, K]`, the best first; their `scores` float32 and `pieces`
        string, shaped alike; `mask_count` int32 `[batch]`. Where a row has
        fewer than M masks there are scores of 0 and empty pieces.
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
    logits = serve_ids(**inputs, mask_positions=mask_positions)["mlm_logits"]
    # Equal scores come in the order of their ids, as in FillMask.
    scores, tokens = tf.math.top_k(tf.nn.softmax(logits), k=top_k)
    is_guess = tf.sequence_mask(mask_count, tf.shape(mask_positions)[1])
    is_guess = tf.expand_dims(is_guess, -1)
    return {
        "tokens": tf.where(is_guess, tokens, packer.tokenizer.pad_id),
        "scores": tf.where(is_guess, scores, 0.0),
        "pieces": tf.where(is_guess, packer.pieces(tokens), ""),
        "mask_count": mask_count,
    }
