"""Do MediaPipe and the TFLite Task Library make ALBERT's ids?

    python benchmarks/lite/client_ids.py --data FOLDER --model spiece.model

Counts the texts of which they make other ids than ALBERT's tokenizer: with the
vocabulary as it was published, and with the one that `ak.export.tflite` packs.
"""

import string
import sys
from collections.abc import Callable
from pathlib import Path

import sentencepiece as spm

from albert_keras.export.client_ids import ClientIds
from albert_keras.text.raw_text_model import takes_raw_text
from albert_keras.text.sentencepiece import SentencePieceTokenizer

sys.path.insert(0, str(Path(__file__).parents[1] / "tokenizer"))
from corpora import read
from record import arguments, write_record

RESULTS = Path(__file__).parents[1] / "results/lite"
CORPORA = (
    "SST-2",
    "SQuAD dev questions",
    "SQuAD dev contexts",
    "CoNLL-2003",
    "WikiText-2",
    "RACE dev",
)
# The rules of ALBERT that a text needs, in the order in which they are tried.
CAUSES: dict[str, Callable[[str], bool]] = {
    "capitals or accents beyond ASCII": lambda text: not text.isascii(),
    "a digit before a comma": lambda text: any(
        digit + "," in text for digit in string.digits
    ),
}


def main() -> None:
    parser = arguments(__doc__, "client_ids.json")
    parser.set_defaults(out=RESULTS / "client_ids.json")
    options = parser.parse_args()
    # Special symbols in a text are letters and brackets to the clients.
    tokenizer = SentencePieceTokenizer(options.model, special_symbols=False)
    packed = takes_raw_text(tokenizer)
    clients = {
        "published": ClientIds(tokenizer.proto),
        "packed": ClientIds(packed),
    }
    rows = []
    for name, texts in read(options.data, CORPORA).items():
        expected = tokenizer.encode_batch(texts)
        row = {"corpus": name, "texts": len(texts)}
        for vocabulary, client in clients.items():
            other = [
                text
                for text, ids in zip(texts, expected, strict=True)
                if client.tokens(text) != ids
            ]
            row[vocabulary] = {
                "differ": len(other),
                "percent": round(100 * len(other) / len(texts), 3),
                "causes": _causes(other),
            }
        print(row)
        rows.append(row)
    write_record(
        options.out,
        ["sentencepiece"],
        {
            "bytes": {
                "published": len(tokenizer.proto),
                "packed": len(packed),
            },
            "pieces": spm.SentencePieceProcessor(
                model_proto=packed
            ).get_piece_size(),
            "corpora": rows,
        },
    )


def _causes(texts: list[str]) -> dict[str, int]:
    counts = dict.fromkeys([*CAUSES, "others"], 0)
    for text in texts:
        cause = next(
            (c for c, holds in CAUSES.items() if holds(text)), "others"
        )
        counts[cause] += 1
    return counts


if __name__ == "__main__":
    main()
