"""Our ids against Hugging Face's `AlbertTokenizer`, on whole corpora.

    python benchmarks/tokenizer/parity_huggingface.py --data FOLDER \
        --model spiece.model --original albert/tokenization.py

Needs `pip install -e '.[bench]'`, and for `--original` the file of that name
of github.com/google-research/albert. Three comparisons, text by text:

- `matched`: Hugging Face with `split_special_tokens=True`, ours with
  `replace_quotes=True` and `special_symbols=False`. Every text with other ids
  is explained by code (see `departures.py`), and the original is asked whose
  ids it gives.
- `as it comes` and `from spiece.model`: Hugging Face's tokenizer in the two
  ways that users get it, without any option, against ours without any.
- `original`: the functions of the original against ours without any option:
  with its comparison of text to bytes as it came out in Python 2, and as it
  is.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import corpora
import huggingface
import record
from departures import UNKNOWN, Departures
from original import Original
from rich.console import Console
from rich.progress import track
from rich.table import Table

from albert_keras.text.sentencepiece import SentencePieceTokenizer

LIBRARIES = ("sentencepiece", "tokenizers", "transformers")


def main() -> None:
    parser = record.arguments(
        __doc__.splitlines()[0], "parity_huggingface.json"
    )
    parser.add_argument(
        "--original", type=Path, required=True, help="its tokenization.py"
    )
    options = parser.parse_args()
    comparison = Comparison(options.model, options.original)
    results = {
        name: comparison.compare(list(read(options.data)))
        for name, read in track(corpora.CORPORA.items(), "corpora")
    }
    show(results)
    record.write_record(
        options.out,
        LIBRARIES,
        {
            "original": "google-research/albert b772393d, tokenization.py",
            "results": results,
        },
    )


class Comparison:
    """Everything that the texts are tokenized by."""

    def __init__(self, model: Path, original: Path):
        self._ours = SentencePieceTokenizer(model)
        self._ours_matched = SentencePieceTokenizer(
            model, replace_quotes=True, special_symbols=False
        )
        self._departures = Departures(self._ours_matched, model)
        self._theirs_matched = huggingface.like_released(
            model, split_special_tokens=True
        )
        self._theirs = {
            "as it comes": huggingface.like_released(model),
            "from spiece.model": huggingface.from_model(model),
        }
        self._original = Original(original, model, as_meant=True)
        self._original_as_is = Original(original, model, as_meant=False)

    def compare(self, texts: list[str]) -> dict[str, Any]:
        """Counts of texts with other ids, and which and why."""
        ours = self._ours.encode_batch(texts)
        meant = [self._original.encode(text) for text in texts]
        as_is = [self._original_as_is.encode(text) for text in texts]
        return {
            "texts": len(texts),
            "tokens": sum(map(len, ours)),
            "other_ids": {
                "original": _count_unequal(ours, meant),
                "original, as it is": _count_unequal(ours, as_is),
                **{
                    name: _count_unequal(ours, huggingface.encode(peer, texts))
                    for name, peer in self._theirs.items()
                },
            },
            "matched": self._compare_matched(texts),
        }

    def _compare_matched(self, texts: list[str]) -> dict[str, Any]:
        ours = self._ours_matched.encode_batch(texts)
        theirs = huggingface.encode(self._theirs_matched, texts)
        causes = {
            i: self._departures.causes(text, y)
            for i, (text, x, y) in enumerate(
                zip(texts, ours, theirs, strict=True)
            )
            if x != y
        }
        # The original has no option for quotes: it is given the text in
        # which they are rewritten already.
        original = {
            i: self._original.encode(
                texts[i].replace("``", '"').replace("''", '"')
            )
            for i in causes
        }
        has_unknown = {i for i, text in enumerate(texts) if "<unk>" in text}
        of_unknown = {i for i, found in causes.items() if UNKNOWN in found}
        return {
            "other_ids": len(causes),
            "causes": dict(Counter(map(" + ".join, causes.values()))),
            "original_gives_our_ids": sum(
                original[i] == ours[i] for i in causes
            ),
            "original_gives_their_ids": sum(
                original[i] == theirs[i] for i in causes
            ),
            "every_text_with_<unk>_and_no_other": has_unknown == of_unknown,
            # By number, counted from 0 in the order of `corpora.py`.
            "other_causes_than_<unk>": {
                i: found for i, found in causes.items() if found != [UNKNOWN]
            },
        }


def _count_unequal(found: list[list[int]], expected: list[list[int]]) -> int:
    pairs = zip(found, expected, strict=True)
    return sum(x != y for x, y in pairs)


def show(results: dict[str, Any]) -> None:
    table = Table(title="texts with other ids than ours")
    for heading in (
        *("", "texts", "original", "original, as it is"),
        *("as it comes", "from spiece.model", "matched"),
    ):
        table.add_column(heading, justify="right" if heading else "left")
    for name, result in results.items():
        counts = *result["other_ids"].values(), result["matched"]["other_ids"]
        table.add_row(name, *(f"{n:,}" for n in (result["texts"], *counts)))
    console = Console()
    console.print(table)
    for name, result in results.items():
        matched = result["matched"]
        console.print(f"{name}, matched:", matched["causes"], highlight=False)
        console.print(
            f"  the original gives our ids {matched['original_gives_our_ids']}"
            f" times, theirs {matched['original_gives_their_ids']} times"
        )


if __name__ == "__main__":
    main()
