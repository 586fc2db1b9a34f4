from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from albert_keras.pretraining.examples import ExampleMaker, ExampleOptions

OPTIONS = ExampleOptions(max_seq_length=24, dupe_factor=1, seed=3)


def text(*numbers: int) -> str:
    return " ".join(map(str, numbers))


DOCUMENTS = [
    [text(*range(n, n + 4)) for n in range(first, first + 48, 4)]
    for first in (0, 100, 200, 300)
]


def make(tokenizer, options, documents=DOCUMENTS, first_number=0):
    maker = ExampleMaker(tokenizer, options)
    return list(maker.examples(maker.encode(documents), first_number))


def original_ids(example) -> list[int]:
    ids = list(example.token_ids)
    for position, token in zip(
        example.mask_positions, example.mask_ids, strict=True
    ):
        ids[position] = token
    return ids


def test_layout(word_tokenizer):
    examples = make(word_tokenizer, OPTIONS)
    assert len(examples) > 4
    for example in examples:
        ids = original_ids(example)
        first_sep = ids.index(word_tokenizer.sep_id)
        assert ids[0] == word_tokenizer.cls_id
        assert ids[-1] == word_tokenizer.sep_id
        assert ids.count(word_tokenizer.sep_id) == 2
        assert ids.count(word_tokenizer.cls_id) == 1
        assert len(ids) <= 24
        assert list(example.segment_ids) == [
            int(place > first_sep) for place in range(len(ids))
        ]
        # All words here are of one token.
        assert list(example.token_boundary) == [1] * len(ids)
        assert 1 <= len(example.mask_positions) <= round(24 * 0.15)
        specials = {0, first_sep, len(ids) - 1}
        assert not specials & set(example.mask_positions)


def test_every_other_token_may_be_masked(word_tokenizer):
    options = replace(OPTIONS, short_seq_prob=0.0, dupe_factor=200)
    masked = set()
    for example in make(word_tokenizer, options, [["1 2 3", "4 5"]]):
        masked |= set(example.mask_ids)
    assert masked == {11, 12, 13, 14, 15}


def test_label_1_is_the_swapped_pair(word_tokenizer):
    options = replace(OPTIONS, dupe_factor=50, single_segment="skip")
    labels = []
    for example in make(word_tokenizer, options):
        ids = original_ids(example)
        split = ids.index(word_tokenizer.sep_id)
        a, b = ids[1:split], ids[split + 1 : -1]
        # Numbers count up in the text.
        assert example.sop_label == int(b[-1] < a[0])
        labels.append(example.sop_label)
    assert 0.4 < sum(labels) / len(labels) < 0.6


def test_token_boundary_marks_word_starts(word_tokenizer):
    documents = [["1 2x 3x", "4 5x 6 7x"]]
    options = replace(OPTIONS, short_seq_prob=0.0)
    for seed in range(10):
        (example,) = make(
            word_tokenizer, replace(options, seed=seed), documents
        )
        starts = [int(token < 510) for token in original_ids(example)]
        assert list(example.token_boundary) == starts


def test_examples_of_a_document_depend_on_its_number_alone(word_tokenizer):
    options = replace(OPTIONS, single_segment="skip", dupe_factor=2)
    together = make(word_tokenizer, options)
    alone = [
        make(word_tokenizer, options, [document], number)
        for number, document in enumerate(DOCUMENTS)
    ]
    assert sorted(together) == sorted(chain.from_iterable(alone))


def test_seed_copy_and_document_each_change_the_draws(word_tokenizer):
    one = make(word_tokenizer, OPTIONS)
    assert make(word_tokenizer, OPTIONS) == one
    assert make(word_tokenizer, replace(OPTIONS, seed=4)) != one
    two = make(word_tokenizer, replace(OPTIONS, dupe_factor=2))
    assert two[: len(one)] == one
    assert two[len(one) :] != one
    same = make(word_tokenizer, OPTIONS, [DOCUMENTS[0]] * 2)
    half = len(same) // 2
    assert same[:half] != same[half:]


def test_special_symbols_of_the_text_are_left_out(word_tokenizer):
    maker = ExampleMaker(word_tokenizer, OPTIONS)
    documents = maker.encode([["1 [MASK] 2", "[MASK]"], ["[MASK]"], ["3"]])
    assert documents == [[[11, 12]], [], [[13]]]
    pairs = list(maker.examples(documents))
    assert len(pairs) == 2  # the empty document is passed over


def test_no_documents_no_examples(word_tokenizer):
    assert make(word_tokenizer, OPTIONS, []) == []
    assert make(word_tokenizer, OPTIONS, [[""]]) == []


def test_real_text_is_kept_word_for_word(tokenizer, library_documents):
    options = ExampleOptions(
        max_seq_length=64, dupe_factor=1, single_segment="skip"
    )
    maker = ExampleMaker(tokenizer, options)
    documents = maker.encode(library_documents)
    for number, document in enumerate(documents):
        all_ids = [token for segment in document for token in segment]
        spelled = f" {' '.join(map(str, all_ids))} "
        for example in maker.examples([document], number):
            ids = original_ids(example)
            split = ids.index(tokenizer.sep_id)
            for side in (ids[1:split], ids[split + 1 : -1]):
                assert f" {' '.join(map(str, side))} " in spelled


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("max_seq_length", 4),
        ("max_predictions_per_seq", 0),
        ("ngram", 0),
        ("dupe_factor", 0),
        ("masked_lm_prob", 1.5),
        ("short_seq_prob", -0.1),
        ("single_segment", "drop"),
    ],
)
def test_options_out_of_range(option, value):
    with pytest.raises(
        ValueError, match=rf"`{option}` must .* Received: {option}="
    ):
        ExampleOptions(**{option: value})


def test_the_least_sequence_length_works(word_tokenizer):
    options = replace(OPTIONS, max_seq_length=5)
    for example in make(word_tokenizer, options):
        assert len(example.token_ids) == 5


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.lists(st.lists(st.integers(0, 399), max_size=6), max_size=5),
        max_size=5,
    ),
    st.sampled_from([5, 8, 24]),
    st.booleans(),
    st.integers(0, 1000),
)
def test_any_documents(word_tokenizer, documents, length, random_next, seed):
    """Empty documents, empty sentences and documents of one token as well.

    No special token is masked, no position twice, none beyond the budget; and
    what was masked can be put back, for then all tokens are the text's.
    """
    options = replace(
        OPTIONS,
        max_seq_length=length,
        max_predictions_per_seq=3,
        random_next=random_next,
        seed=seed,
    )
    texts = [[text(*sentence) for sentence in lines] for lines in documents]
    examples = make(word_tokenizer, options, texts)
    known = {
        word_tokenizer.encode_batch([text(token)])[0][0]
        for lines in documents
        for sentence in lines
        for token in sentence
    }
    specials = (word_tokenizer.cls_id, word_tokenizer.sep_id)
    for example in examples:
        ids = original_ids(example)
        assert len(ids) <= length
        assert 1 <= len(example.mask_positions) <= 3
        assert list(example.mask_positions) == sorted(
            set(example.mask_positions)
        )
        assert not set(example.mask_ids) & set(specials)
        body = [token for token in ids if token not in specials]
        assert len(body) == len(ids) - 3
        assert set(body) <= known
    if sum(any(lines) for lines in documents) > 1:
        assert examples
