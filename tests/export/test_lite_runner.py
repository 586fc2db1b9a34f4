import numpy as np
import pytest
from export_models import LONGEST, PIECES, lite_outputs, random_ids

import albert_keras as ak
from albert_keras.lite.runner import LiteRunner

pytest.importorskip("ai_edge_litert.interpreter")


@pytest.fixture(scope="module")
def files(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, options in {
        "classifier": {},
        "tagger": {"resizable": True},
        "chooser": {"num_choices": 3},
        "masked_lm": {"max_masks": 4},
    }.items():
        ak.export.tflite(models[name], folder / f"{name}.tflite", **options)
    return folder


def assert_equal(outputs, expected):
    assert outputs.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(outputs[name], expected[name], atol=1e-4)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("classifier", {}),
        ("classifier", {"length": 7}),  # is filled up
        ("tagger", {"length": 7}),
        ("chooser", {"choices": 3}),
        ("masked_lm", {"masks": 4}),
    ],
)
def test_rows_give_what_keras_gives(models, files, name, sizes):
    run = LiteRunner(files / f"{name}.tflite", num_threads=1)
    inputs = random_ids(models[name], rows=3, **sizes)
    assert_equal(run(inputs), lite_outputs(models[name], inputs))


def test_fewer_masks_are_filled_up(models, files):
    inputs = random_ids(models["masked_lm"], rows=2, masks=3)
    logits = LiteRunner(files / "masked_lm.tflite")(inputs)["mlm_logits"]
    expected = lite_outputs(models["masked_lm"], inputs)["mlm_logits"]
    assert logits.shape == (2, 4, PIECES)
    np.testing.assert_allclose(logits[:, :3], expected, atol=1e-4)


def test_sizes_of_a_file(files):
    fixed = LiteRunner(files / "chooser.tflite")
    assert fixed.sequence_length == LONGEST
    assert fixed.input_sizes["segment_ids"] == (3, LONGEST)
    assert fixed.output_names == ["logits"]
    assert LiteRunner(files / "tagger.tflite").sequence_length is None


ROWS = np.ones((2, 5), "int32")


@pytest.mark.parametrize(
    ("error", "changes", "sentence"),
    [
        (ValueError, {"ids": ROWS}, "must be padding_mask, segment_ids"),
        (TypeError, {"token_ids": ROWS * 0.5}, "integers. Received: float64"),
        (ValueError, {"token_ids": ROWS[0]}, r"2 axes.*Received: shape \(5,\)"),
        (ValueError, {"token_ids": ROWS[:1]}, "as many rows"),
        (ValueError, {"token_ids": ROWS[:, :3]}, "as many tokens"),
        (ValueError, {"token_ids": ROWS[:, :0]}, "must not be empty"),
        (ValueError, {"token_ids": -ROWS}, "no negative.* Received: -1 to -1"),
        (ValueError, {"token_ids": ROWS * PIECES}, f"up to {PIECES}"),
        (ValueError, {"segment_ids": ROWS * 2}, "segment_ids up to 2"),
    ],
)
@pytest.mark.parametrize("name", ["classifier", "tagger"])
def test_wrong_rows(files, name, error, changes, sentence):
    run = LiteRunner(files / f"{name}.tflite")
    good = dict.fromkeys(run.input_sizes, ROWS)
    run(good)
    with pytest.raises(error, match=sentence):
        run({**good, **changes})
    run(good)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("classifier", f"not be longer than the {LONGEST} .*Received: 33"),
        ("tagger", "Received: .* and 33 tokens"),
    ],
)
def test_rows_that_are_too_long(files, name, sentence):
    run = LiteRunner(files / f"{name}.tflite")
    with pytest.raises(ValueError, match=sentence):
        run(dict.fromkeys(run.input_sizes, np.ones((1, 33), "int32")))


def test_choices_of_another_number(files):
    run = LiteRunner(files / "chooser.tflite")
    with pytest.raises(ValueError, match=r"must have 3 .*Received: 2"):
        run(dict.fromkeys(run.input_sizes, np.ones((1, 2, 5), "int32")))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"no flatbuffer" * 99,
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content[:4] + b"XXXX" + content[8:],
    ],
)
def test_damaged_files(files, tmp_path, damage):
    path = tmp_path / "damaged.tflite"
    path.write_bytes(damage((files / "classifier.tflite").read_bytes()))
    with pytest.raises(ValueError, match=r"damaged\.tflite` must be a whole"):
        LiteRunner(path)


def test_flipped_bytes_are_an_error_or_numbers(files, tmp_path):
    whole = (files / "classifier.tflite").read_bytes()
    generator = np.random.default_rng(1)
    path = tmp_path / "flipped.tflite"
    refused = 0
    for _ in range(60):
        content = bytearray(whole)
        # The front holds the graph, the rest mostly weights.
        for place in generator.integers(0, 40_000, 3) % len(whole):
            content[place] = generator.integers(256)
        path.write_bytes(content)
        try:
            run = LiteRunner(path, num_threads=1)
        except ValueError as error:
            assert "flipped.tflite" in str(error)  # noqa: PT017
            refused += 1
            continue
        assert "token_ids" in run.input_sizes
    assert refused > 0


def test_files_that_are_none(files, tmp_path):
    with pytest.raises(FileNotFoundError):
        LiteRunner(tmp_path / "absent.tflite")
    with pytest.raises(ValueError, match="num_threads=0"):
        LiteRunner(files / "classifier.tflite", num_threads=0)
