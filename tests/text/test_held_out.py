import hashlib
import random
from collections import Counter

import pytest

from albert_keras.text import held_out
from albert_keras.text.held_out import HeldOut


def fraction(sentence):
    """The hash of a sentence as a number in [0, 1)."""
    digest = hashlib.sha256(sentence).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split(sentences, share):
    chooser = HeldOut(share)
    rest = list(chooser.rest_of(sentences))
    held = [text.encode() for text in chooser]
    assert len(held) == len(chooser) == len(set(held))
    return rest, set(held)


# Each once or more often, in any order.
SENTENCES = [b"%d" % (i % 3000) for i in range(5000)]
random.Random(0).shuffle(SENTENCES)


def test_the_rule():
    rest, held = split(SENTENCES, 0.1)
    assert held == {text for text in SENTENCES if fraction(text) < 0.1}
    assert 240 < len(held) < 360  # 300 with a deviation of 16
    assert rest == [text for text in SENTENCES if text not in held]
    assert split(SENTENCES[::-1], 0.1)[1] == held


def test_at_most_so_many(monkeypatch):
    monkeypatch.setattr(held_out, "MOST_SENTENCES", 50)
    rest, held = split(SENTENCES, 0.1)
    assert held == {*sorted(set(SENTENCES), key=fraction)[:50]}
    expected = Counter(text for text in SENTENCES if text not in held)
    assert Counter(rest) == expected
    assert split(SENTENCES[::-1], 0.4)[1] == held


@pytest.mark.parametrize(("count", "expected"), [(9, 0), (10, 10)])
def test_at_least_so_many(count, expected):
    below = [text for text in sorted(set(SENTENCES)) if fraction(text) < 0.5]
    above = [text for text in sorted(set(SENTENCES)) if fraction(text) >= 0.5]
    sentences = [*below[:count], *above[:5], *below[:count]]
    rest, held = split(sentences, 0.5)
    assert len(held) == expected
    assert len(rest) == (5 if expected else 23)
    assert Counter(rest) == Counter(t for t in sentences if t not in held)


def test_none():
    assert split(SENTENCES, 0) == (SENTENCES, set())


@pytest.mark.parametrize("share", [-0.1, 0.51, float("nan")])
def test_no_share(share):
    with pytest.raises(ValueError, match=f"held_out_share={share}"):
        HeldOut(share)
