"""Masked questions out of the held-out text."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from albert_keras.pretraining.documents import read_documents
from albert_keras.text.sentencepiece import SentencePieceTokenizer

# Words of letters, with spaces around them, can be cut out and read.
_PLAIN_WORD = re.compile(r"(?<=\s)\w{3,}(?=\s)")
_SENTENCE_WORDS = range(7, 15)
_LONGEST_SENTENCE = 90


class Question(NamedTuple):
    """A sentence with one word masked, and the word."""

    text: str
    word: str


def draw_questions(
    held_out_text: Path,
    tokenizer: SentencePieceTokenizer,
    *,
    count: int,
    max_tokens: int,
    seed: int,
) -> list[Question]:
    """Masks one word in each of some sentences, all decided by the seed.

    Only words that are one piece of the vocabulary are masked, so that a
    right answer exists. If the text has none in a sentence of middling length,
    as without spaces between words, any piece is masked.

    Args:
        held_out_text: Documents, one sentence a line.
        tokenizer: Decides what one piece is.
        count: How many questions to draw, each from a document of its own
            as far as there are enough.
        max_tokens: What the model takes of a text, without `[CLS]`, `[SEP]`.
        seed: Decides the sentences and the words.
    """
    documents = list(read_documents([held_out_text]))
    random.Random(seed).shuffle(documents)
    for find, max_length in (
        (_plain_words, None),
        (_any_pieces, max_tokens),  # each character may be a piece
    ):
        generator = random.Random(seed)
        questions = []
        for document in documents:
            candidates = [
                question
                for sentence in document
                for question in find(sentence[:max_length], tokenizer)
                if len(tokenizer.encode(question.text)) <= max_tokens
            ]
            if candidates:
                questions.append(generator.choice(candidates))
            if len(questions) == count:
                break
        if questions:
            break
    return questions


def _plain_words(
    sentence: str, tokenizer: SentencePieceTokenizer
) -> Iterator[Question]:
    if (
        len(sentence) <= _LONGEST_SENTENCE
        and len(sentence.split()) in _SENTENCE_WORDS
    ):
        for match in _PLAIN_WORD.finditer(sentence):
            if len(tokenizer.encode(match.group())) == 1:
                yield _masked(sentence, *match.span())


def _any_pieces(
    sentence: str, tokenizer: SentencePieceTokenizer
) -> Iterator[Question]:
    for start, end in tokenizer.offsets(sentence):
        if start < end:
            yield _masked(sentence, start, end)


def _masked(sentence: str, start: int, end: int) -> Question:
    text = sentence[:start] + "[MASK]" + sentence[end:]
    return Question(text, sentence[start:end])
