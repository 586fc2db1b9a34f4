import json
from collections import Counter
from math import sqrt
from pathlib import Path
from random import Random

import original
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albert_keras.pretraining.masking import (
    MaskedTokens,
    NgramMasker,
    is_word_start,
    prediction_budget,
    word_start_table,
)

ORIGINAL = json.loads(
    Path(__file__).with_name(original.GOLDENS).read_text("utf-8")
)["masks"]
CLS, SEP, MASK = 2, 3, 4
VOCABULARY = 1000


def mask_pair(
    masker: NgramMasker, starts_a: bytes, starts_b: bytes, rng: Random
) -> tuple[list[int], MaskedTokens]:
    """Mask [CLS] A [SEP] B [SEP], in which every token has an id of its own."""
    second = len(starts_a) + 2
    length = second + len(starts_b) + 1
    ids = list(range(100, 100 + length))
    ids[0], ids[second - 1], ids[-1] = CLS, SEP, SEP
    maskable = [*range(1, second - 1), *range(second, length - 1)]
    return ids, masker.mask(ids, maskable, starts_a + starts_b, rng)


def masker(**options) -> NgramMasker:
    options = {"masked_lm_prob": 0.15, "max_predictions_per_seq": 20} | options
    return NgramMasker(mask_id=MASK, vocabulary_size=VOCABULARY, **options)


@pytest.mark.parametrize(
    ("piece", "starts"),
    [
        ("▁the", True),
        ("▁", True),
        ("ing", False),
        ("ING", False),
        ("<unk>", True),
        ("<", True),
        (",", True),
        (".", True),
        ('"', True),
        # Only a sign alone is a word; what the original misses in its list
        # of signs is no letter either.
        ("..", False),
        ("-th", False),
        ("'", True),
        ("'s", True),
        ("=", True),
        ("2", True),
        ("a2", True),
        ("é", True),
        ("straße", True),
        ("€", True),
        ("語", True),
        ("a▁b", True),
    ],
)
def test_word_starts(piece, starts):
    assert is_word_start(piece) is starts
    assert word_start_table([piece, "a", "▁"]) == bytes([starts, 0, 1])


def test_word_starts_of_the_released_vocabulary(shared_data):
    from albert_keras.text.sentencepiece import SentencePieceTokenizer

    tokenizer = SentencePieceTokenizer(shared_data("albert/spiece.model"))
    table = word_start_table(tokenizer.vocabulary)
    letters = set("abcdefghijklmnopqrstuvwxyz")
    for piece, starts in zip(tokenizer.vocabulary, table, strict=True):
        if set(piece) <= letters:
            assert not starts, piece
        if piece[0] == "▁" or any(char.isdigit() for char in piece):
            assert starts, piece
    words = tokenizer.encode("Unfathomably well-read, isn't it?")
    spelled = [
        ("|" if table[i] else "") + tokenizer.id_to_piece(i) for i in words
    ]
    assert "".join(spelled).replace("▁", "").split("|")[1:] == [
        "unfathomably",
        "well",
        "-read",
        ",",
        "isn",
        "'t",
        "it",
        "?",
    ]


@pytest.mark.parametrize(
    ("length", "most", "prob", "expected"),
    [
        (512, 20, 0.15, 20),  # the original's defaults: the limit binds
        (128, 20, 0.15, 19),
        (128, 99, 0.15, 19),
        (4, 20, 0.15, 1),
        (3, 20, 0.15, 1),
        (50, 20, 0.15, 8),  # 7.5, to the even neighbour
        (30, 20, 0.15, 4),  # 4.5, to the even neighbour
        (10, 20, 1.0, 10),
        (512, 20, 0.0, 0),
    ],
)
def test_budget(length, most, prob, expected):
    assert prediction_budget(length, most, prob) == expected


words = st.lists(st.booleans(), max_size=40).map(bytes)


@settings(deadline=None)
@given(
    words,
    words,
    st.integers(1, 25),
    st.floats(0, 1),
    st.integers(1, 5),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_any_masks(a, b, most, prob, ngram, shorter, rng):
    ids, masked = mask_pair(
        masker(
            max_predictions_per_seq=most,
            masked_lm_prob=prob,
            ngram=ngram,
            favor_shorter_ngram=shorter,
        ),
        a,
        b,
        rng,
    )
    positions = masked.mask_positions
    # The budget is never exceeded.
    assert len(positions) <= prediction_budget(len(ids), most, prob)
    # Ascending, so none twice; and no special token among them.
    assert positions == sorted(set(positions))
    assert not {0, len(a) + 1, len(ids) - 1} & set(positions)
    # The originals can be put back, and nothing else was touched.
    restored = list(masked.token_ids)
    for position, token in zip(positions, masked.mask_ids, strict=True):
        restored[position] = token
    assert restored == ids
    # A word is masked whole or not at all. The first token begins one, and
    # [SEP] ends none.
    chosen = [p in positions for p in range(len(ids))]
    content = chosen[1 : len(a) + 1] + chosen[len(a) + 2 : -1]
    for before, now, starts in zip(
        content, content[1:], (a + b)[1:], strict=False
    ):
        assert starts or before == now


@pytest.mark.parametrize("a", [b"", b"\0", b"\1"])
def test_of_one_token_that_token_is_masked(a):
    ids, masked = mask_pair(masker(), a, b"", Random(0))
    assert masked.mask_positions == [1] * len(a)
    assert masked.mask_ids == ids[1 : len(a) + 1]


def test_a_word_larger_than_the_budget_is_left():
    # One word of nine tokens in A, one of one token in B; budget 2.
    for seed in range(50):
        _, masked = mask_pair(
            masker(), bytes([1] + [0] * 8), b"\1", Random(seed)
        )
        assert masked.mask_positions == [11]


@pytest.mark.parametrize("name", original.MASK_CASES)
def test_the_same_statistics_as_the_original(name):
    case = original.MASK_CASES[name]
    rng = Random(name)
    rows = []
    for starts_a, starts_b in original.mask_sequences():
        for _ in range(original.MASK_REPEATS):
            _, masked = mask_pair(
                masker(
                    max_predictions_per_seq=case["max_predictions_per_seq"],
                    masked_lm_prob=original.MASK_PROB,
                    ngram=original.NGRAM,
                    favor_shorter_ngram=case["favor_shorter_ngram"],
                ),
                bytes(starts_a),
                bytes(starts_b),
                rng,
            )
            rows.append(
                original.mask_statistics(
                    starts_a, starts_b, masked.mask_positions
                )
            )
    for statistic, (expected, variance) in ORIGINAL[name].items():
        mean = sum(row[statistic] for row in rows) / len(rows)
        # Both means have about this variance.
        assert abs(mean - expected) <= 4.5 * sqrt(2 * variance), statistic


@pytest.mark.parametrize(
    ("shorter", "expected"),
    [(True, [6 / 11, 3 / 11, 2 / 11]), (False, [2 / 11, 3 / 11, 6 / 11])],
)
def test_n_is_drawn_with_p_proportional_to_1_over_n(shorter, expected):
    # Few masks among very many words, so that n-grams seldom touch.
    rng = Random(1)
    counted = Counter()
    for _ in range(30):
        _, masked = mask_pair(
            masker(max_predictions_per_seq=200, favor_shorter_ngram=shorter),
            b"\1" * 20_000,
            b"",
            rng,
        )
        runs = [[]]
        for position in masked.mask_positions:
            if runs[-1] and position != runs[-1][-1] + 1:
                runs.append([])
            runs[-1].append(position)
        counted.update(map(len, runs))
    total = counted.total()
    for n, share in enumerate(expected, start=1):
        noise = 5 * sqrt(share * (1 - share) / total)
        assert abs(counted[n] / total - share) < noise + 0.02, n


def test_80_10_10_for_each_token():
    rng = Random(2)
    counted = Counter()
    pairs = Counter()
    for _ in range(400):
        _, masked = mask_pair(
            masker(max_predictions_per_seq=99), b"\1" * 300, b"\1" * 300, rng
        )
        kinds = []
        for position, token in zip(
            masked.mask_positions, masked.mask_ids, strict=True
        ):
            now = masked.token_ids[position]
            kinds.append(
                "mask" if now == MASK else "kept" if now == token else "random"
            )
        counted.update(kinds)
        for place in range(len(kinds) - 1):
            neighbours = masked.mask_positions[place : place + 2]
            if neighbours[1] == neighbours[0] + 1:
                pairs[kinds[place], kinds[place + 1]] += 1
    total = counted.total()
    for kind, share in (("mask", 0.8), ("kept", 0.1), ("random", 0.1)):
        # One in VOCABULARY random tokens is [MASK], or the token itself.
        assert abs(counted[kind] / total - share) < (
            5 * sqrt(share * (1 - share) / total) + 1 / VOCABULARY
        )
    # Drawn for each token, not for each n-gram.
    both = pairs["mask", "mask"] / pairs.total()
    assert abs(both - 0.64) < 5 * sqrt(0.64 * 0.36 / pairs.total()) + 0.001


def test_replacements_come_from_the_whole_vocabulary():
    rng = Random(3)
    seen = set()
    for _ in range(200):
        _, masked = mask_pair(
            NgramMasker(
                mask_id=MASK,
                vocabulary_size=40,
                max_predictions_per_seq=99,
                masked_lm_prob=1.0,
            ),
            b"\1" * 50,
            b"\1" * 50,
            rng,
        )
        seen |= {masked.token_ids[p] for p in masked.mask_positions}
    assert {token for token in seen if token < 100} == set(range(40))


def test_decided_by_the_generator():
    made = [
        mask_pair(masker(), b"\1" * 90, b"\1\0" * 40, Random(seed))
        for seed in (5, 5, 6)
    ]
    assert made[0] == made[1] != made[2]


@settings(deadline=None)
@given(words, words, st.integers(1, 25), st.randoms(use_true_random=False))
def test_permuted_tokens_change_places(a, b, most, rng):
    # Random replacements are special ids here, which no token of the text is.
    permuting = NgramMasker(
        mask_id=MASK,
        vocabulary_size=5,
        max_predictions_per_seq=most,
        do_permutation=True,
    )
    ids, masked = mask_pair(permuting, a, b, rng)
    positions = masked.mask_positions
    assert positions == sorted(set(positions))
    assert len(positions) <= 2 * prediction_budget(len(ids), most, 0.15)
    restored = list(masked.token_ids)
    for position, token in zip(positions, masked.mask_ids, strict=True):
        restored[position] = token
    assert restored == ids
    # Kept or moved: the same tokens, in another order.
    there = [p for p in positions if masked.token_ids[p] >= 100]
    assert sorted(masked.token_ids[p] for p in there) == [ids[p] for p in there]


def test_as_many_tokens_are_moved_as_masked():
    permuting = masker(ngram=1, do_permutation=True)
    still = total = 0
    for seed in range(200):
        ids, masked = mask_pair(permuting, b"\1" * 60, b"\1" * 57, Random(seed))
        assert len(masked.mask_positions) == 2 * 18
        moved = [p for p in masked.mask_positions if masked.token_ids[p] >= 100]
        still += sum(masked.token_ids[p] == ids[p] for p in moved)
        total += len(moved)
    # Of a random permutation one token stays on average; of the masked ones
    # a tenth is kept, and nearly a tenth replaced by another of the text.
    assert abs(still / 200 - (1 + 1.8)) < 0.6
    assert abs(total / 200 - (18 + 3.6)) < 0.6
