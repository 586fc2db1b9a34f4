"""The ids of the graph twin against those of the Python tokenizer.

    python benchmarks/tokenizer/parity_graph.py --data FOLDER \\
        --model spiece.model

On every text of the corpora, and on generated texts: characters of any plane,
stacks of marks, controls, right-to-left scripts, emoji, numbers with commas,
special symbols inside words; some empty, some 100,000 bytes long.

First every character is normalised on both sides, alone among letters. Those
that come out differently are listed, and whether Python's `unicodedata` and
the ICU of TensorFlow (in which a character that it does not know has no
script) assign them. A text with other ids is explained where both sides agree
on it once these characters are taken out. TensorFlow Text has an ICU of its
own, which cannot be asked.
"""

import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import corpora
import record
import tensorflow as tf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.normalization import graph_normalize, normalize
from albert_keras.text.sentencepiece import SentencePieceTokenizer

# Of the test suite, which uses them as well.
sys.path.append(str(Path(__file__).parents[2] / "tests/text"))
from generated_texts import generated_texts, long_texts

BATCH = 1000
NO_SCRIPT = 103  # ICU's USCRIPT_UNKNOWN
LIBRARIES = ("sentencepiece", "tensorflow", "tensorflow-text")

YOUNG_FOR_TENSORFLOW = "not assigned in TensorFlow's Unicode"
YOUNG_FOR_PYTHON = "not assigned in Python's Unicode"
NONCHARACTER = "U+FDD0, which stands in for NUL"
BOTH = "assigned on both sides"
UNEXPLAINED = "unexplained"


class Twins:
    """The tokenizer and its graph twin, compared.

    Attributes:
        differing: The characters that the two normalise differently, each
            with the reason.
    """

    def __init__(self, model: Path):
        self.python = SentencePieceTokenizer(model)
        self._graph = GraphTokenizer(self.python)
        self.differing = differing_characters()

    def compare(self, texts: list[str]) -> Iterator[tuple[int, list[str]]]:
        """The texts with other ids: number, and the characters at fault."""
        for start in range(0, len(texts), BATCH):
            batch = texts[start : start + BATCH]
            for i in self._where_unequal(batch):
                yield start + i, self._fault(batch[i])

    def _where_unequal(self, texts: list[str]) -> list[int]:
        found = self._graph.tokenize(tf.constant(texts, tf.string)).to_list()
        expected = self.python.encode_batch(texts)
        pairs = zip(found, expected, strict=True)
        return [i for i, (x, y) in enumerate(pairs) if x != y]

    def _fault(self, text: str) -> list[str]:
        fault = sorted(set(text) & self.differing.keys())
        rest = text.translate(dict.fromkeys(map(ord, fault)))
        return fault if fault and not self._where_unequal([rest]) else []


def differing_characters() -> dict[str, str]:
    """Each character that the sides normalise differently, and why."""
    chars = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]
    texts = [f"a{char}B" for char in chars]
    found = graph_normalize(tf.constant(texts)).numpy()
    differing = [
        char
        for char, text, graph in zip(chars, texts, found, strict=True)
        if graph.decode() != normalize(text)
    ]
    scripts = tf.strings.unicode_script([ord(c) for c in differing]).numpy()
    return {
        char: _reason(char, script)
        for char, script in zip(differing, scripts, strict=True)
    }


def _reason(char: str, script: int) -> str:
    if char == "\ufdd0":
        return NONCHARACTER
    if unicodedata.category(char) == "Cn":
        return YOUNG_FOR_PYTHON
    return YOUNG_FOR_TENSORFLOW if script == NO_SCRIPT else BOTH


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0], "parity_graph.json")
    parser.add_argument("--generated", type=int, default=200_000)
    parser.add_argument("--long", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    twins = Twins(options.model)
    sources = corpora.read(options.data)
    pieces = twins.python.vocabulary
    sources["generated"] = [
        *generated_texts(options.generated, options.seed, pieces)
    ]
    sources["generated, long"] = [
        *long_texts(options.long, options.seed, pieces)
    ]

    console = Console()
    console.print(Counter(twins.differing.values()))
    table = Table("texts", "count", "characters", "differ", "unexplained")
    results = {}
    for name, texts in track(sources.items(), "comparing"):
        differing = dict(twins.compare(texts))
        unexplained = [i for i, fault in differing.items() if not fault]
        results[name] = {
            "texts": len(texts),
            "characters": sum(map(len, texts)),
            "differ": len(differing),
            "differ_by": dict(
                Counter(
                    ", ".join(sorted({twins.differing[c] for c in fault}))
                    or UNEXPLAINED
                    for fault in differing.values()
                )
            ),
            "unexplained": unexplained,
        }
        table.add_row(
            name,
            f"{len(texts):,}",
            f"{results[name]['characters']:,}",
            f"{len(differing):,}",
            f"{len(unexplained):,}",
        )
    console.print(table)
    record.write_record(
        options.out,
        LIBRARIES,
        {
            "python_unicode": unicodedata.unidata_version,
            "seed": options.seed,
            "characters_normalised_differently": {
                reason: " ".join(
                    f"U+{ord(c):04X}"
                    for c, why in twins.differing.items()
                    if why == reason
                )
                for reason in sorted(set(twins.differing.values()))
            },
            "results": results,
        },
    )


if __name__ == "__main__":
    main()
