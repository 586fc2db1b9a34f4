"""Texts in for questions, choices and tags: the same as their ids, and learnt.

Beside each call stands what it should do: the rows of ids, made by hand.
"""

import keras
import numpy as np
import pytest

import albert_keras as ak
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

WORDS = ["a", "the", "film", "saw", "anna", "paris", "good", "bad"]


@pytest.fixture(scope="module")
def tokenizer(tiny_vocabulary):
    return ak.AlbertTokenizer(str(tiny_vocabulary(*WORDS)))


@pytest.fixture
def parts(tokenizer):
    """A backbone and a preprocessor of rows of 16 tokens."""
    backbone = ak.AlbertBackbone.from_albert_config(
        ak.AlbertConfig.named("albert_tiny_test"), initializer_range=0.3
    )
    return backbone, AlbertTextClassifierPreprocessor(
        tokenizer, sequence_length=16
    )


def test_tags_of_words(parts, tokenizer):
    model = ak.AlbertTokenClassifier(parts[0], 3, parts[1], dropout=0.0)
    sentences = [["anna", "saw"], ["the", "film", "saw", "paris"]]
    found = model.predict(sentences, verbose=0)
    assert [logits.shape for logits in found] == [(2, 3), (4, 3)]
    for words, logits in zip(sentences, found, strict=True):
        pieces = [tokenizer.encode(word) for word in words]
        firsts = np.cumsum([1, *map(len, pieces)])[:-1]
        row = [tokenizer.cls_token_id, *(i for ids in pieces for i in ids)]
        ids = np.array([[*row, tokenizer.sep_token_id]])
        alone = model.predict(
            {
                "token_ids": ids,
                "segment_ids": 0 * ids,
                "padding_mask": 0 * ids + 1,
            },
            verbose=0,
        )
        np.testing.assert_allclose(logits, alone[0, firsts], atol=1e-5)


def test_a_sentence_longer_than_a_row_has_all_its_tags(parts):
    model = ak.AlbertTokenClassifier(parts[0], 2, parts[1])
    words = ["anna", "saw", "paris"] * 20
    (logits,) = model.predict([words], verbose=0)
    assert logits.shape == (60, 2)


def test_tags_are_learnt_from_words(parts):
    model = ak.AlbertTokenClassifier(parts[0], 3, parts[1], dropout=0.0)
    model.compile(keras.optimizers.Adam(3e-3))
    random = np.random.default_rng(1)
    classes = {"anna": 1, "paris": 2}
    sentences = [
        [str(w) for w in random.choice(WORDS, random.integers(1, 7))]
        for _ in range(64)
    ]
    tags = [[classes.get(w, 0) for w in words] for words in sentences]
    model.fit(sentences, tags, batch_size=16, epochs=25, verbose=0)
    scores = model.evaluate(sentences, tags, verbose=0, return_dict=True)
    assert scores["accuracy"] > 0.95
    found = model.predict(sentences, verbose=0)
    right = [
        tag == guess
        for row, logits in zip(tags, found, strict=True)
        for tag, guess in zip(row, logits.argmax(-1), strict=True)
    ]
    assert np.mean(right) == pytest.approx(scores["accuracy"])


def test_choices(parts, tokenizer):
    model = ak.AlbertMultipleChoice(parts[0], parts[1], dropout=0.0)
    texts = {
        "context": ["anna saw", "the film"],
        "question": ["the _ saw", "good"],
        "options": [["film", "bad"], ["a", "paris"]],
    }
    found = model.predict(texts, verbose=0)
    assert found.shape == (2, 2)
    for number, passage in enumerate(texts["context"]):
        for place, option in enumerate(texts["options"][number]):
            question = texts["question"][number]
            joined = (
                question.replace("_", option)
                if "_" in question
                else f"{question} {option}"
            )
            packed = tokenizer.pack([passage], [joined])
            alone = model.predict(
                {name: row[:, None] for name, row in packed.items()}, verbose=0
            )
            assert found[number, place] == pytest.approx(alone[0, 0], abs=1e-5)
    before = model.evaluate(texts, [0, 1], verbose=0, return_dict=True)["loss"]
    model.compile(keras.optimizers.Adam(3e-3))
    model.fit(texts, [0, 1], epochs=20, verbose=0)
    after = model.evaluate(texts, [0, 1], verbose=0, return_dict=True)["loss"]
    assert after < before / 2


@pytest.mark.parametrize("head", ["v1", "v2"])
def test_answers_are_learnt_from_passages_of_any_length(parts, head):
    model = ak.AlbertQuestionAnswering(
        parts[0], head, parts[1], dropout=0.0, start_n_top=2, end_n_top=2
    )
    model.compile(keras.optimizers.Adam(3e-3))
    random = np.random.default_rng(1)
    contexts, answers, starts = [], [], []
    for number in range(64):
        words = [str(w) for w in random.choice(WORDS[:4], 5)]
        place = int(random.integers(5))
        possible = head == "v1" or number % 2
        answers.append("paris" if possible else "")
        if possible:
            words[place] = "paris"
        starts.append(len(" ".join([*words[:place], ""])) if possible else 0)
        contexts.append(" ".join(words))
    x = {"question": ["saw"] * 64, "context": contexts}
    y = {"answer": answers, "answer_start": starts}
    model.fit(x, y, batch_size=16, epochs=25, verbose=0)
    found = model.predict(x, verbose=0)
    right = []
    for best, answer, start in zip(found, answers, starts, strict=True):
        if head == "v2":
            right.append((best[0]["null_odds"] > 0) == (not answer))
        if answer:
            right.append((best[0]["text"], best[0]["start"]) == (answer, start))
    assert np.mean(right) > 0.9
    # The answer is in one of many windows.
    long = f"{'the film ' * 30}paris {'a film ' * 30}".strip()
    x = {"question": ["saw"], "context": [long]}
    (best,) = model.predict(x, verbose=0)
    if head == "v1":
        texts = [answer["text"] for answer in best]
        assert any("paris" in text for text in texts)
    for answer in best:
        assert long[answer["start"] : answer["end"]] == answer["text"]


def test_what_does_not_fit_is_refused(parts):
    backbone, preprocessor = parts
    tagger = ak.AlbertTokenClassifier(backbone, 2, preprocessor)
    with pytest.raises(ValueError, match="one label for each text"):
        tagger.fit([["a", "film"]], [[0]])
    with pytest.raises(ValueError, match=r"from 0 to 1. Received: 7"):
        tagger.fit([["a", "film"]], [[0, 7]])
    with pytest.raises(ValueError, match="without a preprocessor takes ids"):
        ak.AlbertTokenClassifier(backbone, 2).predict([["a"]])
    reader = ak.AlbertQuestionAnswering(backbone, "v1", preprocessor)
    x = {"question": ["saw"], "context": ["anna saw"]}
    with pytest.raises(ValueError, match="Received: 'film' at 0 in question 0"):
        reader.fit(x, {"answer": ["film"], "answer_start": [0]})
    with pytest.raises(ValueError, match="1 texts, no labels"):
        reader.fit(x)
