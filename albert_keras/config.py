"""The hyper-parameters of one ALBERT, as google's `albert_config.json`."""

import dataclasses
import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from albert_keras.json_objects import read_json_object
from albert_keras.limits import check_limit
from albert_keras.whole_files import written_whole

HIDDEN_ACTIVATIONS = (
    "gelu",
    "gelu_new",
    "gelu_erf",
    "relu",
    "silu",
    "swish",
    "tanh",
    "linear",
)
"""Names `hidden_act` may take.

`gelu` is the tanh approximation, as in google-research/albert's
`modeling.py`; `gelu_new` is Hugging Face's name for the same; `gelu_erf` is
the exact form, which Hugging Face applies to v1 configurations. `silu` and
`swish` are two names for x times its sigmoid.
"""


# What a released model is called, in ours or in the hub's spelling.
RELEASED_NAME = re.compile(r"albert[-_](base|large|xlarge|xxlarge)[-_]v[12]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AlbertConfig:
    """The shape of an ALBERT model, under google's names.

    Sizes have no default: google-research/albert silently takes those of
    xxlarge for a key that the JSON lacks, which turns a typing error into a
    223-million-parameter model. Every other default is google's.

    Args:
        vocab_size: Pieces in the vocabulary.
        hidden_size: Width H of the encoder.
        num_hidden_layers: Times L that a block is applied.
        num_attention_heads: Heads; must divide `hidden_size`.
        intermediate_size: Width of the feed-forward layer.
        embedding_size: Width E of the factorised embedding.
        num_hidden_groups: Groups of layers, each with blocks of its own.
        inner_group_num: Blocks applied one after the other in each layer.
        hidden_act: One of `HIDDEN_ACTIVATIONS`.
        hidden_dropout_prob: Dropout of the hidden states, in [0, 1).
        attention_probs_dropout_prob: Dropout of the attention
            probabilities, in [0, 1).
        max_position_embeddings: Longest sequence, in tokens.
        type_vocab_size: Number of segment ids.
        initializer_range: Standard deviation of the truncated normal that
            initialises every kernel and embedding.
        embedding_projection: Whether embeddings are projected also where E
            equals H, as Hugging Face always does. google's code cannot.
        extra: Keys of a JSON file that are not ours (`net_structure_type`,
            `down_scale_factor`, ...). They change nothing and are written
            back by `to_json`.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range, or two contradict each other.

    Example:

    ```python
    config = ak.AlbertConfig.named("albert_base_v2")
    config.hidden_size  # 768
    ```

    Source: google-research/albert, `modeling.py`, `AlbertConfig`; the
    released sizes are Table 1 of Lan et al. 2019.
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    embedding_size: int = 128
    num_hidden_groups: int = 1
    inner_group_num: int = 1
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.0
    attention_probs_dropout_prob: float = 0.0
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    embedding_projection: bool = False
    extra: Mapping[str, Any] = dataclasses.field(
        default_factory=dict, hash=False
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type is int:
                _check_positive_integer(field.name, value)
                check_limit(field.name, value)
            elif field.type is float:
                _check_number(field.name, value)
        if not isinstance(self.embedding_projection, bool):
            raise TypeError(
                "`embedding_projection` must be true or false. Received: "
                f"embedding_projection={self.embedding_projection!r}."
            )
        if self.hidden_act not in HIDDEN_ACTIVATIONS:
            raise ValueError(
                f"`hidden_act` must be one of {', '.join(HIDDEN_ACTIVATIONS)}."
                f" Received: hidden_act={self.hidden_act!r}."
            )
        for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(
                    f"`{name}` must be at least 0 and less than 1. "
                    f"Received: {name}={getattr(self, name)}."
                )
        if not 0.0 < self.initializer_range < math.inf:
            raise ValueError(
                "`initializer_range` must be positive. Received: "
                f"initializer_range={self.initializer_range}."
            )
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                "`num_attention_heads` must divide `hidden_size`. Received: "
                f"hidden_size={self.hidden_size}, "
                f"num_attention_heads={self.num_attention_heads}."
            )
        if self.num_hidden_groups > self.num_hidden_layers:
            raise ValueError(
                "`num_hidden_groups` must not exceed `num_hidden_layers`. "
                f"Received: num_hidden_groups={self.num_hidden_groups}, "
                f"num_hidden_layers={self.num_hidden_layers}."
            )
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))

    @classmethod
    def named(cls, name: str) -> "AlbertConfig":
        """The configuration of a released model, or of a small one.

        Args:
            name: `albert_{base,large,xlarge,xxlarge}_{v1,v2}`,
                `albert_mini` (2 layers of 128, what `quickstart` trains) or
                `albert_tiny_test` (for tests). Hyphens may stand for
                underscores.

        Raises:
            ValueError: No configuration has that name.

        xlarge has 16 heads, as in the TF-Hub page, Hugging Face and
        KerasHub; the config file inside google's archive says 32
        (google-research/albert #180), and a checkpoint's own file decides.
        v2 has no dropout in the body; files first released with 0.1 were a
        mistake (google-research/albert #23).
        """
        key = name.replace("-", "_")
        if key not in _NAMED:
            raise ValueError(
                f"`name` must be one of {', '.join(_NAMED)}. "
                f"Received: name={name!r}."
            )
        return cls(**_NAMED[key])

    @classmethod
    def from_json(cls, path: str | os.PathLike) -> "AlbertConfig":
        """Reads google's `albert_config.json`; unknown keys go to `extra`.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is not a JSON object, lacks a size, or a value is
                out of range.
            TypeError: A value has the wrong type.
        """
        return cls.from_dict(read_json_object(path), source=path)

    @classmethod
    def from_dict(
        cls, content: Mapping[str, Any], *, source: str | os.PathLike
    ) -> "AlbertConfig":
        """Takes google's keys and values; unknown keys go to `extra`.

        Args:
            content: What an `albert_config.json` holds.
            source: Where it comes from, to be named in errors.

        Raises:
            ValueError: It lacks a size, or a value is out of range.
            TypeError: A value has the wrong type.
        """
        fields = {f.name: f for f in dataclasses.fields(cls)}
        del fields["extra"]
        missing = [
            name
            for name, field in fields.items()
            if field.default is dataclasses.MISSING and name not in content
        ]
        if missing:
            raise ValueError(
                f"`{source}` must name every size of the model. "
                f"Missing: {', '.join(missing)}."
            )
        known = {k: v for k, v in content.items() if k in fields}
        extra = {k: v for k, v in content.items() if k not in fields}
        try:
            return cls(**known, extra=extra)
        except (TypeError, ValueError) as error:
            raise type(error)(f"In `{source}`: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """Google's keys and values, `extra` among them."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
        }
        if not values["embedding_projection"]:
            del values["embedding_projection"]  # which google doesn't have
        return {**values.pop("extra"), **values}

    def to_json(self, path: str | os.PathLike) -> None:
        """Writes google's `albert_config.json`, whole or not at all."""
        with written_whole(Path(path)) as partial:
            partial.write_text(
                json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8"
            )


def _check_positive_integer(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(
            f"`{name}` must be an integer. Received: {name}={value!r} "
            f"({type(value).__name__})."
        )
    if value < 1:
        raise ValueError(
            f"`{name}` must be positive. Received: {name}={value}."
        )


def _check_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"`{name}` must be a number. Received: {name}={value!r} "
            f"({type(value).__name__})."
        )


def _released(layers: int, hidden: int, heads: int) -> dict[str, Any]:
    return {
        "vocab_size": 30000,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * hidden,
    }


_V1_DROPOUT = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1}
_NAMED: dict[str, dict[str, Any]] = {
    "albert_base_v1": {**_released(12, 768, 12), **_V1_DROPOUT},
    "albert_large_v1": {**_released(24, 1024, 16), **_V1_DROPOUT},
    "albert_xlarge_v1": {**_released(24, 2048, 16), **_V1_DROPOUT},
    "albert_xxlarge_v1": _released(12, 4096, 64),
    "albert_base_v2": _released(12, 768, 12),
    "albert_large_v2": _released(24, 1024, 16),
    "albert_xlarge_v2": _released(24, 2048, 16),
    "albert_xxlarge_v2": _released(12, 4096, 64),
    "albert_mini": {
        "vocab_size": 8000,
        "embedding_size": 128,
        "hidden_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 512,
        "max_position_embeddings": 32,
    },
    "albert_tiny_test": {
        "vocab_size": 100,
        "embedding_size": 8,
        "hidden_size": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 32,
    },
}
