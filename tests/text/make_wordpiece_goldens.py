"""Writes the golden file of the WordPiece tests from google-research/albert.

Run it where TensorFlow and a checkout of the original are installed:

    python tests/text/make_wordpiece_goldens.py FOLDER

where FOLDER is the checkout (it has tokenization.py). The vocabulary and the
texts are made up here; the ids are what the original's `FullTokenizer` makes
of them. The characters are such whose properties newer Unicode versions leave
alone, so that every Python says the same.
"""

import collections
import json
import random
import re
import string
import sys
import sysconfig
import tempfile
import types
from pathlib import Path

GOLDENS = Path(__file__).with_name("wordpiece_goldens.json")
SPECIAL = ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# First and last of each block of `_is_chinese_char`, and their neighbours.
EDGES = [
    chr(code + step)
    for code in (
        *(0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xF900, 0xFAFF, 0x20000, 0x2A6DF),
        *(0x2A700, 0x2B73F, 0x2B740, 0x2B81F, 0x2B820, 0x2B91F, 0x2B920),
        *(0x2CEAF, 0x2F800, 0x2FA1F),
    )
    for step in (-1, 0, 1)
]
CHINESE = [chr(code) for code in range(0x4E00, 0x9FA6, 60)]
LETTERS = "éàìíüñçøßıſςσабвёいろは한국々〇ａＢ각"
PUNCTUATION = [*string.punctuation, *"，。！？「」、《》（）：；“”…—～￥·¿§"]
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\xa0", "\u3000", "\u2003", "\u2028"]
MARKS = ["\u0301", "\u0308", "\u0327", "\u0323", "\u0e31", "\u093f", "\u094d"]
DROPPED = ["\0", "\x01", "\x1c", "\x85", "\xad", "\u200b", "\u200d", "\ufeff"]
DROPPED += ["\ufffd", "\u202e", "\U000e0061"]
OTHERS = [*"İIΣÅÇÑﬁ½①´ΐﾊﾟ각🎉≠;·`", "ΑΣ", "ΑΣΑ", "\ue000", "\u2c7f", "\u037e"]


def library_words() -> collections.Counter[str]:
    folder = Path(sysconfig.get_path("stdlib"))
    text = "".join(
        (folder / f"{name}.py").read_text("utf-8")
        for name in ("argparse", "inspect", "typing")
    )
    return collections.Counter(re.findall("[a-z]+", text.lower()))


def make_vocabulary() -> list[str]:
    words = [word for word, _ in library_words().most_common(400)]
    characters = [*CHINESE, *EDGES, *PUNCTUATION, *MARKS, *LETTERS, *OTHERS]
    starts = [*string.ascii_letters, *string.digits, *characters, *words]
    starts += [word[:3] for word in words]
    suffixes = [*string.ascii_letters, *string.digits, *LETTERS, *CHINESE[::9]]
    suffixes += [word[-size:] for word in words for size in (2, 3)]
    pieces = ["[PAD]", *(f"[unused{n}]" for n in range(1, 9)), *SPECIAL]
    pieces += [piece for piece in starts if len(piece.split()) == 1]
    pieces += [f"##{suffix}" for suffix in suffixes]
    return list(dict.fromkeys(pieces))


def make_texts() -> list[str]:
    rng = random.Random(0)
    words = list(library_words())
    kinds = [words, words, CHINESE, CHINESE, PUNCTUATION, SPACES, SPACES]
    kinds += [MARKS, DROPPED, OTHERS, EDGES, LETTERS, string.digits]

    def part() -> str:
        return rng.choice([str, str, str.upper, str.title])(
            rng.choice(rng.choice(kinds))
        )

    texts = [
        "".join(part() for _ in range(rng.randint(1, 24))) for _ in range(220)
    ]
    texts += ["a" * 199, "a" * 200, "a" * 201, "é" * 200, "é" * 201, "한" * 70]
    texts += ["", " ", "\u200b", "[MASK]", "[UNK]ed", "##ing", "hello##ing"]
    return texts


def load(checkout: Path):
    """The original's module; TF Hub is not needed, nor imported."""
    sys.modules["tensorflow_hub"] = types.ModuleType("tensorflow_hub")
    sys.path.insert(0, str(checkout))
    import tokenization

    return tokenization


def main() -> None:
    tokenization = load(Path(sys.argv[1]))
    vocabulary, texts = make_vocabulary(), make_texts()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(vocabulary) + "\n", "utf-8", newline="")
        rows = []
        cut = [
            tokenization.FullTokenizer(str(path), do_lower_case=lower)
            for lower in (True, False)
        ]
        assert list(cut[0].vocab) == vocabulary
        for text in texts:
            ids = [t.convert_tokens_to_ids(t.tokenize(text)) for t in cut]
            rows.append([text, *ids])
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    pieces = json.dumps(vocabulary, separators=(",", ":"))
    GOLDENS.write_text(
        f'{{"vocabulary":{pieces},\n"uncased_and_cased":[\n{lines}\n]}}\n',
        "utf-8",
    )


if __name__ == "__main__":
    main()
