"""What a user should know of a checkpoint, said once."""

from rich.console import Console

_said: set[str] = set()


def say(note: str) -> None:
    """Prints a sentence to standard error, if it was not printed before."""
    if note in _said:
        return
    _said.add(note)
    Console(stderr=True, soft_wrap=True).print(
        f"Note: {note}", markup=False, highlight=False
    )
