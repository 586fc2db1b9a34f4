"""Texts that no person writes."""

import random

# Each a pool of code points; what text mostly is comes more than once.
_POOLS = [
    range(0x20, 0x7F),
    range(0x20, 0x7F),
    range(0x250),
    range(0x300, 0x600),
    range(0x370, 0x530),
    range(0x590, 0x1100),
    range(0x1D00, 0x2100),
    range(0x2000, 0x3100),
    range(0xAC00, 0xD7A4),
    range(0xF900, 0x10000),
    range(0x1D400, 0x1D800),
    range(0x110000),
    range(0xD800, 0xE000),
    # A sigma is final or not by what stands around it.
    [ord(c) for c in "ΣσςAa'·.: \u0301\u0345ß1"],
    [ord(c) for c in "[MASK]CLSEP <pad>"],
    [0x9, 0xA, 0x1C, 0x20, 0x85, 0xA0, 0x1680, 0x2003, 0x3000, 0x200B],
    # Decomposed, a run of marks is put in the order of their classes.
    [0x41, 0xC5, 0x300, 0x316, 0x327, 0x323, 0x5B0, 0x93C, 0x3099, 0x1E9B],
    [ord(c) for c in "0123456789,.½²①٣"],
]
_WORDS = [
    *("", " ", "\t ", "[MASK]", " [MASK] ", "[CLS]", "[SEP]", "<unk>", "\0"),
    *("2010,", "the 1,000,", "``quoted''", "(a)", '"', "–", "£5", "▁", "▁▁"),
    *("İstanbul", "ΌΣΟΣ", "naïve café", "ﬁne", "한국어", "ﷺ", "𝔘𝔫𝔦", "👩🏽‍🚀"),
]


def generated_texts(count: int, seed: int) -> list[str]:
    """Texts of all that Unicode has, in odd company."""
    generator = random.Random(seed)
    return [_text(generator) for _ in range(count)]


def _text(generator: random.Random) -> str:
    parts = []
    for _ in range(generator.randint(1, 6)):
        pool = generator.choice(_POOLS)
        parts.append(generator.choice(_WORDS))
        parts += [
            chr(generator.choice(pool)) for _ in range(generator.randint(0, 6))
        ]
    text = "".join(parts)
    # Two surrogates that stand together are a character to Java.
    return text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "surrogatepass"
    )
