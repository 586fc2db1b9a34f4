"""A tag for each word, and the entities that the tags stand for."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from albert_keras.inference.asking import Asks, Result, text_list
from albert_keras.inference.batches import ids_of, run_rows
from albert_keras.text.entities import entities
from albert_keras.text.examples import TaggedExample, TextExample
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.tags import NO_WORD, tag_features

# As `str.split`, of which it is known where the words stand.
_WORD = re.compile(r"\S+")
_ENTITY_TAG = re.compile(r"O|[BIES]-.+", re.DOTALL)


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class Tag(Asks[TextExample]):
    """Names the words of a text: people and places, or parts of speech.

    A text is cut into words at white space. One that is longer than the model
    takes is read in several rows.

    Args:
        model: An `ak.AlbertTokenClassifier`, or the path of a preset, a
            SavedModel or a .tflite file of one.
        tokenizer: As of `ak.inference.Asks`.
        **options: Likewise.

    Call arguments:
        texts: A string, or a sequence of strings.

    Returns:
        For one text a dictionary, else a list of these. `words`: each with
        its `text`, `label` (the number of its class, where there are no
        names), `score` (float, probability), `start` and `end`, where in the
        text it stands, in characters (`end` exclusive). `entities`, where the
        labels are tags such as `B-PER`: words that belong together, with the
        type as `label`, and the mean of the words' probabilities as `score`.

    Raises:
        TypeError: `model` is no tagger, or a text is no string.
        ValueError: There are not as many labels as classes.

    Example:

    ```python
    tag = ak.inference.Tag("run/preset")
    tag("Ann flew to Paris .")["entities"]
    ```
    """

    task = "tag"

    def __call__(self, texts: str | Sequence[str]) -> Any:
        given, is_single = text_list(texts)
        examples = [TextExample("", t, None, None, "") for t in given]
        found = [result for _, result in self.stream(examples)]
        return found[0] if is_single else found

    def size_of(self, example: TextExample) -> int:
        return len(example.text)

    def answers(self, examples: Sequence[TextExample]) -> list[Result]:
        words = [
            [_Word(m[0], *m.span()) for m in _WORD.finditer(example.text)]
            for example in examples
        ]
        sentences = [
            TaggedExample("", tuple(w.text for w in each), None, "")
            for each in words
        ]
        features = tag_features(
            sentences, self.tokenizer, self.model.max_tokens, ()
        )
        self.count_truncated(features)
        rows = run_rows(
            self.model, features, self.batch_size, ids_of, _of_words
        )
        scores: list[list[np.ndarray]] = [[] for _ in examples]
        for number, found in zip(
            features.rows["example_index"], rows, strict=True
        ):
            scores[number] += list(found)
        return [
            self._result(example.text, *each)
            for example, each in zip(
                examples, zip(words, scores, strict=True), strict=True
            )
        ]

    def _result(
        self, text: str, words: list[_Word], scores: list[np.ndarray]
    ) -> Result:
        tagged = []
        for word, each in zip(words, scores, strict=True):
            self.check_labels(len(each))
            best = int(each.argmax())
            tagged.append(
                {
                    "text": word.text,
                    "label": self.label(best),
                    "score": float(each[best]),
                    "start": word.start,
                    "end": word.end,
                }
            )
        result: Result = {"words": tagged}
        if self.model.labels and all(
            map(_ENTITY_TAG.fullmatch, self.model.labels)
        ):
            result["entities"] = _entities(text, tagged)
        return result


def _entities(text: str, words: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for entity in entities([word["label"] for word in words]):
        held = words[entity.begin : entity.end]
        start, end = held[0]["start"], held[-1]["end"]
        score = sum(word["score"] for word in held) / len(held)
        found.append(
            {
                "text": text[start:end],
                "label": entity.type,
                "score": score,
                "start": start,
                "end": end,
            }
        )
    return found


def _of_words(
    batch: Features, outputs: dict[str, np.ndarray]
) -> list[np.ndarray]:
    """The probabilities of each word's classes, `[words, classes]`."""
    found = []
    for row, logits in enumerate(outputs["logits"]):
        firsts = np.flatnonzero(batch.row(row)["word_index"] != NO_WORD)
        kept = logits[firsts]
        exponentials = np.exp(kept - kept.max(axis=-1, keepdims=True))
        found.append(exponentials / exponentials.sum(axis=-1, keepdims=True))
    return found
