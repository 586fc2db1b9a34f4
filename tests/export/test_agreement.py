import numpy as np
import pytest
from export_models import backbone

import albert_keras as ak
from albert_keras.export.agreement import agreement

ROWS = {"padding_mask": np.array([[1, 1, 0], [1, 1, 1]])}


@pytest.fixture(scope="module")
def models():
    return {
        "backbone": backbone(),
        "classifier": ak.AlbertTextClassifier(backbone(), 2),
        "regression": ak.AlbertTextClassifier(backbone(), 1),
        "tagger": ak.AlbertTokenClassifier(backbone(), 2),
        "masked_lm": ak.AlbertMaskedLM(backbone()),
        "reader": ak.AlbertQuestionAnswering(backbone(), "v1"),
        "reader_v2": ak.AlbertQuestionAnswering(backbone(), "v2"),
    }


def floats(values):
    return np.array(values, "float32")


def test_classes(models):
    scores = floats([[0.9, 0.1], [0.6, 0.4]])
    other = floats([[0.8, 0.2], [0.4, 0.6]])
    found = agreement(
        models["classifier"],
        ROWS,
        {"logits": np.log(scores), "scores": scores},
        {"logits": np.log(other), "scores": other},
    )
    assert (found.num_answers, found.num_equal, found.loss) == (2, 1, 50.0)
    assert found.largest_difference == pytest.approx(0.2)
    assert found.mean_difference == pytest.approx(0.15)
    assert "50.00 points lost" in str(found)
    assert "1 of 2 best answers are the same" in str(found)


def test_tags_of_tokens_but_not_of_padding(models):
    ours = floats(np.zeros((2, 3, 2)))
    ours[..., 0] = 1
    theirs = ours.copy()
    theirs[0, 2] = [0, 9]  # padding
    assert agreement(
        models["tagger"], ROWS, {"logits": ours}, {"logits": theirs}
    ) == agreement(models["tagger"], ROWS, {"logits": ours}, {"logits": ours})
    theirs[1, 2] = [0, 9]
    found = agreement(
        models["tagger"], ROWS, {"logits": ours}, {"logits": theirs}
    )
    assert (found.num_answers, found.num_equal) == (5, 4)
    assert found.loss == pytest.approx(20)


def test_masks_but_not_what_fills_them_up(models):
    rows = {**ROWS, "mask_positions": np.array([[1, 0], [1, 2]])}
    ours = floats(np.eye(3)[[[0, 0], [1, 2]]])
    theirs = floats(np.eye(3)[[[0, 1], [1, 0]]])
    found = agreement(
        models["masked_lm"], rows, {"mlm_logits": ours}, {"mlm_logits": theirs}
    )
    assert (found.num_answers, found.num_equal) == (3, 2)


def test_starts_and_ends_of_answers(models):
    starts = floats([[1, 2, 9], [0, 5, 1]])  # the 9 stands on padding
    ends = floats([[1, 2, 3], [0, 5, 7]])
    ours = {"start_logits": starts, "end_logits": ends}
    theirs = {"start_logits": starts, "end_logits": ends[:, ::-1]}
    found = agreement(models["reader"], ROWS, ours, theirs)
    # Read backwards, the best of the first row's two tokens is the other.
    assert (found.num_answers, found.num_equal) == (4, 2)


def test_no_answer_is_an_answer(models):
    beam = {
        "start_top_log_probs": floats([[-0.1], [-0.2]]),
        "start_top_index": np.array([[1], [2]]),
        "end_top_log_probs": floats([[-0.1], [-0.2]]),
        "end_top_index": np.array([[1], [2]]),
        "cls_logits": floats([0.1, -3]),
    }
    other = {**beam, "cls_logits": floats([-0.1, -3])}
    found = agreement(models["reader_v2"], ROWS, beam, other)
    assert (found.num_answers, found.num_equal) == (6, 5)


def test_numbers_by_their_correlation(models):
    ours = {"scores": floats([[1], [2], [3]])}
    model = models["regression"]
    for theirs, loss in (([[2], [4], [6]], 0), ([[3], [2], [1]], 200)):
        found = agreement(model, ROWS, ours, {"scores": floats(theirs)})
        assert found.num_answers == 0
        assert found.loss == pytest.approx(loss, abs=1e-4)
    still = {"scores": floats([[1], [1], [1]])}
    assert agreement(model, ROWS, ours, still).loss == 100
    with pytest.raises(ValueError, match=r"two or more.*Received: 1"):
        agreement(model, ROWS, *[{"scores": floats([[1]])}] * 2)


def test_vectors_by_their_cosine(models):
    ours = {
        "sequence_output": floats([[[1, 0]] * 3] * 2),
        "pooled_output": floats([[1, 0], [1, 0]]),
    }
    theirs = {**ours, "pooled_output": floats([[0, 1], [2, 0]])}
    found = agreement(models["backbone"], ROWS, ours, theirs)
    assert found.loss == pytest.approx(50)
    assert agreement(models["backbone"], ROWS, ours, ours).loss == 0


def test_what_is_no_number_is_a_loss(models):
    ours = {
        "logits": floats([[1, 0], [1, 0]]),
        "scores": floats([[0.7, 0.3], [0.7, 0.3]]),
    }
    theirs = {**ours, "scores": floats([[0.7, 0.3], [np.nan, np.nan]])}
    assert agreement(models["classifier"], ROWS, ours, theirs).loss == 100
