"""Names from a user's data, as a line of text can show them."""

import json
from collections.abc import Sequence

_LONGEST = 40
_MOST = 10


def shown(name: str) -> str:
    r"""Return a name in quotes, shortened and without control characters.

    Args:
        name: the name.

    Example:
    >>> shown("ok"), shown("a\nb")
    ("'ok'", "'a\\nb'")
    """
    return f"'{plain(name)}'"


def plain(name: str) -> str:
    """Return a name as `shown`, without quotes."""
    if not name.isprintable():
        name = json.dumps(name)[1:-1].replace('\\"', '"')
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."


def shown_list(names: Sequence[str]) -> str:
    """Return names as `shown`, the first ten of them.

    Args:
        names: the names.
    """
    more = len(names) - _MOST
    listed = ", ".join(map(shown, names[:_MOST]))
    return listed + (f" and {more:,} more" if more > 0 else "")
