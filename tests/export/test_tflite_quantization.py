import keras
import numpy as np
import pytest
from export_models import LONGEST, PIECES, backbone, random_ids, randomize
from tensorflow.lite.python import schema_py_generated as schema

import albert_keras as ak
from albert_keras.export import tflite_quantization
from albert_keras.export.flatbuffer import FlatbufferModel
from albert_keras.export.row_sizes import RowSizes
from albert_keras.export.tflite_checks import check_sharing
from albert_keras.export.tflite_quantization import (
    QUANTIZATIONS,
    keras_outputs,
    quantized,
)
from albert_keras.layers.encoder import PADDING_BIAS
from albert_keras.lite.runner import LiteRunner
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

pytest.importorskip("ai_edge_litert.interpreter")
pytest.importorskip("ai_edge_quantizer")

LENGTH = 32
# Root mean square of the error, beside the spread of the outputs.
BOUNDS = {
    "float32": 1e-5,
    "float16": 5e-3,
    "int8": 0.06,
    "int8-per-tensor": 0.1,
    "int8-static": 0.12,
    "int4": 0.7,
}


def wide(**changes):
    """Large enough to be quantised, with attention that has preferences."""
    sizes = {
        "embedding_dim": 32,
        "hidden_dim": 64,
        "intermediate_dim": 256,
        "num_heads": 2,
        "num_layers": 3,
        "initializer_range": 0.15,
    }
    keras.utils.set_random_seed(7)
    return backbone(**{**sizes, **changes})


@pytest.fixture(scope="module")
def tagger():
    return randomize(ak.AlbertTokenClassifier(wide(), 5), scale=0.03)


@pytest.fixture(scope="module")
def reader():
    return randomize(ak.AlbertQuestionAnswering(wide(), "v2"), scale=0.03)


@pytest.fixture(scope="module")
def masked_lm():
    return randomize(ak.AlbertMaskedLM(wide()), scale=0.03)


def error(model, content: bytes, path) -> float:
    """On the tokens of rows, half of which are padding."""
    path.write_bytes(content)
    rows = random_ids(model, rows=16, length=LENGTH)
    expected = keras_outputs(model, rows)
    received = LiteRunner(path, num_threads=1)(rows)
    worst = 0.0
    for name, output in expected.items():
        if output.dtype.kind != "f":
            continue
        ours, theirs = output, received[name]
        if ours.shape[:2] == rows["padding_mask"].shape:
            is_token = rows["padding_mask"] == 1
            ours, theirs = ours[is_token], theirs[is_token]
        wrong = np.sqrt(np.mean((ours - theirs[..., : ours.shape[-1]]) ** 2))
        worst = max(worst, wrong / ours.std())
    return worst


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
@pytest.mark.parametrize("name", ["tagger", "masked_lm", "reader"])
def test_error_and_size(name, quantization, request, tmp_path):
    model = request.getfixturevalue(name)
    masks = 3 if name == "masked_lm" else None
    content = quantized(
        model,
        RowSizes(LENGTH, masks),
        quantization,
        random_ids(model, rows=8, length=LENGTH),
    )
    written = FlatbufferModel(content)
    assert written.custom_operations == []
    check_sharing(model, written, quantization)
    packed = schema.ModelT.InitFromPackedBuf(content, 0)
    for code in packed.operatorCodes:
        # 127 in the older field tells a reader to look at the newer.
        assert code.deprecatedBuiltinCode == min(code.builtinCode, 127)
    (graph,) = packed.subgraphs
    names = [tensor.name for tensor in graph.tensors]
    assert all(names)
    assert len(set(names)) == len(names)
    # A random span head multiplies what the encoder loses.
    bound = BOUNDS[quantization] * (4 if name == "reader" else 1)
    assert error(model, content, tmp_path / "model.tflite") < bound


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_openvino_reads_it(quantization, masked_lm, tmp_path):
    openvino = pytest.importorskip(
        "openvino", reason="OpenVINO is not installed"
    )
    path = tmp_path / "model.tflite"
    rows = random_ids(masked_lm, rows=1, length=LENGTH)
    path.write_bytes(
        quantized(
            masked_lm,
            RowSizes(LENGTH, 3),
            quantization,
            random_ids(masked_lm, rows=8, length=LENGTH),
        )
    )
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    names = FlatbufferModel(path.read_bytes()).input_names
    (output,) = compiled([rows[name] for name in names]).values()
    expected = LiteRunner(path)(rows)["mlm_logits"]
    wrong = np.sqrt(np.mean((output - expected) ** 2)) / expected.std()
    # It computes in float32 what LiteRT computes in integers.
    assert wrong < BOUNDS[quantization]


def test_each_quantisation_stores_the_table_once(masked_lm):
    table = PIECES * 32
    for quantization, num_bytes in {
        "float32": 4 * table,
        "float16": 2 * table,
        "int8": table,
        "int8-per-tensor": table,
        "int8-static": table,
        "int4": table // 2,
    }.items():
        content = quantized(
            masked_lm,
            RowSizes(LENGTH, 3),
            quantization,
            random_ids(masked_lm, rows=2, length=LENGTH),
        )
        sizes = FlatbufferModel(content).constant_sizes
        assert sizes.count(num_bytes) == 1, quantization
        assert not [
            size
            for size in sizes
            if size not in (num_bytes,) and size % table == 0 and size > 64
        ], quantization


@pytest.mark.parametrize(
    ("quantization", "num_scales"),
    [("int8", LENGTH), ("int8-per-tensor", 1), ("int4", LENGTH)],
)
def test_positions_are_looked_up_in_8_bits(tagger, quantization, num_scales):
    content = quantized(tagger, RowSizes(LENGTH), quantization)
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    (graph,) = model.subgraphs
    shape = [LENGTH, tagger.backbone.embedding_dim]
    (table,) = [
        each
        for each in graph.tensors
        if list(each.shape) == shape
        and model.buffers[each.buffer].data is not None
    ]
    assert table.type == schema.TensorType.INT8
    scales = table.quantization.scale
    assert len(scales) == num_scales
    codes = model.buffers[table.buffer].data.view("int8").reshape(shape)
    weights = tagger.backbone.embeddings.position_embedding.embeddings
    expected = keras.ops.convert_to_numpy(weights)[:LENGTH]
    wrong = np.abs(codes * scales[:, None] - expected)
    assert (wrong <= 0.501 * scales[:, None]).all()
    assert np.abs(codes).max() == 127


def test_the_bias_of_the_original_ruins_8_bit_scores(
    tagger, tmp_path, monkeypatch
):
    rows = random_ids(tagger, rows=16, length=LENGTH)

    def with_biases(*biases):
        monkeypatch.setattr(tflite_quantization, "_PADDING_BIASES", biases)
        content = quantized(tagger, RowSizes(LENGTH), "int8-static", rows)
        return error(tagger, content, tmp_path / "model.tflite")

    mild = with_biases(-16.0, -32.0, -64.0)
    assert with_biases(PADDING_BIAS) > 2 * mild
    assert tagger.backbone.encoder.padding_bias == PADDING_BIAS


def test_scores_beyond_the_mildest_bias_get_a_lower_one(tagger):
    model = ak.AlbertTokenClassifier(wide(), 5)
    weights = tagger.get_weights()
    model.set_weights(weights)
    rows = random_ids(model, rows=4, length=LENGTH)
    least = tflite_quantization._least_padding_bias
    assert least(model, rows) == -16.0
    for weight in model.backbone.encoder.blocks[0].attention.weights:
        if "query_key_value/kernel" in weight.path:
            weight.assign(weight * 5)
    assert least(model, rows) < -16.0


@pytest.fixture(scope="module")
def classifier(tokenizer):
    preprocessor = AlbertTextClassifierPreprocessor(
        tokenizer, sequence_length=LONGEST
    )
    model = ak.AlbertTextClassifier(wide(), 3, preprocessor)
    return randomize(model, scale=0.05)


TEXTS = [
    "the parser adds an argument",
    ("a help message", "is printed"),
    *(f"option number {number} of the parser" for number in range(10)),
]


def test_static_needs_texts_and_a_fixed_length(classifier, tmp_path):
    for arguments, sentence in (
        ({}, "`calibration_texts` must be given for int8-static.*none"),
        (
            {"calibration_texts": TEXTS, "resizable": True},
            "fixed length. Received: resizable=True",
        ),
        (
            {"calibration_texts": TEXTS, "quantization": "int8"},
            "for it alone. Received: quantization='int8', some",
        ),
    ):
        with pytest.raises(ValueError, match=sentence):
            ak.export.tflite(
                classifier,
                tmp_path / "m.tflite",
                **{"quantization": "int8-static", **arguments},
            )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*points lost")
def test_static_is_checked_on_its_own_texts(classifier, tmp_path):
    written = ak.export.tflite(
        classifier,
        tmp_path / "m.tflite",
        quantization="int8-static",
        calibration_texts=TEXTS,
        max_loss=100,
    )
    assert written.agreement.num_answers == len(TEXTS)
    assert written.operations["QUANTIZE"] > 0
    assert written.agreement.largest_difference < 0.2


def test_resizable_files_in_4_bits(classifier, tmp_path):
    written = ak.export.tflite(
        classifier,
        tmp_path / "m.tflite",
        quantization="int4",
        resizable=True,
    )
    rows = random_ids(classifier, rows=2, length=11)
    scores = LiteRunner(written.path)(rows)["scores"]
    expected = keras_outputs(classifier, rows)["scores"]
    np.testing.assert_allclose(scores, expected, atol=0.3)


@pytest.mark.slow
def test_sizes_of_base(tmp_path):
    config = ak.AlbertConfig.named("albert_base_v2")
    model = ak.AlbertTextClassifier(
        ak.AlbertBackbone.from_albert_config(config), 2
    )
    most = {
        "float32": 1.02 * 4 * model.count_params(),
        "int8": 11.9e6,
        "int4": 6.9e6,
    }
    for quantization, num_bytes in most.items():
        written = ak.export.tflite(
            model,
            tmp_path / f"{quantization}.tflite",
            quantization=quantization,
        )
        assert written.path.stat().st_size <= num_bytes, quantization
        assert all(name.isupper() for name in written.operations)
    reader = ak.AlbertQuestionAnswering(model.backbone, head="v1")
    path = tmp_path / "reader.tflite"
    ak.export.tflite(reader, path, quantization="int8", sequence_length=512)
    assert path.stat().st_size <= 11.9e6
