import contextlib

import numpy as np
import pytest
import tensorflow as tf
from export_models import (
    LONGEST,
    MODELS,
    TASKS,
    backbone,
    lite_outputs,
    random_ids,
    randomize,
)
from tensorflow.lite.python import schema_py_generated as schema

import albert_keras as ak
from albert_keras.export import tflite_conversion, tflite_writer
from albert_keras.export.flatbuffer import FlatbufferModel
from albert_keras.export.tflite_checks import check_operations, check_sharing

litert = pytest.importorskip("ai_edge_litert.interpreter")


TABLE = 2000 * 32
FEED_FORWARD = 64 * 256


def run(path, inputs):
    interpreter = litert.Interpreter(str(path), num_threads=1)
    return interpreter.get_signature_runner("serve_ids")(**inputs)


def constants(path) -> list[int]:
    """Sizes in bytes of the file's constants."""
    content = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    return [len(b.data) for b in content.buffers if b.data is not None]


def assert_equal_to_keras(path, model, tolerance=1e-4, **sizes):
    inputs = random_ids(model, **sizes)
    outputs = run(path, inputs)
    expected = lite_outputs(model, inputs)
    assert outputs.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(
            outputs[name], expected[name], atol=tolerance, err_msg=name
        )


@pytest.fixture(scope="module")
def exported(models, tmp_path_factory):
    """Each of `models` in float32."""
    folder = tmp_path_factory.mktemp("exported")
    return {
        name: ak.export.tflite(
            models[name],
            folder / name / "model.tflite",
            max_masks=3 if "mask_positions" in models[name].input else None,
        )
        for name in [*MODELS, *TASKS]
    }


@pytest.mark.parametrize("name", [*MODELS, *TASKS])
def test_gives_what_keras_gives(models, exported, name):
    assert_equal_to_keras(exported[name].path, models[name])


def test_choices_as_many_as_asked_for(models, tmp_path):
    path = tmp_path / "model.tflite"
    ak.export.tflite(models["chooser"], path, num_choices=2)
    assert_equal_to_keras(path, models["chooser"], choices=2)


@pytest.mark.parametrize("name", ["pretrainer", "classifier", *TASKS])
def test_a_resizable_file_takes_any_length(models, name, tmp_path):
    model = models[name]
    written = ak.export.tflite(model, tmp_path / "m.tflite", resizable=True)
    for sizes in ({"length": 9, "masks": 2, "choices": 3}, {"masks": 7}):
        assert_equal_to_keras(written.path, model, **sizes)
    described = written.signatures["serve_ids"].inputs["token_ids"]
    free = "?, ?" if name == "chooser" else "?"
    assert described == f"int32 [1, {free}]"


def test_resizing_by_hand(models, tmp_path):
    model, path = models["tagger"], tmp_path / "m.tflite"
    ak.export.tflite(model, path, resizable=True)
    interpreter = litert.Interpreter(str(path))
    inputs = random_ids(model, length=11)
    for detail in interpreter.get_input_details():
        interpreter.resize_tensor_input(detail["index"], [1, 11], strict=True)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        name = detail["name"].removeprefix("serve_ids_").split(":")[0]
        interpreter.set_tensor(detail["index"], inputs[name])
    interpreter.invoke()
    (output,) = interpreter.get_output_details()
    np.testing.assert_allclose(
        interpreter.get_tensor(output["index"]),
        lite_outputs(model, inputs)["logits"],
        atol=1e-4,
    )


def test_the_exact_gelu_is_builtin_too(tmp_path):
    model = randomize(backbone(activation="gelu_erf"))
    written = ak.export.tflite(model, tmp_path / "model.tflite")
    assert_equal_to_keras(written.path, model)


def test_groups_and_inner_repetitions_without_projection(tmp_path):
    model = randomize(
        ak.AlbertMaskedLM(
            backbone(
                num_layers=4,
                num_groups=2,
                num_inner_repetitions=2,
                embedding_dim=16,
            )
        )
    )
    path = tmp_path / "model.tflite"
    ak.export.tflite(model, path, sequence_length=20, max_masks=2)
    assert_equal_to_keras(path, model, length=20, masks=2)


def test_a_mixed_precision_model_is_written_in_float32(tmp_path):
    mixed = randomize(ak.AlbertMaskedLM(backbone(dtype="mixed_bfloat16")))
    exact = ak.AlbertMaskedLM(backbone())
    exact.set_weights(mixed.get_weights())
    ak.export.tflite(mixed, tmp_path / "model.tflite", max_masks=3)
    assert_equal_to_keras(tmp_path / "model.tflite", exact)


@pytest.fixture(scope="module")
def larger():
    """A model whose matrices are large enough to be quantised."""
    return randomize(
        ak.AlbertPretrainer(
            backbone(
                vocabulary_size=TABLE // 32,
                embedding_dim=32,
                hidden_dim=64,
                intermediate_dim=FEED_FORWARD // 64,
                num_layers=4,
                num_heads=4,
                initializer_range=0.1,
            )
        ),
        scale=0.03,
    )


@pytest.fixture(scope="module", params=["float32", "int8"])
def written(request, larger, tmp_path_factory):
    """The larger model in both forms, and bytes of a matrix' element."""
    path = tmp_path_factory.mktemp("tflite") / f"{request.param}.tflite"
    artefact = ak.export.tflite(
        larger, path, quantization=request.param, max_masks=3
    )
    return artefact, {"float32": 4, "int8": 1}[request.param]


def test_quantised_or_not_it_is_near_keras(written, larger):
    artefact, num_bytes = written
    inputs = random_ids(larger)
    outputs = run(artefact.path, inputs)
    for name, expected in lite_outputs(larger, inputs).items():
        error = np.sqrt(np.mean((outputs[name] - expected) ** 2))
        bound = 0.1 if num_bytes == 1 else 1e-5
        assert error < bound * np.std(expected), name


def test_what_is_shared_is_stored_once(written):
    artefact, num_bytes = written
    sizes = constants(artefact.path)
    assert max(sizes) == TABLE * num_bytes
    assert sizes.count(TABLE * num_bytes) == 1
    # The kernels to and from the feed-forward layer of the one block.
    assert sizes.count(FEED_FORWARD * num_bytes) == 2
    assert sum(sizes) < 1.15 * num_bytes * artefact.num_parameters


def test_a_table_stored_twice_is_refused(larger, tmp_path, monkeypatch):
    monkeypatch.setattr(
        tflite_conversion, "_embedding_lookup", contextlib.nullcontext
    )
    with pytest.raises(ValueError, match="Each weight must be stored once"):
        ak.export.tflite(larger, tmp_path / "model.tflite", quantization="int8")
    assert list(tmp_path.iterdir()) == []


def test_positions_of_any_length_stay_float32_in_4_bits(tmp_path):
    """A long table of them is not taken for one that was stored twice."""
    pytest.importorskip("ai_edge_quantizer")
    model = backbone(embedding_dim=64, max_sequence_length=512)
    path = tmp_path / "model.tflite"
    ak.export.tflite(model, path, resizable=True, quantization="int4")
    assert 512 * 64 * 4 in constants(path)


def test_a_block_stored_four_times_is_refused(larger, tmp_path):
    config = {**larger.backbone.get_config(), "num_groups": 4}
    model = ak.AlbertPretrainer(ak.AlbertBackbone.from_config(config))
    path = ak.export.tflite(model, tmp_path / "model.tflite").path
    written = FlatbufferModel(path.read_bytes())
    check_sharing(model, written, "float32")
    with pytest.raises(ValueError, match="Each weight must be stored once"):
        check_sharing(larger, written, "float32")


def test_operations_beyond_the_builtin_ones_are_refused(tmp_path):
    model = ak.AlbertTextClassifier(
        backbone(), num_classes=2, activation=tf.math.bessel_i0e
    )
    with pytest.raises(ValueError, match=r"builtin .*Received: BesselI0e"):
        ak.export.tflite(model, tmp_path / "model.tflite")
    assert list(tmp_path.iterdir()) == []


def test_operations_of_flex_are_refused():
    traced = tf.function(tf.linalg.det).get_concrete_function(
        tf.TensorSpec([2, 2], tf.float32)
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([traced])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.SELECT_TF_OPS]
    with pytest.raises(ValueError, match="FlexMatrixDeterminant"):
        check_operations(FlatbufferModel(converter.convert()))


@pytest.mark.usefixtures("written")
def test_the_model_is_as_it_was(larger):
    assert "call" not in vars(larger.backbone.token_embedding)


def test_what_was_written(models, exported):
    written = exported["pretrainer"]
    path = written.path
    assert written.num_bytes == path.stat().st_size
    row = f"int32 [1, {LONGEST}]"
    signature = written.signatures["serve_ids"]
    assert signature.inputs == {
        "token_ids": row,
        "segment_ids": row,
        "padding_mask": row,
        "mask_positions": "int32 [1, 3]",
    }
    assert signature.outputs == {
        "mlm_logits": "float32 [1, 3, 300]",
        "sop_logits": "float32 [1, 2]",
    }
    interpreter = litert.Interpreter(str(path))
    in_the_file = [each["op_name"] for each in interpreter._get_ops_details()]
    in_the_file = [name for name in in_the_file if name != "DELEGATE"]
    assert written.operations == {
        name: in_the_file.count(name) for name in set(in_the_file)
    }
    assert written.operations["EMBEDDING_LOOKUP"] == 1
    assert written.num_parameters == models["pretrainer"].count_params()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"path": "model.bin"}, r"must end in \.tflite.*model\.bin"),
        ({"quantization": "int2"}, "int4. Received: .*'int2'"),
        ({"sequence_length": 33}, "between 1 and 32.*sequence_length=33"),
        ({"sequence_length": 0}, "between 1 and 32.*sequence_length=0"),
        ({"max_masks": 0}, "`max_masks` must be positive"),
        ({"num_choices": 4}, "num_choices=4 for AlbertMaskedLM"),
        (
            {"resizable": True, "sequence_length": 9},
            "must be given no size. Received: sequence_length=9",
        ),
    ],
)
def test_arguments_out_of_range(models, tmp_path, arguments, sentence):
    path = tmp_path / arguments.pop("path", "model.tflite")
    with pytest.raises(ValueError, match=sentence):
        ak.export.tflite(models["masked_lm"], path, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_mask_positions_need_a_head(models, tmp_path):
    with pytest.raises(ValueError, match="max_masks=3 for AlbertBackbone"):
        ak.export.tflite(
            models["backbone"], tmp_path / "model.tflite", max_masks=3
        )


def test_other_models_are_refused(tmp_path):
    with pytest.raises(TypeError, match=r"AlbertMaskedLM.*Received: str"):
        ak.export.tflite("albert", tmp_path / "model.tflite")


def test_existing_files_are_kept_unless_overwritten(models, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match=r"model\.tflite"):
        ak.export.tflite(models["backbone"], path)
    assert path.read_text() == "mine"
    ak.export.tflite(models["backbone"], path, overwrite=True)
    assert_equal_to_keras(path, models["backbone"])
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_never_overwritten(models, tmp_path):
    path = tmp_path / "model.tflite"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        ak.export.tflite(models["backbone"], path, overwrite=True)


TEXTS = ["the parser", ("an argument", "of the parser"), "a help message"]


@pytest.mark.parametrize("name", [*MODELS, *TASKS])
def test_checked_against_keras_on_texts(models, tokenizer, name, tmp_path):
    texts = {
        "reader": [("what?", "the parser")],
        "chooser": [("", "what?", "this", "that", "it", "he")],
        "tagger": ["the argument parser"],
    }.get(name.removesuffix("_v2"), TEXTS)
    written = ak.export.tflite(
        models[name],
        tmp_path / "m.tflite",
        check_texts=texts,
        tokenizer=tokenizer if name == "backbone" else None,
    )
    assert written.agreement.loss == pytest.approx(0, abs=1e-3)
    assert written.agreement.largest_difference < 1e-4
    if name == "classifier":
        assert written.agreement.num_answers == len(TEXTS)


@pytest.fixture
def a_file_of_other_weights(monkeypatch):
    """Lets the file be of a model that answers otherwise."""
    real = tflite_writer.quantized

    def other(model, *arguments):
        weights = model.get_weights()
        model.set_weights([-weight for weight in weights])
        try:
            return real(model, *arguments)
        finally:
            model.set_weights(weights)

    monkeypatch.setattr(tflite_writer, "quantized", other)


@pytest.mark.usefixtures("a_file_of_other_weights")
def test_a_file_that_loses_too_much_is_not_kept(models, tmp_path):
    path = tmp_path / "folder" / "m.tflite"
    arguments = {"check_texts": TEXTS}
    with pytest.raises(ValueError, match=r"at most 5 points.*points lost"):
        ak.export.tflite(models["masked_lm"], path, **arguments)
    assert list(tmp_path.iterdir()) == []
    with pytest.warns(UserWarning, match="points lost against Keras"):
        ak.export.tflite(models["masked_lm"], path, max_loss=100, **arguments)
    assert path.is_file()


def test_texts_for_a_backbone_need_a_tokenizer(models, tmp_path):
    with pytest.raises(ValueError, match="`tokenizer` must be given"):
        ak.export.tflite(
            models["backbone"], tmp_path / "m.tflite", check_texts=TEXTS
        )
