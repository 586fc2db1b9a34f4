"""How the long jobs of this package show where they are."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


def progress_bar(show: bool) -> Progress:
    """A bar on standard error: what is done, how much, how long still.

    Args:
        show: False makes everything about it silent.

    Returns:
        A context manager; add tasks to it.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        # What a command answers goes on to where standard output leads.
        redirect_stdout=False,
        disable=not show,
    )
