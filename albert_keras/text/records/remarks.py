"""What was odd in a file, counted."""


class Remarks:
    """Oddities of one file: the first of each sort is named, all counted."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def add(self, source: str, what: str) -> None:
        """Counts one.

        Args:
            source: the file and line.
            what: what is there, and what becomes of it.
        """
        self._first.setdefault(what, source)
        self._count[what] = self._count.get(what, 0) + 1

    def sentences(self) -> tuple[str, ...]:
        """A sentence for each sort."""
        return tuple(
            f"{source}{self._others(what)}: {what}."
            for what, source in self._first.items()
        )

    def _others(self, what: str) -> str:
        others = self._count[what] - 1
        return f" and {others:,} more" if others else ""
