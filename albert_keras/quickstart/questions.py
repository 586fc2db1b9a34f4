"""Masked questions out of the held-out text."""

import random
import re
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
    seed: int,
) -> list[Question]:
    """Masks one word in each of some sentences, all decided by the seed.

    Only words that are one piece of the vocabulary are masked, so that a
    right answer exists. A text of short or long lines only gives fewer
    questions, or none.

    Args:
        held_out_text: Documents, one sentence a line.
        tokenizer: Decides what one piece is.
        count: How many questions to draw, each from a document of its own
            as far as there are enough.
        seed: Decides the sentences and the words.
    """
    generator = random.Random(seed)
    documents = list(read_documents([held_out_text]))
    generator.shuffle(documents)
    questions = []
    for document in documents:
        candidates = [
            (sentence, match)
            for sentence in document
            if len(sentence) <= _LONGEST_SENTENCE
            and len(sentence.split()) in _SENTENCE_WORDS
            for match in _PLAIN_WORD.finditer(sentence)
            if len(tokenizer.encode(match.group())) == 1
        ]
        if candidates:
            sentence, match = generator.choice(candidates)
            text = (
                sentence[: match.start()] + "[MASK]" + sentence[match.end() :]
            )
            questions.append(Question(text, match.group()))
        if len(questions) == count:
            break
    return questions
