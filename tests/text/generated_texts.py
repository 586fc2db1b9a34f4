"""Random Unicode texts, the same for the same seed.

Each text is a few parts of one or several kinds: characters of any plane,
stacks of combining marks, controls, right-to-left scripts, emoji, numbers
with commas, special symbols inside words, pieces of a vocabulary. Only the
generator decides, not Python's Unicode tables, which change with its version.
"""

import random
from collections.abc import Iterator, Sequence

LONG = 100_000
"""UTF-8 bytes that a long text has at least."""

_MARKS = [
    *((0x300, 0x36F), (0x483, 0x487), (0x591, 0x5BD), (0x610, 0x61A)),
    *((0x64B, 0x65F), (0x93C, 0x94D), (0xE31, 0xE4E), (0xF71, 0xF84)),
    *((0x1AB0, 0x1ABD), (0x1DC0, 0x1DFF), (0x20D0, 0x20F0), (0x302A, 0x302F)),
    *((0x3099, 0x309A), (0xFE20, 0xFE2F), (0x1D165, 0x1D172)),
]
_CONTROLS = [
    *((0x00, 0x20), (0x7F, 0xA0), (0xAD, 0xAD), (0x61C, 0x61C)),
    *((0x1680, 0x1680), (0x180B, 0x180E), (0x2000, 0x200F), (0x2028, 0x202F)),
    *((0x205F, 0x206F), (0x3000, 0x3000), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFD)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE007F)),
]
_RIGHT_TO_LEFT = [
    *((0x5D0, 0x5EA), (0x620, 0x64A), (0x660, 0x669), (0x671, 0x6D3)),
    *((0x6F0, 0x6F9), (0x710, 0x72F), (0x780, 0x7A5), (0x7C0, 0x7EA)),
    *((0xFB1D, 0xFB4F), (0xFB50, 0xFBB1), (0xFDF0, 0xFDFC), (0xFE70, 0xFEFC)),
    *((0x10800, 0x10855), (0x1E800, 0x1E8C4), (0x1EE00, 0x1EEF1)),
]
_EMOJI = [
    *((0x23E9, 0x23F3), (0x2600, 0x26FF), (0x2702, 0x27B0)),
    *((0x1F300, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F90D, 0x1F978)),
]
_DECOMPOSED = [  # by NFKD, and capitals of all kinds
    *((0xA8, 0xBE), (0xC0, 0x17F), (0x180, 0x24F), (0x370, 0x3FF)),
    *((0x400, 0x45F), (0x1E00, 0x1EFF), (0x1F00, 0x1FFE), (0x2070, 0x209C)),
    *((0x2100, 0x218B), (0x2460, 0x24FF), (0x2C60, 0x2C7F), (0x3200, 0x33FF)),
    *((0xA640, 0xA69B), (0xAC00, 0xD7A3), (0xF900, 0xFA6D), (0xFB00, 0xFB17)),
    *((0xFF01, 0xFFEE), (0x10400, 0x1044F), (0x1D400, 0x1D7FF)),
    *((0x1F100, 0x1F16B), (0x2F800, 0x2FA1D)),
]
_PLANES = [
    *((0x21, 0x2FF), (0x300, 0x1FFF), (0x2000, 0xD7FF), (0xE000, 0xFFFF)),
    *((0x10000 * plane, 0x10000 * plane + 0xFFFF) for plane in range(1, 17)),
]
_SYMBOLS = ("[MASK]", "[CLS]", "[SEP]", "[mask]", "[MASK", "MASK]", "<pad>")
_DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "¹²³½①⒈")
_NUMBER_ENDS = (",", ",", ",,", "،", "，", ", ", "%,", ".", "th,", "")


def generated_texts(
    count: int, seed: int, pieces: Sequence[str]
) -> Iterator[str]:
    """Random texts: 1 in 100 is empty or blank, none is long.

    Args:
        count: How many.
        seed: Decides everything.
        pieces: Of a vocabulary, whose words then occur in the texts.

    Yields:
        The texts, without lone surrogates.
    """
    generator = _Generator(seed, pieces)
    for i in range(count):
        yield generator.blank() if i % 100 == 99 else generator.text()


def long_texts(count: int, seed: int, pieces: Sequence[str]) -> Iterator[str]:
    """Random texts of `LONG` bytes, with and without spaces.

    Args:
        count: How many.
        seed: Decides everything.
        pieces: As for `generated_texts`.

    Yields:
        The texts.
    """
    generator = _Generator(seed, pieces)
    for i in range(count):
        parts, size = [], 0
        while size < LONG:
            part = generator.part()
            parts.append(part)
            size += len(part.encode())
        yield ("", " ")[i % 2].join(parts)


class _Generator:
    def __init__(self, seed: int, pieces: Sequence[str]):
        self._random = random.Random(seed)
        self._pieces = pieces
        self._kinds = (
            *(self._any_plane, self._accents, self._controls),
            *(self._right_to_left, self._emoji, self._number),
            *(self._symbol_in_word, self._decomposed, self._words),
            self._run,
        )

    def text(self) -> str:
        separator = self._random.choice(("", "", " ", " ", "\n"))
        parts = [self.part() for _ in range(self._random.randint(1, 6))]
        return separator.join(parts)

    def blank(self) -> str:
        return self._chars([(0x20, 0x20), (0x09, 0x0D)], 0, 3)

    def part(self) -> str:
        return self._random.choice(self._kinds)()

    def _char(self, ranges: Sequence[tuple[int, int]]) -> str:
        return chr(self._random.randint(*self._random.choice(ranges)))

    def _chars(
        self, ranges: Sequence[tuple[int, int]], least: int, most: int
    ) -> str:
        length = self._random.randint(least, most)
        return "".join(self._char(ranges) for _ in range(length))

    def _word(self) -> str:
        word = self._random.choice(self._pieces).replace("▁", " ")
        change = self._random.choice((str, str, str.upper, str.title))
        return change(word)

    def _words(self) -> str:
        return "".join(self._word() for _ in range(self._random.randint(1, 8)))

    def _any_plane(self) -> str:
        return self._chars(_PLANES, 1, 6)

    def _accents(self) -> str:
        return "".join(
            self._char(_DECOMPOSED + _RIGHT_TO_LEFT + [(0x61, 0x7A)] * 20)
            + self._chars(_MARKS, 0, 4)
            for _ in range(self._random.randint(1, 6))
        )

    def _controls(self) -> str:
        return self._word() + self._chars(_CONTROLS, 1, 3) + self._word()

    def _right_to_left(self) -> str:
        return self._chars([*_RIGHT_TO_LEFT, (0x20, 0x20)], 1, 10)

    def _emoji(self) -> str:
        joiners = ("", "", "\u200d", "\ufe0f", "\ufe0f\u200d", "\U0001f3fd")
        flag = self._chars([(0x1F1E6, 0x1F1FF)], 2, 2)
        keycap = f"{self._random.randint(0, 9)}\ufe0f\u20e3"
        joined = "".join(
            self._char(_EMOJI) + self._random.choice(joiners)
            for _ in range(self._random.randint(1, 4))
        )
        return self._random.choice((flag, keycap, joined, joined))

    def _number(self) -> str:
        digits = self._random.choice(_DIGITS)
        groups = (
            "".join(self._random.choices(digits, k=self._random.randint(1, 4)))
            for _ in range(self._random.randint(1, 4))
        )
        before = self._random.choice((" ", "", "$", "x", "(", "№"))
        end = self._random.choice(_NUMBER_ENDS)
        return before + ",".join(groups) + end

    def _symbol_in_word(self) -> str:
        symbol = self._random.choice(_SYMBOLS)
        space = self._random.choice(("", "", " "))
        return self._word().strip() + symbol + space + self._word().strip()

    def _decomposed(self) -> str:
        return self._chars(_DECOMPOSED, 1, 6)

    def _run(self) -> str:
        """One character many times: segmentations that score the same."""
        char = self._random.choice("0a-_.=#*あ,1 ")
        return char * self._random.randint(2, 40)
