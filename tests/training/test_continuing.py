"""Runs that start from a model, go beyond their plan, or serve as a model."""

import dataclasses
import io
import json
import shutil

import keras
import numpy as np
import pytest
from rich.console import Console

import albert_keras as ak
from albert_keras.models.preset import as_preset
from albert_keras.training.options import PretrainingOptions
from albert_keras.training.pretraining import pretrain
from albert_keras.training.schedules import PolynomialDecayWithWarmup
from albert_keras.training.start_model import StartModel

PEAK = 0.02


def weights_of(model):
    """Values by path, of the weights that learn."""
    return {v.path: v.numpy() for v in model.weights}


def assert_same_weights(model, other):
    ours, theirs = weights_of(model), weights_of(other)
    assert ours.keys() == theirs.keys()
    for path, values in ours.items():
        np.testing.assert_array_equal(values, theirs[path], err_msg=path)


@pytest.fixture(scope="module")
def source(tiny_config, tiny_tokenizer):
    """A pretrainer whose weights no initializer would give."""
    backbone = ak.AlbertBackbone.from_albert_config(tiny_config)
    model = ak.AlbertPretrainer(
        backbone, ak.AlbertPretrainer.preprocessor_cls(tiny_tokenizer)
    )
    for variable in model.weights:
        variable.assign(np.random.normal(0, 0.1, variable.shape))
    return model


@pytest.fixture(scope="module")
def preset(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("source") / "preset"
    source.save_to_preset(str(folder))
    return folder


@pytest.fixture(scope="module")
def start(counting_examples):
    def start(run_dir, steps, preset, resume=False, data=None, **changes):
        printed = io.StringIO()
        result = pretrain(
            None,
            None,
            data or counting_examples(),
            run_dir,
            PretrainingOptions(
                **{
                    "num_train_steps": steps,
                    "batch_size": 8,
                    "learning_rate": PEAK,
                    "warmup_proportion": 0.25,
                    "log_every": 1,
                    "checkpoint_every": 2,
                    **changes,
                }
            ),
            resume=resume,
            console=Console(file=printed, width=400),
            preset=preset,
        )
        return result, printed.getvalue()

    return start


@pytest.fixture(scope="module")
def planned(start, preset, tmp_path_factory):
    """A run of 4 steps from the preset."""
    run_dir = tmp_path_factory.mktemp("planned") / "run"
    return run_dir, *start(run_dir, 4, str(preset))


@pytest.fixture(scope="module")
def lengthened(planned, start, preset, tmp_path_factory):
    """The same run with 8 steps."""
    run_dir = tmp_path_factory.mktemp("lengthened") / "run"
    shutil.copytree(planned[0], run_dir)
    return run_dir, *start(run_dir, 8, str(preset), resume=True)


def form_of(source, form, folder):
    if form == "model":
        return source
    if form == "hugging face":
        ak.checkpoints.save(source, folder, "huggingface")
    elif form == "google":
        ak.checkpoints.save(source, folder, "tensorflow")
    elif form == "masked LM":
        ak.AlbertMaskedLM(
            source.backbone, source.preprocessor, compile=False
        ).save_to_preset(str(folder))
    elif form == "backbone":
        source.backbone.save_to_preset(str(folder))
        source.preprocessor.tokenizer.save_to_preset(str(folder))
    return str(folder)


@pytest.mark.parametrize(
    ("form", "missing"),
    [
        ("model", []),
        ("hugging face", []),
        ("google", []),
        ("masked LM", ["sentence-order head"]),
        ("backbone", ["masked-LM head", "sentence-order head"]),
    ],
)
def test_every_weight_of_the_source_is_loaded_exactly(
    form, missing, source, tiny_tokenizer, tmp_path
):
    given = form_of(source, form, tmp_path / "model")
    model, note = StartModel(given).load("float32")
    assert_same_weights(model.backbone, source.backbone)
    new = {
        "masked-LM head": "masked_lm_head",
        "sentence-order head": "sentence_order_head",
    }
    for head, name in new.items():
        assert (head in note) == (head in missing)
        if head not in missing and form != "masked LM":
            ours, theirs = (
                getattr(each, name).get_weights() for each in (model, source)
            )
            for values, expected in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(values, expected)
    tokenizer = model.preprocessor.tokenizer
    assert tokenizer.get_vocabulary() == tiny_tokenizer.get_vocabulary()


def test_a_run_trains_the_model_it_starts_from(planned, preset, source):
    run_dir, result, printed = planned
    assert f"Loaded the {source.count_params():,} weights of" in printed
    assert result.num_train_steps == 4
    record = json.loads((run_dir / "run.json").read_text())
    assert record["inputs"]["preset"] == str(preset)
    # The rate is 0 in the first step, so the loss is that of the source.
    assert_same_weights(ak.AlbertPretrainer.from_preset(preset), source)


def test_more_steps_than_planned(planned, lengthened):
    run_dir, result, printed = lengthened
    assert result.num_train_steps == 8
    before = PolynomialDecayWithWarmup(PEAK, 4, 1)
    after = PolynomialDecayWithWarmup(PEAK, 8, 1)  # as long a warm-up
    rates = [
        row["learning_rate"]
        for row in map(dict, read_rows(run_dir))
        if row["split"] == "train"
    ]
    expected = [float(before(step)) for step in range(4)]
    expected += [float(after(step)) for step in range(4, 8)]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)
    assert (
        "8 steps instead of 4. From step 4, the learning rate is "
        f"{float(after(4)):.3g} instead of 0;" in printed
    )
    record = json.loads((run_dir / "run.json").read_text())
    assert record["plan"]["num_train_steps"] == 8
    assert record["plan"]["num_warmup_steps"] == 1
    assert record["replanned"][0]["num_train_steps"] == [4, 8]
    # Its preset is that of all 8 steps.
    loaded = ak.AlbertPretrainer.from_preset(run_dir)
    assert_same_weights(loaded, result.model)
    assert not np.array_equal(
        loaded.backbone.pooler.kernel, planned[1].model.backbone.pooler.kernel
    )


def test_a_killed_run_resumes_exactly_without_its_source(
    lengthened, preset, start, tmp_path
):
    run_dir = tmp_path / "run"
    shutil.copytree(lengthened[0], run_dir)
    shutil.rmtree(run_dir / "preset")
    last = run_dir / "checkpoints" / "step_00000008.npz"
    last.unlink()
    aside = preset.with_name("aside")
    preset.rename(aside)
    try:
        _, printed = start(run_dir, 8, str(preset), resume=True)
    finally:
        aside.rename(preset)
    assert "Going on after step 6." in printed
    ours = np.load(last)
    theirs = np.load(lengthened[0] / "checkpoints" / last.name)
    assert ours.files == theirs.files
    for name in theirs.files:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.mark.parametrize(
    ("steps", "changes", "sentence"),
    [
        (3, {}, "num_train_steps=3, of a run that has taken 4 of 4 steps"),
        (None, {"minutes": 1}, "minutes=1; pass --steps 4, or more"),
        (8, {"seed": 1}, "Received: seed=1, expected: seed=12345"),
    ],
)
def test_a_run_is_not_resumed_as_another(
    steps, changes, sentence, planned, start, preset
):
    record = (planned[0] / "run.json").read_bytes()
    with pytest.raises(ValueError, match="preset='other', expected: preset="):
        start(planned[0], 4, "other", resume=True)
    with pytest.raises(ValueError, match=sentence):
        start(planned[0], steps, str(preset), resume=True, **changes)
    assert (planned[0] / "run.json").read_bytes() == record
    assert (planned[0] / "preset").is_dir()


class OrderlessExamples:
    """Examples whose labels say nothing of the order."""

    def __init__(self, examples):
        self.examples = examples
        self.tokenizer_sha256 = None

    def training_batches(self, *arguments):
        def without_order(x, y, weights):
            return x, {"mlm_logits": y["mlm_logits"]}, weights

        return self.examples.training_batches(*arguments).map(without_order)

    def describe(self):
        return "orderless"


def test_without_sentence_order(
    start, preset, source, counting_examples, tmp_path
):
    data = OrderlessExamples(counting_examples())
    run_dir = tmp_path / "run"
    result, printed = start(
        run_dir, 2, str(preset), data=data, sop_loss_weight=0.0
    )
    trained = weights_of(result.model)
    for path, values in weights_of(source).items():
        is_kept = path.startswith(("pooler", "sentence_order_head"))
        assert np.array_equal(trained[path], values) == is_kept, path
    assert "sentence_order_accuracy" not in result.metrics
    assert "SOP" not in printed
    (*_, last) = map(dict, read_rows(run_dir))
    assert last["loss"] == last["masked_lm_loss"]
    assert "sentence_order_loss" not in last
    card = (run_dir / "preset" / "README.md").read_text()
    assert "masked LM" in card
    assert "sentence order" not in card
    # And who trains it further may train the pooler.
    again = ak.AlbertPretrainer.from_preset(run_dir)
    assert len(again.trainable_variables) == len(source.trainable_variables)


def test_the_weight_of_the_order(source, counting_examples):
    """The loss is that of the definition, whatever the weight."""
    x, y, weights = (
        {k: v[:5] for k, v in part.items()}
        for part in counting_examples().arrays
    )
    y_pred = source(x, training=False)

    def mean(key):
        losses = keras.ops.sparse_categorical_crossentropy(
            y[key], y_pred[key], from_logits=True
        )
        w = weights[key]
        return float((np.asarray(losses) * w).sum() / w.sum())

    model = ak.AlbertPretrainer(source.backbone, sop_loss_weight=0.25)
    found = model.compute_loss(x, y, y_pred, weights)
    expected = mean("mlm_logits") + 0.25 * mean("sop_logits")
    assert float(found) == pytest.approx(expected, rel=1e-4)
    for weight in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="`sop_loss_weight` must be"):
            PretrainingOptions(num_train_steps=1, sop_loss_weight=weight)


@pytest.fixture(scope="module")
def stopped(planned, tmp_path_factory):
    """The run as it was killed after step 2."""
    run_dir = tmp_path_factory.mktemp("stopped") / "run"
    shutil.copytree(planned[0], run_dir)
    shutil.rmtree(run_dir / "preset")
    (run_dir / "checkpoints" / "step_00000004.npz").write_bytes(b"PK cut")
    return run_dir


def test_runs_and_checkpoints_are_presets(
    planned, stopped, tiny_tokenizer, tmp_path
):
    run_dir, result, _ = planned
    trained = result.model
    assert as_preset(run_dir) == str(run_dir / "preset")
    assert as_preset(tmp_path) == str(tmp_path)
    last = run_dir / "checkpoints" / "step_00000004.npz"
    for path in (run_dir, last):
        assert_same_weights(ak.AlbertPretrainer.from_preset(path), trained)
        assert_same_weights(ak.checkpoints.load(path), trained)
    backbone = ak.AlbertBackbone.from_preset(last)
    assert_same_weights(backbone, trained.backbone)
    masked_lm = ak.AlbertMaskedLM.from_preset(last, dtype="mixed_bfloat16")
    np.testing.assert_array_equal(
        masked_lm.masked_lm_head.output_bias.numpy(),
        trained.masked_lm_head.output_bias.numpy(),
    )
    # The latest checkpoint that is whole is that of step 2.
    arrays = np.load(stopped / "checkpoints" / "step_00000002.npz")
    (name,) = (n for n in arrays.files if n.endswith("pooler/kernel"))
    for path in (stopped, stopped / "checkpoints"):
        model = ak.AlbertPretrainer.from_preset(path)
        np.testing.assert_array_equal(
            model.backbone.pooler.kernel, arrays[name]
        )
        assert model.preprocessor.tokenizer.proto == tiny_tokenizer.proto
    tokenizer = ak.AlbertTokenizer.from_preset(str(stopped))
    assert tokenizer.proto == tiny_tokenizer.proto
    assert ak.FillMask(str(stopped))("a [MASK]")


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("run.json", FileNotFoundError, "must be in the folder of its run"),
        ("checkpoints", FileNotFoundError, "resume it with --resume"),
        ("step", ValueError, "must be a checkpoint of a training run"),
        ("nothing", FileNotFoundError, "which was not found"),
    ],
)
def test_what_is_no_model(stopped, tmp_path, name, error, sentence):
    run_dir = tmp_path / "run"
    shutil.copytree(stopped, run_dir)
    path = run_dir / "checkpoints" / "step_00000002.npz"
    if name == "run.json":
        (run_dir / name).unlink()
    elif name == "checkpoints":
        shutil.rmtree(run_dir / name)
        path = run_dir
    elif name == "step":
        path.write_bytes(path.read_bytes()[:500])
    else:
        path = path.with_name("step_00000009.npz")
    with pytest.raises(error, match=sentence):
        ak.checkpoints.load(path)


def test_runs_of_earlier_versions_are_presets(stopped, planned, tmp_path):
    run_dir = tmp_path / "run"
    shutil.copytree(stopped, run_dir)
    record = json.loads((run_dir / "run.json").read_text())
    del record["model"]
    (run_dir / "run.json").write_text(json.dumps(record))
    assert_same_weights(
        ak.checkpoints.load(run_dir), ak.checkpoints.load(stopped)
    )


def test_what_does_not_fit_the_model(
    start,
    preset,
    source,
    tiny_config,
    tiny_tokenizer,
    counting_examples,
    tmp_path,
):
    run_dir = tmp_path / "run"
    data = counting_examples()
    options = PretrainingOptions(num_train_steps=1)
    for config, tokenizer, model in (
        (tiny_config, tiny_tokenizer, preset),
        (None, tiny_tokenizer, None),
        (tiny_config, None, None),
    ):
        with pytest.raises(ValueError, match="Either `preset`, or `config`"):
            pretrain(config, tokenizer, data, run_dir, options, preset=model)
    other = ak.AlbertWordPieceTokenizer(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]
    )
    with pytest.raises(ValueError, match="must be the model's own"):
        pretrain(None, other, data, run_dir, options, preset=str(preset))
    with pytest.raises(ValueError, match=r"needs --tokenizer"):
        start(run_dir, 1, source.backbone)
    data.tokenizer_sha256 = "0123456789abcdef"
    with pytest.raises(ValueError, match="examples made with 0123456789ab"):
        start(run_dir, 1, str(preset), data=data)
    data.tokenizer_sha256 = None
    data.normalization = {"lowercase": False}
    with pytest.raises(ValueError, match="lowercase=False; pass --cased to"):
        start(run_dir, 1, str(preset), data=data)
    short = ak.AlbertBackbone.from_albert_config(
        dataclasses.replace(tiny_config, max_position_embeddings=8)
    )
    model = ak.AlbertMaskedLM(
        short, ak.AlbertMaskedLM.preprocessor_cls(tiny_tokenizer)
    )
    with pytest.raises(ValueError, match="--max-seq-length 8, or lengthen"):
        start(run_dir, 1, model)
    assert not run_dir.exists()


def read_rows(run_dir):
    from albert_keras.training.metrics_log import read_metrics

    for row in read_metrics(run_dir / "metrics.csv"):
        yield {"step": row.step, "split": row.split, **row.values}
