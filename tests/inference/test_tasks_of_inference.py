"""Each task beside `predict` of Keras, or beside its definition."""

import math

import numpy as np
import pytest

import albert_keras as ak
from albert_keras.inference import Answer, Choose, Classify, Embed, Tag
from albert_keras.inference.tag import _Word

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def softmax(logits):
    exponentials = np.exp(np.asarray(logits, "float64"))
    return exponentials / exponentials.sum(-1, keepdims=True)


def test_a_class_and_all_scores(small_models, lines):
    texts = lines[:40]
    found = Classify(small_models["classifier"], labels=["a", "b", "c"])(texts)
    logits = small_models["classifier"].predict(np.array(texts), verbose=0)
    for answer, scores in zip(found, softmax(logits), strict=True):
        best = int(scores.argmax())
        assert answer["label"] == "abc"[best]
        assert answer["score"] == pytest.approx(scores[best], abs=1e-5)
        assert list(answer["scores"]) == ["a", "b", "c"]
        assert list(answer["scores"].values()) == pytest.approx(
            scores.tolist(), abs=1e-5
        )


def test_pairs_of_any_length(small_models, lines):
    texts, pairs = lines[:30], lines[30:60]
    found = Classify(small_models["classifier"])(texts, pairs)
    x = np.array(texts), np.array(pairs)
    logits = small_models["classifier"].predict(x, verbose=0)
    assert [each["label"] for each in found] == logits.argmax(-1).tolist()
    assert found[0]["scores"].keys() == {0, 1, 2}


def test_a_regression_gives_its_number(small_models, small_tokenizer):
    from export_models import backbone, randomize

    preprocessor = small_models["classifier"].preprocessor
    model = randomize(ak.AlbertTextClassifier(backbone(), 1, preprocessor))
    texts = ["a parser", "an option of the parser"]
    numbers = model.predict(np.array(texts), verbose=0)[:, 0]
    for answer, number in zip(Classify(model)(texts), numbers, strict=True):
        assert answer == {"score": pytest.approx(float(number), abs=1e-5)}


@pytest.mark.parametrize("normalize", [False, True])
def test_vectors_are_what_they_are_called(
    small_models, small_tokenizer, lines, normalize
):
    """Each text alone and unpadded, by the definition."""
    texts = lines[:20]
    embed = Embed(
        small_models["backbone"],
        small_tokenizer,
        pooling=["mean", "cls", "pooled"],
        normalize=normalize,
    )
    found = embed(texts)
    for row, text in enumerate(texts):
        ids = [small_tokenizer.cls_token_id, *small_tokenizer.encode(text)[:30]]
        ids = np.array([[*ids, small_tokenizer.sep_token_id]])
        outputs = small_models["backbone"](
            {
                "token_ids": ids,
                "segment_ids": np.zeros_like(ids),
                "padding_mask": np.ones_like(ids),
            }
        )
        hidden = np.asarray(outputs["sequence_output"])[0]
        expected = {
            "mean": hidden.mean(0),
            "cls": hidden[0],
            "pooled": np.asarray(outputs["pooled_output"])[0],
        }
        for name, vector in expected.items():
            if normalize:
                vector = vector / np.sqrt((vector**2).sum())
            np.testing.assert_allclose(found[name][row], vector, atol=1e-5)


def test_a_model_with_a_head_embeds_by_its_backbone(
    small_models, small_tokenizer
):
    of_head = Embed(small_models["classifier"])("a text")
    of_backbone = Embed(small_models["classifier"].backbone, small_tokenizer)(
        "a text"
    )
    np.testing.assert_allclose(of_head, of_backbone, atol=1e-6)
    assert of_head.dtype == "float32"
    assert of_head.shape == (small_models["backbone"].hidden_dim,)


@pytest.mark.parametrize("name", ["reader", "reader_v2"])
def test_answers_are_those_of_predict(small_models, lines, name):
    """Of passages of many windows."""
    questions = lines[:12]
    contexts = ["\n".join(lines[n : n + 9]) for n in range(12)]
    found = Answer(small_models[name], top_k=3, null_threshold=math.inf)(
        questions, contexts
    )
    texts = {"question": questions, "context": contexts}
    predicted = small_models[name].predict(texts, verbose=0)
    for answer, ranked, context in zip(found, predicted, contexts, strict=True):
        assert len(answer["answers"]) == 3
        for each, expected in zip(answer["answers"], ranked, strict=False):
            assert each["text"] == expected["text"]
            assert context[each["start"] : each["end"]] == each["text"]
            assert each["score"] == pytest.approx(expected["probability"])
        assert answer["answer"] == ranked[0]["text"]
        if name == "reader_v2":
            assert answer["null_odds"] == pytest.approx(
                ranked[0]["null_odds"], abs=1e-5
            )
        else:
            assert "null_odds" not in answer


def test_no_answer_from_the_threshold_on(small_models):
    question, context = "who?", "The parser was written by Ann."
    odds = Answer(small_models["reader_v2"])(question, context)["null_odds"]
    above = Answer(small_models["reader_v2"], null_threshold=odds + 1e-3)
    below = Answer(small_models["reader_v2"], null_threshold=odds - 1e-3)
    answered = above(question, context)
    assert answered["answer"] == answered["answers"][0]["text"] != ""
    refused = below(question, context)
    assert refused["answer"] == ""
    assert refused["start"] is refused["end"] is None
    assert refused["score"] == pytest.approx(1 / (1 + math.exp(-odds)))
    assert refused["answers"] == answered["answers"]


def test_one_passage_for_all_questions(small_models):
    answer = Answer(small_models["reader"])
    context = "The parser was written by Ann."
    questions = ["who wrote it?", "what is it?"]
    for question, found in zip(
        questions, answer(questions, context), strict=True
    ):
        alone = answer(question, context)
        assert found["answer"] == alone["answer"]
        assert found["score"] == pytest.approx(alone["score"], abs=1e-5)


def test_words_and_their_tags(small_models, lines):
    texts = [" ".join(lines[n : n + 3]) for n in range(20)]
    found = Tag(small_models["tagger"], labels=TAGS)(texts)
    predicted = small_models["tagger"].predict(
        [text.split() for text in texts], verbose=0
    )
    for text, answer, logits in zip(texts, found, predicted, strict=True):
        words = answer["words"]
        assert [word["text"] for word in words] == text.split()
        assert [word["label"] for word in words] == [
            TAGS[best] for best in logits.argmax(-1)
        ]
        np.testing.assert_allclose(
            [word["score"] for word in words],
            softmax(logits).max(-1),
            atol=1e-5,
        )
        for word in words + answer["entities"]:
            assert text[word["start"] : word["end"]] == word["text"]


def test_entities_hold_the_words_of_one_name(small_models):
    """White space of any kind between them, and characters beyond 16 bits."""
    tag = Tag(small_models["tagger"], labels=TAGS)
    text = "  Ann\tLee  𝒮aw\u00a0Paris ,\nRome"
    tags = ["B-PER", "I-PER", "O", "B-LOC", "O", "I-LOC"]
    scores = np.eye(5)[[TAGS.index(each) for each in tags]] * 0.5
    scores[1] *= 0.5
    words = [
        (each, text.index(each), text.index(each) + len(each))
        for each in text.split()
    ]
    result = tag._result(text, [_Word(*each) for each in words], list(scores))
    assert result["entities"] == [
        {
            "text": "Ann\tLee",
            "label": "PER",
            "score": pytest.approx((0.5 + 0.25) / 2),
            "start": 2,
            "end": 9,
        },
        {"text": "Paris", "label": "LOC", "score": 0.5, "start": 15, "end": 20},
        {"text": "Rome", "label": "LOC", "score": 0.5, "start": 23, "end": 27},
    ]


def test_without_tags_there_are_no_entities(small_models):
    assert set(Tag(small_models["tagger"])("a b")) == {"words"}
    assert set(Tag(small_models["tagger"], labels=list("vwxyz"))("a b")) == {
        "words"
    }
    nothing = Tag(small_models["tagger"], labels=TAGS)(" \t")
    assert nothing == {"words": [], "entities": []}


def test_choices_are_those_of_predict(small_models, lines):
    texts = {
        "question": lines[:10],
        "options": [lines[n : n + 4] for n in range(10)],
        "context": lines[10:20],
    }
    logits = small_models["chooser"].predict(texts, verbose=0)
    found = Choose(small_models["chooser"])(
        texts["question"], texts["options"], texts["context"]
    )
    for answer, scores, options in zip(
        found, softmax(logits), texts["options"], strict=True
    ):
        assert answer["choice"] == scores.argmax()
        assert answer["option"] == options[answer["choice"]]
        assert answer["scores"] == pytest.approx(scores.tolist(), abs=1e-5)


def test_questions_need_not_have_as_many_options(small_models):
    choose = Choose(small_models["chooser"])
    questions = ["where _ ?", "who?"]
    options = [["here", "there"], ["Ann", "Bob", "a parser"]]
    together = choose(questions, options)
    for question, few, answer in zip(questions, options, together, strict=True):
        alone = choose(question, few)
        assert answer["scores"] == pytest.approx(alone["scores"], abs=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda m, t: Classify(m["tagger"]), TypeError, "for `tag`"),
        (lambda m, t: Tag(m["classifier"]), TypeError, "for `classify`"),
        (lambda m, t: Choose(m["reader"]), TypeError, "for `answer`"),
        (lambda m, t: Answer(7), TypeError, "one of AlbertMaskedLM, .*int"),
        (lambda m, t: Embed(m["backbone"]), ValueError, "`tokenizer` must"),
        (
            lambda m, t: Embed(m["backbone"], t, pooling="max"),
            ValueError,
            "among mean, cls, pooled. Received: max",
        ),
        (
            lambda m, t: Classify(m["classifier"], max_tokens=25),
            ValueError,
            "between 8 and 24",
        ),
        (
            lambda m, t: Classify(m["classifier"], batch_size=0),
            ValueError,
            "`batch_size` must be positive",
        ),
        (lambda m, t: Answer(m["reader"], top_k=21), ValueError, "1 and 20"),
        (
            lambda m, t: Answer(m["reader"], null_threshold=math.nan),
            ValueError,
            "must be a number",
        ),
        (
            lambda m, t: Classify(m["classifier"], labels=["a"])("x"),
            ValueError,
            "must be 3 names",
        ),
        (
            lambda m, t: Classify(m["classifier"])(["a"], ["b", "c"]),
            ValueError,
            "`pairs` must be as many as `texts`. Received: 2 and 1",
        ),
        (lambda m, t: Classify(m["classifier"])([7]), TypeError, r"7 \(int\)"),
        (
            lambda m, t: Choose(m["chooser"])("where?", ["here"]),
            ValueError,
            "two or more",
        ),
        (
            lambda m, t: Choose(m["chooser"])("where?", "here"),
            ValueError,
            "two or more",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    small_models, small_tokenizer, make, error, sentence
):
    with pytest.raises(error, match=sentence):
        make(small_models, small_tokenizer)
