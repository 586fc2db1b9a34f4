"""Text in the scripts of some languages, made up: words that no one speaks.

Words are composed of a script's letters, and drawn by the law of Zipf and
Mandelbrot. Some characters are rare, so that it matters how many a vocabulary
covers.
"""

import random
from collections.abc import Callable

Word = Callable[[random.Random], str]

_CONSONANTS = ["b", "ch", "d", "f", "g", "k", "l", "m", "n", "r", "sch", "t"]
_VOWELS = ["a", "e", "i", "o", "u", "ä", "ö", "ü", "ei", "au"]
_ENDINGS = ["", "n", "r", "ß", "s", "t"]
_ARABIC = [*"ابتثجحخدذرزسشصضطظعغفقكلمنهويىة", *"أإآؤئ"]
_VOWEL_SIGNS = ["", "", "", "\u064e", "\u064f", "\u0650", "\u0651"]
_HIRAGANA = [*map(chr, range(0x3042, 0x3094))]
_KATAKANA = [*map(chr, range(0x30A2, 0x30F4)), "ー"]
_KANJI = [chr(0x4E00 + 37 * i) for i in range(300)]


def _german(rng: random.Random) -> str:
    word = "".join(
        rng.choice(_CONSONANTS) + rng.choice(_VOWELS)
        for _ in range(rng.randint(1, 3))
    ) + rng.choice(_ENDINGS)
    return word.capitalize() if rng.random() < 0.3 else word


def _arabic(rng: random.Random) -> str:
    article = "ال" if rng.random() < 0.3 else ""
    return article + "".join(
        rng.choice(_ARABIC) + rng.choice(_VOWEL_SIGNS)
        for _ in range(rng.randint(2, 5))
    )


def _japanese(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return "".join(rng.choices(_HIRAGANA, k=rng.randint(1, 4)))
    if kind < 0.6:
        return "".join(rng.choices(_KATAKANA, k=rng.randint(2, 5)))
    kanji = "".join(rng.choices(_KANJI, k=rng.randint(1, 2)))
    return kanji + rng.choice(["", "", rng.choice(_HIRAGANA)])


# How a word is made, what stands between words, how a sentence ends, and
# where the rare characters lie.
_LANGUAGES: dict[str, tuple[Word, str, str, int]] = {
    "german": (_german, " ", ".", 0x0430),
    "arabic": (_arabic, " ", "؟", 0x05D0),
    "japanese": (_japanese, "", "。", 0x7E00),
}
# Shares of the characters: four together fit into what a coverage of 0.9995
# leaves out, and not one of the others.
_RARE_SHARES = [0.00005] * 4 + [0.002] * 8


def made_lines(language: str, count: int = 3000) -> list[str]:
    """Different lines, without two of a kind, always the same."""
    make_word, space, end, first_rare = _LANGUAGES[language]
    rng = random.Random(language)
    words = list(dict.fromkeys(make_word(rng) for _ in range(800)))
    weights = [1 / (50 + rank) for rank in range(len(words))]
    lines = [
        space.join(rng.choices(words, weights, k=rng.randint(6, 14)))
        + f"{space}{rng.randrange(1000)},{rng.randrange(10)}{end}"
        for _ in range(count)
    ]
    characters = len("".join(lines))
    for number, share in enumerate(_RARE_SHARES):
        for place in rng.sample(range(count), round(share * characters)):
            lines[place] += space + chr(first_rare + number) + words[0]
    return lines
