"""What every command answers to words that it does not take."""

import pytest

from albert_keras.cli import COMMANDS, Command


def leaves(table: dict = COMMANDS, above: str = "") -> list[str]:
    found = []
    for name, entry in table.items():
        if isinstance(entry, Command):
            found.append(above + name)
        else:
            found += leaves(entry.commands, f"{above}{name} ")
    return found


@pytest.fixture
def refused(call, tmp_path, monkeypatch):
    """Runs a command that must end with one sentence; gives that."""
    monkeypatch.chdir(tmp_path)

    def refused(words: str) -> str:
        ended = call(*words.split())
        assert ended.code == 2, ended.stderr
        assert ended.stdout == ""
        (line,) = ended.stderr.splitlines()
        assert line.startswith("Error: ")
        assert list(tmp_path.iterdir()) == []
        return line

    return refused


@pytest.mark.parametrize("command", leaves())
def test_an_option_that_there_is_not(refused, call, command):
    """The sentence names all that there are."""
    sentence = refused(f"{command} --nix")
    assert "No such option: --nix" in sentence
    shown = call(*command.split(), "--help").stdout
    options = [
        word
        for line in shown.partition("Options:")[2].splitlines()
        for word in line.split()[:1]
        if word.startswith("--")
    ]
    assert options
    for option in options:
        assert option in sentence


@pytest.mark.parametrize("command", leaves())
def test_an_option_without_its_value_or_a_word_too_many(refused, command):
    """Whatever a command asks for, twenty words are too many or wrong."""
    sentence = refused(f"{command} {'nix ' * 20}--nix")
    assert "--nix" in sentence


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("vocab", "CORPUS"),
        ("vocab x", "--out"),
        ("prepare x --out y", "--tokenizer"),
        ("pretrain", "--data"),
        ("finetune", "TASK"),
        ("finetune sst2", "--out"),
        ("evaluate squad", "--predictions"),
        ("evaluate glue", "TASK"),
        ("evaluate race", "--predictions"),
        ("evaluate conll", "--predictions"),
        ("fill-mask", "MODEL"),
        ("embed", "MODEL"),
        ("classify", "MODEL"),
        ("answer", "MODEL"),
        ("tag", "MODEL"),
        ("choose", "MODEL"),
        ("bias", "MODEL"),
        ("inspect", "MODEL"),
        ("card", "PRESET"),
        ("convert", "IN"),
        ("convert x", "OUT"),
        ("convert x y", "--to"),
        ("export savedmodel", "PRESET"),
        ("export tflite x", "OUT"),
    ],
)
def test_a_word_that_is_missing(refused, words, missing):
    sentence = refused(words)
    assert "Missing" in sentence
    assert f"'{missing}'" in sentence


@pytest.mark.parametrize(
    ("words", "available"),
    [
        ("nix", ["vocab", "pretrain", "classify", "export", "doctor"]),
        ("export nix", ["savedmodel", "tflite"]),
        ("evaluate nix", ["squad", "glue", "race", "conll"]),
        ("finetune nix --out x", ["sst2", "race", "classification", "tags"]),
        (
            "evaluate glue nix --data x --predictions y",
            ["cola", "mrpc", "mnli"],
        ),
        ("evaluate race --data x --predictions y --split z", ["dev", "test"]),
        ("convert x y --to z", ["keras", "huggingface", "tensorflow"]),
        ("convert x y --to keras --model z", ["backbone", "masked-lm"]),
        ("export tflite x y.tflite --quantization z", ["float32", "int8"]),
        ("embed x --pooling z", ["mean", "cls", "pooled"]),
        ("pretrain --strategy z", ["auto", "mirrored", "tpu"]),
        ("prepare x --runner z", ["local", "beam"]),
        ("bench tflite nix", ["albert_base_v2", "albert_tiny_test"]),
    ],
)
def test_what_there_is_instead(refused, words, available):
    sentence = refused(words)
    for word in available:
        assert word in sentence


@pytest.mark.parametrize(
    "words",
    [
        "fill-mask run/nix x",
        "embed run/nix x",
        "classify run/nix x",
        "answer run/nix x --context y",
        "tag run/nix x",
        "choose run/nix x --option a --option b",
        "export savedmodel run/nix out",
        "export tflite run/nix out.tflite",
        "finetune sst2 --preset run/nix --data glue --out out",
        "bias run/nix --out out",
        "inspect run/nix x --out out",
        "card run/nix",
        "convert run/nix out --to huggingface",
    ],
)
def test_a_model_that_there_is_not(call, tmp_path, monkeypatch, words):
    """The sentence names those that lie where it was looked for."""
    for name in ("run/film/config.json", "run/film.tflite", "run/log.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    glue = tmp_path / "glue" / "SST-2"
    glue.mkdir(parents=True)
    for split in ("train", "dev"):
        (glue / f"{split}.tsv").write_text("sentence\tlabel\na film\t1\n")
    (glue / "test.tsv").write_text("index\tsentence\n0\ta film\n")
    monkeypatch.chdir(tmp_path)
    ended = call(*words.split())
    assert ended.code == 2
    assert "Traceback" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert "run/nix" in last
    assert "Models in 'run': film, film.tflite." in last
    assert not (tmp_path / "out").exists()
