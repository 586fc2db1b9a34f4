"""Each task's signature beside what Keras predicts of the same texts."""

import numpy as np
import pytest
import tensorflow as tf
from export_models import LONGEST

TEXTS = [
    "The value of an argument",
    "",
    "  Café\u2028[MASK], 1,234\tnames ",
    "an argument of the parser " * 9,
    "\x00 ½ \ufeff",
]
QUESTIONS = [
    "Which value?",
    "",
    "What is the name of the argument, in full? " * 4,
]
PASSAGES = [
    "The parser — Élan's — has one argument, named in 1,932; it is. " * 5,
    "Short.",
    "",
    "e\u0301te\u0301 [MASK] and  the ``options'' ½ ",
    "argument argument argument",
]


def ask(signature, **inputs):
    inputs = {
        name: tf.constant(each, tf.string) for name, each in inputs.items()
    }
    return {name: each.numpy() for name, each in signature(**inputs).items()}


def all_pairs():
    pairs = [(q, c) for q in QUESTIONS for c in PASSAGES]
    questions, contexts = zip(*pairs, strict=True)
    return {"question": questions, "context": contexts}


@pytest.mark.parametrize("name", ["reader", "reader_v2"])
def test_answers_are_those_of_predict(models, served, name):
    texts = {key: list(each) for key, each in all_pairs().items()}
    expected = models[name].predict(texts, verbose=0)
    found = ask(served[name]["answer"], **texts)
    several = 0
    for row, ranked in enumerate(expected):
        context = texts["context"][row]
        kept = ranked[:4]
        several += len(kept) > 1
        shown = [each["text"] for each in kept]
        padded = shown + [""] * (4 - len(shown))
        assert [x.decode() for x in found["answers"][row]] == padded
        scores = [each["probability"] for each in kept]
        scores += [0.0] * (4 - len(scores))
        np.testing.assert_allclose(found["scores"][row], scores, atol=1e-5)
        for place, each in enumerate(kept):
            start, end = found["starts"][row, place], found["ends"][row, place]
            assert (start, end) == (each["start"], each["end"])
            assert context[start:end] == each["text"]
        if name == "reader_v2":
            np.testing.assert_allclose(
                found["null_odds"][row], ranked[0]["null_odds"], atol=1e-5
            )
        assert found["chars_read"][row] == len(context.rstrip())
    assert several > 5


def test_of_a_very_long_passage_the_end_is_not_read(models, served):
    words = "the parser has an argument of a name " * 60
    texts = {"question": ["Which?"], "context": [words * 8]}
    found = ask(served["reader"]["answer"], **texts)
    read = int(found["chars_read"][0])
    assert 0 < read < len(words * 8)
    [ranked] = models["reader"].predict(
        {"question": ["Which?"], "context": [words * 8][:read]}, verbose=0
    )
    assert found["ends"].max() <= read
    assert found["answers"][0, 0]
    assert ranked


def test_tags_are_those_of_predict(models, served):
    words = [text.split() for text in TEXTS]
    expected = models["tagger"].predict(
        [each or ["x"] for each in words], verbose=0
    )
    found = ask(served["tagger"]["tag"], text=TEXTS)
    assert found["word_count"].tolist() == [len(each) for each in words]
    for row, text in enumerate(TEXTS):
        count = len(words[row])
        spans = zip(
            found["starts"][row, :count],
            found["ends"][row, :count],
            strict=True,
        )
        assert [text[start:end] for start, end in spans] == words[row]
        shown = [each.decode() for each in found["words"][row]]
        assert shown[:count] == words[row]
        assert not any(shown[count:])
        assert not found["logits"][row, count:].any()
        assert not any(found["labels"][row, count:])
        if not count:
            continue
        logits = expected[row]
        np.testing.assert_allclose(
            found["logits"][row, :count], logits, atol=1e-5
        )
        best = logits.argmax(-1)
        assert found["classes"][row, :count].tolist() == best.tolist()
        names = np.array([b"O", b"B-A", b"I-A", b"B-B", b"I-B"])
        assert found["labels"][row, :count].tolist() == names[best].tolist()
        odds = np.exp(logits - logits.max(-1, keepdims=True))
        np.testing.assert_allclose(
            found["scores"][row, :count], 1 / odds.sum(-1), atol=1e-5
        )
    assert max(map(len, words)) > 30  # goes on in further rows


@pytest.mark.parametrize("options", [2, 5])
def test_choices_are_those_of_predict(models, served, options):
    texts = {
        "context": ["Anna went home. " * 20, "", "It [MASK] \xad1,000"],
        "question": ["Where is _ , the _?", "What?", "Is it a name? " * 9],
        "options": [[f"the name {n}" * n for n in range(options)]] * 3,
    }
    expected = models["chooser"].predict(texts, verbose=0)
    found = ask(served["chooser"]["choose"], **texts)
    np.testing.assert_allclose(found["logits"], expected, atol=1e-5)
    # Two options may be as close as the sums of one row in another order.
    chosen = np.take_along_axis(expected, found["choices"][:, None], 1)[:, 0]
    np.testing.assert_allclose(chosen, expected.max(-1), atol=1e-5)
    np.testing.assert_allclose(found["scores"].sum(-1), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"question": ["a", "b", "c"]}, "question. must have as many rows"),
        ({"context": ["a"]}, "context. must have as many rows"),
        ({"options": np.zeros([2, 0], object)}, "must not be empty"),
    ],
)
def test_rows_that_do_not_go_together_are_refused(served, changed, sentence):
    texts = {
        "context": ["a", "b"],
        "question": ["a", "b"],
        "options": [["a", "b", "c"], ["a", "b", "c"]],
        **changed,
    }
    texts = {name: tf.constant(each, tf.string) for name, each in texts.items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
        served["chooser"]["choose"](**texts)


def test_of_no_questions_there_may_be_no_options(served):
    found = ask(
        served["chooser"]["serve_examples"], examples=np.zeros([0], object)
    )
    assert found["choices"].shape == (0,)
    assert found["logits"].shape[0] == 0


def test_classes_have_names(models, served):
    logits = models["classifier"].predict(np.array(TEXTS), verbose=0)
    found = ask(served["classifier"]["classify"], text=TEXTS)
    best = logits.argmax(-1)
    assert found["classes"].tolist() == best.tolist()
    names = np.array([b"no", b"maybe", b"yes"])
    assert found["labels"].tolist() == names[best].tolist()
    odds = np.exp(logits - logits.max(-1, keepdims=True))
    np.testing.assert_allclose(
        found["scores"], odds / odds.sum(-1, keepdims=True), atol=1e-5
    )


def test_pairs_are_packed_as_by_the_tokenizer(models, served, tokenizer):
    first = ["The value", "an argument " * 30, "a", "", "of the name " * 9]
    second = ["of a name", "a", "the parser " * 30, "", "of the name " * 9]
    packed = tokenizer.pack(
        first, second, max_length=24, truncation="longest_first"
    )
    expected = models["classifier"](
        {name: packed[name] for name in models["classifier"].input}
    )
    found = ask(served["classifier"]["serve_pairs"], text=first, pair=second)
    np.testing.assert_allclose(found["logits"], expected, atol=1e-5)
    predicted = models["classifier"].predict(
        (np.array(first), np.array(second)), verbose=0
    )
    np.testing.assert_allclose(found["logits"], predicted, atol=1e-5)


def test_a_pretrainer_says_the_order_of_a_pair(models, served, tokenizer):
    first, second = ["A [MASK] value"], ["of the name"]
    packed = tokenizer.pack(first, second, max_length=LONGEST)
    ids = packed["token_ids"]
    mask = np.argwhere(ids[0] == tokenizer.mask_token_id)[0]
    expected = models["pretrainer"](
        {**packed, "mask_positions": mask[None].astype("int32")}
    )
    found = ask(served["pretrainer"]["serve_pairs"], text=first, pair=second)
    odds = np.exp(np.asarray(expected["sop_logits"]))
    np.testing.assert_allclose(
        found["sop_scores"], odds / odds.sum(), atol=1e-5
    )
    assert found["tokens"][0, 0, 0] == np.argmax(expected["mlm_logits"][0, 0])


def test_embeddings(models, served, tokenizer):
    texts = [text for text in TEXTS if "parser" not in text]
    found = ask(served["backbone"]["embed"], text=texts)
    for row, text in enumerate(texts):
        packed = tokenizer.pack([text], max_length=LONGEST)
        outputs = models["backbone"](packed)
        hidden = np.asarray(outputs["sequence_output"][0], "float64")
        expected = {"mean": hidden.mean(0), "cls": hidden[0]}
        for name, vector in expected.items():
            np.testing.assert_allclose(found[name][row], vector, atol=1e-5)
            np.testing.assert_allclose(
                found[f"{name}_normalized"][row],
                vector / np.linalg.norm(vector),
                atol=1e-5,
            )
        np.testing.assert_allclose(
            found["pooled"][row], outputs["pooled_output"][0], atol=1e-5
        )


def example_of(**features) -> bytes:
    return tf.train.Example(
        features=tf.train.Features(
            feature={
                name: tf.train.Feature(
                    bytes_list=tf.train.BytesList(
                        value=[value.encode() for value in values]
                    )
                )
                for name, values in features.items()
            }
        )
    ).SerializeToString()


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("classifier", {"text": TEXTS}),
        ("masked_lm", {"text": TEXTS}),
        ("reader_v2", {"question": QUESTIONS, "context": PASSAGES[:3]}),
        (
            "chooser",
            {
                "context": PASSAGES[:2],
                "question": QUESTIONS[:2],
                "options": [["a", "b", "c"], ["of", "the", ""]],
            },
        ),
    ],
)
def test_examples_get_what_texts_get(served, name, rows):
    columns = [
        [each if isinstance(each, list) else [each] for each in column]
        for column in rows.values()
    ]
    examples = [
        example_of(**dict(zip(rows, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]
    expected = ask(served[name]["serving_default"], **rows)
    found = ask(served[name]["serve_examples"], examples=examples)
    assert found.keys() == expected.keys()
    for output, values in expected.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(found[output], values, atol=1e-6)
        else:
            assert found[output].tolist() == values.tolist()


def test_an_example_without_its_text_is_refused(served):
    with pytest.raises(tf.errors.InvalidArgumentError, match="text"):
        served["classifier"]["serve_examples"](
            examples=tf.constant([example_of(other=["a"])])
        )


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("reader", "answer"),
        ("reader_v2", "answer"),
        ("tagger", "tag"),
        ("chooser", "choose"),
        ("backbone", "embed"),
        ("classifier", "classify"),
        ("classifier", "serve_pairs"),
        ("classifier", "serve_examples"),
    ],
)
def test_an_empty_batch_has_an_empty_answer(served, name, signature):
    function = served[name][signature]
    specs = function.structured_input_signature[1]
    found = function(
        **{
            key: tf.zeros([0, 3][: spec.shape.rank], tf.string)
            for key, spec in specs.items()
        }
    )
    assert {int(each.shape[0]) for each in found.values()} == {0}
