"""What one command or method writes, every other one reads.

Each writer, in each dtype and with each tokenizer, is tried with each reader.
What a reader comes to is compared with a model in float32 that has the weights
of the writer's model in memory, or of its checkpoint.

`from_preset` reads all that is written. Each other reader meets each writer
with each tokenizer in one dtype; one that takes seconds, in one of both. With
ALBERT_KERAS_EVERY_CELL=1 every reader reads everything.
"""

import contextlib
import itertools
import json
import os
import shutil
import textwrap
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from command_call import call
from export_models import PIECES, keras_outputs, random_ids, randomize

import albert_keras as ak
from albert_keras.checkpoints.vocabulary import tokenizer_of_file
from albert_keras.models.serving import backbone_of

DTYPES = ("float32", "mixed_bfloat16", "mixed_float16")
TOKENIZERS = ("spiece.model", "vocab.txt")
LENGTH = 16
SIZES = {
    "vocab_size": PIECES,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "embedding_size": 4,
    "max_position_embeddings": LENGTH,
    "initializer_range": 0.3,
}
STEP_1 = "checkpoints/step_00000001.npz"
# Small enough that a step changes nothing that is seen.
UNCHANGED = 1e-12

CLASSES: dict[str, tuple[Any, dict[str, Any]]] = {
    "pretrainer": (ak.AlbertPretrainer, {}),
    "masked_lm": (ak.AlbertMaskedLM, {}),
    "classifier": (
        ak.AlbertTextClassifier,
        {"num_classes": 2, "labels": ("bad", "good")},
    ),
    "reader": (ak.AlbertQuestionAnswering, {"head": "v1"}),
    "reader_v2": (ak.AlbertQuestionAnswering, {"head": "v2"}),
    "tagger": (
        ak.AlbertTokenClassifier,
        {"num_classes": 3, "labels": ("O", "B-X", "I-X")},
    ),
    "chooser": (ak.AlbertMultipleChoice, {}),
}
# Which class each kind of fine-tuning makes.
FINETUNED = {
    "classification": "classifier",
    "question": "reader_v2",
    "tags": "tagger",
    "choice": "chooser",
}
WITH_QUESTIONS = ("question", "choice")
# Which command asks each class, and what.
_PASSAGE = ("answer", "what text", "--context", "wrap the text of it")
ASKED = {
    "pretrainer": ("fill-mask", "wrap the [MASK] text"),
    "masked_lm": ("fill-mask", "wrap the [MASK] text"),
    "classifier": ("classify", "wrap the text"),
    "reader": _PASSAGE,
    "reader_v2": _PASSAGE,
    "tagger": ("tag", "wrap the text"),
    "chooser": ("choose", "what", "--option", "text", "--option", "a line"),
}
# Classes that a form has no place for.
NOT_IN: dict[str, tuple[str, ...]] = {
    "keras": (),
    "huggingface": ("reader_v2",),
    "tensorflow": (),
}
# Hugging Face's classes that don't need the pooler don't have it.
WITHOUT_POOLER = ("masked_lm", "reader", "tagger")
# Rows to fine-tune on, and what another row has instead.
EXAMPLES: dict[str, dict[str, Any]] = {
    "classification": {"text": "wrap the text", "label": "good"},
    "question": {
        "question": "what text",
        "context": "wrap the text",
        "answer": "the text",
    },
    "tags": {"words": ["wrap", "the", "text"], "tags": ["O", "B-X", "I-X"]},
    "choice": {"question": "what", "options": ["a line", "text"], "label": 1},
}
OTHER_LABELS = {"classification": {"label": "bad"}, "choice": {"label": 0}}


class Artefact(NamedTuple):
    """What a writer left, and what a reader has to come to.

    Args:
        path: Where it is.
        name: The key of its class in `CLASSES`.
        model: That class in float32, with the weights that were written.
        lost: Paths of weights that its form has no place for.
        shards: Makes pretraining examples of its tokenizer.
    """

    path: Path
    name: str
    model: keras.Model
    shards: Callable[[], Path]
    lost: frozenset[str] = frozenset()


def build(
    name: str,
    tokenizer: str,
    dtype: str = "float32",
    config: ak.AlbertConfig | None = None,
) -> keras.Model:
    """A model of a class, with random weights."""
    model_class, arguments = CLASSES[name]
    backbone = ak.AlbertBackbone.from_albert_config(
        config or ak.AlbertConfig(**SIZES), dtype=dtype
    )
    preprocessor = model_class.preprocessor_cls(
        tokenizer_of_file(tokenizer), sequence_length=LENGTH
    )
    return model_class(backbone, preprocessor=preprocessor, **arguments)


def with_checkpoint(model: keras.Model, path: Path) -> keras.Model:
    """Gives a model the weights that a run's checkpoint holds."""
    with np.load(path) as arrays:
        held = {
            "/".join(name.split("/")[2:]): arrays[name]
            for name in arrays.files
            if name.startswith("model/")
        }
    model.set_weights([held[weight.path] for weight in model.weights])
    return model


def done(*words: Any) -> str:
    """Runs a command that has to succeed; returns its standard output."""
    ended = call(*map(str, words))
    assert ended.code == 0, ended.stderr
    return ended.stdout


def rotated(names: list[str], *key: str) -> str:
    """One of some names, another one for each dtype and tokenizer."""
    dtype, tokenizer = key
    place = DTYPES.index(dtype) * len(TOKENIZERS) + TOKENIZERS.index(tokenizer)
    return names[place % len(names)]


# === Writers ===


class Workshop:
    """A folder in which artefacts are written when they are first read."""

    def __init__(self, folder: Path, quickstart: Callable[[], Path]) -> None:
        self.folder, self.quickstart = folder, quickstart
        self._artefacts: dict[str, Artefact] = {}
        text = Path(textwrap.__file__).read_text("utf-8")
        Path("corpus.txt").write_text(text, "utf-8")
        Path("sizes.json").write_text(json.dumps(SIZES))
        done("vocab", "corpus.txt", "--size", PIECES, "--out", "vocabulary")
        Path("vocabulary/spiece.model").rename("spiece.model")
        Path("vocab.txt").write_text("\n".join(word_pieces(text)) + "\n")
        for kind, example in EXAMPLES.items():
            rows = [example, {**example, **OTHER_LABELS.get(kind, {})}]
            lines = "".join(json.dumps(row) + "\n" for row in rows * 2)
            Path(f"{kind}.jsonl").write_text(lines)

    def shards(self, tokenizer: str) -> Path:
        """Pretraining examples of a tokenizer."""
        path = self.folder / f"{tokenizer}.shards"
        if not path.exists():
            done(
                *("prepare", "corpus.txt", "--tokenizer", tokenizer),
                *("--out", path, "--processes", 1, "--dupe-factor", 1),
                *("--max-seq-length", LENGTH),
            )
        return path

    def artefact(self, writer: str, dtype: str, tokenizer: str) -> Artefact:
        name = f"{writer}-{dtype}-{tokenizer}".replace(" ", "-")
        if name not in self._artefacts:
            write = WRITERS[writer]
            self._artefacts[name] = write(
                self, self.folder / name, dtype, tokenizer
            )
        return self._artefacts[name]

    def pretrain(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        done(
            *("pretrain", "--config", "sizes.json", "--tokenizer", tokenizer),
            *("--data", self.shards(tokenizer), "--out", path, "--steps", 1),
            *("--batch-size", 2, "--dtype", dtype),
        )
        model = with_checkpoint(build("pretrainer", tokenizer), path / STEP_1)
        return self._artefact(path / "preset", "pretrainer", model, tokenizer)

    def run_folder(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        artefact = self.artefact("pretrain", dtype, tokenizer)
        return artefact._replace(path=artefact.path.parent)

    def stopped_run(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        artefact = self.artefact("pretrain", dtype, tokenizer)
        shutil.copytree(artefact.path.parent, path)
        shutil.rmtree(path / "preset")
        return artefact._replace(path=path)

    def checkpoint(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        artefact = self.artefact("pretrain", dtype, tokenizer)
        run = artefact.path.parent
        return artefact._replace(path=run / STEP_1)

    def finetune(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        kind = rotated(list(FINETUNED), dtype, tokenizer)
        name = FINETUNED[kind]
        done(
            *("finetune", kind, "--train", f"{kind}.jsonl"),
            *("--dev", f"{kind}.jsonl", "--out", path, "--no-cache"),
            *("--config", "sizes.json", "--tokenizer", tokenizer),
            *("--dtype", dtype, "--sequence-length", LENGTH, "--steps", 1),
            *("--warmup-steps", 0, "--batch-size", 2),
            *(("--question-length", 4) if kind in WITH_QUESTIONS else ()),
        )
        model = with_checkpoint(build(name, tokenizer), path / STEP_1)
        return self._artefact(path / "preset", name, model, tokenizer)

    def finetuning_run(
        self, path: Path, dtype: str, tokenizer: str
    ) -> Artefact:
        artefact = self.artefact("finetune", dtype, tokenizer)
        return artefact._replace(path=artefact.path.parent)

    def of_quickstart(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        quickstart = self.quickstart()
        run = quickstart / "run"
        config = ak.AlbertConfig.from_json(run / "albert_config.json")
        vocabulary = quickstart / "vocabulary" / "spiece.model"
        model = with_checkpoint(
            build("pretrainer", str(vocabulary), config=config),
            max(run.glob("checkpoints/step_*.npz"), key=os.path.getmtime),
        )
        shards = quickstart / "examples" / "train"
        return Artefact(run / "preset", "pretrainer", model, lambda: shards)

    def preset(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        model, artefact = self._random(path, dtype, tokenizer, list(CLASSES))
        model.save_to_preset(str(path))
        return artefact

    def keras_file(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        names = list(reversed(CLASSES))
        path = path.with_suffix(".keras")
        model, artefact = self._random(path, dtype, tokenizer, names)
        model.save(path)
        return artefact

    def convert(
        self, path: Path, dtype: str, tokenizer: str, form: str
    ) -> Artefact:
        names = [name for name in CLASSES if name not in NOT_IN[form]]
        names = names[len(form) % 3 :] + names[: len(form) % 3]
        source = path.with_name(f"{path.name}-source")
        model, artefact = self._random(path, dtype, tokenizer, names)
        model.save_to_preset(str(source))
        done("convert", source, path, "--to", form)
        return artefact._replace(lost=lost_in(form, artefact))

    def lora_adapter(self, path: Path, dtype: str, tokenizer: str) -> Artefact:
        names = ["classifier", "tagger", "chooser", "reader", "masked_lm"]
        model, artefact = self._random(path, dtype, tokenizer, names)
        base = path.with_name(f"{path.name}-base")
        model.save_to_preset(str(base))
        trained = type(model).from_preset(str(base), dtype=dtype)
        for each in (trained, again := type(model).from_preset(str(base))):
            each.backbone.enable_lora(2)
        changed = list(trained.trainable_weights)
        for number, weight in enumerate(changed):
            drawn = np.random.default_rng(number).normal(0, 0.3, weight.shape)
            weight.assign(drawn)
        adapter = path.with_name(f"{path.name}.lora.h5")
        trained.save_lora_weights(adapter)
        again.load_lora_weights(adapter)
        again.save_to_preset(str(path))
        trained.save_to_preset(str(path) + "-merged")
        merged = type(model).from_preset(str(path) + "-merged")
        return artefact._replace(model=merged)

    def _random(
        self, path: Path, dtype: str, tokenizer: str, names: list[str]
    ) -> tuple[keras.Model, Artefact]:
        name = rotated(names, dtype, tokenizer)
        model = randomize(build(name, tokenizer, dtype))
        same = build(name, tokenizer)
        same.set_weights(model.get_weights())
        return model, self._artefact(path, name, same, tokenizer)

    def _artefact(
        self, path: Path, name: str, model: keras.Model, tokenizer: str
    ) -> Artefact:
        return Artefact(path, name, model, partial(self.shards, tokenizer))


WRITERS: dict[str, Callable[..., Artefact]] = {
    "pretrain": Workshop.pretrain,
    "run folder": Workshop.run_folder,
    "stopped run": Workshop.stopped_run,
    "checkpoint": Workshop.checkpoint,
    "finetune": Workshop.finetune,
    "finetuning run": Workshop.finetuning_run,
    "quickstart": Workshop.of_quickstart,
    "save_to_preset": Workshop.preset,
    ".keras": Workshop.keras_file,
    "LoRA adapter": Workshop.lora_adapter,
    **{
        f"convert {form}": partial(Workshop.convert, form=form)
        for form in NOT_IN
    },
}


def lost_in(form: str, artefact: Artefact) -> frozenset[str]:
    """The weights of a model that a form has no place for."""
    if form != "huggingface" or artefact.name not in WITHOUT_POOLER:
        return frozenset()
    return frozenset(w.path for w in artefact.model.backbone.pooler.weights)


def word_pieces(text: str) -> list[str]:
    """A WordPiece vocabulary of the characters and commonest words."""
    words = "".join(c if c.isalpha() else " " for c in text.lower()).split()
    letters = sorted(set("".join(words)))
    common = sorted(set(words), key=lambda word: (-words.count(word), word))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *".,:;()'\"-_="]
    pieces = [*special, *letters, *(f"##{letter}" for letter in letters)]
    pieces += [word for word in common if len(word) > 1]
    return pieces[:PIECES]


# === Readers ===


def from_preset(artefact: Artefact, out: Path) -> None:
    model = CLASSES[artefact.name][0].from_preset(artefact.path)
    assert_same_model(model, artefact)


def from_preset_backbone(artefact: Artefact, out: Path) -> None:
    found = ak.AlbertBackbone.from_preset(artefact.path)
    assert_same_weights(found, artefact.model.backbone, lost=artefact.lost)


def load(artefact: Artefact, out: Path) -> None:
    assert_same_model(ak.checkpoints.load(artefact.path), artefact)


def ask(artefact: Artefact, out: Path) -> None:
    command, *words = ASKED[artefact.name]
    assert_same_answer(artefact, out, command, *words)


def embed(artefact: Artefact, out: Path) -> None:
    assert_same_answer(artefact, out, "embed", "wrap the text")


def convert_to(artefact: Artefact, out: Path, form: str) -> None:
    words = ("convert", artefact.path, out, "--to", form)
    if artefact.name in NOT_IN[form]:
        ended = call(*map(str, words))
        assert (ended.code, out.exists()) == (2, False)
        assert ended.stderr.count("\n") == 1, ended.stderr
        return
    done(*words)
    found = ak.checkpoints.load(out, type(artefact.model))
    lost = lost_in(form, artefact) | artefact.lost
    assert_same_weights(found, artefact.model, lost=lost)


def export_savedmodel(artefact: Artefact, out: Path) -> None:
    import tensorflow as tf

    tokenizer = artefact.model.preprocessor.tokenizer
    is_word_piece = isinstance(tokenizer, ak.AlbertWordPieceTokenizer)
    # Places in a text come from SentencePiece alone in a graph.
    needs_places = artefact.name in ("reader", "reader_v2", "tagger")
    text = ("--no-text",) if is_word_piece and needs_places else ()
    done("export", "savedmodel", artefact.path, out, *text)
    served = tf.saved_model.load(str(out / "1")).signatures["serve_ids"]
    inputs = random_ids(artefact.model, length=LENGTH)
    found = served(**{n: tf.constant(ids) for n, ids in inputs.items()})
    assert_same_outputs(found, artefact, inputs)


def export_tflite(artefact: Artefact, out: Path) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    path = out.with_suffix(".tflite")
    masks = ("--max-masks", 3) if "[MASK]" in ASKED[artefact.name][1] else ()
    done(
        *("export", "tflite", artefact.path, path),
        *("--sequence-length", LENGTH, *masks),
    )
    inputs = random_ids(artefact.model, length=LENGTH)
    run = interpreter.Interpreter(str(path)).get_signature_runner("serve_ids")
    assert_same_outputs(run(**inputs), artefact, inputs)


def finetune(artefact: Artefact, out: Path) -> None:
    done(
        *("finetune", "classification", "--preset", artefact.path),
        *("--train", "classification.jsonl", "--out", out, "--no-cache"),
        *("--steps", 1, "--warmup-steps", 0, "--batch-size", 2),
        *("--sequence-length", LENGTH, "--learning-rate", UNCHANGED),
    )
    found = ak.AlbertBackbone.from_preset(out / "preset")
    assert_same_weights(
        found, artefact.model.backbone, 1e-7, lost=artefact.lost
    )


def pretrain(artefact: Artefact, out: Path) -> None:
    done(
        *("pretrain", "--preset", artefact.path, "--data", artefact.shards()),
        *("--out", out, "--steps", 1, "--batch-size", 2),
        *("--learning-rate", UNCHANGED),
    )
    found = ak.AlbertPretrainer.from_preset(out / "preset")
    assert_same_weights(found, artefact.model, 1e-7, lost=artefact.lost)


READERS: dict[str, Callable[[Artefact, Path], None]] = {
    "from_preset": from_preset,
    "AlbertBackbone.from_preset": from_preset_backbone,
    "checkpoints.load": load,
    "its command": ask,
    "embed": embed,
    **{f"convert {form}": partial(convert_to, form=form) for form in NOT_IN},
}
SLOW_READERS: dict[str, Callable[[Artefact, Path], None]] = {
    "export savedmodel": export_savedmodel,
    "export tflite": export_tflite,
    "finetune": finetune,
    "pretrain": pretrain,
}


def assert_same_model(found: keras.Model, artefact: Artefact) -> None:
    expected = artefact.model
    assert type(found) is type(expected)
    assert found.backbone.dtype_policy.name == "float32"
    assert_same_weights(found, expected, lost=artefact.lost)
    texts = ["wrap the text", "a long line: (it)"]
    ids = found.preprocessor.tokenizer.encode_batch(texts)
    assert ids == expected.preprocessor.tokenizer.encode_batch(texts)
    for name in ("labels", "problem_type"):
        assert getattr(found, name, None) == getattr(expected, name, None)


def assert_same_weights(
    found: keras.Model,
    expected: keras.Model,
    tolerance: float = 0.0,
    lost: Collection[str] = (),
) -> None:
    """Compares the weights that two models share; the encoder's at least."""
    held = {weight.path: weight for weight in found.weights}
    wanted = {weight.path: weight for weight in expected.weights}
    shared = held.keys() & wanted.keys()
    assert shared >= {w.path for w in backbone_of(expected).weights}
    for path in shared.difference(lost):
        np.testing.assert_allclose(
            held[path], wanted[path], rtol=0, atol=tolerance, err_msg=path
        )


def assert_same_outputs(found: Any, artefact: Artefact, inputs: Any) -> None:
    expected = keras_outputs(artefact.model, inputs)
    assert found
    assert found.keys() <= expected.keys()
    for name, output in found.items():
        np.testing.assert_allclose(output, expected[name], atol=1e-4)


def assert_same_answer(artefact: Artefact, out: Path, *words: str) -> None:
    """Holds a command's answer against that of a preset in float32."""
    artefact.model.save_to_preset(str(out))
    command, *rest = words
    expected, found = (
        done(command, path, *rest, "--json") for path in (out, artefact.path)
    )
    assert_close(json.loads(found), json.loads(expected))


def assert_close(found: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert_close(found[name], value)
    elif isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-5)
    else:
        assert found == expected


# === Cells ===


def cells() -> Iterator[tuple[str, str, str, str]]:
    every = "ALBERT_KERAS_EVERY_CELL" in os.environ
    forms = list(itertools.product(DTYPES, TOKENIZERS))
    for number, writer in enumerate(WRITERS):
        for place, (dtype, tokenizer) in enumerate(forms):
            if writer == "quickstart" and place > 0:
                continue  # it has no such options
            for step, reader in enumerate(READERS):
                turn = number + step + place // len(TOKENIZERS)
                if every or reader == "from_preset" or turn % 3 == 0:
                    yield writer, dtype, tokenizer, reader
            for step, reader in enumerate(SLOW_READERS):
                if every or (number + step) % len(forms) == place:
                    yield writer, dtype, tokenizer, reader


@pytest.fixture(scope="module")
def shop(tmp_path_factory, request) -> Iterator[Workshop]:
    folder = tmp_path_factory.mktemp("shop")
    with contextlib.chdir(folder):
        yield Workshop(folder, lambda: request.getfixturevalue("finished")[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("writer", "dtype", "tokenizer", "reader"), list(cells())
)
def test_reader_reads_what_writer_writes(
    shop, tmp_path, writer, dtype, tokenizer, reader
):
    artefact = shop.artefact(writer, dtype, tokenizer)
    {**READERS, **SLOW_READERS}[reader](artefact, tmp_path / "out")
