r"""Text files to shards of pretraining examples, on machines without number.

    portions ──read──▶ chunks ──make──▶ records ──gather──▶ shards

The steps are the functions of the local runner (`runner.py`), and so are the
shards, to the byte: what is drawn is decided by the seed and by where a text
stands in the corpus, never by who works on it, or when.

One process alone lists the files with their sizes, divides them into portions
(`portions.py`) and, when all shards stand, adds the manifest. All else is
spread: a portion (64 MB of text, or one file that is larger) is read by one
worker, a chunk (a quarter of a megabyte) is tokenized and made into records
by one, a shard is shuffled and written by one, in its memory. So for many
machines the text has to be in many files, as web crawls are, and in many
shards: 100 MB of text each, at most 512 of them unless `shards` says so.

Workers need this package and have to see the corpus and the output under the
same names: on a disk that all share, or in a bucket (`gs://`, with
`apache-beam[gcp]`; `s3://`, with `apache-beam[aws]`). The vocabulary is sent
along. These are the commands for three runners, after the documentation of
Beam 2.77; this project has not run them, its tests use the runner that comes
with Beam. Flink and Spark need Java where the command runs, and beside each
of their workers, in an environment that has this package:

    python -m apache_beam.runners.worker.worker_pool_main --service_port=50000

Flink:

    albert-keras prepare /mnt/crawl --tokenizer spiece.model \
        --out /mnt/shards --shards 4096 --runner beam \
        --beam-option=--runner=FlinkRunner \
        --beam-option=--flink_master=http://flink:8081 \
        --beam-option=--parallelism=256 \
        --beam-option=--environment_type=EXTERNAL \
        --beam-option=--environment_config=localhost:50000

Spark:

    albert-keras prepare /mnt/crawl --tokenizer spiece.model \
        --out /mnt/shards --shards 4096 --runner beam \
        --beam-option=--runner=SparkRunner \
        --beam-option=--spark_master_url=spark://spark:7077 \
        --beam-option=--environment_type=EXTERNAL \
        --beam-option=--environment_config=localhost:50000

Dataflow, IMAGE being one of Beam's with this package installed:

    albert-keras prepare 'gs://BUCKET/crawl/*.txt' --tokenizer spiece.model \
        --out gs://BUCKET/shards --shards 4096 --runner beam \
        --beam-option=--runner=DataflowRunner \
        --beam-option=--project=PROJECT --beam-option=--region=REGION \
        --beam-option=--temp_location=gs://BUCKET/temp \
        --beam-option=--sdk_container_image=IMAGE
"""

from collections.abc import Sequence
from os import PathLike

from albert_keras.pretraining.documents import CorpusFormat
from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.portions import portions
from albert_keras.pretraining.runner import (
    RecordMaker,
    make_manifest,
    refuse_too_little,
    shard_count,
)
from albert_keras.requirements import require
from albert_keras.text.lines import SkippedLines
from albert_keras.text.piece_tokenizer import PieceTokenizer


def prepare_with_beam(
    corpus: Sequence[str | PathLike[str]],
    tokenizer: PieceTokenizer,
    out: str | PathLike[str],
    options: ExampleOptions | None = None,
    *,
    format: CorpusFormat = "auto",
    text_field: str = "text",
    skipped_lines: SkippedLines | None = None,
    beam_options: Sequence[str] = (),
    shards: int | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Make pretraining examples of text files with Apache Beam.

    The folder written is the one that `prepare` writes, to the last byte,
    whatever the runner and the number of machines.

    Args:
        corpus: As for `prepare`, without standard input; and URLs, in which
            `*` stands for any name.
        tokenizer: The tokenizer of the model to be pretrained.
        out: The folder to write, or its URL. It holds examples once it has a
            manifest, which comes last.
        options: What examples to make.
        format: As for `prepare`.
        text_field: As for `prepare`.
        skipped_lines: As for `prepare`, but counted when all is done.
        beam_options: Flags of Beam and of its runner. Without any, Beam's
            direct runner makes the examples in this process.
        shards: Number of TFRecord files; by default, as for `prepare`.
        overwrite: Whether to replace examples that `out` already holds.

    Returns:
        The manifest, which also stands in `out`.

    Raises:
        FileExistsError: If `out` exists and may not be overwritten.
        FileNotFoundError: If a file of the corpus does not exist.
        ModuleNotFoundError: If Apache Beam is not installed.
        ValueError: If the corpus is too small. What is wrong with a text is
            found by a worker, and what becomes of its error is decided by
            Beam's runner.

    Example:

    ```python
    prepare_with_beam(
        ["/mnt/crawl"],
        ak.AlbertTokenizer("spiece.model").python_tokenizer,
        "/mnt/shards",
        beam_options=["--runner=FlinkRunner", "--flink_master=http://flink:8081"],
    )
    ```
    """
    require("beam", "The runner 'beam'")
    from albert_keras.pretraining.beam_files import (
        finish,
        output_folder,
        sized_files,
    )
    from albert_keras.pretraining.beam_pipeline import run_pipeline

    options = options or ExampleOptions()
    files = sized_files(corpus)
    shards = shard_count(shards, sum(size for _, size in files), options)
    with output_folder(out, overwrite) as folder:
        counts, entries, paragraph_files = run_pipeline(
            portions(files),
            {"format": format, "text_field": text_field},
            RecordMaker(tokenizer, options),
            folder,
            skipped_lines=skipped_lines,
            shards=shards,
            seed=options.seed,
            beam_options=beam_options,
        )
        refuse_too_little(counts, options)
        manifest = make_manifest(
            counts, entries, options, tokenizer, paragraph_files
        )
        finish(folder, manifest)
    return manifest
