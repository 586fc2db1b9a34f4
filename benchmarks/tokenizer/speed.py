"""Tokens a second on one core: ours, Hugging Face's, SentencePiece alone.

    python benchmarks/tokenizer/speed.py --data FOLDER --model spiece.model

Needs `pip install -e '.[bench]'`. All contenders run in one process, pinned
to one core (two where it says so), in turns; the median of the turns counts.
On a machine that others use as well, the seconds of the processor tell more
than those of the clock: both are kept.
Each encodes the same texts, 1,000 strings a call. Quotes are rewritten and
special symbols in text are plain text for all of them, which makes the ids
the same; a text of which Hugging Face gives others all the same (see
`parity_huggingface.py`) is left out. Hugging Face's tokenizer remembers words
that it has met, ours if asked: where it says "first time", each turn has a new
one.
"""

import gc
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import corpora
import record
from rich.console import Console
from rich.progress import track
from rich.table import Table

BATCH = 1000
LIBRARIES = (
    *("numpy", "sentencepiece", "tensorflow", "tensorflow-text"),
    *("tokenizers", "transformers"),
)

Ids = list[list[int]]
Encode = Callable[[list[str]], Ids]
# Called before each turn.
Contender = Callable[[], Encode]

OURS = "this project"
OURS_KNOWN = "this project, words remembered"
OURS_FIRST = "this project, words remembered, first time"
TWO_THREADS = "this project, 2 threads on 2 cores"
GRAPH = "this project, in the graph"
PEER = "Hugging Face, encode_batch"
PEER_FIRST = "Hugging Face, encode_batch, first time"
PEER_FAST = "Hugging Face, encode_batch_fast"
LIMIT = "SentencePiece alone, on normalised text"


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0], "speed.json")
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    # Before anything starts a thread: threads run where their parent may.
    pin(cores[:1])
    os.environ |= {"RAYON_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}

    texts = read_texts(options.data)
    contenders = make_contenders(options.model)
    texts, expected, left_out = where_equal(contenders, texts)
    num_tokens = sum(map(len, expected))

    clock: dict[str, list[float]] = {name: [] for name in contenders}
    processor: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in track(range(options.turns + 1), "turns"):
        for name, make in contenders.items():
            pin(cores[:2] if name == TWO_THREADS else cores[:1])
            encode = make()
            gc.collect()
            starts = time.perf_counter(), time.process_time()
            found = encode_all(encode, texts)
            ends = time.perf_counter(), time.process_time()
            # The first turn warms up, and shows that all do the same work.
            if turn:
                clock[name].append(ends[0] - starts[0])
                processor[name].append(ends[1] - starts[1])
            elif name != LIMIT:
                assert found == expected, f"{name}: other ids"
            del found

    results = {
        name: {
            "tokens_per_second": round(num_tokens / median(clock[name])),
            "times_hugging_face": ratio(clock, PEER, name),
            "times_sentencepiece": ratio(clock, LIMIT, name),
            "processor_times_hugging_face": ratio(processor, PEER, name),
            "seconds": [round(s, 4) for s in clock[name]],
            "processor_seconds": [round(s, 4) for s in processor[name]],
        }
        for name in contenders
    }
    show(results, num_tokens)
    record.write_record(
        options.out,
        LIBRARIES,
        {
            "texts": len(texts),
            "texts_left_out": left_out,
            "tokens": num_tokens,
            "turns": options.turns,
            "results": results,
        },
    )


def ratio(seconds: dict[str, list[float]], slow: str, fast: str) -> float:
    return round(median(seconds[slow]) / median(seconds[fast]), 2)


def pin(cores: list[int]) -> None:
    os.sched_setaffinity(0, cores)


def read_texts(folder: Path) -> list[str]:
    """Paragraphs of Wikipedia: WikiText-2's held-out parts and SQuAD's."""
    texts = [
        # Hugging Face takes this mark for a piece whatever one asks for.
        *(
            text.replace("<unk>", "unknown")
            for text in corpora.wikitext(folder, ("valid", "test"))
        ),
        *corpora.squad_contexts(folder),
    ]
    return [text for text in dict.fromkeys(texts) if text.strip()]


def make_contenders(model: Path) -> dict[str, Contender]:
    # Here, because they start threads.
    import huggingface
    import tensorflow as tf
    from tokenizers import Tokenizer

    from albert_keras.text.graph_tokenizer import GraphTokenizer
    from albert_keras.text.normalization import normalize
    from albert_keras.text.sentencepiece import SentencePieceTokenizer

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    def make_ours(remember_words: bool = False) -> SentencePieceTokenizer:
        return SentencePieceTokenizer(
            model,
            replace_quotes=True,
            special_symbols=False,
            remember_words=remember_words,
        )

    def make_peer() -> Tokenizer:
        return huggingface.like_released(
            model, split_special_tokens=True
        ).backend_tokenizer

    ours, remembering, peer = make_ours(), make_ours(True), make_peer()
    graph = GraphTokenizer(ours)
    normalized: dict[int, list[str]] = {}

    def alone(texts: list[str]) -> Ids:
        # Normalised in the first turn, which does not count.
        key = id(texts[0])
        if key not in normalized:
            normalized[key] = [
                normalize(text, replace_quotes=True) for text in texts
            ]
        return ours.processor.encode(normalized[key], num_threads=1)

    def by_peer(peer: Tokenizer) -> Encode:
        return lambda texts: [
            found.ids
            for found in peer.encode_batch(texts, add_special_tokens=False)
        ]

    def by_peer_fast(texts: list[str]) -> Ids:
        batch = peer.encode_batch_fast(texts, add_special_tokens=False)
        return [found.ids for found in batch]

    return {
        OURS: lambda: ours.encode_batch,
        OURS_KNOWN: lambda: remembering.encode_batch,
        OURS_FIRST: lambda: make_ours(True).encode_batch,
        TWO_THREADS: lambda: partial(ours.encode_batch, num_threads=2),
        GRAPH: lambda: lambda texts: graph.tokenize(texts).to_list(),
        PEER: lambda: by_peer(peer),
        PEER_FIRST: lambda: by_peer(make_peer()),
        PEER_FAST: lambda: by_peer_fast,
        LIMIT: lambda: alone,
    }


def encode_all(encode: Encode, texts: list[str]) -> Ids:
    ids: Ids = []
    for start in range(0, len(texts), BATCH):
        ids += encode(texts[start : start + BATCH])
    return ids


def where_equal(
    contenders: dict[str, Contender], texts: list[str]
) -> tuple[list[str], Ids, int]:
    """The texts that Hugging Face gives our ids of, these, and how many not."""
    pairs = [
        (text, ids)
        for text, ids, peers in zip(
            texts,
            encode_all(contenders[OURS](), texts),
            encode_all(contenders[PEER](), texts),
            strict=True,
        )
        if ids == peers
    ]
    left_out = len(texts) - len(pairs)
    assert left_out < len(texts) / 100, f"{left_out} texts differ"
    return [text for text, _ in pairs], [ids for _, ids in pairs], left_out


def show(results: dict[str, dict], num_tokens: int) -> None:
    table = Table(title=f"{num_tokens:,} tokens")
    table.add_column("on one core")
    for heading in ("tokens/s", "× HF", "× HF, processor", "× SentencePiece"):
        table.add_column(heading, justify="right")
    for name, row in results.items():
        table.add_row(
            name,
            f"{row['tokens_per_second']:,}",
            f"{row['times_hugging_face']:.2f}",
            f"{row['processor_times_hugging_face']:.2f}",
            f"{row['times_sentencepiece']:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
