"""Windows and options, on real passages and against the definitions."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from albert_keras.tasks.readers.squad import read_squad
from albert_keras.text.examples import (
    ChoiceExample,
    QuestionExample,
    TaggedExample,
    TextExample,
)
from albert_keras.text.rows.choices import choice_features, question_with
from albert_keras.text.rows.questions import question_features, remarks_on
from albert_keras.text.rows.tags import tag_features
from albert_keras.text.rows.texts import text_features
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.windows import max_context, windows_of


class Letters:
    """A token for each character but spaces, its id the code point."""

    cls_id, sep_id, pad_id = 1, 2, 0

    def encode_batch(self, texts, *, num_threads=1):
        return [[ord(c) for c in text if c != " "] for text in texts]

    def offsets(self, text):
        return [(i, i + 1) for i, c in enumerate(text) if c != " "]


def question(context, answer=None, question="why", start=None):
    if answer is None:
        return QuestionExample("q", question, context, (), (), True, "", "f:1")
    start = context.index(answer) if start is None else start
    return QuestionExample(
        "q", question, context, (answer,), (start,), False, "", "f:1"
    )


@pytest.mark.parametrize(
    ("tokens", "room", "stride"),
    [(0, 5, 2), (1, 5, 2), (5, 5, 2), (6, 5, 2), (33, 7, 3), (9, 2, 5)],
)
def test_windows_cover_all_and_own_each_token_once(tokens, room, stride):
    windows = windows_of(tokens, room, stride)
    owned = np.zeros(tokens, int)
    for number, ((start, length), is_max) in enumerate(
        zip(windows, max_context(windows), strict=True)
    ):
        assert length <= room
        assert start == number * min(room, stride)
        owned[start : start + length] += is_max
    assert (owned == 1).all()
    assert sum(windows[-1]) == tokens


@pytest.mark.parametrize("stride", [16, 17])  # with 17 there are ties
def test_most_context_is_that_of_the_definition(stride):
    windows = windows_of(300, 50, stride)
    for number, (window, flags) in enumerate(
        zip(windows, max_context(windows), strict=True)
    ):
        held = range(window.start, window.start + window.length)
        for token, flag in zip(held, flags, strict=True):
            scores = [
                min(token - start, start + length - 1 - token) + 0.01 * length
                if start <= token < start + length
                else -1
                for start, length in windows
            ]
            assert flag == (scores.index(max(scores)) == number)


def rows_of(features):
    return [features.row(index) for index in range(len(features))]


def test_a_window_is_packed_as_the_original_does():
    examples = [question("ab cdefgh", "cd", "whyever")]
    features = question_features(examples, Letters(), 11, 2, 3)
    first, second, last = rows_of(features)
    assert first["token_ids"].tolist() == [1, *b"why", 2, *b"abcde", 2]
    assert first["segment_ids"].tolist() == [0] * 5 + [1] * 6
    assert first["answer_mask"].tolist() == [1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0]
    assert (first["start"], first["end"], first["is_impossible"]) == (7, 8, 0)
    assert first["num_cut"] == 4
    assert (second["start"], second["end"]) == (5, 6)
    # The third begins behind the answer.
    assert last["token_ids"].tolist() == [1, *b"why", 2, *b"efgh", 2]
    assert (last["start"], last["end"], last["is_impossible"]) == (0, 0, 1)
    assert remarks_on(examples, features) == ()


def test_answers_that_tokens_do_not_show_are_named():
    examples = [question("a  b", "  "), question("a b", "a "), question("a b")]
    features = question_features(examples, Letters())
    assert features.rows["is_impossible"].tolist() == [1, 0, 1]
    remarks = remarks_on(examples, features)
    assert len(remarks) == 2
    assert "no window holds it" in remarks[0]
    assert remarks[1] == "f:1: of the answer 'a ' tokens show 'a'."


def test_empty_and_huge_passages_keep_their_questions():
    huge = "x" * 100_000 + "y"
    features = question_features([question(""), question(huge, "y")], Letters())
    assert features.rows["example_index"].tolist().count(0) == 1
    holding = [r for r in rows_of(features) if not r["is_impossible"]]
    assert holding
    assert all(r["token_ids"][r["start"]] == ord("y") for r in holding)
    assert features.tokens["is_max_context"].sum() == len(huge)


@pytest.mark.parametrize("lengths", [{"stride": 0}, {"sequence_length": 6}])
def test_lengths_without_room_are_refused(lengths):
    with pytest.raises(ValueError, match="must have room"):
        question_features([question("a")], Letters(), **lengths)


def test_options_keep_their_end_and_passages_their_begin():
    example = ChoiceExample(
        "c", "abcdefgh", "q _ r", ("one", "two"), 1, "", "f:1"
    )
    features = choice_features([example], Letters(), 10, question_length=4)
    first, second = rows_of(features)
    assert first["token_ids"].tolist() == [1, *b"abc", 2, *b"oner", 2]
    assert second["token_ids"].tolist() == [1, *b"abc", 2, *b"twor", 2]
    assert first["segment_ids"].tolist() == [0] * 5 + [1] * 5
    assert features.rows["example_index"].tolist() == [0, 0]
    assert features.rows["label"].tolist() == [1, 1]
    assert first["num_cut"] == 5 + 1
    assert question_with("q?", "one") == "q? one"
    with pytest.raises(ValueError, match="leave room"):
        choice_features([example], Letters(), 6, question_length=4)
    odd = dataclasses.replace(example, options=("a", "b", "c"))
    with pytest.raises(ValueError, match="as many options, 2 as the first"):
        choice_features([example, odd], Letters(), 10, question_length=4)


def test_pairs_lose_the_end_of_the_longer_text():
    examples = [
        TextExample("0", "abcd", "efgh", 1, "f:1"),
        TextExample("1", "ab", "efgh", 0, "f:2"),
        TextExample("2", "abcdefgh", None, 0, "f:3"),
    ]
    features = text_features(examples, Letters(), 8)
    ids = [row["token_ids"].tolist() for row in rows_of(features)]
    # Of equally long texts the second is cut first.
    assert ids[0] == [1, *b"abc", 2, *b"ef", 2]
    assert ids[1] == [1, *b"ab", 2, *b"efg", 2]
    assert ids[2] == [1, *b"abcdef", 2]
    assert features.row(0)["segment_ids"].tolist() == [0] * 5 + [1] * 3
    assert features.rows["num_cut"].tolist() == [3, 1, 2]
    assert features.rows["label"].tolist() == [1, 0, 0]
    unlabelled = dataclasses.replace(examples[0], label=None)
    assert "label" not in text_features([unlabelled], Letters(), 8).rows


def test_every_word_has_its_tag_in_some_row():
    words = ("ab", "c", " ", "defghi", "j")
    example = TaggedExample("0", words, ("O", "B-X", "O", "O", "B-X"), "f:1")
    letters = Letters()
    letters.unk_id = 9
    features = tag_features([example], letters, 6, ("O", "B-X"))
    ids = [row["token_ids"].tolist() for row in rows_of(features)]
    assert ids == [[1, *b"abc", 9, 2], [1, *b"defg", 2], [1, *b"j", 2]]
    assert features.tokens["word_index"].tolist() == (
        [-1, 0, -1, 1, 2, -1, -1, 3, -1, -1, -1, -1, -1, 4, -1]
    )
    assert np.flatnonzero(features.tokens["tags"]).tolist() == [3, 13]
    assert features.rows["example_index"].tolist() == [0, 0, 0]


# The questions with an answer that ends within a piece, such as a number
# without its percent sign: 7 answers of 4,239 in the three files.
INEXACT = {
    "5705f09e75f01819005e77a7": 2,
    "57060a1175f01819005e78d3": 1,
    "570d2f5bfed7b91900d45cd3": 1,
    "570d4329fed7b91900d45dd9": 2,
    "572f609ca23a5019007fc5b2": 1,
}


def test_answers_of_real_questions_are_recovered(shared_data):
    tokenizer = SentencePieceTokenizer(shared_data("albert/spiece.model"))
    examples = []
    for file in sorted(shared_data("squad/canonical-subsets").glob("*.json")):
        # Each of a question's answers, not only the one that is trained on.
        examples += [
            dataclasses.replace(
                example,
                answers=(answer,),
                answer_starts=(start,),
                source=example.id,
            )
            for example in read_squad(file, "2.0")
            for answer, start in zip(
                example.answers, example.answer_starts, strict=True
            )
        ]
    assert len(examples) == 4239
    features = question_features(examples, tokenizer, 128, 48)
    remarks = remarks_on(examples, features)
    inexact = Counter(remark.partition(":")[0] for remark in remarks)
    assert inexact == INEXACT
    found = set()
    for row in rows_of(features):
        if row["is_impossible"]:
            continue
        number = int(row["example_index"])
        example, answer = examples[number], examples[number].answers[0]
        begin = row["char_starts"][row["start"]]
        text = example.context[begin : row["char_ends"][row["end"]]]
        if example.id in INEXACT:
            assert text.startswith(answer)
        else:
            assert (text, begin) == (answer, example.answer_starts[0])
        found.add(number)
    assert found == set(range(len(examples)))
