import dataclasses
import io
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import own_process
import pytest
from command_call import call
from run_numbers import THIRTY_STEPS

SEQUENCE_LENGTH = 16
PREDICTIONS = 2


class CountingExamples:
    """Sequences that count up: what is masked follows from its neighbours.

    Half of them have their segments swapped, so they count up in two parts.
    `on_batch` is called with the number of each training batch.
    """

    tokenizer_sha256 = None

    def __init__(self, count=256, seed=0, tokens=20, on_batch=None):
        rng = np.random.default_rng(seed)
        half = SEQUENCE_LENGTH // 2
        starts = rng.integers(0, tokens, (count, 1))
        clean = 5 + (starts + np.arange(SEQUENCE_LENGTH)) % tokens
        swapped = rng.integers(0, 2, count)
        clean[swapped == 1] = np.roll(clean[swapped == 1], half, axis=1)
        positions = np.sort(
            np.stack(
                [
                    rng.choice(SEQUENCE_LENGTH, PREDICTIONS, replace=False)
                    for _ in range(count)
                ]
            )
        )
        masked = clean.copy()
        np.put_along_axis(masked, positions, 4, axis=1)
        weights = np.ones((count, PREDICTIONS), "float32")
        weights[::3, -1] = 0.0  # some examples have fewer masks
        x = {
            "token_ids": masked,
            "segment_ids": np.tile(
                np.arange(SEQUENCE_LENGTH) >= half, (count, 1)
            ),
            "padding_mask": np.ones_like(masked),
            "mask_positions": positions,
        }
        y = {
            "mlm_logits": np.take_along_axis(clean, positions, axis=1),
            "sop_logits": swapped,
        }
        self.arrays = (
            {k: v.astype("int32") for k, v in x.items()},
            {k: v.astype("int32") for k, v in y.items()},
            {"mlm_logits": weights, "sop_logits": np.ones(count, "float32")},
        )
        self.description = {"count": count, "seed": seed, "tokens": tokens}
        self.on_batch = on_batch

    def training_batches(self, batch_size, seed, skip):
        import tensorflow as tf

        def notify(number, batch):
            # As a dependency, for it has no result.
            with tf.control_dependencies(
                [tf.py_function(self.on_batch, [number], [])]
            ):
                return tf.nest.map_structure(tf.identity, batch)

        batches = (
            tf.data.Dataset.from_tensor_slices(self.arrays)
            .shuffle(256, seed=seed)
            .repeat()
            .batch(batch_size, drop_remainder=True)
            .enumerate(start=1)
            .skip(skip)
            .map(notify if self.on_batch else lambda number, batch: batch)
        )
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False
        return batches.with_options(options)

    def evaluation_batches(self, batch_size):
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices(self.arrays).batch(batch_size)

    def describe(self):
        return self.description


@pytest.fixture(scope="session")
def counting_examples():
    return CountingExamples


@pytest.fixture(scope="session")
def tiny_tokenizer():
    import sentencepiece

    from albert_keras.models.albert_tokenizer import AlbertTokenizer

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([str.__doc__, dict.__doc__, int.__doc__]),
        model_writer=model,
        vocab_size=90,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        minloglevel=2,
    )
    return AlbertTokenizer(model.getvalue())


@pytest.fixture(scope="session")
def tiny_config():
    """With dropout everywhere, so that its state counts."""
    from albert_keras.config import AlbertConfig

    return dataclasses.replace(
        AlbertConfig.named("albert_tiny_test"),
        num_hidden_layers=2,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )


@pytest.fixture(scope="session")
def examples(tmp_path_factory, tiny_tokenizer):
    """Folders of examples made of Python's own docstrings."""
    import functools
    import json

    from albert_keras.pretraining import ExampleOptions, prepare

    folder = tmp_path_factory.mktemp("examples")
    for name, source in (("train", json), ("held_out", functools)):
        text = "\n\n".join(
            textwrap.dedent(member.__doc__)
            for member in vars(source).values()
            if getattr(member, "__doc__", None)
        )
        (folder / f"{name}.txt").write_text(text)
        prepare(
            [folder / f"{name}.txt"],
            tiny_tokenizer.python_tokenizer,
            folder / name,
            ExampleOptions(max_seq_length=32, dupe_factor=1),
            processes=1,
            show_progress=False,
        )
    (folder / "spiece.model").write_bytes(tiny_tokenizer.proto)
    return folder


@pytest.fixture(scope="session")
def pretrain_words(examples, tiny_config):
    """What follows `albert-keras` in a command that pretrains.

    Without dropout the losses are to be the same under every strategy.
    """

    def command(run_dir, *words, dropout=0.0):
        config = examples / f"albert_config_{dropout}.json"
        if not config.exists():
            dataclasses.replace(
                tiny_config,
                hidden_dropout_prob=dropout,
                attention_probs_dropout_prob=dropout,
            ).to_json(config)
        return [
            "pretrain",
            *("--config", str(config), "--out", str(run_dir)),
            *("--data", str(examples / "train")),
            *("--eval-data", str(examples / "held_out")),
            *("--tokenizer", str(examples / "spiece.model")),
            *("--batch-size", "8", "--learning-rate", "0.01"),
            *words,
        ]

    return command


@pytest.fixture(scope="session")
def pretrain_command(pretrain_words):
    """The same for a process of its own."""

    def command(run_dir, *words, **options):
        program = [sys.executable, "-m", "albert_keras"]
        return [*program, *pretrain_words(run_dir, *words, **options)]

    return command


@pytest.fixture(scope="session")
def pretrain_here(pretrain_words):
    """Pretrain on one device in this process, which has TensorFlow."""

    def run(run_dir, *words):
        ended = call(*pretrain_words(run_dir, "--strategy", "one", *words))
        assert ended.code == 0, ended.stderr

    return run


def _divide_the_cpu():
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, devices)
    assert len(tf.config.list_logical_devices("CPU")) == len(devices)


@pytest.fixture(scope="session")
def on_two_devices():
    """Calls a function in a process whose CPU is two devices.

    The devices of a process cannot be changed once they were used.
    """
    with ProcessPoolExecutor(1, own_process.FORKS, _divide_the_cpu) as pool:
        yield lambda function, *words: pool.submit(function, *words).result()


@pytest.fixture(scope="session")
def pretrain_on_two(pretrain_words, on_two_devices):
    """Pretrain there, and return how the command ended."""

    def run(run_dir, *words, **options):
        words = pretrain_words(run_dir, *words, **options)
        ended = on_two_devices(call, *words)
        assert ended.code == 0, ended.stderr
        return ended

    return run


@pytest.fixture(scope="session")
def thirty_steps(pretrain_here, made_once):
    """The folder of a run of 30 steps on one device, without dropout."""

    def run(folder):
        pretrain_here(folder / "run", *THIRTY_STEPS)
        return folder / "run"

    return made_once("thirty_steps", run)
