"""Checkpoints written by the peers' own code, with what they put out.

Every peer runs in an environment of its own. For each model there is an
archive of what the peer saved, and the inputs and outputs as `.npz`. The
weights are random. `tests/checkpoints` holds small ones; for others see
`benchmarks/checkpoints/parity.py`, which calls this with `--size`.

    python make_checkpoint_goldens.py transformers   # transformers 5, torch
    python make_checkpoint_goldens.py tf-transformers  # transformers 4.57,
                                                     # tensorflow, tf-keras
    python make_checkpoint_goldens.py keras-hub
    python make_checkpoint_goldens.py google --albert FOLDER  # tensorflow,
        # tf-keras, tf-slim, tensorflow-hub 0.15, and a checkout of
        # google-research/albert
    python make_checkpoint_goldens.py garden         # tensorflow, tf-keras,
                                                     # tf-models-official

No code of this project makes any of it.
"""

import argparse
import os
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

SIZES = {
    "small": {
        "vocab_size": 60,
        "embedding_size": 8,
        "hidden_size": 16,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "intermediate_size": 24,
        "max_position_embeddings": 12,
        "num_hidden_groups": 2,
        "inner_group_num": 2,
    },
    "groups": {
        "vocab_size": 2000,
        "embedding_size": 128,
        "hidden_size": 256,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "intermediate_size": 1024,
        "max_position_embeddings": 64,
        "num_hidden_groups": 2,
        "inner_group_num": 2,
    },
    "base": {
        "vocab_size": 30000,
        "embedding_size": 128,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 512,
        "num_hidden_groups": 1,
        "inner_group_num": 1,
    },
}
COMMON = {
    "type_vocab_size": 2,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.02,
}
TASKS = (
    "Model",
    "ForPreTraining",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForTokenClassification",
    "ForQuestionAnswering",
    "ForMultipleChoice",
)


def config_of(size):
    return {**SIZES[size], **COMMON}


def inputs_of(size, choices=None):
    """Two rows, the second padded; for multiple choice, three of each."""
    random = np.random.default_rng(7)
    length = 10 if size == "small" else 32
    shape = (2, length) if choices is None else (2, choices, length)
    padding_mask = np.ones(shape, "int32")
    padding_mask[1, ..., length * 2 // 3 :] = 0
    token_ids = random.integers(5, SIZES[size]["vocab_size"], shape)
    segment_ids = np.broadcast_to(np.arange(length) >= length // 2, shape)
    return {
        "token_ids": (token_ids * padding_mask).astype("int32"),
        "segment_ids": segment_ids.astype("int32"),
        "padding_mask": padding_mask,
    }


def random_value(name, shape, size, random):
    """Norms near one, everything else near zero, nothing exactly so."""
    noise = random.standard_normal(shape).astype("float32")
    name = name.lower()
    last = name.replace(":0", "").replace(".", "/").rpartition("/")[2]
    is_norm = "norm" in name and last in ("gamma", "weight")
    if is_norm:
        return 1.0 + 0.2 * noise
    if len(shape) == 1 or last in ("bias", "beta", "output_bias"):
        return 0.1 * noise
    return (0.25 if size == "small" else 0.03) * noise


class Output:
    """Where the files of one peer go."""

    def __init__(self, folder, size):
        self.folder, self.size = folder, size
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name, saved, inputs, outputs):
        """Packs the folder `saved`, and writes what went in and came out."""
        path = self.folder / f"{name}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(saved, arcname=name)
        np.savez_compressed(
            self.folder / f"{name}.npz",
            **inputs,
            **{f"out_{key}": np.asarray(v) for key, v in outputs.items()},
        )
        print(
            name, path.stat().st_size, {k: v.shape for k, v in outputs.items()}
        )


def transformers_outputs(found):
    names = {
        "last_hidden_state": "sequence_output",
        "pooler_output": "pooled_output",
        "prediction_logits": "mlm_logits",
        "sop_logits": "sop_logits",
        "start_logits": "start_logits",
        "end_logits": "end_logits",
        "logits": "logits",
    }
    return {
        ours: np.asarray(found[theirs])
        for theirs, ours in names.items()
        if theirs in found and found[theirs] is not None
    }


def make_transformers(output):
    import torch
    import transformers

    for task in TASKS:
        name = f"Albert{task}"
        config = transformers.AlbertConfig(
            **config_of(output.size),
            hidden_act="gelu_new",
            num_labels=3 if "Classification" in task else 2,
        )
        config._attn_implementation = "eager"
        model = getattr(transformers, name)(config).eval()
        random = np.random.default_rng(1)
        for key, parameter in model.named_parameters():
            value = random_value(key, parameter.shape, output.size, random)
            parameter.data.copy_(torch.tensor(value))
        inputs = inputs_of(output.size, 3 if "Choice" in task else None)
        with torch.no_grad():
            found = model(
                input_ids=torch.tensor(inputs["token_ids"]),
                token_type_ids=torch.tensor(inputs["segment_ids"]),
                attention_mask=torch.tensor(inputs["padding_mask"]),
            )
        outputs = transformers_outputs(found)
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            output.write(f"{name}-safetensors", folder, inputs, outputs)
            if task not in ("Model", "ForPreTraining"):
                continue
            (Path(folder) / "model.safetensors").unlink()
            torch.save(model.state_dict(), f"{folder}/pytorch_model.bin")
            output.write(f"{name}-bin", folder, inputs, outputs)
        if task == "ForPreTraining":
            with tempfile.TemporaryDirectory() as folder:
                total = sum(p.numel() for p in model.parameters()) * 4
                model.save_pretrained(folder, max_shard_size=total // 3)
                output.write(f"{name}-sharded", folder, inputs, outputs)


def make_tf_transformers(output):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow as tf
    import transformers

    for task in TASKS:
        name = f"TFAlbert{task}"
        config = transformers.AlbertConfig(
            **config_of(output.size),
            hidden_act="gelu_new",
            num_labels=3 if "Classification" in task else 2,
        )
        model = getattr(transformers, name)(config)
        inputs = inputs_of(output.size, 3 if "Choice" in task else None)
        call = {
            "input_ids": tf.constant(inputs["token_ids"]),
            "token_type_ids": tf.constant(inputs["segment_ids"]),
            "attention_mask": tf.constant(inputs["padding_mask"]),
        }
        model(call)
        random = np.random.default_rng(2)
        for weight in model.weights:
            if weight.dtype.is_floating:
                weight.assign(
                    random_value(weight.name, weight.shape, output.size, random)
                )
        outputs = transformers_outputs(model(call, training=False))
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            output.write(f"{name}-h5", folder, inputs, outputs)


def make_keras_hub(output):
    import keras_hub

    config = config_of(output.size)

    def backbone():
        return keras_hub.models.AlbertBackbone(
            vocabulary_size=config["vocab_size"],
            num_layers=config["num_hidden_layers"],
            num_heads=config["num_attention_heads"],
            embedding_dim=config["embedding_size"],
            hidden_dim=config["hidden_size"],
            intermediate_dim=config["intermediate_size"],
            num_groups=config["num_hidden_groups"],
            num_inner_repetitions=config["inner_group_num"],
            max_sequence_length=config["max_position_embeddings"],
        )

    models = {
        "AlbertBackbone": backbone(),
        "AlbertMaskedLM": keras_hub.models.AlbertMaskedLM(backbone()),
        "AlbertTextClassifier": keras_hub.models.AlbertTextClassifier(
            backbone(), num_classes=3
        ),
    }
    inputs = inputs_of(output.size)
    for name, model in models.items():
        random = np.random.default_rng(3)
        for weight in model.weights:
            if weight.dtype == "float32":
                weight.assign(
                    random_value(weight.path, weight.shape, output.size, random)
                )
        call = dict(inputs)
        if name == "AlbertMaskedLM":
            call["mask_positions"] = np.array([[1, 3], [0, 2]], "int32")
        outputs = model(call, training=False)
        if not isinstance(outputs, dict):
            outputs = {"logits": outputs}
        with tempfile.TemporaryDirectory() as folder:
            model.save_to_preset(folder)
            output.write(f"keras_hub-{name}", folder, call, outputs)


def make_google(output, albert):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    sys.path.insert(0, str(Path(__file__).parent))
    from google_original import write_google

    write_google(output, albert, config_of, inputs_of, random_value)


def make_garden(output):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    sys.path.insert(0, str(Path(__file__).parent))
    from model_garden import write_garden

    write_garden(output, config_of, inputs_of, random_value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    makers = {
        "transformers": make_transformers,
        "tf-transformers": make_tf_transformers,
        "keras-hub": make_keras_hub,
        "google": make_google,
        "garden": make_garden,
    }
    parser.add_argument("peer", choices=makers)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--albert", type=Path, help="google's checkout")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "checkpoints"
    )
    options = parser.parse_args()
    output = Output(options.out, options.size)
    more = (options.albert,) if options.peer == "google" else ()
    makers[options.peer](output, *more)


if __name__ == "__main__":
    main()
