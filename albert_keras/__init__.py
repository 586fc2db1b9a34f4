"""ALBERT for TensorFlow and Keras: pretrain, fine-tune, serve, ship.

Public names are resolved on first use, so that importing this package (or
asking the command line for help) loads neither TensorFlow nor Keras.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from albert_keras.registration import register_with_keras

__version__ = "0.1.0"

_PUBLIC = {
    "AlbertConfig": "albert_keras.config",
    "AlbertTokenizer": "albert_keras.models.albert_tokenizer",
    "AlbertWordPieceTokenizer": (
        "albert_keras.models.albert_word_piece_tokenizer"
    ),
    "AlbertBackbone": "albert_keras.models.albert_backbone",
    "AlbertPretrainer": "albert_keras.models.albert_pretrainer",
    "AlbertMaskedLM": "albert_keras.models.albert_masked_lm",
    "AlbertTextClassifier": "albert_keras.models.albert_text_classifier",
    "AlbertQuestionAnswering": (
        "albert_keras.models.albert_question_answering"
    ),
    "AlbertTokenClassifier": "albert_keras.models.albert_token_classifier",
    "AlbertMultipleChoice": "albert_keras.models.albert_multiple_choice",
    "FillMask": "albert_keras.inference.fill_mask",
    "Comparison": "albert_keras.inference.bias.comparisons",
    "count_parameters": "albert_keras.inference.looking.parameters",
    "layer_changes": "albert_keras.inference.looking.similarity",
    "look_inside": "albert_keras.inference.looking.inside",
    "upload_preset": "albert_keras.models.card.uploading",
    "measure_bias": "albert_keras.inference.bias.measurement",
}
_SUBPACKAGES: tuple[str, ...] = (
    "checkpoints",
    "export",
    "inference",
    "layers",
    "models",
    "pretraining",
    "tasks",
    "text",
    "training",
)

__all__ = ["__version__", *_PUBLIC, *_SUBPACKAGES]

if TYPE_CHECKING:
    from albert_keras.config import AlbertConfig as AlbertConfig
    from albert_keras.inference.bias.comparisons import (
        Comparison as Comparison,
    )
    from albert_keras.inference.bias.measurement import (
        measure_bias as measure_bias,
    )
    from albert_keras.inference.fill_mask import FillMask as FillMask
    from albert_keras.inference.looking.inside import (
        look_inside as look_inside,
    )
    from albert_keras.inference.looking.parameters import (
        count_parameters as count_parameters,
    )
    from albert_keras.inference.looking.similarity import (
        layer_changes as layer_changes,
    )
    from albert_keras.models.albert_backbone import (
        AlbertBackbone as AlbertBackbone,
    )
    from albert_keras.models.albert_masked_lm import (
        AlbertMaskedLM as AlbertMaskedLM,
    )
    from albert_keras.models.albert_multiple_choice import (
        AlbertMultipleChoice as AlbertMultipleChoice,
    )
    from albert_keras.models.albert_pretrainer import (
        AlbertPretrainer as AlbertPretrainer,
    )
    from albert_keras.models.albert_question_answering import (
        AlbertQuestionAnswering as AlbertQuestionAnswering,
    )
    from albert_keras.models.albert_text_classifier import (
        AlbertTextClassifier as AlbertTextClassifier,
    )
    from albert_keras.models.albert_token_classifier import (
        AlbertTokenClassifier as AlbertTokenClassifier,
    )
    from albert_keras.models.albert_tokenizer import (
        AlbertTokenizer as AlbertTokenizer,
    )
    from albert_keras.models.albert_word_piece_tokenizer import (
        AlbertWordPieceTokenizer as AlbertWordPieceTokenizer,
    )
    from albert_keras.models.card.uploading import (
        upload_preset as upload_preset,
    )


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    if name in _SUBPACKAGES:
        return import_module(f"albert_keras.{name}")
    raise AttributeError(f"module 'albert_keras' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


register_with_keras()
