"""Models with a head of one's own, with the names that the exports need."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from albert_keras.layers.embedding import AlbertEmbedding
from albert_keras.layers.encoder import AlbertEncoder
from albert_keras.models.albert_backbone import CONFIG_KEYS, AlbertBackbone

INPUTS = ("token_ids", "segment_ids", "padding_mask")


class OwnHead(keras.Model):
    """Wrap any Keras model that computes on an ALBERT encoder.

    The wrapper has the attributes that the classes of this package have:
    `backbone`, `preprocessor`, and inputs and outputs by name; and the names
    of its `token_outputs`, which have a value for each token. It adds no
    weight and no computation. Where the model was made for rows of one
    length, it pads shorter rows to that length.

    Args:
        model: A functional model made of the inputs and outputs of an
            `ak.AlbertBackbone`, or a subclass of `keras.Model` that calls
            one with its inputs by name.
        preprocessor: A preprocessor with a `tokenizer` and a
            `sequence_length`; None for the model's own.

    Call arguments:
        inputs: Dictionary of int32 `[batch, sequence]` tensors `token_ids`,
            `segment_ids` and `padding_mask`.

    Returns:
        The model's outputs by name: the keys of a dictionary; for other
        functional models the names that Keras gives (`output_names`), for
        others `output_0` and so on.

    Raises:
        TypeError: `model` doesn't compute on an `ak.AlbertBackbone`, takes
            other inputs, or returns something other than named rows.
    """

    def __init__(self, model: keras.Model, preprocessor: Any = None) -> None:
        super().__init__(name=model.name)
        self.backbone = _encoder_of(model)
        self.model = model
        self.preprocessor = preprocessor or getattr(model, "preprocessor", None)
        self.tokenizer = getattr(model, "tokenizer", None)
        self._lengths = _lengths_of(model)
        self._length = next(filter(None, self._lengths.values()), None)
        self.token_outputs = self._checked()

    @property
    def input(self) -> dict[str, keras.KerasTensor]:
        return {
            name: keras.KerasTensor((None, None), "int32", name=name)
            for name in INPUTS
        }

    @property
    def max_sequence_length(self) -> int:
        """Maximum tokens per row."""
        longest = self.backbone.max_sequence_length
        return min(longest, self._length or longest)

    def build(self, inputs_shape: Any) -> None:
        self.built = True  # the model builds itself when it's called

    def call(
        self, inputs: Mapping[str, Any], training: bool | None = None
    ) -> dict[str, Any]:
        return self._named(self._outputs(inputs, training))

    def _outputs(self, inputs: Mapping[str, Any], training: bool | None) -> Any:
        given = {name: inputs[name] for name in self._lengths}
        if self._length is not None:
            given = {n: _padded(ids, self._length) for n, ids in given.items()}
        return self.model(_arranged(self.model, given), training=training)

    def _named(self, outputs: Any) -> dict[str, Any]:
        if isinstance(outputs, Mapping):
            named = dict(outputs)
        else:
            several = isinstance(outputs, list | tuple)
            listed = list(outputs) if several else [outputs]
            names = list(getattr(self.model, "output_names", None) or ())
            if len(set(names)) != len(listed):
                names = [f"output_{number}" for number in range(len(listed))]
            named = dict(zip(names, listed, strict=True))
        for name, output in named.items():
            shape = getattr(output, "shape", ())
            if not isinstance(name, str) or not len(shape):
                raise TypeError(
                    f"{_called(self.model)} must return a tensor, a list of "
                    "tensors or a dictionary of tensors, each with one row "
                    f"per text. Received: {name!r}, a {type(output).__name__}."
                )
        return named

    def _checked(self) -> tuple[str, ...]:
        """Run the model on rows of two lengths, which also builds it.

        Returns:
            The names of the outputs that have a value for each token.
        """
        longest = min(8, self.max_sequence_length)
        found: list[dict[str, tuple[int, ...]]] = []
        for length in (longest, longest - 1):
            row = {name: ops.ones((1, length), "int32") for name in INPUTS}
            row["segment_ids"] = ops.zeros((1, length), "int32")
            try:
                outputs = self._outputs(row, False)
            except Exception as error:  # of whatever the model's code does
                reason = str(error).strip().partition("\n")[0]
                raise TypeError(
                    f"{_called(self.model)} must be callable with a dictionary "
                    f"of {', '.join(INPUTS)}. Received: "
                    f"{type(error).__name__}: {reason[:300]}"
                ) from error
            named = self._named(outputs)
            found.append({n: tuple(each.shape) for n, each in named.items()})
        longer, shorter = found
        return tuple(n for n, shape in longer.items() if shape != shorter[n])


class EncoderParts:
    """Describe an encoder whose layers are in a functional model.

    A functional model of `backbone.input` and `backbone.output` holds the
    layers of the backbone, but not the backbone.

    Args:
        embeddings: The embedding.
        encoder: The encoder.
    """

    def __init__(
        self, embeddings: AlbertEmbedding, encoder: AlbertEncoder
    ) -> None:
        self.encoder = encoder
        self.token_embedding = embeddings.token_embedding
        self.dtype_policy = embeddings.dtype_policy
        for name in CONFIG_KEYS:
            owner = encoder if hasattr(encoder, name) else embeddings
            setattr(self, name, getattr(owner, name))

    albert_config = AlbertBackbone.albert_config


def class_name(model: keras.Model) -> str:
    """Return the name of a model's class, with a head of one's own too."""
    return type(model.model if isinstance(model, OwnHead) else model).__name__


def _encoder_of(model: keras.Model) -> Any:
    layers = list(model._flatten_layers())
    for layer in layers:
        if isinstance(layer, AlbertBackbone):
            return layer
    for embeddings in layers:
        for encoder in layers:
            if isinstance(embeddings, AlbertEmbedding) and isinstance(
                encoder, AlbertEncoder
            ):
                return EncoderParts(embeddings, encoder)
    theirs = [
        layer
        for layer in layers
        if type(layer).__module__.startswith("keras_hub.")
        and type(layer).__name__ == "AlbertBackbone"
    ]
    raise TypeError(
        "`model` must be a model of this package, or a Keras model built on "
        f"an ak.AlbertBackbone. Received: {_called(model)}, which has "
        + (
            "a keras_hub AlbertBackbone; save that as a preset and build the "
            "model on ak.AlbertBackbone.from_preset(FOLDER)."
            if theirs
            else "none."
        )
    )


def _lengths_of(model: keras.Model) -> dict[str, int | None]:
    """Return the length of each input, by name; None for any length."""
    given = _symbolic_input(model)
    if given is None:
        return dict.fromkeys(INPUTS)
    if not isinstance(given, Mapping):
        given = {each.name: each for each in keras.tree.flatten(given)}
    shapes = {name: each.shape for name, each in given.items()}
    if not {"token_ids"} <= set(shapes) <= set(INPUTS) or any(
        len(shape) != 2 for shape in shapes.values()
    ):
        raise TypeError(
            f"{_called(model)} must take only the inputs of its encoder: "
            f"{', '.join(INPUTS)}, each [batch, sequence]. Received: "
            f"{', '.join(f'{name} {shape}' for name, shape in shapes.items())}."
        )
    return {name: shape[1] for name, shape in shapes.items()}


def _arranged(model: keras.Model, inputs: dict[str, Any]) -> Any:
    """Return inputs in the structure that a functional model was made with."""
    given = _symbolic_input(model)
    if given is None or isinstance(given, Mapping):
        return inputs
    return keras.tree.map_structure(lambda each: inputs[each.name], given)


def _symbolic_input(model: keras.Model) -> Any:
    """Return the inputs of a functional model, and None for a subclass."""
    try:
        return model.input
    except (AttributeError, ValueError):
        return None


def _padded(ids: Any, length: int) -> Any:
    missing = length - ops.shape(ids)[1]
    return ops.reshape(ops.pad(ids, [[0, 0], [0, missing]]), (-1, length))


def _called(model: keras.Model) -> str:
    return f"`{model.name}` (a {type(model).__name__})"
