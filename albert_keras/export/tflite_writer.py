"""TensorFlow Lite files, for phones."""

import contextlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from albert_keras.checkpoints.huggingface_tokenizer import (
    write_tokenizer_json,
)
from albert_keras.export.agreement import Agreement, agreement
from albert_keras.export.artefact import Artefact
from albert_keras.export.flatbuffer import FlatbufferModel
from albert_keras.export.ids_signature import exportable
from albert_keras.export.labels import labels_for
from albert_keras.export.model_tokenizer import (
    Tokenizer,
    preprocessor_tokenizer,
    tokenizer_of,
)
from albert_keras.export.packed_files import check_packable, pack
from albert_keras.export.row_sizes import RowSizes, choose_sizes
from albert_keras.export.text_rows import Text, text_rows
from albert_keras.export.tflite_checks import check_operations, check_sharing
from albert_keras.export.tflite_conversion import in_float32
from albert_keras.export.tflite_outputs import check_pooling, tflite_outputs
from albert_keras.export.tflite_quantization import (
    check_quantization,
    keras_outputs,
    quantized,
)
from albert_keras.lite.runner import LiteRunner
from albert_keras.models.serving import longest_row
from albert_keras.new_output import new_output
from albert_keras.requirements import require

DEFAULT_MAX_LOSS = 5.0
WORTH_A_WARNING = 1.0


def tflite(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    sequence_length: int | None = None,
    max_masks: int | None = None,
    num_choices: int | None = None,
    resizable: bool = False,
    tokenizer: Tokenizer | None = None,
    preprocessor: Any = None,
    text: bool = True,
    labels: Sequence[str] | None = None,
    pooling: str | None = None,
    quantization: str = "float32",
    calibration_texts: Sequence[Text] | None = None,
    check_texts: Sequence[Text] | None = None,
    max_loss: float = DEFAULT_MAX_LOSS,
    tokenizer_json: bool = False,
    overwrite: bool = False,
) -> Artefact:
    """Writes a model as a TensorFlow Lite file.

    The file has one signature, `serve_ids`, for one row of ids, with the
    names that the signature of a SavedModel has. The row has a fixed length;
    shorter texts are padded, with 0 in `padding_mask`. Its operations are
    builtin ones, so any LiteRT runs it. A weight that layers share stands in
    it once, and so does the token table, which both the embedding and the
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
        model: As of `ak.export.saved_model`. A model of another precision,
            such as mixed_bfloat16, is exported in float32. The file of a
            model with a head of its own has its signature as `serve`, too,
            and the model's own outputs.
        path: The file to write; ends in .tflite.
        sequence_length: Tokens of the row; by default 128, of a question with
            a passage 384, or the longest the model takes if that is less. The
            Task Library's answerer takes rows of 384 and no others.
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
        preprocessor: As of `ak.export.saved_model`.
        text: Whether the tokenizer's vocabulary is packed.
        labels: Names of a classifier's or tagger's classes, in order; None
            for the model's own, or their numbers if it has none.
        pooling: For an `ak.AlbertBackbone`: `"mean"`, `"cls"` or `"pooled"`
            give one vector, `embedding`, instead of one for each token. It is
            what a text embedder needs.
        quantization: What it stores and computes in:

            - `"float32"`;
            - `"float16"`: weights in 16 bits, computed in float32;
            - `"int8"`: matrices of 1,024 elements and more in 8 bits,
              activations quantised as they come (dynamic range);
            - `"int8-per-tensor"`: the same with one scale for all of a matrix,
              which is less exact, and which the TFLite Task Library reads: it
              is of 2023, and of other 8-bit files knows nothing;
            - `"int8-static"`: activations in 8 bits, too, in ranges that
              `calibration_texts` show; layer norms stay float32. For
              processors that only know integers: on others `"int8"` is as
              fast and more exact;
            - `"int4"`: matrices and the token table in 4 bits, those of the
              heads in 8; activations as in `"int8"`.

            The last two need the extra `quantize`.
        calibration_texts: For `"int8-static"`: a hundred texts or more such
            as the model will meet, see `text_rows` for their parts.
        check_texts: Texts on which the file is held against Keras; by default
            `calibration_texts`. Needs the extra `lite`.
        max_loss: Points of `Agreement.loss` that the file may lose on them. A
            file that loses more is not kept; there is a warning from 1 point.
        tokenizer_json: Whether to write `tokenizer.json` into the folder of
            `path`: the tokenizer for Hugging Face's `tokenizers` in Rust,
            Python and JavaScript.
        overwrite: Whether to replace a file at `path`, and its
            `tokenizer.json`.

    Returns:
        An `Artefact`.

    Raises:
        FileExistsError: There is a file at `path`, or a `tokenizer.json`
            that would be written, and `overwrite` is False.
        ModuleNotFoundError: An extra that is needed is not installed.
        TypeError: `model` isn't one of these.
        ValueError: An argument is out of range, or the model has operations
            that TensorFlow Lite lacks or weights that would be copied, or the
            file loses more than `max_loss`.

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
    model = exportable(model, preprocessor)
    path = Path(path)
    if path.suffix != ".tflite":
        raise ValueError(f"`path` must end in .tflite. Received: path={path}.")
    _check_quantization(quantization, calibration_texts, resizable)
    sizes = choose_sizes(
        model, RowSizes(sequence_length, max_masks, num_choices), resizable
    )
    labels = labels_for(model, labels)
    check_packable(labels)
    check_pooling(model, pooling)
    packed = tokenizer or preprocessor_tokenizer(model) if text else None
    if packed is not None:
        packed = tokenizer_of(model, packed, "unless text=False")
    if path.is_dir():
        raise IsADirectoryError(
            f"`path` must be a file. Received: path={path}, a folder."
        )

    json_tokenizer = None
    if tokenizer_json:
        json_tokenizer = tokenizer_of(
            model, tokenizer, "unless tokenizer_json=False"
        )

    def rows_of(texts: Sequence[Text] | None) -> dict[str, np.ndarray] | None:
        if texts is None:
            return None
        return text_rows(
            model,
            tokenizer_of(
                model, tokenizer, "unless there are no texts"
            ).python_tokenizer,
            texts,
            sizes.sequence_length or longest_row(model),
            sizes.max_masks,
        )

    calibration = rows_of(calibration_texts)
    checked = calibration if check_texts is None else rows_of(check_texts)
    if checked is not None:
        require("lite", "Checking a .tflite file")
    with contextlib.ExitStack() as outputs_kept:
        partial = outputs_kept.enter_context(
            new_output(path, overwrite=overwrite)
        )
        if json_tokenizer is not None:
            json_path = path.with_name("tokenizer.json")
            write_tokenizer_json(
                json_tokenizer,
                outputs_kept.enter_context(
                    new_output(json_path, overwrite=overwrite)
                ),
            )
        exact = in_float32(model)
        outputs = tflite_outputs(pooling)
        written = FlatbufferModel(
            quantized(exact, sizes, quantization, calibration, outputs)
        )
        check_operations(written)
        check_sharing(model, written, quantization)
        content = pack(
            written,
            model,
            packed,
            labels,
            sequence_length=sizes.sequence_length,
            quantization=quantization,
            pooling=pooling,
        )
        partial.write_bytes(content)
        found = None
        if checked is not None:
            found = agreement(
                exact,
                checked,
                keras_outputs(exact, checked, outputs),
                LiteRunner(partial)(checked),
            )
            _check_loss(found, max_loss, path)
    return Artefact(
        path=path,
        num_bytes=len(content),
        num_parameters=model.count_params(),
        signatures=written.signatures,
        operations=written.operations,
        agreement=found,
    )


def _check_quantization(
    quantization: str,
    calibration_texts: Sequence[Text] | None,
    resizable: bool,
) -> None:
    check_quantization(quantization)
    is_static = quantization == "int8-static"
    if is_static != (calibration_texts is not None):
        raise ValueError(
            "`calibration_texts` must be given for int8-static, and for it "
            f"alone. Received: quantization={quantization!r}, "
            f"{'none' if is_static else 'some'}."
        )
    if is_static and resizable:
        raise ValueError(
            "`int8-static` must have rows of a fixed length. Received: "
            "resizable=True."
        )


def _check_loss(found: Agreement, max_loss: float, path: Path) -> None:
    if not found.loss <= max_loss:
        raise ValueError(
            f"`{path}` must lose at most {max_loss:g} points (`max_loss`, "
            f"--max-loss). Received: {found}."
        )
    if found.loss > WORTH_A_WARNING:
        warnings.warn(f"`{path}`: {found}.", stacklevel=3)
