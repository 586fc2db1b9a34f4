"""Whether offsets lead back to the text, on SQuAD's paragraphs.

    python benchmarks/tokenizer/offsets_squad.py --data FOLDER \\
        --model spiece.model

For every token of every paragraph of both dev sets, the part of the paragraph
that its span cuts out is normalised on its own, and has to be what the token
shows. What exactly is compared says `span_outcomes`.
"""

import sys
from collections import Counter
from pathlib import Path

import corpora
import record
from rich.console import Console
from rich.progress import track
from rich.table import Table

from albert_keras.text.sentencepiece import SentencePieceTokenizer

# Of the test suite, which uses it as well.
sys.path.append(str(Path(__file__).parents[2] / "tests/text"))
from span_outcomes import EMPTY, EXACT, KINDS, span_outcomes


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0], "offsets_squad.json")
    options = parser.parse_args()
    tokenizer = SentencePieceTokenizer(options.model)
    texts = list(corpora.squad_contexts(options.data))
    counts = Counter(dict.fromkeys(KINDS, 0))
    exceptions = []
    for number, text in enumerate(track(texts, "paragraphs")):
        for outcome in span_outcomes(tokenizer, text):
            counts[outcome.kind] += 1
            if outcome.kind not in (EXACT, EMPTY):
                place = {"paragraph": number, **outcome._asdict()}
                place["characters"] = [
                    f"U+{ord(char):04X}"
                    for char in text[outcome.start : outcome.end]
                ]
                exceptions.append(place)

    table = Table("SQuAD dev", "tokens")
    for kind, count in counts.items():
        table.add_row(kind, f"{count:,}")
    Console().print(table)
    record.write_record(
        options.out,
        ["sentencepiece"],
        {
            "paragraphs": len(texts),
            "outcomes": dict(counts),
            "exceptions": exceptions,
        },
    )


if __name__ == "__main__":
    main()
