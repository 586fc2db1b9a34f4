"""The variables of an ALBERT under google's names, with their shapes.

Every format says where it keeps the variable of such a name, and every model
which of them it is made of; so neither has to know the other. A shape is
google's too: kernels `[in, out]`, weights of an output `[outputs, hidden]`.

Source: google-research/albert, `modeling.py`, `run_pretraining.py`,
`classifier_utils.py`, `race_utils.py` and `squad_utils.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from albert_keras.config import AlbertConfig

Shapes = dict[str, tuple[int, ...]]


class Head(NamedTuple):
    """A part of a model which a checkpoint may lack.

    Args:
        name: What errors call it.
        shapes: From the configuration and the number of outputs to the
            variables.
        counted_by: The variable whose first size is the number of outputs.
    """

    name: str
    shapes: Callable[[AlbertConfig, int], Shapes]
    counted_by: str | None = None


def backbone_shapes(config: AlbertConfig) -> Shapes:
    """The variables of embeddings and encoder, without the pooler."""
    narrow, wide = config.embedding_size, config.hidden_size
    shapes = {
        "bert/embeddings/word_embeddings": (config.vocab_size, narrow),
        "bert/embeddings/token_type_embeddings": (
            config.type_vocab_size,
            narrow,
        ),
        "bert/embeddings/position_embeddings": (
            config.max_position_embeddings,
            narrow,
        ),
        **_norm("bert/embeddings/LayerNorm", narrow),
    }
    if narrow != wide or config.embedding_projection:
        shapes |= _dense(
            "bert/encoder/embedding_hidden_mapping_in", narrow, wide
        )
    for group in range(config.num_hidden_groups):
        for inner in range(config.inner_group_num):
            block = block_name(group, inner)
            for part in ("query", "key", "value"):
                shapes |= _dense(f"{block}/attention_1/self/{part}", wide, wide)
            shapes |= _dense(f"{block}/attention_1/output/dense", wide, wide)
            shapes |= _norm(f"{block}/LayerNorm", wide)
            between = config.intermediate_size
            shapes |= _dense(f"{block}/ffn_1/intermediate/dense", wide, between)
            shapes |= _dense(
                f"{block}/ffn_1/intermediate/output/dense", between, wide
            )
            shapes |= _norm(f"{block}/LayerNorm_1", wide)
    return shapes


def block_name(group: int, inner: int) -> str:
    """The scope of one block."""
    return f"bert/encoder/transformer/group_{group}/inner_group_{inner}"


def _dense(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}


def _norm(name: str, size: int) -> Shapes:
    return {f"{name}/gamma": (size,), f"{name}/beta": (size,)}


def _outputs(scope: str) -> Callable[[AlbertConfig, int], Shapes]:
    return lambda config, outputs: {
        f"{scope}/output_weights": (outputs, config.hidden_size),
        f"{scope}/output_bias": (outputs,),
    }


def _masked_lm(config: AlbertConfig, outputs: int) -> Shapes:
    narrow, wide = config.embedding_size, config.hidden_size
    return {
        **_dense("cls/predictions/transform/dense", wide, narrow),
        **_norm("cls/predictions/transform/LayerNorm", narrow),
        "cls/predictions/output_bias": (config.vocab_size,),
    }


def _conditional_spans(config: AlbertConfig, outputs: int) -> Shapes:
    wide = config.hidden_size
    return {
        **_dense("start_logits/dense", wide, 1),
        **_dense("end_logits/dense_0", 2 * wide, wide),
        **_norm("end_logits/LayerNorm", wide),
        **_dense("end_logits/dense_1", wide, 1),
        **_dense("answer_class/dense_0", 2 * wide, wide),
        "answer_class/dense_1/kernel": (wide, 1),
    }


POOLER = Head(
    "pooler",
    lambda config, outputs: _dense(
        "bert/pooler/dense", config.hidden_size, config.hidden_size
    ),
)
MASKED_LM = Head("masked-LM head", _masked_lm)
SENTENCE_ORDER = Head("sentence-order head", _outputs("cls/seq_relationship"))
SPANS = Head("span head of SQuAD 1.1", _outputs("cls/squad"))
CONDITIONAL_SPANS = Head("span head of SQuAD 2.0", _conditional_spans)
# google calls all three `output_weights` and `output_bias`, and Hugging Face
# `classifier`; what stands before the name here is in no file.
CLASSIFIER = Head(
    "classifier", _outputs("classifier"), "classifier/output_weights"
)
TOKEN_CLASSIFIER = Head(
    "token classifier", _outputs("tokens"), "tokens/output_weights"
)
MULTIPLE_CHOICE = Head("multiple-choice head", _outputs("choices"))

HEADS = (
    POOLER,
    MASKED_LM,
    SENTENCE_ORDER,
    SPANS,
    CONDITIONAL_SPANS,
    CLASSIFIER,
    TOKEN_CLASSIFIER,
    MULTIPLE_CHOICE,
)
# How many outputs there are where the task says so and not the data.
FIXED_OUTPUTS = {
    SENTENCE_ORDER.name: 2,
    SPANS.name: 2,
    MULTIPLE_CHOICE.name: 1,
}


def head_shapes(head: Head, config: AlbertConfig, outputs: int = 1) -> Shapes:
    """The variables of a head.

    Args:
        head: One of `HEADS`.
        config: Sizes of the model.
        outputs: Number of classes, where the head has them.
    """
    return head.shapes(config, FIXED_OUTPUTS.get(head.name, outputs))


# Hugging Face's classes whose heads have variables of the same names.
OUTPUT_HEADS = {
    "AlbertForSequenceClassification": CLASSIFIER,
    "AlbertForTokenClassification": TOKEN_CLASSIFIER,
    "AlbertForMultipleChoice": MULTIPLE_CHOICE,
}


def architecture_of(settings: Mapping[str, Any]) -> str | None:
    """Return the class of Hugging Face that a configuration names, if any."""
    found = settings.get("architectures")
    if not isinstance(found, list) or not found:
        return None
    return str(found[0]).removeprefix("TF")


def output_head(architecture: str | None) -> Head | None:
    """Return which of the heads that are stored alike a class has."""
    return OUTPUT_HEADS.get(str(architecture))
