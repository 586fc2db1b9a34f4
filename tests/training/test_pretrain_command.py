"""The command `pretrain`, on examples of real text."""

import functools
import json

import numpy as np
import pytest
import tensorflow as tf

from albert_keras.cli.pretrain import pretrain
from albert_keras.training.examples import ShardExamples


@pytest.fixture
def run(examples, tiny_config, tmp_path):
    config = tmp_path / "albert_config.json"
    tiny_config.to_json(config)
    return functools.partial(
        pretrain,
        config=str(config),
        data=[examples / "train"],
        eval_data=[examples / "held_out"],
        tokenizer=examples / "spiece.model",
        out=tmp_path / "run",
        batch_size=4,
    )


def test_shards_give_every_example_once_and_go_on(examples):
    held_out = ShardExamples(examples / "held_out")
    (description,) = held_out.describe()
    seen = [
        tuple(ids)
        for x, _, weights in held_out.evaluation_batches(4)
        for ids in x["token_ids"].numpy()[weights["sop_logits"] == 1]
    ]
    assert len(seen) == description["examples"]
    both = ShardExamples([examples / "held_out", examples / "train"])
    batches = both.training_batches(4, seed=3, skip=0).take(6)
    rest = both.training_batches(4, seed=3, skip=4).take(2)
    for (x, _, _), (same, _, _) in zip(batches.skip(4), rest, strict=True):
        assert x["token_ids"].shape == (4, 32)
        assert (x["token_ids"].numpy() == same["token_ids"].numpy()).all()


def test_the_command_trains_and_goes_on(run, examples, tmp_path, capsys):
    run(steps=2)
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path / 'run'}: 2 steps; masked LM ")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (
        record["inputs"]["data"] == ShardExamples(examples / "train").describe()
    )
    with pytest.raises(FileExistsError, match="holds a run already"):
        run(steps=2)
    with pytest.raises(ValueError, match=r"seed=7, expected: seed=12345\."):
        run(steps=2, seed=7, resume=True)
    run(steps=2, resume=True)
    assert capsys.readouterr().out == out


def test_sorted_by_length_it_goes_on_to_the_bit(run, examples, tmp_path):
    options = {"steps": 6, "bucket_lengths": "24", "checkpoint_every": 3}
    run(**options)
    last = tmp_path / "run" / "checkpoints" / "step_00000006.npz"
    whole = dict(np.load(last))
    shapes = ShardExamples(examples / "train", [24]).batch_shapes(4)
    assert {shape.sequence_length for shape in shapes.shapes} == {24, 32}
    last.unlink()
    for path in last.parent.glob("best*"):
        path.unlink()
    run(**options, resume=True)
    resumed = np.load(last)
    assert resumed.files == list(whole)
    for name, array in whole.items():
        np.testing.assert_array_equal(resumed[name], array, err_msg=name)
    with pytest.raises(ValueError, match="expected: data"):
        run(steps=6, checkpoint_every=3, resume=True)
    with pytest.raises(ValueError, match=r"auto, none.*Received: '8;9'"):
        run(**{**options, "bucket_lengths": "8;9"}, overwrite=True)


def test_the_records_of_a_loss_that_is_not_a_number_are_listed(
    run, examples, tmp_path
):
    with pytest.raises(FloatingPointError, match=r"examples-00000-of-\d+"):
        run(
            steps=5,
            learning_rate=1e30,
            optimizer="adamw",
            warmup=0.0,
            bucket_lengths="24",
        )
    listed = json.loads((tmp_path / "run" / "bad_batch.json").read_text())
    (bad,) = listed["steps"]
    data = ShardExamples(examples / "train", [24])
    batches = data.training_batches(4, seed=12345, skip=bad["step"] - 1)
    ((x, y, weights),) = batches.take(1)
    rows = np.flatnonzero(weights["sop_logits"])
    assert len(bad["records"]) == len(rows)
    for row, place in zip(rows, bad["records"], strict=True):
        stored = tf.data.TFRecordDataset(place["file"]).skip(place["record"])
        items = np.frombuffer(next(iter(stored)).numpy(), "<u2")
        # The header: twice the first segment's length, and the label.
        assert items[0] % 2 == y["sop_logits"][row].numpy()
        length = x["padding_mask"][row].numpy().sum()
        assert len(items) - 1 == length - 3
        first = (x["segment_ids"][row].numpy()[:length] == 0).sum()
        assert items[0] // 2 == first - 2


def test_folders_without_examples_are_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"must have a manifest\.json"):
        run(steps=2, data=[tmp_path / "empty"])
    with pytest.raises(ValueError, match="Received: no folders"):
        ShardExamples([])
    assert not (tmp_path / "run").exists()


def test_a_plan_says_what_the_run_needs_and_makes_nothing(
    run, capsys, tmp_path, tiny_config
):
    from albert_keras.models.albert_backbone import AlbertBackbone
    from albert_keras.models.albert_pretrainer import AlbertPretrainer

    run(steps=1000, plan=True)
    model = AlbertPretrainer(AlbertBackbone.from_albert_config(tiny_config))
    printed = capsys.readouterr().out
    assert f"{model.count_params():,}" in printed
    assert "1,000 steps" in printed
    assert "fits" in printed
    assert not (tmp_path / "run").exists()


def test_a_run_may_go_on_with_remat(run, tmp_path, monkeypatch):
    """As one would whose memory did not suffice."""
    from albert_keras.layers.encoder import AlbertEncoder

    used = set()
    apply = AlbertEncoder._apply

    def note(encoder, *arguments):
        used.add(encoder.remat)
        return apply(encoder, *arguments)

    monkeypatch.setattr(AlbertEncoder, "_apply", note)
    run(steps=2)
    assert used == {False}
    for path in (tmp_path / "run/checkpoints").glob("*"):
        path.unlink()
    run(steps=2, resume=True, remat=True)
    assert True in used
