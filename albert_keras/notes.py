"""What a user should know, said once on standard error."""

_said: set[str] = set()


def say(note: str) -> None:
    """Print a sentence to standard error, if it was not printed before.

    Args:
        note: The sentence.
    """
    from rich.console import Console

    if note in _said:
        return
    _said.add(note)
    Console(stderr=True, soft_wrap=True).print(
        f"Note: {note}", markup=False, highlight=False
    )
