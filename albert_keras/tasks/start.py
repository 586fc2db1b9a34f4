"""What a fine-tuning begins with: a preset, or random weights."""

import dataclasses
from pathlib import Path
from typing import Any

from albert_keras.config import AlbertConfig
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.preset import as_preset, check_preset, is_elsewhere


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """A preset, or a configuration and a tokenizer.

    Args:
        preset: folder, handle or name of a preset, the folder of a training
            run, or one of its checkpoints.
        config: name of a configuration, or path of an `albert_config.json`,
            for random weights.
        tokenizer: path of a SentencePiece model; with `config` alone.

    Raises:
        ValueError: if not exactly one of both is given.

    Example:
    ```python
    Start(config="albert_mini", tokenizer="spiece.model")
    ```
    """

    preset: str | None = None
    config: str | None = None
    tokenizer: str | None = None

    def __post_init__(self) -> None:
        is_random = self.config is not None and self.tokenizer is not None
        has_any = self.config is not None or self.tokenizer is not None
        if is_random == (self.preset is not None) or is_random != has_any:
            raise ValueError(
                "Either `preset`, or `config` and `tokenizer` must be given. "
                f"Received: preset={self.preset!r}, config={self.config!r}, "
                f"tokenizer={self.tokenizer!r}."
            )

    def load_tokenizer(self) -> AlbertTokenizer:
        """The tokenizer of either.

        Raises:
            FileNotFoundError: if there is no such preset.
            ValueError: if it holds no SentencePiece tokenizer.
        """
        if self.preset is None:
            return AlbertTokenizer(self.tokenizer)
        preset = self._preset()
        if is_elsewhere(preset):
            # Only a whole task brings the tokenizer of another form.
            task = AlbertTextClassifier.from_preset(
                preset, num_classes=2, init_missing_heads=True
            )
            tokenizer = task.preprocessor and task.preprocessor.tokenizer
        else:
            check_preset(AlbertTokenizer, preset, load_weights=False)
            try:
                tokenizer = AlbertTokenizer.from_preset(preset)
            except (KeyError, OSError, RuntimeError, TypeError, ValueError):
                tokenizer = None
        if not isinstance(tokenizer, AlbertTokenizer):
            raise ValueError(
                f"Preset `{preset}` must hold a SentencePiece tokenizer. "
                "Received: none, or one that cannot be loaded."
            )
        return tokenizer

    def load_backbone(
        self, dropout: float | None, dtype: str
    ) -> AlbertBackbone:
        """The encoder, with other dropout if that is wanted.

        Args:
            dropout: float, or None to keep what it has.
            dtype: dtype policy.
        """
        changed: dict[str, Any] = {"dtype": dtype}
        if dropout is not None:
            changed.update(dropout=dropout, attention_dropout=dropout)
        if self.preset is not None:
            return AlbertBackbone.from_preset(self._preset(), **changed)
        assert self.config is not None
        config = (
            AlbertConfig.from_json(self.config)
            if self.config.endswith(".json")
            else AlbertConfig.named(self.config)
        )
        return AlbertBackbone.from_albert_config(config, **changed)

    def _preset(self) -> str:
        assert self.preset is not None
        return as_preset(self.preset)

    def describe(self) -> dict[str, str]:
        """What was given, as JSON holds it."""
        given = dataclasses.asdict(self)
        if self.config is not None and Path(self.config).is_file():
            given["config"] = AlbertConfig.from_json(self.config).to_dict()
        return {name: value for name, value in given.items() if value}
