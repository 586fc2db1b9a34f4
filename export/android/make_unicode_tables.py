"""Writes `UnicodeTables.java`: what Java does not tell, or tells by device.

Java has no combining classes, lower-cases a final sigma by other rules than
Unicode's, and knows the Unicode version of the phone. The tables hold what
Python's own strings do, so that both sides give the same ids.

    python export/android/make_unicode_tables.py
"""

import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

TARGET = (
    Path(__file__).parent
    / "albert/src/main/java/albertkeras/UnicodeTables.java"
)
_CODES = [
    code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000
]
_TEMPLATE = """\
package albertkeras;

/**
 * What Python's strings know of characters, by Unicode {version}.
 *
 * <p>Made by {script}; not to be edited.
 *
 * <p>A range is `first-last` or one code point, in hexadecimal, and behind a
 * colon its value in decimal, 1 where there is none. Of a range with `/2`
 * every second code point belongs to it.
 */
final class UnicodeTables {{
  private UnicodeTables() {{}}
{tables}}}
"""
_TABLE = """
  /** {what} */
  static final String {name} =
{lines};
"""


def main() -> None:
    """Writes it."""
    TARGET.write_text(source(), encoding="ascii")


def source() -> str:
    """The Java file, by this Python's version of Unicode."""
    tables = {
        "COMBINING": (
            "Canonical combining classes that are not 0.",
            _ranges(lambda code: unicodedata.combining(chr(code))),
        ),
        "LOWER": (
            "How far the lower case is from its capital.",
            _ranges(_distance, steps=(1, 2)),
        ),
        "CASED": (
            "What makes the sigma behind it a final one.",
            _ranges(_is_cased),
        ),
        "CASE_IGNORABLE": (
            "What is passed over in looking for that.",
            _ranges(lambda code: not _is_cased(code) and _is_passed(code)),
        ),
        "DIGIT": (
            "Digits of every kind: str.isdigit.",
            _ranges(lambda code: chr(code).isdigit()),
        ),
    }
    return _TEMPLATE.format(
        version=unicodedata.unidata_version,
        script=Path(__file__).name,
        tables="".join(
            _TABLE.format(name=name, what=what, lines=_literal(words))
            for name, (what, words) in tables.items()
        ),
    )


def _distance(code: int) -> int:
    lower = chr(code).lower()
    # U+0130, whose lower case is two characters, has been decomposed before.
    return ord(lower) - code if len(lower) == 1 else 0


def _is_cased(code: int) -> bool:
    return ("1" + chr(code) + "\u03a3").lower()[-1] == "\u03c2"


def _is_passed(code: int) -> bool:
    return ("a" + chr(code) + "\u03a3").lower()[-1] == "\u03c2"


def _ranges(
    value_of: Callable[[int], int], steps: tuple[int, ...] = (1,)
) -> Iterable[str]:
    """Words for the code points whose value is not 0."""
    found: list[list[int]] = []  # first, last, step, value
    for code in _CODES:
        value = int(value_of(code))
        if not value:
            continue
        if found and found[-1][3] == value:
            first, last, step, _ = found[-1]
            if code - last in ((step,) if first < last else steps):
                found[-1][1:3] = code, code - last
                continue
        found.append([code, code, 1, value])
    for first, last, step, value in found:
        word = f"{first:x}" if first == last else f"{first:x}-{last:x}"
        word += f"/{step}" if step > 1 else ""
        yield word if value == 1 and steps == (1,) else f"{word}:{value}"


def _literal(words: Iterable[str]) -> str:
    lines = textwrap.wrap(" ".join(words), 66, break_on_hyphens=False)
    return "\n".join(
        f'      {"+ " if number else ""}"{line} "'
        for number, line in enumerate(lines)
    )


if __name__ == "__main__":
    main()
