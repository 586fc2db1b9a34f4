"""A .tflite is looked at in Java before LiteRT, which trusts it, opens it."""

import hashlib
import random
import struct
import subprocess
from pathlib import Path

import pytest
from java_task import JavaTask
from java_tokenizer import JavaError, JavaTokenizer
from unicode_texts import generated_texts

import albert_keras as ak

pytestmark = pytest.mark.jvm


def look_at(classes, files: list[bytes]) -> list[str]:
    """For each file what Java says of it, "" if it is whole."""
    found = subprocess.run(
        ["java", "-cp", classes, "albertkeras.jvm.text.ContentsProcess"],
        input=b"".join(struct.pack(">i", len(f)) + f for f in files),
        capture_output=True,
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
    for quantization in ("int8", "int4"):
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


def constant_of(model):
    """A tensor whose values stand in the file."""
    return next(
        tensor
        for tensor in model.subgraphs[0].tensors
        if model.buffers[tensor.buffer].data is not None
        and len(tensor.shape) == 2
    )


def put(owner, name: str, value: int) -> None:
    """Changes the first number of a list, which is read-only."""
    numbers = getattr(owner, name).copy()
    numbers[0] = value
    setattr(owner, name, numbers)


DAMAGES = {
    "nothing": lambda model: None,
    "a constant's buffer": lambda model: setattr(
        constant_of(model), "buffer", 10_000
    ),
    "a constant's shape": lambda model: put(constant_of(model), "shape", 9),
    "an input": lambda model: put(model.subgraphs[0], "inputs", 10_000),
    "an operator's code": lambda model: setattr(
        model.subgraphs[0].operators[0], "opcodeIndex", 10_000
    ),
    "an operator's input": lambda model: put(
        model.subgraphs[0].operators[0], "inputs", 10_000
    ),
    "an operator's output": lambda model: put(
        model.subgraphs[0].operators[0], "outputs", -2
    ),
    "a signature's graph": lambda model: setattr(
        model.signatureDefs[0], "subgraphIndex", 7
    ),
    "a signature's tensor": lambda model: setattr(
        model.signatureDefs[0].outputs[0], "tensorIndex", 10_000
    ),
    "metadata": lambda model: setattr(model.metadata[0], "buffer", 10_000),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_points_outside_is_found(classes, lite_files, what):
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    content = (lite_files / "classifier.tflite").read_bytes()
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    DAMAGES[what](model)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    [sentence] = look_at(classes, [bytes(builder.Output())])
    # The files behind the model were not written again.
    found = "albert.json" if what == "nothing" else "damaged or cut off"
    assert found in sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: b"", "damaged or cut off"),
        (lambda content: b"not a model", "of another kind"),
        (lambda content: content[:10_000], "damaged or cut off"),
        (lambda content: content[: content.index(b"PK\3\4")], "albert.json"),
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


def test_the_vocabulary_in_the_file_is_enough(
    classes, models, lite_files, is_known
):
    """Its ids are those of the one that the model was exported with."""
    tokenizer = models["classifier"].preprocessor.tokenizer.python_tokenizer
    texts = [*filter(is_known, generated_texts(3000, seed=7)), "in 2010, on"]
    with JavaTokenizer(classes, lite_files / "classifier.tflite") as java:
        for text, found in zip(texts, java(texts), strict=True):
            assert found.ids == tokenizer.encode(text), text
            assert found.spans == tokenizer.offsets(text), text


def test_a_file_without_a_vocabulary(classes, models, tmp_path):
    path = tmp_path / "ids.tflite"
    ak.export.tflite(models["classifier"], path, text=False)
    with pytest.raises(JavaError, match="vocabulary"):
        JavaTokenizer(classes, path)


def weight_cache(classes, folder, name, model) -> Path:
    main = "albertkeras.jvm.text.WeightCacheProcess"
    found = subprocess.run(
        ["java", "-cp", classes, main, folder, name, model],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(found.stdout.strip())


def test_a_weight_cache_belongs_to_what_the_model_holds(classes, tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(b"weights")
    of_another = tmp_path / f"tagger-{'0' * 64}.weights"
    of_another.touch()
    cache = weight_cache(classes, tmp_path, "reader", model)
    digest = hashlib.sha256(b"weights").hexdigest()
    assert cache == tmp_path / f"reader-{digest}.weights"
    cache.touch()
    assert weight_cache(classes, tmp_path, "reader", model) == cache
    assert cache.exists()
    model.write_bytes(b"Weights")
    assert weight_cache(classes, tmp_path, "reader", model) != cache
    assert not cache.exists()
    assert of_another.exists()


def test_without_room_there_is_no_weight_cache(classes, tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(b"weights")
    absent = tmp_path / "absent"
    assert weight_cache(classes, absent, "reader", model) == Path("null")
