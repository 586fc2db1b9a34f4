"""What fine-tuning begins with: a model, or random weights."""

import dataclasses
from pathlib import Path
from typing import Any

from albert_keras.checkpoints.handles import fetched
from albert_keras.checkpoints.loading import load
from albert_keras.checkpoints.vocabulary import tokenizer_of_file
from albert_keras.config import AlbertConfig
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.preset import own_preset


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """A model to start from, or a configuration for random weights.

    Args:
        preset: whatever `ak.checkpoints.load` takes: a preset, a run folder, a
            checkpoint of Hugging Face, google or KerasHub, a handle, or the
            name of a released model. Only its encoder and tokenizer are used.
        config: name of a configuration, or path of an `albert_config.json`,
            for random weights.
        tokenizer: path of a SentencePiece model or a `vocab.txt`. Required
            with `config`; with `preset`, it replaces the preset's own.

    Raises:
        ValueError: if neither or both of `preset` and `config` are given, or
            `config` comes without `tokenizer`.

    Example:
    ```python
    Start(config="albert_mini", tokenizer="spiece.model")
    ```
    """

    preset: str | None = None
    config: str | None = None
    tokenizer: str | None = None

    def __post_init__(self) -> None:
        if (self.preset is None) == (self.config is None) or (
            self.config is not None and self.tokenizer is None
        ):
            raise ValueError(
                "Either `preset`, or `config` and `tokenizer` must be given. "
                f"Received: preset={self.preset!r}, config={self.config!r}, "
                f"tokenizer={self.tokenizer!r}."
            )

    def load(
        self, dropout: float | None, dtype: str
    ) -> tuple[AlbertBackbone, Any]:
        """Load encoder and tokenizer.

        Args:
            dropout: dropout of the encoder; None keeps the model's own.
            dtype: dtype policy to compute in.

        Returns:
            The encoder, and an `ak.AlbertTokenizer` or
            `ak.AlbertWordPieceTokenizer`.

        Raises:
            FileNotFoundError: if there is no such model or file.
            ValueError: if a file is damaged, or there is no tokenizer.
        """
        backbone, tokenizer = self._load(dropout, dtype)
        if tokenizer is None:
            raise ValueError(
                f"`{self.preset}` must hold a tokenizer, or a vocabulary file "
                "must be given as `tokenizer` (--tokenizer). Received: neither."
            )
        return backbone, tokenizer

    def load_tokenizer(self) -> Any:
        """Load the tokenizer alone, see `load`."""
        return self.load(None, "float32")[1]

    def load_backbone(
        self, dropout: float | None, dtype: str
    ) -> AlbertBackbone:
        """Load the encoder alone, see `load`; it needs no tokenizer."""
        return self._load(dropout, dtype)[0]

    def _load(
        self, dropout: float | None, dtype: str
    ) -> tuple[AlbertBackbone, Any]:
        tokenizer = None
        if self.tokenizer is not None:
            tokenizer = tokenizer_of_file(self.tokenizer)
        if self.preset is None:
            return self._random(dropout, dtype), tokenizer
        preset = own_preset(self.preset)
        # Every form loads as this class, whatever head it has, with its
        # tokenizer: a backbone would not hold one.
        model = load(
            preset, AlbertMultipleChoice, init_missing_heads=True, dtype=dtype
        )
        if tokenizer is None and model.preprocessor is not None:
            tokenizer = model.preprocessor.tokenizer
        if tokenizer is None:
            folder = fetched(preset)
            if (folder / "tokenizer.json").is_file():
                tokenizer = tokenizer_of_file(folder)  # of a bare backbone
        return _with_dropout(model.backbone, dropout), tokenizer

    def _random(self, dropout: float | None, dtype: str) -> AlbertBackbone:
        assert self.config is not None
        config = (
            AlbertConfig.from_json(self.config)
            if self.config.endswith(".json")
            else AlbertConfig.named(self.config)
        )
        changed: dict[str, Any] = {"dtype": dtype}
        if dropout is not None:
            changed.update(dropout=dropout, attention_dropout=dropout)
        return AlbertBackbone.from_albert_config(config, **changed)

    def describe(self) -> dict[str, str]:
        """What was given, as JSON holds it."""
        given = dataclasses.asdict(self)
        if self.config is not None and Path(self.config).is_file():
            given["config"] = AlbertConfig.from_json(self.config).to_dict()
        return {name: value for name, value in given.items() if value}


def _with_dropout(
    backbone: AlbertBackbone, dropout: float | None
) -> AlbertBackbone:
    """Return the same encoder with another dropout."""
    held = {backbone.dropout, backbone.attention_dropout}
    if dropout is None or held == {dropout}:
        return backbone
    changed = AlbertBackbone.from_config(
        {
            **backbone.get_config(),
            "dropout": dropout,
            "attention_dropout": dropout,
        }
    )
    changed.set_weights(backbone.get_weights())
    return changed
