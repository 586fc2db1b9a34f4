"""What the kinds of tasks have in common."""

from collections.abc import Sequence

from albert_keras.tasks.options import FinetuningOptions


class Kind:
    """A kind of task.

    Args:
        options: of the run.
        labels: names of the classes or tags in the order of their ids; empty
            where there are none, as in regression.
    """

    def __init__(
        self, options: FinetuningOptions, labels: Sequence[str]
    ) -> None:
        self.options = options
        self.labels = tuple(labels)
