"""One file a task: the paper's hyper-parameters and what they gave."""

from importlib import import_module

from albert_keras.tasks.options import FinetuningOptions

TASKS = (
    "cola",
    "sst2",
    "mrpc",
    "stsb",
    "qqp",
    "mnli",
    "qnli",
    "rte",
    "wnli",
    "squad1",
    "squad2",
    "race",
    "conll2003",
)


def recipe(task: str) -> FinetuningOptions:
    """The recipe of a task.

    Args:
        task: one of `TASKS`.

    Returns:
        Its hyper-parameters.

    Raises:
        ValueError: if there is no recipe of that name.

    Example:
    ```python
    recipe("mrpc").learning_rate  # 2e-05
    ```
    """
    if task not in TASKS:
        raise ValueError(
            f"`task` must be one of {', '.join(TASKS)}. Received: "
            f"task={task!r}."
        )
    return import_module(f"{__name__}.{task}").RECIPE
