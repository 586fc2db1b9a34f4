"""What Hugging Face's classes call the variables.

Source: `modeling_albert.py` and `modeling_tf_albert.py` of
huggingface/transformers.
"""

import re

from albert_keras.checkpoints.checkpoint import Layout, Location

BACKBONE = "albert."
_OUTPUT_BIAS = "cls/predictions/output_bias"
_MODULES = {
    "bert/embeddings/LayerNorm": "albert.embeddings.LayerNorm",
    "bert/encoder/embedding_hidden_mapping_in": (
        "albert.encoder.embedding_hidden_mapping_in"
    ),
    "bert/pooler/dense": "albert.pooler",
    "cls/predictions/transform/dense": "predictions.dense",
    "cls/predictions/transform/LayerNorm": "predictions.LayerNorm",
    "cls/seq_relationship": "sop_classifier.classifier",
    "cls/squad": "qa_outputs",
    "classifier": "classifier",
    "tokens": "classifier",
    "choices": "classifier",
}
_BLOCK = re.compile(r"bert/encoder/transformer/group_(\d+)/inner_group_(\d+)/")
_BLOCK_MODULES = {
    "attention_1/self/query": "attention.query",
    "attention_1/self/key": "attention.key",
    "attention_1/self/value": "attention.value",
    "attention_1/output/dense": "attention.dense",
    "LayerNorm": "attention.LayerNorm",
    "ffn_1/intermediate/dense": "ffn",
    "ffn_1/intermediate/output/dense": "ffn_output",
    "LayerNorm_1": "full_layer_layer_norm",
}
# The last part of a name, in PyTorch and in Keras, and how matrices stand.
_TORCH = {
    "kernel": ("weight", Layout.TRANSPOSED),
    "bias": ("bias", Layout.AS_IS),
    "gamma": ("weight", Layout.AS_IS),
    "beta": ("bias", Layout.AS_IS),
    "output_weights": ("weight", Layout.AS_IS),
    "output_bias": ("bias", Layout.AS_IS),
}
_KERAS = {
    "kernel": ("kernel", Layout.AS_IS),
    "bias": ("bias", Layout.AS_IS),
    "gamma": ("gamma", Layout.AS_IS),
    "beta": ("beta", Layout.AS_IS),
    "output_weights": ("kernel", Layout.TRANSPOSED),
    "output_bias": ("bias", Layout.AS_IS),
}


def torch_location(name: str) -> Location | None:
    """Where PyTorch's state dictionary has what google calls `name`."""
    table = _table(name)
    if table is not None:
        return Location((f"{table}.weight",))
    return _location(name, _TORCH)


def keras_location(name: str) -> Location | None:
    """Where `tf_model.h5` has it, after `keras_name`."""
    table = _table(name)
    if table is not None:
        last = "weight" if table.endswith(".word_embeddings") else "embeddings"
        return Location((f"{table}.{last}",))
    if name == _OUTPUT_BIAS:  # the one of the two that is used there
        return Location(("predictions.decoder.bias", "predictions.bias"))
    return _location(name, _KERAS)


def _table(name: str) -> str | None:
    head, _, last = name.rpartition("/")
    if head == "bert/embeddings" and last.endswith("_embeddings"):
        return f"albert.embeddings.{last}"
    return None


def _location(
    name: str, kinds: dict[str, tuple[str, Layout]]
) -> Location | None:
    if name == _OUTPUT_BIAS:
        return Location(("predictions.bias", "predictions.decoder.bias"))
    block = _BLOCK.match(name)
    owner, _, kind = name.rpartition("/")
    if block:
        module = _BLOCK_MODULES[owner[block.end() :]]
        owner = (
            f"albert.encoder.albert_layer_groups.{block[1]}."
            f"albert_layers.{block[2]}.{module}"
        )
    elif owner in _MODULES:
        owner = _MODULES[owner]
    else:
        return None
    last, layout = kinds[kind]
    return Location((f"{owner}.{last}",), layout)


def keras_name(path: str) -> str | None:
    """The dotted name of a variable in `tf_model.h5`.

    Keras writes `layer/model/.../variable:0`, in which the names of layer and
    model vary with class and age, and shared layers stand twice.

    Args:
        path: Of a dataset in the file.

    Returns:
        As in PyTorch, but with Keras' last part: `albert.pooler.kernel`.
    """
    parts = path.split(":")[0].split("/")
    for start in ("albert", "predictions", "sop_classifier"):
        if start in parts:
            last = len(parts) - 1 - parts[::-1].index(start)
            dotted = ".".join(parts[last:])
            return re.sub(r"_\._(\d+)", r".\1", dotted)
    for start in ("classifier", "qa_outputs"):
        if start in parts:
            return ".".join(parts[len(parts) - 1 - parts[::-1].index(start) :])
    return None
