"""Shards of unmasked pairs, and the masks that each epoch gets."""

import numpy as np
import pytest

from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.examples import ExampleMaker, ExampleOptions
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.runner import prepare

OPTIONS = ExampleOptions(max_seq_length=48, max_predictions_per_seq=7)


@pytest.fixture(scope="module")
def shards(tmp_path_factory, write_corpus, tokenizer, library_documents):
    folder = tmp_path_factory.mktemp("dynamic")
    corpus = write_corpus(folder / "corpus.txt", library_documents[:12])
    out = folder / "shards"
    prepare(
        [corpus],
        tokenizer,
        out,
        OPTIONS,
        shards=3,
        processes=1,
        show_progress=False,
    )
    return out


def examples(batches):
    """Each example as it was before it was masked, and its masks."""
    found = []
    for x, y, weights in batches:
        x, y, weights = (
            {name: value.numpy() for name, value in part.items()}
            for part in (x, y, weights)
        )
        for row, label in enumerate(y["sop_logits"]):
            length = x["padding_mask"][row].sum()
            masked = int(weights["mlm_logits"][row].sum())
            token_ids = x["token_ids"][row].copy()
            positions = x["mask_positions"][row, :masked]
            token_ids[positions] = y["mlm_logits"][row, :masked]
            found.append(
                (
                    token_ids[:length].tolist(),
                    x["segment_ids"][row, :length].tolist(),
                    int(label),
                    positions.tolist(),
                    x["token_ids"][row].tolist(),
                )
            )
    return found


def unmasked(found):
    return sorted(example[:3] for example in found)


def test_batches_hold_the_pairs(shards, tokenizer, library_documents):
    maker = ExampleMaker(tokenizer, OPTIONS)
    pairs = maker.pairs(maker.encode(library_documents[:12]))
    found = examples(dataset(shards, batch_size=16))
    assert len(found) > 40
    assert unmasked(found) == sorted(
        (
            [2, *a, 3, *b, 3],
            [0] * (len(a) + 2) + [1] * (len(b) + 1),
            label,
        )
        for a, b, label in pairs
    )
    for token_ids, _, _, positions, _ in found:
        assert positions
        assert not {0, token_ids.index(3), len(token_ids) - 1} & set(positions)


def test_each_epoch_has_masks_of_its_own(shards):
    count = Manifest.read(shards).examples
    batches = dataset(shards, batch_size=count, repeat=True).take(3)
    epochs = [examples([batch]) for batch in batches]
    for found in epochs[1:]:
        assert unmasked(found) == unmasked(epochs[0])
    masks = [
        {str(example[:3]): example[3] for example in found} for found in epochs
    ]
    same = sum(masks[0][key] == masks[1][key] for key in masks[0])
    assert same < 0.3 * len(masks[0])


@pytest.mark.parametrize("shuffle", [True, False])
def test_masks_do_not_depend_on_batches(shards, shuffle):
    one = examples(dataset(shards, batch_size=1, shuffle=shuffle, seed=7))
    many = examples(dataset(shards, batch_size=64, shuffle=shuffle, seed=7))
    assert one == many
    # Nor on the order, for the same seed.
    ordered = examples(dataset(shards, batch_size=8, shuffle=False, seed=7))
    assert sorted(one) == sorted(ordered)
    other = examples(dataset(shards, batch_size=64, shuffle=shuffle, seed=8))
    assert sorted(one) != sorted(other)


def test_a_run_that_stopped_gets_the_same_masks(shards):
    def read(skip):
        batches = dataset(shards, batch_size=16, seed=3, repeat=True, skip=skip)
        return examples(batches.take(4))

    assert Manifest.read(shards).examples < 11 * 16
    whole = examples(
        dataset(shards, batch_size=16, seed=3, repeat=True).take(15)
    )
    assert read(11) == whole[11 * 16 :]


def test_a_token_takes_two_bytes(shards):
    manifest = Manifest.read(shards)
    assert manifest.masked_tokens == 0
    stored = sum(shard.bytes for shard in manifest.shards)
    assert stored < 2 * manifest.tokens + 16 * manifest.examples
    # 16 bytes of a record are its length and checksums.
    assert stored == sum(
        2 * (len(tokens) - 2) + 16
        for tokens, *_ in examples(dataset(shards, batch_size=64))
    )


def test_sequences_too_long_for_the_records_are_refused():
    with pytest.raises(ValueError, match="Received: max_seq_length=16385"):
        ExampleOptions(max_seq_length=16_385)
    assert ExampleOptions(max_seq_length=16_385, masking="static")


def test_copies_are_for_static_masks():
    assert ExampleOptions().dupe_factor == 1
    assert ExampleOptions(masking="static").dupe_factor == 40
    assert ExampleOptions(dupe_factor=7).dupe_factor == 7


def test_padding_is_not_touched(shards):
    for x, y, weights in dataset(shards, batch_size=32):
        padding = x["padding_mask"].numpy() == 0
        assert not x["token_ids"].numpy()[padding].any()
        assert not x["segment_ids"].numpy()[padding].any()
        unused = weights["mlm_logits"].numpy() == 0
        assert not x["mask_positions"].numpy()[unused].any()
        assert not y["mlm_logits"].numpy()[unused].any()
        assert np.all(weights["sop_logits"] == 1)
