"""The model that a pretraining run starts from."""

import os
from typing import Any, NamedTuple

import numpy as np

from albert_keras.checkpoints.handles import fetched
from albert_keras.checkpoints.loading import heads_held, load
from albert_keras.checkpoints.model_parts import heads_of, parts_of
from albert_keras.checkpoints.vocabulary import tokenizer_of_file
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.preset import as_preset
from albert_keras.pretraining.manifest import sha256


class StartModel(NamedTuple):
    """A model to continue pretraining from.

    Args:
        source: Whatever `ak.checkpoints.load` takes, or a model of this
            package, whose weights are copied.
    """

    source: Any

    @property
    def is_path(self) -> bool:
        """Whether the model is to be loaded."""
        return isinstance(self.source, str | os.PathLike)

    def describe(self) -> str:
        """Return what tells this model from others."""
        if self.is_path:
            return os.fspath(self.source)
        weights = b"".join(
            np.ascontiguousarray(part.variable.numpy()).tobytes()
            for part in parts_of(self.source)
        )
        return f"{type(self.source).__name__} {sha256(weights)}"

    def load(
        self, dtype: str, tokenizer: Any = None
    ) -> tuple[AlbertPretrainer, str]:
        """Return the model with both pretraining heads, and a note on it.

        Args:
            dtype: dtype policy to compute in.
            tokenizer: For a model that has none. That of a model which has
                one must be the same.

        Raises:
            FileNotFoundError: There is no such model.
            TypeError: It is a model of another package.
            ValueError: It is damaged, or has no tokenizer or another one.
        """
        needed = heads_of(AlbertPretrainer)
        if self.is_path:
            model = load(
                self.source,
                AlbertPretrainer,
                init_missing_heads=True,
                dtype=dtype,
            )
            held = heads_held(self.source)
            own = _tokenizer_of(model) or self._tokenizer_beside()
            name = f"'{os.fspath(self.source)}'"
        else:
            held = heads_of(type(self.source))
            own = _tokenizer_of(self.source)
            model = _copied(self.source, dtype)
            name = f"the {type(self.source).__name__}"
        model.preprocessor = AlbertMaskedLMPreprocessor(
            _agreed(own, tokenizer, name),
            sequence_length=model.backbone.max_sequence_length,
        )
        missing = [head.name for head in needed if head not in held]
        note = f"Loaded the {model.count_params():,} weights of {name}."
        if missing:
            note = (
                f"Loaded the weights of {name}, which has no "
                f"{' and no '.join(missing)}: new, with random weights."
            )
        return model, note

    def _tokenizer_beside(self) -> Any:
        """Return the tokenizer of a backbone's preset, None without one."""
        folder = fetched(as_preset(self.source))
        is_preset = (folder / "config.json").is_file()
        if is_preset and (folder / "assets").is_dir():
            return tokenizer_of_file(folder)
        return None


def _tokenizer_of(model: Any) -> Any:
    preprocessor = getattr(model, "preprocessor", None)
    return preprocessor and preprocessor.tokenizer


def _agreed(own: Any, given: Any, name: str) -> Any:
    """Return the tokenizer of a model, held against one that was given."""
    if own is None and given is None:
        raise ValueError(
            "A model without a tokenizer needs --tokenizer (`tokenizer`). "
            f"Received: {name}, which has none."
        )
    if own is None or given is None:
        return own or given
    content = own.python_tokenizer.vocabulary_bytes
    if content != given.python_tokenizer.vocabulary_bytes:
        raise ValueError(
            f"`tokenizer` must be the model's own. Received: another "
            f"vocabulary than that of {name}; leave out --tokenizer, and "
            "prepare the examples with the model's."
        )
    return given


def _copied(source: Any, dtype: str) -> AlbertPretrainer:
    """Return a pretrainer with the weights of a model."""
    parts = {part.names: part.variable for part in parts_of(source)}
    backbone = getattr(source, "backbone", source)
    config = {**backbone.get_config(), "dtype": dtype}
    model = AlbertPretrainer(
        AlbertBackbone.from_config(config),
        head_layer_norm_epsilon=getattr(
            source, "head_layer_norm_epsilon", None
        ),
    )
    for part in parts_of(model):
        if part.names in parts:
            part.variable.assign(parts[part.names])
    return model
