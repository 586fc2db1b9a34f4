"""How much of a model's answers an export gives."""

import dataclasses
from collections.abc import Mapping

import keras
import numpy as np

from albert_keras.artefact_names import MULTI_LABEL, REGRESSION, THRESHOLD
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.own_head import OwnHead
from albert_keras.models.serving import problem_type_of

Rows = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Agreement:
    """An export beside Keras, on the same rows.

    Attributes:
        num_answers: Answers that were compared: the best class of a text (of a
            multi-label classifier, whether it has each class), the best piece
            of each mask, the best start and the best end in each window, the
            best tag of each token. 0 for a backbone and a
            regression, which give numbers alone.
        num_equal: Those that are the same.
        largest_difference: Between two scores: probabilities, where the model
            gives some, else its numbers.
        mean_difference: Of all scores.
        loss: In points, of 100. Where there are answers, the share that
            differ: on texts like these, accuracy can fall by no more. For a
            regression 100 - 100 x Pearson's correlation, for a backbone and
            a head of one's own 100 - 100 x the mean cosine of its outputs.
    """

    num_answers: int
    num_equal: int
    largest_difference: float
    mean_difference: float
    loss: float

    def __str__(self) -> str:
        answers = (
            f"{self.num_equal:,} of {self.num_answers:,} best answers are the "
            "same, "
            if self.num_answers
            else ""
        )
        return (
            f"{self.loss:.2f} points lost against Keras: {answers}scores "
            f"differ by {self.largest_difference:.2g} at most and by "
            f"{self.mean_difference:.2g} on average"
        )


def agreement(
    model: keras.Model, rows: Rows, expected: Rows, received: Rows
) -> Agreement:
    """Compares what an export gives with what Keras gives.

    Args:
        model: The model that was exported.
        rows: Its inputs.
        expected: Its outputs, named as by `model_outputs`.
        received: Those of the export, which may be padded further.

    Raises:
        ValueError: There are too few rows to tell a correlation.
    """
    received = {
        name: received[name][tuple(map(slice, output.shape))]
        for name, output in expected.items()
    }
    answers = _answers(model, rows, expected)
    scores = _scores(model, rows, expected)
    differences = np.concatenate(
        [
            np.abs(ours - theirs).ravel()
            for ours, theirs in zip(
                scores, _scores(model, rows, received), strict=True
            )
        ]
    )
    if len(answers):
        equal = int((answers == _answers(model, rows, received)).sum())
        loss = 100.0 * (1 - equal / len(answers))
    else:
        equal = 0
        loss = _loss_of_numbers(model, rows, expected, received)
    return Agreement(
        num_answers=len(answers),
        num_equal=equal,
        # Comparisons with NaN are false: what is not a number must not pass.
        largest_difference=float(differences.max()),
        mean_difference=float(differences.mean()),
        loss=loss if np.isfinite(differences).all() else 100.0,
    )


def _answers(model: keras.Model, rows: Rows, outputs: Rows) -> np.ndarray:
    """All best answers, int `[answers]`."""
    is_token = rows["padding_mask"] == 1
    if isinstance(model, AlbertBackbone | OwnHead):
        return np.array([], int)
    if isinstance(model, AlbertTextClassifier):
        return _classes(problem_type_of(model), outputs["scores"])
    if "start_logits" in outputs:
        return np.concatenate(
            [
                np.where(is_token, outputs[f"{end}_logits"], -np.inf).argmax(-1)
                for end in ("start", "end")
            ]
        )
    if "start_top_index" in outputs:
        no_answer = (outputs["cls_logits"] > 0).astype(int)
        best = [outputs[f"{end}_top_index"][:, 0] for end in ("start", "end")]
        return np.concatenate([*best, no_answer])
    found = []
    if "mlm_logits" in outputs:
        is_mask = rows["mask_positions"] > 0
        found.append(outputs["mlm_logits"].argmax(-1)[is_mask])
    if "sop_logits" in outputs:
        found.append(outputs["sop_logits"].argmax(-1))
    if "logits" in outputs:
        best = outputs["logits"].argmax(-1)
        of_tokens = best.shape == is_token.shape
        found.append(best[is_token] if of_tokens else best)
    return np.concatenate([np.array([], int), *found])


def _classes(problem_type: str, scores: np.ndarray) -> np.ndarray:
    if problem_type == REGRESSION:
        return np.array([], int)
    if problem_type == MULTI_LABEL:
        return (scores >= THRESHOLD).ravel().astype(int)
    return scores.argmax(-1)


def _scores(model: keras.Model, rows: Rows, outputs: Rows) -> list[np.ndarray]:
    """What is compared as numbers: of all that is no padding."""
    is_token = rows["padding_mask"] == 1
    if isinstance(model, OwnHead):
        return [
            output[is_token]
            if output.shape[:2] == is_token.shape
            else output.reshape(1, -1)
            for output in outputs.values()
        ]
    if "sequence_output" in outputs:
        return [outputs["sequence_output"][is_token], outputs["pooled_output"]]
    for whole in ("scores", "embedding"):
        if whole in outputs:
            return [outputs[whole]]
    if "start_top_index" in outputs:
        odds = 1 / (1 + np.exp(-outputs["cls_logits"]))
        best = outputs["start_top_log_probs"][:, 0]
        return [np.exp(best), odds]
    found = []
    for name, logits in outputs.items():
        if name.startswith(("start", "end")):
            found.append(_softmax(np.where(is_token, logits, -np.inf)))
        elif name == "mlm_logits":
            found.append(_softmax(logits[rows["mask_positions"] > 0]))
        elif logits.shape[:-1] == is_token.shape:  # of a tagger
            found.append(_softmax(logits[is_token]))
        else:
            found.append(_softmax(logits))
    return found


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def _loss_of_numbers(
    model: keras.Model, rows: Rows, expected: Rows, received: Rows
) -> float:
    pairs = list(
        zip(
            _scores(model, rows, expected),
            _scores(model, rows, received),
            strict=True,
        )
    )
    if isinstance(model, AlbertTextClassifier):
        ((ours, theirs),) = pairs
        if len(ours) < 2 or not ours.std() > 0:
            raise ValueError(
                "The texts to check a regression on must be two or more with "
                f"different scores. Received: {len(ours)}."
            )
        if not theirs.std() > 0:
            return 100.0
        correlation = np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
        return float(100 * (1 - correlation))
    cosines = [_cosines(ours, theirs).mean() for ours, theirs in pairs]
    return float(100 * (1 - min(cosines)))


def _cosines(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    lengths = [np.linalg.norm(each, axis=-1) for each in (ours, theirs)]
    return (ours * theirs).sum(-1) / np.maximum(lengths[0] * lengths[1], 1e-30)
