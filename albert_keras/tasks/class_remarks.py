"""What a user should know of the classes in data and in predictions."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from albert_keras.text.shown import shown, shown_list

# Numbers that differ by less than this share of the labels' range are one.
_SAME_NUMBER = 0.01
# Classes that a sentence names.
_MOST = 10


def check_classes(
    labels: Sequence[str], counts: Mapping[str, Counter[str]], fewest: int
) -> Iterator[str]:
    """Compare the classes of the splits.

    Args:
        labels: all classes.
        counts: by split, `"train"` among them, the examples of each class.
        fewest: how many classes there must be.

    Yields:
        A sentence for each thing that is odd.

    Raises:
        ValueError: if there are fewer classes.
    """
    if len(labels) < fewest:
        raise ValueError(
            f"Training examples must have at least {fewest} different labels. "
            f"Received: {shown_list(labels) or 'none'}."
        )
    train = counts["train"]
    missing = [name for name in labels if not train[name]]
    if missing:
        yield f"train: no example of {shown_list(missing)}."
    single = [name for name in labels if train[name] == 1]
    if single:
        yield f"train: a single example of {shown_list(single)}."
    for split, held in counts.items():
        absent = [name for name in labels if train[name] and not held[name]]
        if absent:
            yield f"{split}: no example of {shown_list(absent)}."


def never_predicted(
    answers: Sequence[str], true: Counter[str], can_weigh: bool
) -> Iterator[str]:
    """Name the classes that are never predicted.

    Args:
        answers: the predicted classes.
        true: the examples of each class.
        can_weigh: whether to suggest class weights.

    Yields:
        A sentence if there are such classes.
    """
    found = set(answers)
    never = [name for name, _ in true.most_common() if name not in found]
    if not never:
        return
    counts = ", ".join(f"{shown(n)} ({true[n]:,} true)" for n in never[:_MOST])
    if never[_MOST:]:
        counts += f" and {len(never) - _MOST:,} more"
    advice = "Train for more steps or with another learning rate"
    if can_weigh:
        advice += ", or pass `--class-weight balanced`"
    if len(found) == 1:
        (only,) = found
        yield f"every prediction is {shown(only)}, never {counts}. {advice}."
    else:
        yield f"never predicted: {counts}. {advice}."


def constant_number(
    answers: Sequence[float], labels: Sequence[float]
) -> Iterator[str]:
    """Say if a regression predicts about one number for everything.

    Args:
        answers: the predicted numbers.
        labels: the true ones.

    Yields:
        A sentence if it does, and the labels differ.
    """
    lowest, highest = min(labels), max(labels)
    spread = _SAME_NUMBER * (highest - lowest)
    if len(answers) > 1 and max(answers) - min(answers) < spread:
        yield (
            f"every prediction is about {answers[0]:.3g}, while the labels are "
            f"from {lowest:g} to {highest:g}. Train for more steps or with "
            "another learning rate."
        )
