"""The Model Garden's ALBERT encoder, saved as TF-Hub's of TensorFlow 2 are.

Its package imports everything it has when it is imported; only the files of
the encoder are.
"""

import importlib
import json
import sys
import tempfile
import types
from pathlib import Path

import numpy as np

_LAYERS = (
    "on_device_embedding",
    "position_embedding",
    "util",
    "transformer_encoder_block",
    "transformer",
    "self_attention_mask",
)


def import_encoder():
    import tensorflow as tf

    site = Path(tf.__file__).parents[1]
    for name in (
        "official",
        "official.modeling",
        "official.nlp",
        "official.nlp.modeling",
        "official.nlp.modeling.layers",
        "official.nlp.modeling.networks",
    ):
        package = types.ModuleType(name)
        package.__path__ = [str(site.joinpath(*name.split(".")))]
        sys.modules[name] = package
    layers = sys.modules["official.nlp.modeling.layers"]
    for name in _LAYERS:
        module = importlib.import_module(f"official.nlp.modeling.layers.{name}")
        for key, value in vars(module).items():
            if isinstance(value, type):
                setattr(layers, key, value)
    return importlib.import_module(
        "official.nlp.modeling.networks.albert_encoder"
    ).AlbertEncoder


def write_garden(output, config_of, inputs_of, random_value):
    import tensorflow as tf

    config = config_of(output.size)
    encoder = import_encoder()(
        vocab_size=config["vocab_size"],
        embedding_width=config["embedding_size"],
        hidden_size=config["hidden_size"],
        num_layers=config["num_hidden_layers"],
        num_attention_heads=config["num_attention_heads"],
        max_sequence_length=config["max_position_embeddings"],
        type_vocab_size=config["type_vocab_size"],
        intermediate_size=config["intermediate_size"],
        dropout_rate=0.0,
        attention_dropout_rate=0.0,
    )
    random = np.random.default_rng(5)
    for weight in encoder.weights:
        weight.assign(
            random_value(weight.name, weight.shape, output.size, random)
        )
    inputs = inputs_of(output.size)
    found = encoder(
        {
            "input_word_ids": tf.constant(inputs["token_ids"]),
            "input_mask": tf.constant(inputs["padding_mask"]),
            "input_type_ids": tf.constant(inputs["segment_ids"]),
        }
    )
    if isinstance(found, list | tuple):
        found = dict(
            zip(("sequence_output", "pooled_output"), found, strict=True)
        )
    outputs = {
        name: np.asarray(found[name])
        for name in ("sequence_output", "pooled_output")
    }
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(encoder, folder)
        for name in ("saved_model.pb", "fingerprint.pb", "keras_metadata.pb"):
            path = Path(folder) / name  # graphs are not what is read
            if path.exists():
                path.write_bytes(b"")
        one_block = {"num_hidden_groups": 1, "inner_group_num": 1}
        (Path(folder) / "config.for_tests").write_text(
            json.dumps({**config, **one_block, "hidden_act": "gelu"})
        )
        output.write("tfhub-garden", folder, inputs, outputs)
