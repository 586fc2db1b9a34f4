"""Which signatures of texts a model has."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from albert_keras.artefact_names import MULTI_LABEL, REGRESSION, SERVE
from albert_keras.export.answer_signature import answer_signature
from albert_keras.export.choose_signature import choose_signature
from albert_keras.export.classify_signature import classify_signature
from albert_keras.export.embed_signature import embed_signature
from albert_keras.export.examples_signature import (
    SERVE_EXAMPLES,
    examples_signature,
)
from albert_keras.export.labels import label_names
from albert_keras.export.tag_signature import tag_signature
from albert_keras.export.text_packing import TextPacker
from albert_keras.export.text_signature import SERVE_TEXT, text_signature
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.models.own_head import OwnHead
from albert_keras.models.serving import (
    problem_type_of,
    takes_mask_positions,
)

SERVE_PAIRS = "serve_pairs"
# Of a longer text the rest is not read. No model reads as much; but what
# SentencePiece does with a run of unknown characters takes the square of its
# length: of a megabyte, the better part of a minute.
MAX_TEXT_BYTES = 2**17


def task_signatures(
    model: keras.Model,
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    top_k: int,
    labels: Sequence[str] | None,
) -> dict[str, tf.types.experimental.ConcreteFunction]:
    """All signatures of a model that take texts, by name.

    Args:
        model: What `exportable` returned.
        serve_ids: Its signature of ids.
        packer: Makes ids of texts.
        top_k: Guesses for each mask, or answers to each question.
        labels: Names of the model's classes; their numbers if None.

    Raises:
        ValueError: The tokenizer cannot tell where in a passage an answer
            stands.
    """
    found = {}
    if isinstance(model, AlbertQuestionAnswering):
        if packer.locate is None:
            raise ValueError(
                "A model that answers from passages must have a SentencePiece "
                "tokenizer to be served with texts; text=False serves ids. "
                "Received: a WordPiece tokenizer."
            )
        answer = answer_signature(serve_ids, packer, top_k)
        found["answer"] = _traced(answer, "question", "context")
    elif isinstance(model, AlbertMultipleChoice):
        choose = choose_signature(serve_ids, packer)
        found["choose"] = _traced(choose, "context", "question", "options")
    elif isinstance(model, AlbertTokenClassifier):
        tag = tag_signature(serve_ids, packer, label_names(model, labels))
        found["tag"] = _traced(tag, "text")
    if found:
        # What the task is for; nothing else is asked of it.
        found[SERVE_TEXT] = next(iter(found.values()))
    else:
        serve_text = text_signature(model, serve_ids, packer, top_k)
        found[SERVE_TEXT] = _traced(serve_text, "text")
        found[SERVE_PAIRS] = _traced(serve_text, "text", "pair")
        if isinstance(model, OwnHead):
            found[SERVE] = found[SERVE_TEXT]
        elif takes_mask_positions(model):
            found["fill_mask"] = found[SERVE_TEXT]
        elif isinstance(model, AlbertBackbone):
            found["embed"] = _traced(embed_signature(serve_ids, packer), "text")
        elif (
            isinstance(model, AlbertTextClassifier)
            and problem_type_of(model) != REGRESSION
        ):
            classify = classify_signature(
                serve_ids,
                packer,
                label_names(model, labels),
                is_multi_label=problem_type_of(model) == MULTI_LABEL,
            )
            found["classify"] = _traced(classify, "text")
    found[SERVE_EXAMPLES] = examples_signature(found[SERVE_TEXT])
    return found


def _traced(
    function: Callable[..., Any], *names: str
) -> tf.types.experimental.ConcreteFunction:
    specs = {
        name: tf.TensorSpec(
            [None, None] if name == "options" else [None], tf.string, name=name
        )
        for name in names
    }

    def serve(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return function(
            **{
                name: tf.strings.substr(text, 0, MAX_TEXT_BYTES)
                for name, text in inputs.items()
            }
        )

    return tf.function(serve, autograph=False).get_concrete_function(**specs)
