"""What the outputs of a head mean, in Hugging Face's words.

`config.json` has them as `id2label`, `label2id` and `problem_type`. Classes
without names are `LABEL_0`, `LABEL_1` and so on there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from albert_keras.models.albert_text_classifier import PROBLEM_TYPES

# No words of Hugging Face: its classes have no activation after the head.
ACTIVATION = "classifier_activation"
_NO_NAME = "LABEL_{}"


def head_settings(model: Any) -> dict[str, Any]:
    """Return what `config.json` says of a model's head.

    Args:
        model: A model of this package.

    Returns:
        The dropout before the head's output, and for a model with classes
        their names, the problem type and an activation.
    """
    is_task = hasattr(model, "backbone")
    settings: dict[str, Any] = {
        "classifier_dropout_prob": getattr(model, "dropout", 0.1)
        if is_task
        else 0.1
    }
    num_classes = getattr(model, "num_classes", None)
    if num_classes is None:
        return settings
    names = model.labels or [_NO_NAME.format(n) for n in range(num_classes)]
    settings |= {
        "id2label": {str(n): name for n, name in enumerate(names)},
        "label2id": {name: n for n, name in enumerate(names)},
    }
    problem_type = getattr(model, "problem_type", None)
    if problem_type is not None:
        settings["problem_type"] = problem_type
    activation = getattr(model, "activation", keras.activations.linear)
    if activation != keras.activations.linear:
        settings[ACTIVATION] = keras.activations.serialize(activation)
    return settings


def read_labels(
    settings: Mapping[str, Any], num_classes: int, source: Path
) -> tuple[str, ...] | None:
    """Return the names of a head's classes, in the order of its outputs.

    Args:
        settings: The content of `config.json`.
        num_classes: Outputs of the head.
        source: The file, for messages.

    Returns:
        The names; None if the classes have none.

    Raises:
        ValueError: The settings do not give each class one name of its own.
    """
    by_id = _by_id(settings, "id2label", source)
    by_label = _by_id(settings, "label2id", source)
    names = by_id or by_label
    if by_id and by_label and by_id != by_label:
        raise _wrong(
            source,
            "give each class the same name in id2label and label2id",
            f"id2label={_shown(by_id)}, label2id={_shown(by_label)}",
        )
    if not names:
        return None
    if sorted(names) != list(range(num_classes)):
        raise _wrong(
            source,
            f"name each of the head's {num_classes} classes (0 to "
            f"{num_classes - 1})",
            _shown(names),
        )
    labels = tuple(names[number] for number in range(num_classes))
    if len(set(labels)) != num_classes:
        raise _wrong(source, "name each class differently", _shown(names))
    return labels


def read_problem_type(settings: Mapping[str, Any], source: Path) -> str | None:
    """Return what a classifier's outputs mean; None if it is not said.

    Args:
        settings: The content of `config.json`.
        source: The file, for messages.

    Raises:
        ValueError: It is none of `PROBLEM_TYPES`.
    """
    found = settings.get("problem_type")
    if found is not None and found not in PROBLEM_TYPES:
        raise ValueError(
            f"`{source}` must have one of {', '.join(PROBLEM_TYPES)} as its "
            f"problem_type; correct it, or pass `problem_type=`. Received: "
            f"{found!r}."
        )
    return found


def read_activation(settings: Mapping[str, Any], source: Path) -> str | None:
    """Return the activation of a classifier's output; None for logits.

    Args:
        settings: The content of `config.json`.
        source: The file, for messages.

    Raises:
        ValueError: It is none of Keras' own.
    """
    found = settings.get(ACTIVATION)
    if found is None:
        return None
    wrong = ValueError(
        f"`{source}` must name one of Keras' activations as its "
        f"{ACTIVATION}. Received: {found!r:.80}."
    )
    if not isinstance(found, str):
        raise wrong
    try:
        keras.activations.get(found)
    except ValueError:
        raise wrong from None
    return found


def _by_id(
    settings: Mapping[str, Any], key: str, source: Path
) -> dict[int, str]:
    """Return names by id; nothing if they are missing or Hugging Face's."""
    given = settings.get(key)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _wrong(source, f"hold an object as {key}", repr(given)[:80])
    pairs = list(given.items())
    if key == "label2id":
        pairs = [(number, name) for name, number in pairs]
    found: dict[int, str] = {}
    for number, name in pairs:
        if isinstance(name, int) and not isinstance(name, bool):
            name = str(name)
        if not isinstance(name, str):
            raise _wrong(source, f"hold texts as names in {key}", repr(name))
        try:
            place = int(number)
        except (TypeError, ValueError):
            raise _wrong(
                source, f"hold whole numbers as ids in {key}", repr(number)
            ) from None
        if place in found:
            raise _wrong(
                source,
                f"give each id one name in {key}",
                f"{found[place]!r} and {name!r} for {place}",
            )
        found[place] = name
    if all(name == _NO_NAME.format(n) for n, name in found.items()):
        return {}
    return found


def _shown(names: dict[int, str]) -> str:
    shown = ", ".join(f"{n}: {name!r}" for n, name in sorted(names.items()))
    return shown if len(shown) <= 200 else f"{shown[:200]} ..."


def _wrong(source: Path, wanted: str, received: str) -> ValueError:
    return ValueError(
        f"`{source}` must {wanted}; correct it, or pass the names as "
        f"`labels=` (--labels). Received: {received}."
    )
