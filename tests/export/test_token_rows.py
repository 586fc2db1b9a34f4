"""Many rows go through a model a few at a time, and come out as from Keras."""

import numpy as np
import pytest
import tensorflow as tf
from export_models import LONGEST, keras_outputs, random_ids

import albert_keras as ak
from albert_keras.export.ids_signature import ids_signature
from albert_keras.export.task_signatures import MAX_TEXT_BYTES
from albert_keras.export.token_rows import ROWS_AT_ONCE, run_in_parts

ROWS = 2 * ROWS_AT_ONCE + 5


@pytest.mark.parametrize("name", ["backbone", "masked_lm", "classifier"])
def test_parts_give_what_keras_gives_of_all_rows(models, name):
    model = models[name]
    inputs = random_ids(model, rows=ROWS, length=LONGEST, masks=4)
    expected = keras_outputs(model, inputs)
    serve_ids = ids_signature(model)
    tensors = {key: tf.constant(each) for key, each in inputs.items()}
    masks = tf.constant(4) if name == "masked_lm" else None
    found = run_in_parts(serve_ids, tensors, open_size=masks)
    is_token = inputs["padding_mask"].astype(bool)
    for key, values in expected.items():
        assert found[key].shape == values.shape
        if key == "sequence_output":
            # Behind the end of a row there is nothing.
            np.testing.assert_allclose(
                found[key].numpy()[is_token], values[is_token], atol=1e-5
            )
        else:
            np.testing.assert_allclose(found[key], values, atol=1e-5)


def test_a_part_is_as_wide_as_its_longest_row():
    """Of a model that says how wide its rows were, a part at a time."""
    lengths = np.array([30, 1, 30, 2, 3, 29, 4, 5, 28, 6, 7, 8])
    mask = (np.arange(32) < lengths[:, None]).astype("int32")

    @tf.function(input_signature=None, autograph=False)
    def widths(token_ids, padding_mask):
        rows, width = tf.unstack(tf.shape(token_ids))
        return {"width": tf.fill([rows], width), "rows": tf.fill([rows], rows)}

    spec = tf.TensorSpec([None, None], tf.int32)
    found = run_in_parts(
        widths.get_concrete_function(token_ids=spec, padding_mask=spec),
        {"token_ids": tf.constant(mask), "padding_mask": tf.constant(mask)},
        rows_at_once=8,
    )
    # The 8 shortest are the first part, 8 tokens wide; the others the second.
    is_short = lengths <= 8
    assert is_short.sum() == 8
    assert set(found["width"].numpy()[is_short]) == {8}
    assert set(found["width"].numpy()[~is_short]) == {32}
    assert found["rows"].numpy()[is_short].tolist() == [8] * 8
    assert found["rows"].numpy()[~is_short].tolist() == [4] * 4


@pytest.fixture(scope="module")
def served(models, tokenizer, tmp_path_factory):
    written = ak.export.saved_model(
        models["masked_lm"],
        tmp_path_factory.mktemp("masks"),
        tokenizer=tokenizer,
        top_k=3,
    )
    return tf.saved_model.load(str(written.path)).signatures["fill_mask"]


def test_masks_of_several_parts_are_those_of_fill_mask(models, served):
    texts = ["the [MASK] " * count + "value" for count in range(1, 9)] * 3
    found = served(text=tf.constant(texts))
    fill_mask = ak.FillMask(models["masked_lm"])
    for row, text in enumerate(texts):
        expected = fill_mask(text, top_k=3)
        masks = [expected] if isinstance(expected[0], dict) else expected
        assert found["mask_count"][row] == len(masks)
        for place, guesses in enumerate(masks):
            tokens = [guess["token"] for guess in guesses]
            assert found["tokens"][row, place].numpy().tolist() == tokens
            np.testing.assert_allclose(
                found["scores"][row, place],
                [guess["score"] for guess in guesses],
                atol=1e-6,
            )
        assert not found["scores"].numpy()[row, len(masks) :].any()


def test_a_text_is_read_up_to_its_bound(served):
    # Unknown characters are one token, however many there are.
    inside = b"\x01" * (MAX_TEXT_BYTES - 20) + b" the [MASK] value"
    beyond = b"\x01" * MAX_TEXT_BYTES + b" the [MASK] value"
    found = served(text=tf.constant([inside, beyond]))
    assert found["mask_count"].numpy().tolist() == [1, 0]
