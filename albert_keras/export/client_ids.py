"""The ids that MediaPipe and the TFLite Task Library make of texts.

They tokenize by themselves, with the vocabulary that is packed in the file:
they lower-case the letters A to Z, hand the text to SentencePiece as it is and
cut what is too long. So what an app on a phone feeds a model can be looked at
here, and compared with the model's own tokenizer.

Sources: `bert_preprocessor_calculator.cc` of google-ai-edge/mediapipe,
`bert_preprocessor.cc` and `bert_question_answerer.cc` of
tensorflow/tflite-support.
"""

import string
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sentencepiece as spm

# Fixed in bert_question_answerer.h.
ANSWERER_LENGTH = 384
_LONGEST_QUESTION = 64
_BEST_POSITIONS = 5
_LONGEST_ANSWER = 32

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class PassageRow(NamedTuple):
    """A question and a passage as the Task Library packs them.

    Attributes:
        token_ids: Those of `[CLS] question [SEP] passage [SEP]`.
        segment_ids: 0 up to the first `[SEP]`, then 1.
        words: The passage between its blanks.
        word_of_token: By its place in the row, the word that each token of
            the passage belongs to.
    """

    token_ids: list[int]
    segment_ids: list[int]
    words: list[str]
    word_of_token: dict[int, int]


class Answer(NamedTuple):
    """An answer as the Task Library gives it.

    Attributes:
        text: Words of the passage.
        start: The first token, counted in the row.
        end: The last one.
        logit: The sum of both logits.
    """

    text: str
    start: int
    end: int
    logit: float


class ClientIds:
    """What the clients make of texts with a vocabulary.

    Args:
        vocabulary: A SentencePiece model as it is packed, see
            `ak.export.LiteContents.files`.

    Example:

    ```python
    files = ak.export.LiteContents("albert.tflite").files
    ClientIds(files["spiece.model"]).text("A fine film", 128)
    ```
    """

    def __init__(self, vocabulary: bytes) -> None:
        self._processor = spm.SentencePieceProcessor(model_proto=vocabulary)
        self._cls = self._processor.piece_to_id("[CLS]")
        self._sep = self._processor.piece_to_id("[SEP]")

    def tokens(self, text: str) -> list[int]:
        """Ids of the text alone."""
        return self._processor.encode(text.translate(_LOWER))

    def text(self, text: str, sequence_length: int | None) -> list[int]:
        """Ids of a text for a classifier or an embedder.

        Args:
            text: The text.
            sequence_length: Tokens of a row; None where any number fits.

        Returns:
            The ids of `[CLS] text [SEP]`, without padding. All are of the
            first segment.
        """
        ids = self.tokens(text)
        if sequence_length is not None:
            ids = ids[: sequence_length - 2]
        return [self._cls, *ids, self._sep]

    def passage(self, question: str, passage: str) -> PassageRow:
        """Ids of a question for the Task Library's answerer.

        Each word of the passage is tokenized by itself. What does not fit into
        384 tokens is left out: there is one window only.

        Args:
            question: The question.
            passage: The text that answers it.
        """
        words = [word for word in passage.split(" ") if word]
        asked = self.tokens(question)[:_LONGEST_QUESTION]
        first = len(asked) + 2
        pieces = [
            (piece, number)
            for number, word in enumerate(words)
            for piece in self.tokens(word)
        ][: ANSWERER_LENGTH - first - 1]
        return PassageRow(
            token_ids=[
                self._cls,
                *asked,
                self._sep,
                *(piece for piece, _ in pieces),
                self._sep,
            ],
            segment_ids=[0] * first + [1] * (len(pieces) + 1),
            words=words,
            word_of_token={
                first + place: number
                for place, (_, number) in enumerate(pieces)
            },
        )


def client_answers(
    row: PassageRow, start_logits: np.ndarray, end_logits: np.ndarray
) -> list[Answer]:
    """The answers that the Task Library takes from a reader's outputs.

    Of the five best starts and the five best ends it keeps the pairs within
    the passage, of 32 tokens at most.

    Args:
        row: What went in.
        start_logits: float32 `[sequence]`; of the padding as well.
        end_logits: Likewise.

    Returns:
        Five at most, the best first; none where no pair fits.
    """
    starts = _best(start_logits)
    ends = _best(end_logits)
    answers = [
        Answer(
            " ".join(
                row.words[row.word_of_token[start] : row.word_of_token[end] + 1]
            ),
            start,
            end,
            float(start_logits[start] + end_logits[end]),
        )
        for start in starts
        for end in ends
        if start in row.word_of_token
        and end in row.word_of_token
        and 0 <= end - start < _LONGEST_ANSWER
    ]
    return sorted(answers, key=lambda answer: -answer.logit)[:_BEST_POSITIONS]


def _best(logits: np.ndarray) -> Sequence[int]:
    order = np.argsort(-logits, kind="stable")
    return [int(place) for place in order[:_BEST_POSITIONS]]
