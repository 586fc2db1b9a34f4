"""The best of several answers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from albert_keras.inference.asking import Asks, Result, as_many, text_list
from albert_keras.inference.batches import ids_of, run_rows
from albert_keras.text.examples import ChoiceExample
from albert_keras.text.rows.choices import option_features
from albert_keras.text.rows.table import Features

# run_race.py: the flag `max_qa_length`.
_QUESTION_LENGTH = 128


class Choose(Asks[ChoiceExample]):
    """Chooses among the options of a question, as RACE asks to.

    An option takes the place of the question's `_`, or follows it.

    Args:
        model: An `ak.AlbertMultipleChoice`, or the path of a preset, a
            SavedModel or a .tflite file of one.
        tokenizer: As of `ak.inference.Asks`.
        **options: Likewise.

    Call arguments:
        questions: A string, or a sequence of strings.
        options: The options, two or more; of several questions a list of
            these for each.
        contexts: The passage, one for all questions, one for each, or None.

    Returns:
        For one question a dictionary, else a list of these: `choice` (int),
        the number of the best option from 0; this `option` itself; and the
        `scores` of all (list of float, probabilities).

    Raises:
        TypeError: `model` is no multiple choice, or a text is no string.
        ValueError: There are not as many options or passages as questions, or
            fewer than two options.

    Example:

    ```python
    choose = ak.inference.Choose("run/preset")
    choose("Where is Ann?", ["At home.", "At school."], "Ann went home.")
    ```
    """

    task = "choose"
    examples_are = "questions"

    def __call__(
        self,
        questions: str | Sequence[str],
        options: Sequence[Any],
        contexts: str | Sequence[str] | None = None,
    ) -> Any:
        given, is_single = text_list(questions, "questions")
        several = [options] if is_single else list(options)
        as_many("options", several, len(given), "questions")
        passages, is_one = text_list(
            "" if contexts is None else contexts, "contexts"
        )
        if is_one:
            passages *= len(given)
        as_many("contexts", passages, len(given), "questions")
        examples = [
            ChoiceExample(
                "", passage, question, _options(each, question), None, "", ""
            )
            for passage, question, each in zip(
                passages, given, several, strict=True
            )
        ]
        found = [result for _, result in self.stream(examples)]
        return found[0] if is_single else found

    def size_of(self, example: ChoiceExample) -> int:
        return len(example.context) + len(example.question)

    def answers(self, examples: Sequence[ChoiceExample]) -> list[Result]:
        features = option_features(
            examples,
            self.tokenizer,
            self.model.max_tokens,
            self._question_length(),
        )
        self.count_truncated(features)
        logits = np.array(
            run_rows(self.model, features, self.batch_size, _one_each, _logits)
        )
        index = features.rows["example_index"]
        return [
            _result(example, logits[index == number])
            for number, example in enumerate(examples)
        ]

    def _question_length(self) -> int:
        return min(_QUESTION_LENGTH, self.model.max_tokens // 2)

    def truncated_to(self) -> str:
        both = f"question and option to {self._question_length()} tokens"
        return f"{super().truncated_to()} ({both})"


def _options(options: Any, question: str) -> tuple[str, ...]:
    found, is_single = text_list(options, "options")
    if is_single or len(found) < 2:
        raise ValueError(
            "`options` must be two or more for each question. Received: "
            f"{options!r:.60} for {question!r:.60}."
        )
    return tuple(found)


def _one_each(batch: Features, width: int) -> dict[str, np.ndarray]:
    """Each option as a choice of its own, `[rows, 1, width]`.

    So options of all questions, as many as each has, go by length into
    batches. The model's score of an option does not depend on the others.
    """
    return {name: ids[:, None] for name, ids in ids_of(batch, width).items()}


def _logits(batch: Features, outputs: dict[str, np.ndarray]) -> list[float]:
    return outputs["logits"][:, 0].tolist()


def _result(example: ChoiceExample, logits: np.ndarray) -> Result:
    exponentials = np.exp(logits - logits.max())
    scores = exponentials / exponentials.sum()
    best = int(scores.argmax())
    return {
        "choice": best,
        "option": example.options[best],
        "scores": [float(score) for score in scores],
    }
