"""From a Keras model to the bytes of a TensorFlow Lite file."""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf
from tensorflow.lite.python.convert import ConverterError

from albert_keras.artefact_names import SERVE_IDS
from albert_keras.export.ids_signature import ids_signature
from albert_keras.export.row_sizes import RowSizes
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.own_head import OwnHead
from albert_keras.models.serving import backbone_of

# How the converter lists what it has no builtin operation for.
_MISSING = re.compile(r"^(?:Custom|Flex|TF Select) ops: (.+)", re.MULTILINE)


def convert(
    model: keras.Model,
    sizes: RowSizes,
    weights: str = "float32",
    outputs: Callable[..., dict[str, tf.Tensor]] | None = None,
) -> bytes:
    """A model with the signature `serve_ids` for one row, as a flatbuffer.

    Args:
        model: A model that `exportable` returned, of float32.
        sizes: Of the row.
        weights: What they are stored in: `"float32"`, `"float16"`, `"int8"`
            or `"int8-per-tensor"`.
        outputs: As of `ids_signature`.

    Raises:
        ValueError: The model has operations that are not builtin.
    """
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    with _embedding_lookup(backbone_of(model).token_embedding):
        serve_ids = ids_signature(
            model,
            1,
            sizes.sequence_length,
            sizes.max_masks,
            sizes.num_choices,
            outputs,
        )
    # Only what comes from a SavedModel keeps its signature.
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={SERVE_IDS: serve_ids})
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[SERVE_IDS]
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if weights != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == "int8-per-tensor":
            converter._experimental_disable_per_channel = True
        if weights == "float16":
            converter.target_spec.supported_types = [tf.float16]
        try:
            return converter.convert()
        except ConverterError as error:
            missing = _MISSING.search(str(error))
            if missing is None:
                raise
            raise ValueError(
                "The model must need only builtin operations of TensorFlow "
                f"Lite. Received: {missing[1]}."
            ) from None


def in_float32(model: keras.Model) -> keras.Model:
    """The model, or a copy of it that computes in float32.

    No builtin matrix product takes half precision, and a weight that is cast
    back becomes a new constant.
    """
    backbone = backbone_of(model)
    if backbone.dtype_policy.name == "float32":
        return model
    if isinstance(model, OwnHead):
        raise ValueError(
            "A model with a head of its own must compute in float32 to become "
            "a .tflite file. Received: a model whose encoder has the dtype "
            f"policy {backbone.dtype_policy.name}; build it with "
            'dtype="float32" and copy the weights (`set_weights`).'
        )
    copy = AlbertBackbone.from_config(
        {**backbone.get_config(), "dtype": "float32"}
    )
    if model is not backbone:
        config = {**model.get_config(), "backbone": copy}
        copy = type(model)(**{**config, "preprocessor": None})
    copy.set_weights(model.get_weights())
    return copy


@tf.function(experimental_implements="embedding_matmul", autograph=False)
def _lookup(table: tf.Variable, ids: tf.Tensor) -> tf.Tensor:
    # The converter takes a function of this name for an EMBEDDING_LOOKUP.
    return tf.gather(table, ids)


@contextlib.contextmanager
def _embedding_lookup(
    token_embedding: keras.layers.ReversibleEmbedding,
) -> Iterator[None]:
    """Lets the token table be read by EMBEDDING_LOOKUP while a graph is made.

    That operation has a scale for each row, as has the matrix product of the
    masked-LM head: in int8 one table serves both. Keras' own lookup becomes
    GATHER, which knows one scale only: a second table would be stored, and
    unpacked to float32 when the file is opened.
    """
    keras_call = token_embedding.call

    def call(inputs, reverse=False):
        if reverse:
            return keras_call(inputs, reverse=True)
        rows = _lookup(
            token_embedding.embeddings.value, tf.reshape(inputs, [-1])
        )
        return tf.reshape(
            rows, [*keras.ops.shape(inputs), token_embedding.output_dim]
        )

    token_embedding.call = call
    try:
        yield
    finally:
        del token_embedding.call
