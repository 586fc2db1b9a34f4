"""TensorFlow Lite files, for phones."""

import os
from collections.abc import Sequence
from pathlib import Path

import keras

from albert_keras.export.artefact import Artefact
from albert_keras.export.flatbuffer import FlatbufferModel
from albert_keras.export.ids_signature import check_model
from albert_keras.export.labels import check_labels
from albert_keras.export.packed_files import check_packable, pack
from albert_keras.export.row_sizes import RowSizes, choose_sizes
from albert_keras.export.tflite_checks import check_operations, check_sharing
from albert_keras.export.tflite_conversion import QUANTIZATIONS, convert
from albert_keras.export.tflite_outputs import check_pooling, tflite_outputs
from albert_keras.export.tokenizer import (
    Tokenizer,
    find_tokenizer,
    preprocessor_tokenizer,
)
from albert_keras.new_output import new_output


def tflite(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    sequence_length: int | None = None,
    max_masks: int | None = None,
    num_choices: int | None = None,
    resizable: bool = False,
    tokenizer: Tokenizer | None = None,
    text: bool = True,
    labels: Sequence[str] | None = None,
    pooling: str | None = None,
    quantization: str = "float32",
    overwrite: bool = False,
) -> Artefact:
    """Writes a model as a TensorFlow Lite file.

    The file has one signature, `serve_ids`, for one row of ids, with the
    names that the signature of a SavedModel has. The row has a fixed length;
    shorter texts are padded, with 0 in `padding_mask`. Its operations are
    builtin ones, so any LiteRT runs it. A weight that layers share stands
    in it once, and so does the token table, which both the embedding and the
    masked-LM head read.

    With the model come its vocabulary, the names of its classes and a
    description (see `ak.export.LiteContents`), and metadata by which
    MediaPipe's `TextClassifier` and `TextEmbedder` and the TFLite Task
    Library's `BertNLClassifier`, `BertQuestionAnswerer` and `TextEmbedder`
    open the file. They tokenize by themselves, and get the ids that ALBERT
    has: the vocabulary that is packed normalises as ALBERT does, see
    `takes_raw_text`. Of a tokenizer that does not lower-case they would not,
    since they all do; they refuse its file.

    Args:
        model: An `ak.AlbertBackbone`, or any of the models with a head. One
            of another precision, such as mixed_bfloat16, is exported in
            float32.
        path: The file to write; ends in .tflite.
        sequence_length: Tokens of the row; by default 128, or the longest the
            model takes if that is less.
        max_masks: Width of `mask_positions`, 20 by default; only for a model
            with a masked-LM head. Fewer masks are padded with position 0.
        num_choices: Texts to choose from, 4 by default; only for an
            `ak.AlbertMultipleChoice`.
        resizable: Whether the three sizes above are left open: who runs the
            file resizes its inputs (`resize_input_tensor`), up to the longest
            row that the model takes.
        tokenizer: The model's `ak.AlbertTokenizer` or
            `ak.AlbertWordPieceTokenizer`; by default that of its preprocessor,
            if it has one.
        text: Whether the tokenizer's vocabulary is packed.
        labels: Names of a classifier's or tagger's classes, in order; their
            numbers if None.
        pooling: For an `ak.AlbertBackbone`: `"mean"`, `"cls"` or `"pooled"`
            give one vector, `embedding`, instead of one for each token. It is
            what a text embedder needs.
        quantization: `"float32"`, or `"int8"`: matrices of 1,024 elements and
            more in 8 bits with a scale for each row or column, activations
            quantised as they come (dynamic range).
        overwrite: Whether to replace a file at `path`.

    Returns:
        An `Artefact`.

    Raises:
        FileExistsError: There is a file at `path`, and `overwrite` is False.
        TypeError: `model` is none of those above.
        ValueError: An argument is out of range, or the model has operations
            that TensorFlow Lite lacks or weights that would be copied.

    Example:

    ```python
    ak.export.tflite(model, "albert.tflite", quantization="int8")

    from ai_edge_litert.interpreter import Interpreter

    serve = Interpreter("albert.tflite").get_signature_runner("serve_ids")
    logits = serve(
        token_ids=token_ids,  # all int32, [1, 128]
        segment_ids=segment_ids,
        padding_mask=padding_mask,
        mask_positions=mask_positions,  # int32, [1, 20]
    )["mlm_logits"]
    ```
    """
    check_model(model)
    path = Path(path)
    if path.suffix != ".tflite":
        raise ValueError(f"`path` must end in .tflite. Received: path={path}.")
    if quantization not in QUANTIZATIONS:
        raise ValueError(
            f"`quantization` must be one of {', '.join(QUANTIZATIONS)}. "
            f"Received: quantization={quantization!r}."
        )
    sizes = choose_sizes(
        model, RowSizes(sequence_length, max_masks, num_choices), resizable
    )
    check_labels(model, labels)
    check_packable(labels)
    check_pooling(model, pooling)
    if not text:
        tokenizer = None
    elif tokenizer is not None or preprocessor_tokenizer(model) is not None:
        tokenizer = find_tokenizer(model, tokenizer)
    if path.is_dir():
        raise IsADirectoryError(
            f"`path` must be a file. Received: path={path}, a folder."
        )
    with new_output(path, overwrite=overwrite) as partial:
        written = FlatbufferModel(
            convert(model, sizes, quantization, tflite_outputs(pooling))
        )
        check_operations(written)
        check_sharing(model, written, quantization)
        content = pack(
            written,
            model,
            tokenizer,
            labels,
            sequence_length=sizes.sequence_length,
            quantization=quantization,
            pooling=pooling,
        )
        partial.write_bytes(content)
    return Artefact(
        path=path,
        num_bytes=len(content),
        num_parameters=model.count_params(),
        signatures=written.signatures,
        operations=written.operations,
    )
