"""Shards in batches of examples of about one length."""

import shutil
from collections import Counter
from itertools import islice

import numpy as np
import pytest
import tensorflow as tf

from albert_keras.pretraining.dataset import dataset, make_buckets
from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.record_batches import RecordBatches
from albert_keras.pretraining.runner import prepare
from albert_keras.pretraining.shard_files import ShardFiles

LENGTHS = (32, 48, 96)


@pytest.fixture(scope="module")
def shards(tmp_path_factory, write_corpus, tokenizer, library_documents):
    """Pairs of many lengths: of documents of three sentences."""
    folder = tmp_path_factory.mktemp("short")
    documents = [
        document[start : start + 3]
        for document in library_documents[:14]
        for start in range(0, len(document), 3)
    ]
    prepare(
        [write_corpus(folder / "corpus.txt", documents)],
        tokenizer,
        folder / "out",
        ExampleOptions(
            max_seq_length=96,
            max_predictions_per_seq=12,
            dupe_factor=1,
        ),
        shards=3,
        processes=1,
        show_progress=False,
    )
    return folder / "out"


def examples(batches):
    """Each example with its masks, padding and weightless rows left out."""
    found = []
    for batch in batches:
        x, y, weights = (
            {name: value.numpy() for name, value in part.items()}
            for part in batch
        )
        for row in np.flatnonzero(weights["sop_logits"]):
            length = x["padding_mask"][row].sum()
            masks = int(weights["mlm_logits"][row].sum())
            found.append(
                (
                    *x["token_ids"][row, :length].tolist(),
                    *x["segment_ids"][row, :length].tolist(),
                    *x["mask_positions"][row, :masks].tolist(),
                    *y["mlm_logits"][row, :masks].tolist(),
                    int(y["sop_logits"][row]),
                )
            )
    return found


def bucketed(shards, **arguments):
    return dataset(
        shards,
        **{"batch_size": 4, "bucket_lengths": LENGTHS, "seed": 3, **arguments},
    )


def test_an_epoch_has_each_example_once_with_the_masks_it_always_gets(shards):
    plain = examples(dataset(shards, batch_size=4, seed=3))
    assert sorted(examples(bucketed(shards))) == sorted(plain)
    unshuffled = bucketed(shards, shuffle=False)
    assert sorted(examples(unshuffled)) == sorted(plain)
    assert len(plain) == Manifest.read(shards).examples


def test_shapes_are_few_and_their_padding_little(shards):
    shapes = Counter()
    real = rows = shorter = filling = 0
    for x, y, weights in bucketed(shards):
        mask = x["padding_mask"].numpy()
        shape = mask.shape
        assert shape in {(12, 32), (8, 48), (4, 96)}
        shapes[shape] += 1
        # round(0.15 × length) masks, 12 at most.
        masks = {32: 5, 48: 7, 96: 12}[shape[1]]
        for part in (x["mask_positions"], y["mlm_logits"]):
            assert part.shape == (shape[0], masks)
        counts = weights["sop_logits"].numpy() > 0
        lengths = mask.sum(axis=1)
        filling += (~counts).sum()
        shorter += (lengths[counts] <= {32: 0, 48: 32, 96: 48}[shape[1]]).sum()
        assert not lengths[~counts].any()
        assert not weights["mlm_logits"].numpy()[~counts].any()
        real += mask.sum()
        rows += counts.sum()
    assert len(shapes) == 3
    # Less than a batch of 12 is left and then less than one of 8; and it is
    # only the very last batch that is not full.
    assert shorter < 12 + 8
    assert filling < 4
    expected = make_buckets(ShardFiles(shards), 4, LENGTHS).batches(
        ShardFiles(shards).length_histogram
    )
    assert [shapes[12, 32], shapes[8, 48], shapes[4, 96]] == expected.tolist()
    manifest = Manifest.read(shards)
    assert (real, rows) == (manifest.tokens, manifest.examples)


def test_a_run_goes_on_where_it_stopped_in_any_epoch(shards):
    per_epoch = int(bucketed(shards).cardinality())
    assert per_epoch == len(list(bucketed(shards)))
    total = 2 * per_epoch + 5
    whole = [
        examples([batch])
        for batch in islice(bucketed(shards, repeat=True), total)
    ]
    first, second = whole[:per_epoch], whole[per_epoch : 2 * per_epoch]
    assert first != second
    for skip in (1, per_epoch - 1, total - 2):
        resumed = bucketed(shards, repeat=True, skip=skip)
        for batch, expected in zip(
            resumed, whole[skip : skip + 4], strict=False
        ):
            assert examples([batch]) == expected
    assert int(bucketed(shards, skip=3).cardinality()) == per_epoch - 3
    far = bucketed(shards, repeat=True, skip=10**9)
    assert len(examples(far.take(1))) >= 1


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_the_records_of_a_batch_are_told(shards, lengths):
    files = ShardFiles(shards)
    batches = RecordBatches(
        files=files,
        batch_size=4,
        seed=3,
        buckets=lengths and make_buckets(files, 4, lengths),
    )
    stream = dataset(
        shards, batch_size=4, seed=3, repeat=True, bucket_lengths=lengths
    )
    stored = {
        file: [r.numpy() for r in tf.data.TFRecordDataset(file)]
        for file in files.files
    }
    for number, batch in enumerate(stream.take(3)):
        found = examples([batch])
        places = batches.places(number)
        assert len(places) == len(found)
        for place, example in zip(places, found, strict=True):
            items = np.frombuffer(stored[place.file][place.record], "<u2")
            first, label = divmod(int(items[0]), 2)
            assert label == example[-1]
            ids = (items[1:] & 0x7FFF).tolist()
            # [CLS] A [SEP] B [SEP]
            expected = [2, *ids[:first], 3, *ids[first:], 3]
            assert unmasked(example, len(expected)) == expected


def unmasked(example, length):
    """The ids of an example of so many tokens before it was masked."""
    ids = list(example[:length])
    masks = (len(example) - 2 * length - 1) // 2
    positions = example[2 * length : 2 * length + masks]
    labels = example[2 * length + masks : -1]
    for position, label in zip(positions, labels, strict=True):
        ids[position] = label
    return ids


def test_auto_leaves_little_padding(shards):
    files = ShardFiles(shards)
    histogram = files.length_histogram
    manifest = Manifest.read(shards)
    assert histogram.sum() == manifest.examples
    assert np.arange(97) @ histogram == manifest.tokens
    lengths = make_buckets(files, 4, "auto").lengths
    assert lengths[-1] <= 96
    assert all(length % 8 == 0 for length in lengths)


def test_what_cannot_be_sorted_is_refused(shards, tmp_path, tokenizer):
    for lengths in ((16, 97), (0, 16)):
        with pytest.raises(ValueError, match=r"between 1 and .* 96\. Received"):
            bucketed(shards, bucket_lengths=lengths)
    (tmp_path / "corpus.txt").write_text("A text.\nAnd more.\n" * 9)
    prepare(
        [tmp_path / "corpus.txt"],
        tokenizer,
        tmp_path / "masked",
        ExampleOptions(max_seq_length=96, masking="static"),
        processes=1,
        show_progress=False,
    )
    with pytest.raises(ValueError, match=r"unmasked.*masking='static'"):
        bucketed(tmp_path / "masked")


def test_the_last_batch_is_filled_up_with_what_counts_for_nothing(shards):
    plain = list(dataset(shards, batch_size=16, shuffle=False))
    full = dataset(shards, batch_size=16, shuffle=False, fill_up=True)
    assert full.element_spec[0]["token_ids"].shape == (16, 96)
    assert len(list(full)) == len(plain) == full.cardinality()
    *_, (x, y, weights) = full
    rows = plain[-1][1]["sop_logits"].shape[0]
    assert 0 < rows < 16
    for part, expected in zip((x, y, weights), plain[-1], strict=True):
        for name, value in part.items():
            np.testing.assert_array_equal(value[:rows], expected[name])
            assert not value[rows:].numpy().any()


@pytest.mark.parametrize("damage", [b"\xff" * 8, b"\xff\xff\0\0\0\0\0\0"])
def test_a_damaged_shard_is_named(shards, tmp_path, damage):
    shutil.copytree(shards, tmp_path / "out")
    (first, *_) = sorted((tmp_path / "out").glob("*.tfrecord"))
    content = first.read_bytes()
    first.write_bytes(damage + content[len(damage) :])
    with pytest.raises(ValueError, match=f"{first.name}.*it is damaged"):
        bucketed(tmp_path / "out")
