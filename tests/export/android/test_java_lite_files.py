"""A .tflite is looked at in Java before LiteRT, which trusts it, opens it."""

import random
import struct
import subprocess

import pytest
from java_task import JavaTask
from java_tokenizer import JavaError

import albert_keras as ak
from albert_keras.export.tflite_conversion import QUANTIZATIONS

pytestmark = pytest.mark.jvm


def look_at(classes, files: list[bytes]) -> list[str]:
    """For each file what Java says of it, "" if it is whole."""
    found = subprocess.run(
        ["java", "-cp", classes, "albertkeras.jvm.text.ContentsProcess"],
        input=b"".join(struct.pack(">i", len(f)) + f for f in files),
        capture_output=True,
        timeout=120,
    )
    assert found.returncode == 0, found.stderr.decode()
    answers, at = [], 0
    while at < len(found.stdout):
        (size,) = struct.unpack_from(">i", found.stdout, at)
        at += 4 + size
        answers.append(found.stdout[at - size : at].decode())
    assert len(answers) == len(files)
    return answers


def test_whole_files(classes, models, lite_files, tmp_path):
    for quantization in QUANTIZATIONS:
        ak.export.tflite(
            models["classifier"],
            tmp_path / f"{quantization}.tflite",
            quantization=quantization,
        )
    ak.export.tflite(
        models["tagger"], tmp_path / "resizable.tflite", resizable=True
    )
    paths = [*lite_files.glob("*.tflite"), *tmp_path.glob("*.tflite")]
    assert len(paths) > 6
    contents = [path.read_bytes() for path in paths]
    assert look_at(classes, contents) == [""] * len(contents)


def test_files_that_are_cut_off(classes, lite_files):
    content = (lite_files / "classifier.tflite").read_bytes()
    step = len(content) // 500
    cut = [content[:end] for end in range(0, len(content), step)]
    for sentence in look_at(classes, cut):
        assert ". Received: " in sentence


def test_files_that_are_damaged(classes, lite_files):
    content = (lite_files / "classifier.tflite").read_bytes()
    # What points somewhere stands at both ends of a model, and in the archive.
    model_end = content.index(b"PK\x03\x04")
    generator = random.Random(1)
    damaged = []
    for _ in range(2000):
        changed = bytearray(content)
        start = generator.choice([0, model_end - 8000, model_end])
        for _ in range(generator.choice([1, 4, 32])):
            place = generator.randrange(start, min(start + 8000, len(content)))
            changed[place] ^= 1 << generator.randrange(8)
        damaged.append(bytes(changed))
    sentences = [each for each in look_at(classes, damaged) if each]
    assert len(sentences) > 1000
    assert all(". Received: " in each for each in sentences)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: b"", "damaged or cut off"),
        (lambda content: b"not a model", "of another kind"),
        (lambda content: content[:10_000], "damaged or cut off"),
        (lambda content: content[: content.index(b"PK")], "albert.json"),
        (lambda content: content[:-1], "without albert.json, or cut off"),
        (lambda content: content.replace(b"serve_ids", b"serve_odd"), "serve_"),
        (lambda content: content.replace(b'"model"', b'"modem"'), "ZIP"),
    ],
)
def test_a_model_that_is_none(
    task_classes, lite_files, vocabulary, tmp_path, change, sentence
):
    path = tmp_path / "changed.tflite"
    path.write_bytes(change((lite_files / "masked_lm.tflite").read_bytes()))
    with pytest.raises(JavaError, match=r"\. Received: ") as caught:
        JavaTask(task_classes, path, vocabulary, "fill")
    assert sentence in str(caught.value)


def test_a_vocabulary_of_another_model(
    task_classes, lite_files, tiny_vocabulary
):
    with pytest.raises(JavaError, match="that the model was exported with"):
        JavaTask(
            task_classes,
            lite_files / "classifier.tflite",
            tiny_vocabulary("abc", "bcd"),
            "classify",
        )


def test_a_vocabulary_of_another_size(
    task_classes, models, tiny_vocabulary, tmp_path
):
    path = tmp_path / "model.tflite"
    ak.export.tflite(models["masked_lm"], path, text=False)
    with pytest.raises(JavaError, match="pieces for a model of 300"):
        JavaTask(task_classes, path, tiny_vocabulary("abc", "bcd"), "fill")


def test_labels_are_those_of_the_export(
    task_classes, models, vocabulary, tmp_path
):
    path = tmp_path / "model.tflite"
    labels = ["naïve", "two words", "—"]
    ak.export.tflite(models["classifier"], path, labels=labels)
    with JavaTask(task_classes, path, vocabulary, "classify") as java:
        assert java("a text")[0][0] in labels
