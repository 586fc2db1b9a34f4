"""SavedModels, for TF Serving."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from albert_keras.artefact_names import SERVE, SERVE_IDS
from albert_keras.export.artefact import Artefact, Signature, describe_tensor
from albert_keras.export.batching import write_batching_parameters
from albert_keras.export.ids_signature import exportable, ids_signature
from albert_keras.export.labels import labels_for
from albert_keras.export.model_json import describe_model, write_model_json
from albert_keras.export.model_tokenizer import Tokenizer, tokenizer_of
from albert_keras.export.serving_operations import (
    check_servable,
    count_operations,
)
from albert_keras.export.task_signatures import task_signatures
from albert_keras.export.text_packing import TextPacker
from albert_keras.export.warmup import write_warmup
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.own_head import OwnHead
from albert_keras.models.serving import max_text_length, model_outputs
from albert_keras.new_output import new_output

DEFAULT_TOP_K = 5
# Inputs that are places in a table.
_IDS = {"token_ids", "segment_ids", "mask_positions"}


def saved_model(
    model: keras.Model,
    directory: str | os.PathLike,
    *,
    tokenizer: Tokenizer | None = None,
    preprocessor: Any = None,
    text: bool = True,
    top_k: int = DEFAULT_TOP_K,
    labels: Sequence[str] | None = None,
    version: int = 1,
    overwrite: bool = False,
) -> Artefact:
    """Writes a model as a SavedModel, tokenizer included, for TF Serving.

    It stands in `directory/1`, a version of what TF Serving calls a model's
    base path. Its operations are those that TF Serving 2.20 links; in
    Python it takes `tensorflow` and `tensorflow_text` to load it. Weights
    are stored once. Its signatures, with sizes as NumPy writes them:

    - `serving_default`: `text`, string `[batch]`. Texts are padded to the
      longest of their part of the batch; of one that is longer than the model
      takes the end is left out, and a `[MASK]` in there is not answered. No
      text is read beyond 131,072 bytes. A masked LM or pretrainer answers as
      `fill_mask`, a reader as `answer`, a tagger as `tag`, a multiple choice
      as `choose` (these take what those take), other models as from ids.
    - `fill_mask`: `text`. Answers with `tokens` int32, `scores` float32 and
      `pieces` string, each `[batch, masks, top_k]` and the best first, and
      `mask_count` int32 `[batch]`: rows with fewer masks than others are
      filled up with scores of 0.
    - `embed` (backbone): `text`, see `embed_signature`.
    - `classify` (classifier): `text`, see `classify_signature`.
    - `answer` (reader): `question`, `context`, see `answer_signature`.
    - `tag` (tagger): `text`, see `tag_signature`.
    - `choose` (multiple choice): `context`, `question`, `options` `[batch,
      options]`, see `choose_signature`.
    - `serve_pairs`: `text`, `pair`. As `serving_default`, of two texts in a
      row; not of a reader, tagger or multiple choice.
    - `serve_examples`: `examples`, serialised `tf.Example`s with the inputs of
      `serving_default`.
    - `serve_ids`: the model's inputs by name, int32. A masked LM answers with
      `mlm_logits`, a pretrainer also with `sop_logits`, a classifier with
      `logits` and `scores` (with `scores` alone for a regression), a backbone
      with `sequence_output` and `pooled_output`, others with what their class
      gives; all are float32 but for numbers of tokens.
    - `serve` (a model with a head of its own): `text`, as `serving_default`;
      with `text=False` the inputs of `serve_ids`. It returns the model's own
      outputs: under the keys of a dictionary, else under the names that Keras
      gives those of a functional model (`model.output_names`), else as
      `output_0` and so on.

    The model's own `dtype` decides what is stored and computed: a model of
    bfloat16 (`from_preset(..., dtype="bfloat16")`) makes a SavedModel of half
    the size. Ids outside the tables, negative ones too, are refused.

    `assets.extra/model.json` tells the configuration, versions and labels,
    `assets.extra/tf_serving_warmup_requests` holds what a server runs before
    it is ready, and `batching_params.pbtxt`, where there are texts, how it may
    batch them.

    Args:
        model: An `ak.AlbertBackbone` or any task of it; a keras_hub
            `AlbertBackbone`, `AlbertMaskedLM` or `AlbertTextClassifier`,
            which is converted; or a Keras model with a head of its own. That
            is a functional model made of the inputs and outputs of an
            `ak.AlbertBackbone`, or a subclass that calls one with a
            dictionary of its inputs.
        directory: The folder for the model; made if it is missing.
        tokenizer: The model's `ak.AlbertTokenizer` or
            `ak.AlbertWordPieceTokenizer`; by default that of its
            `preprocessor`, or its `tokenizer`.
        preprocessor: For a model with a head of its own: a preprocessor whose
            tokenizer and `sequence_length` to use, in place of the model's.
        text: Whether there is a signature that takes texts.
        top_k: Guesses for each `[MASK]`, or answers to each question.
        labels: Names of a classifier's or tagger's classes, in order; None
            for the model's own, or their numbers if it has none.
        version: Number of the folder in `directory`.
        overwrite: Whether to replace that folder.

    Returns:
        An `Artefact`.

    Raises:
        FileExistsError: There is a folder of that version, and `overwrite` is
            False or it is no SavedModel.
        TypeError: `model` isn't one of these.
        ValueError: There is no tokenizer for the texts, an argument does not
            go with the model, or the model has operations that TF Serving
            lacks.

    Example:

    ```python
    ak.export.saved_model(model, "served/albert")

    import tensorflow_text
    served = tf.saved_model.load("served/albert/1")
    served.signatures["serving_default"](tf.constant(["A [MASK] model."]))
    ```
    """
    model = exportable(model, preprocessor)
    tokenizer = (
        tokenizer_of(model, tokenizer, "unless text=False") if text else None
    )
    if tokenizer is not None:
        _check_top_k(tokenizer, top_k)
    labels = labels_for(model, labels)
    if version < 1:
        raise ValueError(
            f"`version` must be a positive number. Received: version={version}."
        )
    path = Path(directory) / str(version)
    _check_replaceable(path)
    with new_output(path, overwrite=overwrite) as partial:
        _save(model, tokenizer, top_k, labels, partial)
        graph = _read(partial)
        check_servable(graph.graph_def)
        signatures = _signatures(graph)
        write_model_json(
            partial,
            describe_model(model, tokenizer, labels, signatures),
            tokenizer,
        )
        write_warmup(partial, graph.signature_def, max_text_length(model))
        # Questions have different numbers of options, which no batch takes.
        if tokenizer and not isinstance(model, AlbertMultipleChoice):
            write_batching_parameters(partial)
    return Artefact(
        path=path,
        num_bytes=sum(
            file.stat().st_size for file in path.rglob("*") if file.is_file()
        ),
        num_parameters=model.count_params(),
        signatures=signatures,
        operations=count_operations(graph.graph_def),
    )


def _check_replaceable(path: Path) -> None:
    if path.exists() and not (path / "saved_model.pb").is_file():
        raise FileExistsError(
            f"`{path}` must be new, or a SavedModel to overwrite. Received: "
            "something else."
        )


def _check_top_k(tokenizer: Tokenizer, top_k: int) -> None:
    pieces = tokenizer.vocabulary_size()
    if not 1 <= top_k <= pieces:
        raise ValueError(
            f"`top_k` must be between 1 and {pieces}, the size of the "
            f"vocabulary. Received: top_k={top_k}."
        )


def _save(
    model: keras.Model,
    tokenizer: Tokenizer | None,
    top_k: int,
    labels: Sequence[str] | None,
    folder: Path,
) -> None:
    serve_ids = ids_signature(model, outputs=_outputs)
    signatures = {SERVE_IDS: serve_ids}
    # The variables alone are tracked and not the model, with whose own
    # bookkeeping Keras would store each weight a second time.
    module = tf.Module()
    module.weights = serve_ids.variables
    if tokenizer is not None:
        packer = TextPacker(tokenizer.python_tokenizer, max_text_length(model))
        module.vocabulary = packer.vocabulary
        signatures |= task_signatures(model, serve_ids, packer, top_k, labels)
    elif isinstance(model, OwnHead):
        signatures[SERVE] = serve_ids
    tf.saved_model.save(
        module,
        os.fspath(folder),
        signatures=signatures,
        options=tf.saved_model.SaveOptions(experimental_custom_gradients=False),
    )


def _outputs(
    model: keras.Model, inputs: Mapping[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Return a model's outputs, and let the graph refuse ids of no row.

    Keras reads a table from its end for negative ids, and a mask position
    beyond a row from the next row. The largest integer is beyond every table,
    which the lookup refuses by itself.
    """
    checked = dict(inputs)
    width = tf.shape(inputs["token_ids"])[-1]
    for name, ids in inputs.items():
        if name in _IDS:
            is_outside = ids < 0
            if name == "mask_positions":
                is_outside |= ids >= width
            checked[name] = tf.where(is_outside, ids.dtype.max, ids)
    return model_outputs(model, checked)


def _read(folder: Path) -> Any:
    """The `MetaGraphDef` of a SavedModel."""
    content = saved_model_pb2.SavedModel()
    content.ParseFromString((folder / "saved_model.pb").read_bytes())
    return content.meta_graphs[0]


def _signatures(graph: Any) -> dict[str, Signature]:
    return {
        name: Signature(_tensors(each.inputs), _tensors(each.outputs))
        for name, each in graph.signature_def.items()
        if not name.startswith("__")
    }


def _tensors(tensors: Any) -> dict[str, str]:
    described = {}
    for name in sorted(tensors):
        tensor = tensors[name]
        sizes = [dim.size for dim in tensor.tensor_shape.dim]
        described[name] = describe_tensor(
            tf.as_dtype(tensor.dtype).name,
            tuple(None if size == -1 else size for size in sizes),
        )
    return described
