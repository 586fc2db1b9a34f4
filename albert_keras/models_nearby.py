"""Which models lie where one was looked for in vain."""

from pathlib import Path

_MARKS = ("config.json", "saved_model.pb", "1/saved_model.pb")
_MOST = 8


def models_nearby(path: Path) -> str:
    """Says what models there are beside a path, as the end of a sentence.

    Args:
        path: Where there is none.

    Returns:
        Such as "In 'runs' there are: film, film.tflite."
    """
    folder = next(each for each in path.absolute().parents if each.is_dir())
    try:
        found = sorted(
            each.name for each in folder.iterdir() if _is_model(each)
        )
    except OSError:  # may not be looked into
        found = []
    shown = ", ".join(found[:_MOST])
    if len(found) > _MOST:
        shown += f" and {len(found) - _MOST:,} more"
    # As the path was given, where that says it.
    named = path.parent if path.parent.is_dir() else folder
    return f"Models in '{named}': {shown or 'none'}."


def _is_model(path: Path) -> bool:
    if path.suffix == ".tflite":
        return True
    try:
        return any((path / mark).is_file() for mark in _MARKS)
    except OSError:
        return False
