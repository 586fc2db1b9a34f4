"""A SentencePiece model that does ALBERT's normalisation itself.

SentencePiece normalises text by a table in the model, of strings and what
replaces them. For ALBERT's vocabulary it is NFKC, and what comes before
(decomposing, dropping accents, lower-casing) and after (cutting `2010,` in
two) is up to the tokenizer. A program that hands raw text to SentencePiece, as
MediaPipe and the TFLite Task Library do, leaves that out and gets other ids:
`Élan` is unknown to it.

Here the table is made anew: it takes every character to what ALBERT makes of
it. Pieces that ALBERT cuts in two are marked as unused, so that SentencePiece
finds others. Ids stay what they are.
"""

from __future__ import annotations

import functools
import io
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sentencepiece as spm

from albert_keras.text.normalization import normalize
from albert_keras.text.sentencepiece import SentencePieceTokenizer

_NORMAL = 1  # ModelProto.SentencePiece.Type
_UNUSED = 5
# No rule knows this private character, so it can stand between others.
_BETWEEN = "\ue000"


def takes_raw_text(tokenizer: SentencePieceTokenizer) -> bytes:
    """A model from which SentencePiece alone gives a tokenizer's ids.

    It does so for text without special symbols, but for rare cases: where a
    piece that is cut in two was part of the best segmentation, the best one
    without it may differ; a capital sigma is always σ, never ς.

    Args:
        tokenizer: The tokenizer. Its options are built in.

    Returns:
        The serialized model. `takes_normalized_text` makes of it what gives
        exactly the tokenizer's ids to who normalises as ALBERT does.

    Raises:
        ValueError: If the tokenizer's model has unused pieces already.

    Example:

    ```python
    tokenizer = SentencePieceTokenizer("spiece.model")
    raw = spm.SentencePieceProcessor(model_proto=takes_raw_text(tokenizer))
    raw.encode("Élan in 2010, again") == tokenizer.encode("Élan in 2010, again")
    ```
    """
    model = _parsed(tokenizer.proto)
    if any(piece.type == _UNUSED for piece in model.pieces):
        raise ValueError(
            "A vocabulary to normalise by itself must have no unused pieces. "
            "Received: one that has some."
        )
    for i in tokenizer.digit_comma_ids:
        model.pieces[i].type = _UNUSED
    model.normalizer_spec.name = "albert"
    model.normalizer_spec.precompiled_charsmap = _table(
        tokenizer.proto, **tokenizer.normalization
    )
    return model.SerializeToString()


def takes_normalized_text(proto: bytes) -> bytes:
    """Undoes the marking of pieces: what `SentencePieceTokenizer` is given.

    Args:
        proto: What `takes_raw_text` returned.

    Returns:
        A model that gives the same ids as the tokenizer's own to text that
        `normalize` has seen; only with `replace_quotes`, two quotes between
        which an accent was dropped are one.
    """
    model = _parsed(proto)
    for piece in model.pieces:
        if piece.type == _UNUSED:
            piece.type = _NORMAL
    return model.SerializeToString()


def _parsed(proto: bytes) -> Any:
    from sentencepiece import sentencepiece_model_pb2

    return sentencepiece_model_pb2.ModelProto.FromString(proto)


@functools.lru_cache(4)  # it takes a second
def _table(proto: bytes, **normalization: bool) -> bytes:
    return _compiled(_rules(proto, **normalization))


def _rules(proto: bytes, **normalization: bool) -> dict[str, str]:
    """What each character becomes, and each string that NFKC composes."""
    own = spm.SentencePieceNormalizer(model_proto=proto)
    rules: dict[str, str] = {}
    split: dict[str, str] = {}
    for chars in _all_characters():
        normalized = _each(lambda text: normalize(text, **normalization), chars)
        composed = _each(own.normalize, normalized)
        for char, parts, whole in zip(chars, normalized, composed, strict=True):
            if whole != char:
                rules[char] = whole
            if parts == char:
                continue
            # The same character in parts, which may be capitals.
            for spelling in (parts, unicodedata.normalize("NFD", char)):
                if len(spelling) > 1:
                    split[spelling] = whole
    for spelling, whole in split.items():
        # Where each part by itself comes to the same, a rule would be idle.
        if whole != "".join(rules.get(part, part) for part in spelling):
            rules[spelling] = whole
    if normalization["replace_quotes"]:
        rules |= {"``": '"', "''": '"'}
    return rules


def _all_characters() -> Iterator[list[str]]:
    """All of Unicode but NUL, surrogates and the one that stands between."""
    codes = [*range(1, 0xD800), *range(0xE001, sys.maxunicode + 1)]
    for start in range(0, len(codes), 1 << 14):
        yield list(map(chr, codes[start : start + (1 << 14)]))


def _each(function: Callable[[str], str], texts: list[str]) -> list[str]:
    """A function of each text, in one call of it."""
    return function(_BETWEEN.join(texts)).split(_BETWEEN)


def _compiled(rules: dict[str, str]) -> bytes:
    """The table as SentencePiece searches it, made by its own trainer."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rules.tsv"
        table.write_text(
            "".join(
                f"{_codes(source)}\t{_codes(target)}\n"
                for source, target in rules.items()
            )
        )
        trained = io.BytesIO()
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b"]),
            model_writer=trained,
            vocab_size=6,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(table),
            minloglevel=2,
        )
    return _parsed(trained.getvalue()).normalizer_spec.precompiled_charsmap


def _codes(text: str) -> str:
    return " ".join(f"{ord(char):X}" for char in text)
