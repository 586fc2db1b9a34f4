"""Which variable of a model is which of google's."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from albert_keras.checkpoints.names import (
    CLASSIFIER,
    CONDITIONAL_SPANS,
    MASKED_LM,
    MULTIPLE_CHOICE,
    POOLER,
    SENTENCE_ORDER,
    SPANS,
    TOKEN_CLASSIFIER,
    Head,
    block_name,
)
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier

# What each class is made of, and whether its outputs need the pooler.
MODEL_HEADS: dict[type, tuple[Head, ...]] = {
    AlbertBackbone: (POOLER,),
    AlbertPretrainer: (POOLER, MASKED_LM, SENTENCE_ORDER),
    AlbertMaskedLM: (MASKED_LM,),
    AlbertTextClassifier: (POOLER, CLASSIFIER),
    AlbertTokenClassifier: (TOKEN_CLASSIFIER,),
    AlbertMultipleChoice: (POOLER, MULTIPLE_CHOICE),
    AlbertQuestionAnswering: (SPANS,),
}


class Part(NamedTuple):
    """A variable of a model, and where its values come from.

    Args:
        variable: The Keras variable.
        names: google's names; values of several stand side by side, along
            the last axis.
        transposed: Whether google's matrix is the variable's transposed.
    """

    variable: Any
    names: tuple[str, ...]
    transposed: bool = False

    def to_google(self) -> dict[str, np.ndarray]:
        """The variable's value under google's names."""
        value = self.variable.numpy()
        if self.transposed:
            return {self.names[0]: value.T}
        pieces = np.split(value, len(self.names), axis=-1)
        return dict(zip(self.names, pieces, strict=True))


def heads_of(model_class: type, head: str = "v1") -> tuple[Head, ...]:
    """The heads that a model of a class needs.

    Args:
        model_class: One of `MODEL_HEADS`, or a subclass.
        head: Of question answering, `"v1"` or `"v2"`.

    Raises:
        TypeError: It is no model of this package.
    """
    for known, heads in MODEL_HEADS.items():
        if isinstance(model_class, type) and issubclass(model_class, known):
            if known is AlbertQuestionAnswering and head == "v2":
                return (CONDITIONAL_SPANS,)
            return heads
    names = ", ".join(known.__name__ for known in MODEL_HEADS)
    raise TypeError(
        f"`model_class` must be one of {names}. Received: {model_class!r}."
    )


def heads_of_model(model: Any) -> tuple[Head, ...]:
    """As `heads_of`, for a model that there is."""
    return heads_of(type(model), getattr(model, "head", "v1"))


def parts_of(model: Any) -> Iterator[Part]:
    """Every weight of a model, under google's names.

    Args:
        model: A backbone or a task of this package.

    Yields:
        A `Part` for each variable, seeds of dropout left out.
    """
    if isinstance(model, AlbertBackbone):
        yield from _backbone(model)
        return
    yield from _backbone(model.backbone)
    if isinstance(model, AlbertPretrainer | AlbertMaskedLM):
        yield from _masked_lm(model.masked_lm_head)
    if isinstance(model, AlbertPretrainer):
        yield from _outputs(model.sentence_order_head, "cls/seq_relationship")
    elif isinstance(model, AlbertTextClassifier):
        yield from _outputs(model.output_dense, "classifier")
    elif isinstance(model, AlbertTokenClassifier):
        yield from _outputs(model.output_dense, "tokens")
    elif isinstance(model, AlbertMultipleChoice):
        yield from _outputs(model.output_dense, "choices")
    elif isinstance(model, AlbertQuestionAnswering):
        if model.head == "v1":
            yield from _outputs(model.span_logits, "cls/squad")
        else:
            yield from _conditional_spans(model.conditional_spans)


def _backbone(backbone: AlbertBackbone) -> Iterator[Part]:
    embeddings = backbone.embeddings
    for layer, name in (
        (embeddings.token_embedding, "word_embeddings"),
        (embeddings.segment_embedding, "token_type_embeddings"),
        (embeddings.position_embedding, "position_embeddings"),
    ):
        yield Part(layer.embeddings, (f"bert/embeddings/{name}",))
    yield from _norm(embeddings.layer_norm, "bert/embeddings/LayerNorm")
    if embeddings.projection is not None:
        yield from _dense(
            embeddings.projection, "bert/encoder/embedding_hidden_mapping_in"
        )
    inner = backbone.num_inner_repetitions
    for number, block in enumerate(backbone.encoder.blocks):
        yield from _block(block, block_name(*divmod(number, inner)))
    yield from _dense(backbone.pooler, "bert/pooler/dense")


def _block(block: Any, scope: str) -> Iterator[Part]:
    attention = block.attention
    for kind in ("kernel", "bias"):
        yield Part(
            getattr(attention.query_key_value, kind),
            tuple(
                f"{scope}/attention_1/self/{part}/{kind}"
                for part in ("query", "key", "value")
            ),
        )
    yield from _dense(
        attention.output_projection, f"{scope}/attention_1/output/dense"
    )
    yield from _norm(block.attention_layer_norm, f"{scope}/LayerNorm")
    between = f"{scope}/ffn_1/intermediate"
    yield from _dense(block.intermediate, f"{between}/dense")
    yield from _dense(block.feed_forward_output, f"{between}/output/dense")
    yield from _norm(block.feed_forward_layer_norm, f"{scope}/LayerNorm_1")


def _masked_lm(head: Any) -> Iterator[Part]:
    yield from _dense(head.transform, "cls/predictions/transform/dense")
    yield from _norm(head.layer_norm, "cls/predictions/transform/LayerNorm")
    yield Part(head.output_bias, ("cls/predictions/output_bias",))


def _conditional_spans(head: Any) -> Iterator[Part]:
    yield from _dense(head.start, "start_logits/dense")
    yield from _dense(head.end_transform, "end_logits/dense_0")
    yield from _norm(head.end_layer_norm, "end_logits/LayerNorm")
    yield from _dense(head.end, "end_logits/dense_1")
    yield from _dense(head.answer_transform, "answer_class/dense_0")
    yield Part(head.answer.kernel, ("answer_class/dense_1/kernel",))


def _dense(layer: Any, name: str) -> Iterator[Part]:
    yield Part(layer.kernel, (f"{name}/kernel",))
    yield Part(layer.bias, (f"{name}/bias",))


def _norm(layer: Any, name: str) -> Iterator[Part]:
    yield Part(layer.gamma, (f"{name}/gamma",))
    yield Part(layer.beta, (f"{name}/beta",))


def _outputs(layer: Any, scope: str) -> Iterator[Part]:
    yield Part(layer.kernel, (f"{scope}/output_weights",), transposed=True)
    yield Part(layer.bias, (f"{scope}/output_bias",))
