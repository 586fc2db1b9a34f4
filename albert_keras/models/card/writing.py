"""Writes a card, and never over one that a person wrote or changed."""

import hashlib
import os
import re
from pathlib import Path

from albert_keras.models.card.facts import CardFacts
from albert_keras.models.card.front_matter import front_matter
from albert_keras.models.card.markdown import card_text
from albert_keras.whole_files import written_whole

CARD_FILE = "README.md"
_MARK = re.compile(
    r"^<!-- Written by albert-keras from model_card\.json; "
    r"changed by hand it is kept\. ([0-9a-f]{64}) -->\n",
    re.MULTILINE,
)


def write_card(
    folder: str | os.PathLike[str],
    facts: CardFacts,
    *,
    overwrite: bool = False,
) -> bool:
    """Writes the README.md of a preset, and what it tells as JSON beside it.

    A README.md that is not exactly as this function wrote it was changed by a
    person, and stays: a line in it has the SHA-256 of the rest.

    Args:
        folder: The preset.
        facts: What is known.
        overwrite: Replace a README.md that a person changed, too.

    Returns:
        Whether README.md was written. `model_card.json` always is.
    """
    folder = Path(folder)
    path = folder / CARD_FILE
    facts.write(folder)
    if path.exists() and not overwrite and not is_ours(path):
        return False
    head, body = front_matter(facts), f"\n{card_text(facts)}"
    mark = (
        "<!-- Written by albert-keras from model_card.json; changed by hand "
        f"it is kept. {_digest(head + body)} -->\n"
    )
    with written_whole(path) as partial:
        partial.write_text(head + mark + body, encoding="utf-8")
    return True


def is_ours(path: Path) -> bool:
    """Whether a README.md is as `write_card` wrote it, to the last letter."""
    try:
        text = path.read_text("utf-8")
    except ValueError:
        return False
    mark = _MARK.search(text)
    if mark is None:
        return False
    return mark[1] == _digest(text[: mark.start()] + text[mark.end() :])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
