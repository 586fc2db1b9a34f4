"""The code blocks of a Markdown page, with the remark that stands above.

A remark is an HTML comment directly above a block. It says how the tests take
the block, if not as it is written:

    <!-- run with: pretrain --steps 2; vocab --size 300 -->

adds options to commands, so that they take seconds, and in Python puts words
in the place of others:

    <!-- run with: albert_base_v2 => albert-quickstart/run/preset -->

Then there are

    <!-- parsed only: it takes hours -->

which runs no command, but lets its own parser read what it is given; and

    <!-- not run: needs Docker -->

for what is no command of this package.
"""

import dataclasses
import re
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

Taken = Literal["run", "run with", "parsed only", "not run"]

_REMARK = re.compile(r"<!-- (run with|parsed only|not run): (.+?) -->", re.S)
_FENCE = re.compile(r" {0,3}```(.*)")


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: What stands behind the fence.
        code: The lines inside.
        line: Number of its first line in the page, for tracebacks.
        taken: How the tests take it.
        why: The reason, or the options that are added.
    """

    language: str
    code: str
    line: int
    taken: Taken
    why: str

    @property
    def added_options(self) -> dict[str, list[str]]:
        """By command, what `run with` adds: `{"vocab": ["--size", "300"]}`."""
        added = {}
        if self.taken == "run with":
            for each in self.why.split("; "):
                words = each.split()
                options = [n for n, w in enumerate(words) if w[0] == "-"]
                begin = options[0] if options else len(words)
                added[" ".join(words[:begin])] = words[begin:]
        return added

    @property
    def replaced_code(self) -> str:
        """The code with what `run with` puts in."""
        code = self.code
        if self.taken == "run with":
            for each in self.why.split("; "):
                old, new = each.split(" => ")
                if old not in code:
                    raise ValueError(f"{old!r} must be in the code:\n{code}")
                code = code.replace(old, new)
        return code


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in their order."""
    blocks: list[Block] = []
    lines = page.read_text("utf-8").splitlines()
    start, language = None, ""
    for number, line in enumerate(lines):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            continue
        if start is None:
            start, language = number + 1, fence[1].strip()
            continue
        taken, why = _remark_above(lines[: start - 1])
        code = "".join(f"{each}\n" for each in lines[start:number])
        blocks.append(Block(language, code, start + 1, taken, why))
        start = None
    if start is not None:
        raise ValueError(f"{page}: the block of line {start} has no end.")
    return blocks


def _remark_above(lines: list[str]) -> tuple[Taken, str]:
    above = "\n".join(lines).rstrip()
    begin = above.rfind("<!--")
    remark = _REMARK.fullmatch(above[begin:]) if begin >= 0 else None
    if remark is None:
        return "run", ""
    return remark[1], " ".join(remark[2].split())  # type: ignore[return-value]
