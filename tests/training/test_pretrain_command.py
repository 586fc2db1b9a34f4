"""The command `pretrain`, on examples of real text."""

import functools
import json

import pytest

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
        for x, _, _ in held_out.evaluation_batches(4)
        for ids in x["token_ids"].numpy()
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


def test_folders_without_examples_are_refused(run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"must have a manifest\.json"):
        run(steps=2, data=[tmp_path / "empty"])
    with pytest.raises(ValueError, match="Received: no folders"):
        ShardExamples([])
    assert not (tmp_path / "run").exists()
