import json
import os
import signal
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from albert_keras.pretraining.documents import read_documents
from albert_keras.pretraining.examples import ExampleMaker, ExampleOptions
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.records import ExampleSerializer
from albert_keras.pretraining.runner import prepare

OPTIONS = ExampleOptions(
    masking="static", max_seq_length=64, dupe_factor=2, seed=7
)


def run(corpus, tokenizer, out, options=OPTIONS, **arguments):
    arguments = {"processes": 1, "show_progress": False} | arguments
    return prepare([corpus], tokenizer, out, options, **arguments)


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_processes_write_the_same_bytes_as_one(
    tmp_path, tokenizer, large_corpus
):
    assert large_corpus.stat().st_size > 3 * 250_000  # several chunks
    for count in (1, 2):
        run(
            large_corpus,
            tokenizer,
            tmp_path / str(count),
            processes=count,
            shards=2,
        )
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_documents_are_numbered_through_all_chunks(
    tmp_path, tokenizer, large_corpus
):
    options = ExampleOptions(
        masking="static",
        max_seq_length=64,
        dupe_factor=1,
        single_segment="skip",
    )
    run(large_corpus, tokenizer, tmp_path / "out", options, shards=1)
    maker = ExampleMaker(tokenizer, options)
    documents = maker.encode(list(read_documents([large_corpus])))
    serializer = ExampleSerializer(
        max_seq_length=64,
        max_predictions_per_seq=20,
        vocabulary_size=tokenizer.vocabulary_size,
    )
    # No segment comes from another document, so all of them at once give the
    # same as chunk after chunk.
    expected = map(serializer.serialize, maker.examples(documents))
    (path,) = (tmp_path / "out").glob("*.tfrecord")
    read = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    assert sorted(read) == sorted(expected)


@pytest.fixture
def corpus(tmp_path, write_corpus, library_documents):
    return write_corpus(tmp_path / "corpus.txt", library_documents)


def test_the_same_seed_writes_the_same_bytes(tmp_path, tokenizer, corpus):
    run(corpus, tokenizer, tmp_path / "a")
    run(corpus, tokenizer, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    other = ExampleOptions(max_seq_length=64, dupe_factor=2, seed=8)
    run(corpus, tokenizer, tmp_path / "c", other)
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_the_shards_hold_the_examples_and_the_manifest_counts_them(
    tmp_path, tokenizer, corpus, library_documents
):
    manifest = run(corpus, tokenizer, tmp_path / "out", shards=3)
    maker = ExampleMaker(tokenizer, OPTIONS)
    examples = list(maker.examples(maker.encode(library_documents)))
    expected = sorted(
        (example.token_ids, example.mask_positions, example.mask_ids)
        for example in examples
    )
    read = []
    for record in tf.data.TFRecordDataset(
        [str(tmp_path / "out" / shard.file) for shard in manifest.shards]
    ):
        feature = tf.train.Example.FromString(record.numpy()).features.feature
        values = {
            name: list(feature[name].int64_list.value) for name in feature
        }
        length = sum(values["input_mask"])
        masked = round(sum(feature["masked_lm_weights"].float_list.value))
        read.append(
            (
                values["input_ids"][:length],
                values["masked_lm_positions"][:masked],
                values["masked_lm_ids"][:masked],
            )
        )
    assert sorted(read) == expected
    assert manifest == Manifest.read(tmp_path / "out")
    assert manifest.examples == len(examples)
    assert manifest.examples == sum(s.examples for s in manifest.shards)
    assert manifest.tokens == sum(len(e.token_ids) for e in examples)
    assert manifest.masked_tokens == sum(len(e.mask_ids) for e in examples)
    assert manifest.documents == len(library_documents)
    assert manifest.sentences == sum(map(len, library_documents))
    assert manifest.options == OPTIONS
    assert manifest.vocabulary_size == tokenizer.vocabulary_size


def test_the_manifest_names_no_place_and_no_time(tmp_path, tokenizer, corpus):
    run(corpus, tokenizer, tmp_path / "out")
    text = (tmp_path / "out" / "manifest.json").read_text("utf-8")
    assert str(tmp_path) not in text
    assert json.loads(text)["options"]["seed"] == 7


@pytest.mark.parametrize(
    ("text", "single_segment", "received"),
    [
        ("Alone.\n", "random", "1 sentences in 1 documents"),
        ("Alone.\n\n \n", "skip", "1 sentences in 1 documents"),
        ("One.\n\nTwo.\n\nThree.\n", "skip", "3 sentences in 3 documents"),
        ("[MASK]\n", "random", "0 sentences in 0 documents"),
    ],
)
def test_a_corpus_without_pairs_is_refused(
    tmp_path, tokenizer, text, single_segment, received
):
    (tmp_path / "corpus.txt").write_text(text)
    with pytest.raises(ValueError, match=rf"needs at least .*{received}"):
        run(
            tmp_path / "corpus.txt",
            tokenizer,
            tmp_path / "out",
            ExampleOptions(single_segment=single_segment),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.txt"]


def test_two_sentences_are_enough(tmp_path, tokenizer):
    (tmp_path / "corpus.txt").write_text("This is one.\nThis is two.\n")
    manifest = run(tmp_path / "corpus.txt", tokenizer, tmp_path / "out")
    assert manifest.examples == 2


def test_a_broken_corpus_leaves_nothing(tmp_path, tokenizer):
    (tmp_path / "corpus.txt").write_bytes(b"One.\nTwo.\n\n\xff\n")
    with pytest.raises(ValueError, match="line 4"):
        run(tmp_path / "corpus.txt", tokenizer, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.txt"]


def test_an_existing_output_is_refused_before_anything_is_read(
    tmp_path, tokenizer, corpus
):
    run(corpus, tokenizer, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(FileExistsError, match="must not exist"):
        run(corpus, tokenizer, tmp_path / "out")
    assert contents(tmp_path / "out") == before
    options = ExampleOptions(max_seq_length=32, dupe_factor=1)
    run(corpus, tokenizer, tmp_path / "out", options, overwrite=True)
    assert Manifest.read(tmp_path / "out").options == options


@pytest.mark.parametrize("name", ["processes", "shards"])
def test_numbers_below_one_are_refused(tmp_path, tokenizer, corpus, name):
    with pytest.raises(ValueError, match=rf"`{name}` must .* {name}=0"):
        run(corpus, tokenizer, tmp_path / "out", **{name: 0})
    assert not (tmp_path / "out").exists()


def test_workers_need_no_tensorflow():
    """They unpickle what these modules define, so they import as much."""
    code = (
        "import sys, albert_keras.pretraining, albert_keras.cli.prepare\n"
        "heavy = {'tensorflow', 'keras', 'keras_hub'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_ctrl_c_stops_the_workers_and_leaves_nothing(
    tmp_path, tokenizer, large_corpus
):
    model = tmp_path / "spiece.model"
    model.write_bytes(tokenizer.proto)
    command = [sys.executable, "-m", "albert_keras", "prepare"]
    command += [large_corpus, "--tokenizer", model, "--processes", "2"]
    command += ["--out", tmp_path / "out", "--dupe-factor", "400"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while len(os.listdir(tmp_path)) == 1:  # without the folder beside `out`
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    # Ends only when every worker has let go of standard error.
    _, said = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "was not written" in said
    assert os.listdir(tmp_path) == ["spiece.model"]
