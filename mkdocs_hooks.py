"""Puts the help of every command into the page that asks for it."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from albert_keras import cli

_MARK = "<!-- the help of every command -->"


def on_page_markdown(markdown: str, **_kwargs: Any) -> str:
    """Called by MkDocs for each page."""
    if _MARK not in markdown:
        return markdown
    helps = (
        f"## {' '.join(words)}\n\n```text\n{help_of(*words).strip()}\n```\n"
        for words in leaves(cli.COMMANDS)
    )
    return markdown.replace(_MARK, "\n".join(helps))


def leaves(table: Mapping[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    """The words of each command, as `("export", "tflite")`."""
    for name, entry in table.items():
        if isinstance(entry, cli.Group):
            yield from leaves(entry.commands, *above, name)
        else:
            yield (*above, name)


def help_of(*words: str) -> str:
    """What `albert-keras WORDS --help` prints, 80 columns wide."""
    printed = io.StringIO()
    before = sys.argv, os.environ.get("COLUMNS")
    handler = signal.getsignal(signal.SIGTERM)
    sys.argv = ["albert-keras", *words, "--help"]
    os.environ["COLUMNS"] = "80"
    try:
        with contextlib.redirect_stdout(printed):
            cli.main()
    except SystemExit as ended:
        if ended.code:
            raise RuntimeError(f"No help of {' '.join(words)}.") from None
    finally:
        signal.signal(signal.SIGTERM, handler)
        sys.argv = before[0]
        os.environ.pop("COLUMNS")
        if before[1] is not None:
            os.environ["COLUMNS"] = before[1]
    return printed.getvalue()
