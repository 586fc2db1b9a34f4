import json
from itertools import chain, islice

import numpy as np
import pytest
import tensorflow as tf

from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.examples import ExampleMaker, ExampleOptions
from albert_keras.pretraining.manifest import sha256
from albert_keras.pretraining.runner import prepare

OPTIONS = ExampleOptions(
    masking="static",
    max_seq_length=48,
    max_predictions_per_seq=7,
    dupe_factor=1,
)


@pytest.fixture(scope="module")
def make_shards(tmp_path_factory, write_corpus, tokenizer):
    def make(documents, shards=3, **options):
        folder = tmp_path_factory.mktemp("shards")
        prepare(
            [write_corpus(folder / "corpus.txt", documents)],
            tokenizer,
            folder / "out",
            ExampleOptions(**(vars(OPTIONS) | options)),
            processes=1,
            shards=shards,
            show_progress=False,
        )
        return folder / "out"

    return make


@pytest.fixture(scope="module")
def shards(make_shards, library_documents):
    return make_shards(library_documents[:12])


@pytest.fixture(scope="module")
def count(shards) -> int:
    return json.loads((shards / "manifest.json").read_text())["examples"]


def ids(batches) -> list[tuple[int, ...]]:
    """What tells the examples of some batches apart, in their order."""
    return [
        (*row, *positions)
        for x, _, _ in batches
        for row, positions in zip(
            x["token_ids"].numpy().tolist(),
            x["mask_positions"].numpy().tolist(),
            strict=True,
        )
    ]


def test_batches_hold_the_examples(shards, tokenizer, library_documents):
    maker = ExampleMaker(tokenizer, OPTIONS)
    expected = list(maker.examples(maker.encode(library_documents[:12])))
    assert len(expected) > 40
    found = []
    for x, y, sample_weight in dataset(shards, batch_size=16):
        x, y, sample_weight = (
            {name: value.numpy() for name, value in part.items()}
            for part in (x, y, sample_weight)
        )
        assert set(x) == {
            "token_ids",
            "segment_ids",
            "padding_mask",
            "mask_positions",
        }
        assert set(y) == set(sample_weight) == {"mlm_logits", "sop_logits"}
        for row in range(len(x["token_ids"])):
            length = x["padding_mask"][row].sum()
            masked = int(sample_weight["mlm_logits"][row].sum())
            for values, filled in (
                (x["padding_mask"], length),
                (sample_weight["mlm_logits"], masked),
            ):
                assert (values[row, :filled] == 1).all()
                assert (values[row, filled:] == 0).all()
            for values, filled in (
                (x["token_ids"], length),
                (x["segment_ids"], length),
                (x["mask_positions"], masked),
                (y["mlm_logits"], masked),
            ):
                assert (values[row, filled:] == 0).all()
            assert sample_weight["sop_logits"][row] == 1
            found.append(
                (
                    x["token_ids"][row, :length].tolist(),
                    x["segment_ids"][row, :length].tolist(),
                    x["mask_positions"][row, :masked].tolist(),
                    y["mlm_logits"][row, :masked].tolist(),
                    y["sop_logits"][row],
                )
            )
    assert sorted(found) == sorted(
        (
            example.token_ids,
            list(example.segment_ids),
            example.mask_positions,
            example.mask_ids,
            example.sop_label,
        )
        for example in expected
    )


@pytest.mark.parametrize(("repeat", "rows"), [(True, 16), (False, None)])
def test_shapes_and_types_are_known_before_reading(shards, repeat, rows):
    x, y, sample_weight = dataset(
        shards, batch_size=16, repeat=repeat
    ).element_spec
    sequences = tf.TensorSpec([rows, 48], tf.int32)
    masks = tf.TensorSpec([rows, 7], tf.int32)
    assert x == {
        "token_ids": sequences,
        "segment_ids": sequences,
        "padding_mask": sequences,
        "mask_positions": masks,
    }
    assert y == {
        "mlm_logits": masks,
        "sop_logits": tf.TensorSpec([rows], tf.int32),
    }
    assert sample_weight == {
        "mlm_logits": tf.TensorSpec([rows, 7], tf.float32),
        "sop_logits": tf.TensorSpec([rows], tf.float32),
    }


def test_each_epoch_has_each_example_once_in_its_own_order(shards, count):
    epochs = [
        ids(islice(dataset(shards, batch_size=count, repeat=True, skip=n), 1))
        for n in range(3)
    ]
    through = ids(islice(dataset(shards, batch_size=count, repeat=True), 3))
    assert list(chain.from_iterable(epochs)) == through
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(epochs[2])
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


@pytest.mark.parametrize("number_of_shards", [1, 3])
def test_the_order_is_decided_by_the_seed_alone(
    make_shards, library_documents, number_of_shards
):
    shards = make_shards(library_documents[:4], shards=number_of_shards)
    orders = []
    for seed, process_seed in ((1, 5), (1, 0), (2, 5)):
        tf.random.set_seed(process_seed)
        orders.append(ids(dataset(shards, batch_size=16, seed=seed)))
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])
    # Reading again begins again.
    again = dataset(shards, batch_size=16, seed=1)
    assert ids(again) == ids(again) == orders[0]


def test_unshuffled_order_is_that_on_disk(shards, count):
    one, two = (
        ids(dataset(shards, batch_size=16, shuffle=False, seed=seed))
        for seed in (1, 2)
    )
    assert one == two
    assert len(set(one)) == count
    assert one != ids(dataset(shards, batch_size=16))


def test_skip_goes_on_where_the_run_stopped(shards, count):
    batch_size = 7  # batches reach over the ends of epochs
    assert count % batch_size
    through = dataset(shards, batch_size=batch_size, repeat=True, seed=3)
    batches = [ids([batch]) for batch in islice(through, 70)]
    assert 70 * batch_size > 3 * count
    for skip in (0, 1, count // batch_size, count // batch_size + 1, 60):
        resumed = dataset(
            shards, batch_size=batch_size, repeat=True, seed=3, skip=skip
        )
        rest = [ids([batch]) for batch in islice(resumed, 70 - skip)]
        assert rest == batches[skip:]


def test_skipped_epochs_are_not_read(shards):
    far = dataset(shards, batch_size=8, repeat=True, skip=10**12)
    assert len(ids(islice(far, 1))) == 8


def test_one_epoch_ends_with_what_is_left(shards, count):
    for skip in (0, 2, 1000):
        batches = dataset(shards, batch_size=16, skip=skip)
        assert len(ids(batches)) == max(0, count - 16 * skip)
        assert len(list(batches)) == batches.cardinality().numpy()
    repeated = dataset(shards, batch_size=16, repeat=True)
    assert repeated.cardinality() == tf.data.INFINITE_CARDINALITY


def test_a_batch_may_be_larger_than_the_epoch(shards, count):
    (batch,) = islice(dataset(shards, batch_size=2 * count, repeat=True), 1)
    found = ids([batch])
    assert sorted(found[:count]) == sorted(found[count:])


def test_several_folders_are_read_as_one(shards, make_shards, count):
    other = make_shards([["A text.", "And more."], ["Of another kind."]])
    both = ids(dataset([shards, other], batch_size=16))
    alone = [ids(dataset(folder, batch_size=16)) for folder in (shards, other)]
    assert sorted(both) == sorted(chain.from_iterable(alone))


def test_folders_of_different_lengths_are_refused(shards, make_shards):
    other = make_shards([["A text.", "And more."]], max_seq_length=32)
    with pytest.raises(ValueError, match=r"`max_seq_length`.* 48 .* 32 "):
        dataset([shards, other], batch_size=1)


def test_shards_of_another_tokenizer_are_refused(shards, tokenizer):
    right = sha256(tokenizer.proto)
    assert len(ids(dataset(shards, batch_size=9, tokenizer_sha256=right))) > 9
    with pytest.raises(ValueError, match=r"tokenizer in use.*Received"):
        dataset(shards, batch_size=9, tokenizer_sha256=sha256(b"another"))


def test_a_shard_that_is_not_whole_is_refused(make_shards):
    folder = make_shards([["A text.", "And more."]] * 20)
    shard = folder / "examples-00001-of-00003.tfrecord"
    content = shard.read_bytes()
    shard.write_bytes(content[:-1])
    with pytest.raises(ValueError, match=rf"00001.*{len(content)} bytes"):
        dataset(folder, batch_size=1)
    shard.unlink()
    with pytest.raises(FileNotFoundError, match=r"00001-of-00003"):
        dataset(folder, batch_size=1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"batch_size": 0}, "`batch_size` must .* batch_size=0"),
        ({"batch_size": 1, "skip": -1}, "`skip` must .* skip=-1"),
    ],
)
def test_numbers_out_of_range_are_refused(shards, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataset(shards, **arguments)
    with pytest.raises(ValueError, match="no folders"):
        dataset([], batch_size=1)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        dataset(tmp_path, batch_size=1)


def test_workers_of_a_strategy_share_every_batch(shards):
    """Sharding by file would leave a worker without any."""
    options = dataset(shards, batch_size=4).options()
    policy = options.experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA


def test_the_batches_are_what_the_pretrainer_takes(shards, tokenizer):
    import keras

    from albert_keras.config import AlbertConfig
    from albert_keras.models.albert_backbone import AlbertBackbone
    from albert_keras.models.albert_pretrainer import AlbertPretrainer

    keras.utils.set_random_seed(1)
    config = AlbertConfig(
        vocab_size=tokenizer.vocabulary_size,
        embedding_size=8,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=48,
    )
    model = AlbertPretrainer(AlbertBackbone.from_albert_config(config))
    batches = dataset(shards, batch_size=16)
    losses = model.evaluate(batches, steps=1, verbose=0, return_dict=True)
    # An untrained model guesses: ln(vocabulary) and ln(2).
    guess = np.log(tokenizer.vocabulary_size) + np.log(2)
    assert losses["loss"] == pytest.approx(guess, abs=0.5)
