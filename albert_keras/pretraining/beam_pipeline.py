"""The pipeline of the Beam runner: portions, chunks, records, shards."""

import dataclasses
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import AsSingleton, TaggedOutput

from albert_keras.pretraining.beam_files import local_copy, write_whole
from albert_keras.pretraining.documents import read_documents
from albert_keras.pretraining.manifest import Shard
from albert_keras.pretraining.portions import Chunk, Portion, read_chunks
from albert_keras.pretraining.runner import Counts, RecordMaker
from albert_keras.pretraining.shards import (
    describe_content,
    draw_shards,
    shard_name,
    shuffle_records,
)
from albert_keras.text.lines import SkippedLines

# What goes from one step to the next is made of the types that Beam encodes
# itself: tuples in place of named ones.
_COUNTS = "counts"
_SKIPPED = "skipped"
_SUMMARY = "summary.json"


def run_pipeline(
    portions: Iterable[Portion],
    reading: dict[str, str],
    record_maker: RecordMaker,
    folder: str,
    *,
    skipped_lines: SkippedLines | None,
    shards: int,
    seed: int,
    beam_options: Sequence[str],
) -> tuple[Counts, tuple[Shard, ...], int]:
    """Writes the shards of a corpus.

    Args:
        portions: The corpus.
        reading: How its files are to be read, as `read_documents` is told.
        record_maker: Makes the records of a chunk.
        folder: Where the shards are to be, a folder that all workers see.
        skipped_lines: As for `read_documents`; counted at the end.
        shards: Number of shards.
        seed: That of all examples.
        beam_options: Flags of Beam and of its runner.

    Returns:
        What was counted, the shards' entries in the manifest, and the number
        of files that were read as a paragraph a line.
    """
    with beam.Pipeline(options=PipelineOptions(list(beam_options))) as pipeline:
        read = (
            pipeline
            | "Portions" >> beam.Create([tuple(each) for each in portions])
            | "Read"
            >> beam.FlatMap(
                _read, reading, skipped_lines is not None
            ).with_outputs(_SKIPPED, main="chunks")
        )
        made = (
            read.chunks
            # Otherwise whoever read a portion would do all the work on it.
            | "Spread" >> beam.Reshuffle()
            | "Make"
            >> beam.ParDo(
                _MakeRecords(record_maker, shards, seed)
            ).with_outputs(_COUNTS, main="records")
        )
        # A shard without a record has a file too.
        empty = pipeline | "Shards" >> beam.Create(
            [(shard, (-1, b"")) for shard in range(shards)]
        )
        written = (
            (made.records, empty)
            | beam.Flatten()
            | "Gather" >> beam.GroupByKey()
            | "Write" >> beam.Map(write_shard, folder, shards, seed)
        )
        # A pipeline returns nothing, so it writes this too.
        (
            pipeline
            | beam.Create([FileSystems.join(folder, _SUMMARY)])
            | "Sum up"
            >> beam.Map(
                _write_summary,
                AsSingleton(made[_COUNTS] | beam.CombineGlobally(_add)),
                AsSingleton(written | "All" >> beam.combiners.ToList()),
                AsSingleton(read[_SKIPPED] | beam.combiners.ToList()),
            )
        )
    with FileSystems.open(FileSystems.join(folder, _SUMMARY)) as file:
        summary = json.loads(file.read())
    if skipped_lines is not None:
        for _, count, first, _ in sorted(summary["skipped"]):
            skipped_lines.count += count
            skipped_lines.first = skipped_lines.first or first
    entries = (Shard(**entry) for entry in summary["shards"])
    return (
        Counts(*summary["counts"]),
        tuple(sorted(entries, key=lambda shard: shard.file)),
        sum(count for *_, count in summary["skipped"]),
    )


def _read(
    portion: tuple[int, tuple[str, ...]], reading: dict[str, Any], skip: bool
) -> Iterator[Any]:
    skipped = SkippedLines()
    paragraph_files: set[str] = set()

    def read(files: Sequence[str]) -> Iterator[list[str]]:
        for file in files:
            its_skipped = SkippedLines() if skip else None
            with local_copy(file) as path:
                yield from read_documents(
                    [path],
                    **reading,
                    skipped_lines=its_skipped,
                    paragraph_files=paragraph_files,
                )
            if its_skipped is not None:
                skipped.count += its_skipped.count
                first = its_skipped.first.replace(str(path), file)
                skipped.first = skipped.first or first

    for chunk in read_chunks(Portion(*portion), read):
        yield tuple(chunk)
    yield TaggedOutput(
        _SKIPPED,
        (portion[0], skipped.count, skipped.first, len(paragraph_files)),
    )


class _MakeRecords(beam.DoFn):
    """Makes the records of a chunk and draws their shards."""

    def __init__(
        self, record_maker: RecordMaker, shards: int, seed: int
    ) -> None:
        self._make = record_maker
        self._shards = shards
        self._seed = seed

    def process(self, chunk: Any) -> Iterator[Any]:
        first_number, records, counts = self._make(Chunk(*chunk))
        yield TaggedOutput(_COUNTS, tuple(counts))
        drawn = draw_shards(
            len(records), self._shards, self._seed, first_number
        )
        of_shard = defaultdict(list)
        for record, shard in zip(records, drawn, strict=True):
            of_shard[shard].append(record)
        for shard, its_records in of_shard.items():
            yield shard, (first_number, b"".join(its_records))


def write_shard(
    gathered: Any, folder: str, shards: int, seed: int
) -> dict[str, Any]:
    """Writes what was gathered for a shard.

    Args:
        gathered: Its index, and (number of the first document, framed
            records) of each chunk, in any order.
        folder: Where to.
        shards: Number of shards.
        seed: That of all examples.

    Returns:
        Its entry in the manifest.
    """
    shard, parts = gathered
    content = b"".join(records for _, records in sorted(parts))
    shuffled = b"".join(shuffle_records(content, seed, shard))
    name = shard_name(shard, shards)
    write_whole(FileSystems.join(folder, name), shuffled)
    return dataclasses.asdict(describe_content(name, shuffled))


def _add(rows: Iterable[Any]) -> Any:
    total = Counts()
    for row in rows:
        total = total.plus(Counts(*row))
    return tuple(total)


def _write_summary(path: str, counts: Any, shards: list, skipped: list) -> None:
    summary = {"counts": counts, "shards": shards, "skipped": skipped}
    write_whole(path, json.dumps(summary).encode())
