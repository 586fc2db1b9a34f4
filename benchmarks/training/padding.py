"""How many of the computed tokens are padding, on real lengths.

    python -m benchmarks.training.padding --data FOLDER --model spiece.model

FOLDER has `glue/SST-2/train.tsv`, `glue/MRPC/train.tsv`, `race/RACE.tar.gz`
and `wikitext-2/wiki.train.tokens`. Tokens are counted and nothing is timed, so
the figures are the same on every machine.

Fine-tuning batches are those of `RaggedBatches`, in 32 examples a batch; an
example of RACE is a passage with each of four answers, all four as long as the
longest. Pretraining batches are those of `ShardExamples`, 64 × 512 tokens,
their examples made by `prepare` of every document four times: once with
articles as documents, and once with paragraphs, of which most are short. Every
batch of an epoch is counted, what fills up the last one too.

"padded to 512" is what the original's recipes do; "padded to the longest" pads
everything to the longest example of the set; "batch of the longest" leaves the
order as it is and pads each batch to its own longest example.
"""

import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from albert_keras.pretraining import ExampleOptions, prepare
from albert_keras.pretraining.buckets import Buckets, choose_lengths
from albert_keras.pretraining.sentence_splitting import split_sentences
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.training.examples import ShardExamples
from albert_keras.training.ragged_batches import RaggedBatches
from benchmarks.tokenizer import record

LONGEST = 512
BATCH_SIZE = 32
PRETRAINING_BATCH_SIZE = 64
AIM = 0.05
# "auto" for fine-tuning: as few lengths as it takes, at most
MOST_LENGTHS = 24


def main() -> None:
    parser = record.arguments(
        __doc__ or "", str(Path("..") / "training" / "padding.json")
    )
    options = parser.parse_args()
    tokenizer = SentencePieceTokenizer(str(options.model))
    results = {
        name: fine_tuning(read(options.data, tokenizer))
        for name, read in {
            "SST-2 train": sst2,
            "MRPC train": mrpc,
            "RACE train": race,
        }.items()
    }
    for name, documents in {
        "WikiText-2 train, articles": articles,
        "WikiText-2 train, paragraphs": paragraphs,
    }.items():
        text = (options.data / "wikitext-2/wiki.train.tokens").read_text()
        results[name] = pretraining(documents(text), tokenizer)
    show(results)
    command = "python -m benchmarks.training.padding --data FOLDER"
    record.write_record(
        options.out.resolve(),
        ("tensorflow", "numpy", "sentencepiece"),
        {
            "command": f"{command} --model spiece.model",
            "aim": AIM,
            "results": results,
        },
    )


def lengths_of(
    tokenizer: SentencePieceTokenizer, texts: list[str]
) -> np.ndarray:
    return np.array([len(ids) for ids in tokenizer.encode_batch(texts)])


def sst2(data: Path, tokenizer: SentencePieceTokenizer) -> np.ndarray:
    """[N, 1]: tokens of each sentence, `[CLS]` and `[SEP]` with it."""
    lines = (data / "glue/SST-2/train.tsv").read_text().splitlines()[1:]
    sentences = [line.split("\t")[0] for line in lines]
    return np.minimum(lengths_of(tokenizer, sentences) + 2, LONGEST)[:, None]


def mrpc(data: Path, tokenizer: SentencePieceTokenizer) -> np.ndarray:
    """[N, 1]: tokens of each pair, with `[CLS]` and two `[SEP]`."""
    path = data / "glue/MRPC/train.tsv"
    lines = path.read_text("utf-8-sig").splitlines()[1:]
    first, second = (
        lengths_of(tokenizer, [line.split("\t")[column] for line in lines])
        for column in (3, 4)
    )
    return np.minimum(first + second + 3, LONGEST)[:, None]


def race(data: Path, tokenizer: SentencePieceTokenizer) -> np.ndarray:
    """[N, 4]: tokens of each passage with each answer, cut at 512."""
    passages, number_of, texts = [], [], []
    with tarfile.open(data / "race/RACE.tar.gz") as archive:
        for member in archive:
            if not re.fullmatch(r"RACE/train/.*\.txt", member.name):
                continue
            file = archive.extractfile(member)
            assert file is not None
            content = json.load(file)
            for question, answers in zip(
                content["questions"], content["options"], strict=True
            ):
                number_of.append(len(passages))
                # run_race.py: in the place of the blank, or behind.
                texts += [
                    question.replace("_", answer)
                    if "_" in question
                    else f"{question} {answer}"
                    for answer in answers
                ]
            passages.append(content["article"])
    passage = lengths_of(tokenizer, passages)[number_of]
    answer = lengths_of(tokenizer, texts).reshape(-1, 4)
    return np.minimum(passage[:, None] + answer + 3, LONGEST)


def articles(text: str) -> Iterator[str]:
    """One document an article, a sentence a line."""
    for article in re.split(r"(?m)^ = [^=].* = $", text):
        lines = (line.strip() for line in article.splitlines())
        sentences = [
            sentence
            for line in lines
            if line and not line.startswith("=")
            for sentence in split_sentences(line)
        ]
        yield "\n".join(sentences)


def paragraphs(text: str) -> Iterator[str]:
    """One document a paragraph, a sentence a line."""
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("="):
            yield "\n".join(split_sentences(line))


def fine_tuning(lengths: np.ndarray) -> dict[str, Any]:
    """The padding of some ways to batch examples of [N, C] sequences."""
    sequences = lengths.shape[1]
    longest = lengths.max(axis=1)
    real = int(lengths.sum())
    histogram = np.bincount(longest)

    def padding(computed: int) -> float:
        return 1 - real / (computed * sequences)

    def bucketed(chosen: tuple[int, ...]) -> dict[str, Any]:
        buckets = Buckets.of_batch_size(chosen, BATCH_SIZE)
        batches = RaggedBatches(
            longest, np.zeros(len(longest)), longest, buckets
        )
        computed = sum(
            BATCH_SIZE * chosen[batch.bucket] for batch in batches.plan(0)
        )
        return {"padding": padding(computed), "lengths": list(chosen)}

    order = np.random.default_rng(0).permutation(len(longest))
    own = np.split(longest[order], range(BATCH_SIZE, len(longest), BATCH_SIZE))
    return {
        "examples": len(longest),
        "tokens": real,
        "padded to 512": {"padding": padding(LONGEST * len(longest))},
        "padded to the longest": {
            "padding": padding(int(longest.max()) * len(longest))
        },
        "batch of the longest": {
            "padding": padding(sum(int(b.max()) * len(b) for b in own))
        },
        "8 lengths": bucketed(choose_lengths(histogram, padding=0.0)),
        "auto": bucketed(choose_lengths(histogram, most=MOST_LENGTHS)),
    }


def pretraining(
    documents: Iterator[str], tokenizer: SentencePieceTokenizer
) -> dict[str, Any]:
    """The padding of shards, with and without buckets, batch by batch."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.txt"
        corpus.write_text("\n\n".join(documents), encoding="utf-8")
        prepare(
            [corpus],
            tokenizer,
            Path(folder) / "shards",
            ExampleOptions(max_seq_length=LONGEST, dupe_factor=4),
        )
        found: dict[str, Any] = {}
        for name, lengths in (("padded to 512", None), ("auto", "auto")):
            examples = ShardExamples(Path(folder) / "shards", lengths)
            real = computed = 0
            for x, _, _ in examples.evaluation_batches(PRETRAINING_BATCH_SIZE):
                mask = x["padding_mask"].numpy()
                real += int(mask.sum())
                computed += mask.size
            found[name] = {"padding": 1 - real / computed}
            if lengths:
                shapes = examples.batch_shapes(PRETRAINING_BATCH_SIZE).shapes
                found[name]["lengths"] = [s.sequence_length for s in shapes]
        (description,) = ShardExamples(Path(folder) / "shards").describe()
        count = {key: description[key] for key in ("examples", "tokens")}
    return {**count, **found}


def show(results: dict[str, Any]) -> None:
    ways = list(results["SST-2 train"])[2:]
    table = Table(title="padding, share of the computed tokens")
    for title in ("data", "examples", "tokens", *ways):
        table.add_column(title, justify="left" if title == "data" else "right")
    for name, result in results.items():
        cells = []
        for way in ways:
            figure = result.get(way)
            text = "" if figure is None else f"{figure['padding']:.1%}"
            if figure and "lengths" in figure:
                text += f" ({len(figure['lengths'])})"
            cells.append(text)
        table.add_row(
            name, f"{result['examples']:,}", f"{result['tokens']:,}", *cells
        )
    Console().print(table)


if __name__ == "__main__":
    main()
