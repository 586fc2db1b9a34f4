"""Whether the Java tokenizer gives Python's ids and offsets, on whole corpora.

    python benchmarks/android/parity.py --data FOLDER --model spiece.model

All lines of WikiText-2, SST-2, CoNLL-2003 and SQuAD's contexts and questions,
and 200,000 generated texts of all that Unicode has. Of those a text is left
out which holds a code point that Python's version of Unicode or Java's has not
assigned; what is left of a string of unknown letters differs by version. Needs
a JDK.
"""

import itertools
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

sys.path.append(str(Path(__file__).parents[1] / "tokenizer"))
sys.path.append(str(Path(__file__).parents[2] / "export/android"))
# Of the test suite, which uses them as well.
sys.path.append(str(Path(__file__).parents[2] / "tests/export/android"))

import corpora
import record
from java_build import build
from java_tokenizer import JavaTokenizer
from unicode_texts import generated_texts

from albert_keras.text.sentencepiece import SentencePieceTokenizer

NAMES = (
    "WikiText-2",
    "SST-2",
    "CoNLL-2003",
    "SQuAD dev contexts",
    "SQuAD dev questions",
)
GENERATED = 200_000
RESULT = Path(__file__).parents[1] / "results/android/parity.json"
_AT_ONCE = 5000


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0], "")
    parser.set_defaults(out=RESULT)
    parser.add_argument("--generated", type=int, default=GENERATED)
    options = parser.parse_args()
    tokenizer = SentencePieceTokenizer(options.model)
    with tempfile.TemporaryDirectory() as folder:
        classes = build(Path(folder))
        known = _known_to_java(classes)
        sources = corpora.read(options.data, NAMES)
        sources["generated"] = _generated(options.generated, known)
        with JavaTokenizer(classes, options.model) as java:
            rows = {
                name: _compare(name, texts, tokenizer, java)
                for name, texts in sources.items()
            }
    table = Table("", "texts", "tokens", "other ids", "other offsets")
    for name, row in rows.items():
        table.add_row(name, *(f"{n:,}" for n in list(row.values())[:4]))
    Console().print(table)
    record.write_record(
        options.out,
        ["sentencepiece"],
        {
            "java": _java_version(),
            "unicode": {
                "python": unicodedata.unidata_version,
                "code points known to both": sum(
                    map(known, map(chr, range(sys.maxunicode + 1)))
                ),
            },
            "corpora": rows,
        },
    )


def _compare(
    name: str,
    texts: list[str],
    tokenizer: SentencePieceTokenizer,
    java: JavaTokenizer,
) -> dict[str, object]:
    row = {"texts": len(texts), "tokens": 0, "other_ids": 0, "other_offsets": 0}
    different: list[str] = []
    for begin in track(range(0, len(texts), _AT_ONCE), name):
        part = texts[begin : begin + _AT_ONCE]
        ids = tokenizer.encode_batch(part)
        for text, wanted, found in zip(part, ids, java(part), strict=True):
            row["tokens"] += len(wanted)
            has_ids = found.ids == wanted
            has_spans = found.spans == tokenizer.offsets(text)
            row["other_ids"] += not has_ids
            row["other_offsets"] += not has_spans
            if not (has_ids and has_spans):
                different.append(ascii(text))
    return {**row, "different": different[:20]}


def _generated(count: int, known: Callable[[str], bool]) -> list[str]:
    def all_known() -> Iterator[str]:
        for seed in itertools.count():
            yield from filter(known, generated_texts(10_000, seed))

    return list(itertools.islice(all_known(), count))


def _known_to_java(classes: Path) -> Callable[[Iterable[str]], bool]:
    """Tells of a text whether both sides know all its code points."""
    flags = subprocess.run(
        ["java", "-cp", classes, "albertkeras.jvm.text.KnownCodePoints"],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout

    def known(text: Iterable[str]) -> bool:
        return all(
            flags[ord(char)] and unicodedata.category(char) != "Cn"
            for char in text
        )

    return known


def _java_version() -> str:
    said = subprocess.run(["java", "-version"], capture_output=True, text=True)
    return said.stderr.splitlines()[0]


if __name__ == "__main__":
    main()
