"""SavedModels that `ak.export.saved_model` wrote, as `LoadedModel`s.

They are run by their signature of ids, and take TensorFlow but not Keras.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.artefact_names import (
    EXTRA_FOLDER,
    MODEL_JSON,
    SERVE_IDS,
    WORD_PIECE_FILE,
)
from albert_keras.inference.description import Description
from albert_keras.inference.loaded_model import (
    Arrays,
    LoadedModel,
    python_tokenizer,
)

GRAPH = "saved_model.pb"


def newest_version(path: Path) -> Path | None:
    """The folder of a SavedModel; None if there is none at the path.

    Args:
        path: Such a folder, or one with a numbered folder for each version.
    """
    if (path / GRAPH).is_file():
        return path
    if not path.is_dir():
        return None
    versions = [
        folder
        for folder in path.iterdir()
        if folder.name.isdecimal() and (folder / GRAPH).is_file()
    ]
    return max(versions, key=lambda folder: int(folder.name), default=None)


def load_saved_model(folder: Path, tokenizer: Any = None) -> LoadedModel:
    """Loads a SavedModel.

    Args:
        folder: Where `saved_model.pb` stands.
        tokenizer: In place of its own.

    Raises:
        ValueError: It was not written by `ak.export.saved_model`, is damaged,
            or was written without a tokenizer.
    """
    about = _description(folder)
    if tokenizer is None:
        pieces = folder / EXTRA_FOLDER / WORD_PIECE_FILE
        if pieces.is_file():
            tokenizer = about.tokenizer(None, pieces.read_bytes())
        else:
            tokenizer = about.tokenizer(_sentencepiece(folder), None)
    run, inputs = _serve_ids(folder)
    return LoadedModel(
        about.model_class,
        str(folder),
        python_tokenizer(tokenizer),
        about.max_tokens,
        about.labels,
        frozenset(inputs),
        run,
        problem_type=about.problem_type,
        token_outputs=about.token_outputs,
    )


def _description(folder: Path) -> Description:
    path = folder / EXTRA_FOLDER / MODEL_JSON
    if not path.is_file():
        raise ValueError(
            f"`{folder}` must be a SavedModel that albert-keras wrote, with "
            f"{path.relative_to(folder)}. Received: one without."
        )
    return Description.read(path.read_text("utf-8"), str(path))


def _sentencepiece(folder: Path) -> bytes | None:
    """The vocabulary, which stands in the graph once and nowhere else."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    content = saved_model_pb2.SavedModel()
    try:
        content.ParseFromString((folder / GRAPH).read_bytes())
    except DecodeError as error:
        raise ValueError(
            f"`{folder / GRAPH}` must be a graph of TensorFlow. Received: one "
            f"that cannot be read ({error})."
        ) from None
    graph = content.meta_graphs[0].graph_def
    for nodes in (graph.node, *(f.node_def for f in graph.library.function)):
        for node in nodes:
            if node.op == "SentencepieceOp" and node.attr["model"].s:
                return node.attr["model"].s
    return None


def _serve_ids(folder: Path) -> tuple[Any, list[str]]:
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  (registers what the graph needs)

    try:
        loaded = tf.saved_model.load(os.fspath(folder))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"`{folder}` must be a whole SavedModel. Received: {reason}"
        ) from None
    signature = loaded.signatures[SERVE_IDS]
    names = sorted(signature.structured_input_signature[1])

    def run(inputs: Arrays) -> dict[str, np.ndarray]:
        # Named here, or the weights would go with `loaded`.
        assert loaded is not None
        outputs = signature(
            **{name: tf.constant(inputs[name]) for name in names}
        )
        return {name: output.numpy() for name, output in outputs.items()}

    return run, names
