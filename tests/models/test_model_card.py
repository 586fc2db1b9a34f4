import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import keras_hub
import pytest
import yaml
from huggingface_hub.repocard_data import model_index_to_eval_results
from hypothesis import given, settings
from hypothesis import strategies as st

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.card.facts import (
    CardFacts,
    Evaluation,
    Metric,
    Training,
)
from albert_keras.models.card.front_matter import front_matter
from albert_keras.models.card.markdown import card_text
from albert_keras.models.card.writing import is_ours, write_card

TINY = ak.AlbertConfig.named("albert_tiny_test")


def backbone():
    return ak.AlbertBackbone.from_albert_config(TINY)


@pytest.fixture(scope="module")
def masked_lm(tiny_vocabulary):
    tokenizer = ak.AlbertTokenizer(str(tiny_vocabulary("a", "film")))
    return ak.AlbertMaskedLM(
        backbone(), AlbertMaskedLMPreprocessor(tokenizer, sequence_length=16)
    )


@pytest.fixture
def preset(masked_lm, tmp_path):
    masked_lm.save_to_preset(str(tmp_path / "preset"))
    return tmp_path / "preset"


def full(facts: CardFacts) -> CardFacts:
    return dataclasses.replace(
        facts,
        training=Training(
            "fine-tuning on sst2",
            "albert-keras finetune sst2 --out 'my run'",
            ["sst2, train: 67,349 examples"],
            {"batch_size": 32},
            {"keras": "3.15"},
        ),
        evaluations=[
            Evaluation(
                "sst2",
                "nyu-mll/glue",
                "validation",
                "per cent",
                [Metric("accuracy", "accuracy", 91.25)],
                "sst2",
            )
        ],
        bias="**Work**\n\nA table.\n",
        license="apache-2.0",
        languages=["en", "no"],
        datasets=["nyu-mll/glue"],
        base_model="user/base",
    )


def head_and_body(text):
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


def sections(text):
    parts = text.split("\n## ")[1:]
    return {part.partition("\n")[0]: part for part in parts}


def test_bare_model_says_that_nothing_is_recorded(masked_lm, preset):
    text = (preset / "README.md").read_text("utf-8")
    head, body = head_and_body(text)
    assert head == {
        "library_name": "keras-hub",
        "license": "unknown",
        "tags": ["albert", "keras", "albert-keras"],
        "pipeline_tag": "fill-mask",
    }
    told = sections(body)
    for name in ("Training", "Metrics", "Licence"):
        assert "Not recorded." in told[name]
    assert "Not measured." in told["Limitations and bias"]
    assert f"{masked_lm.count_params():,} parameters" in body
    for key, value in TINY.to_dict().items():
        assert f"| {key} | {value} |" in told["Configuration"]
    assert 'ak.AlbertMaskedLM.from_preset("PRESET")' in told["Use"]


@pytest.mark.parametrize(
    ("make", "tag"),
    [
        (lambda: backbone(), "feature-extraction"),
        (lambda: ak.AlbertPretrainer(backbone()), "fill-mask"),
        (
            lambda: ak.AlbertTextClassifier(backbone(), num_classes=3),
            "text-classification",
        ),
        (
            lambda: ak.AlbertTokenClassifier(backbone(), num_classes=3),
            "token-classification",
        ),
        (lambda: ak.AlbertQuestionAnswering(backbone()), "question-answering"),
        (lambda: ak.AlbertMultipleChoice(backbone()), "multiple-choice"),
    ],
)
def test_every_class_has_a_card_of_its_own(make, tag, tmp_path):
    model = make()
    model.save_to_preset(str(tmp_path))
    head, body = head_and_body((tmp_path / "README.md").read_text("utf-8"))
    assert head["pipeline_tag"] == tag
    assert body.count(f"# {type(model).__name__}\n") == 1
    assert f"{model.count_params():,} parameters" in body
    # And the preset is one as before.
    loaded = type(model).from_preset(tmp_path)
    assert loaded.count_params() == model.count_params()


def test_the_hub_reads_what_is_known(preset):
    assert write_card(preset, full(CardFacts.read(preset)))
    card = huggingface_hub.ModelCard.load(preset / "README.md")
    assert card.data.language == ["en", "no"]  # Norwegian, not False
    assert card.data.license == "apache-2.0"
    assert card.data.library_name == "keras-hub"
    assert card.data.datasets == ["nyu-mll/glue"]
    assert card.data.base_model == "user/base"
    (result,) = card.data.eval_results
    assert (result.dataset_type, result.dataset_config) == (
        "nyu-mll/glue",
        "sst2",
    )
    assert (result.dataset_split, result.metric_type) == (
        "validation",
        "accuracy",
    )
    assert result.metric_value == 91.25
    told = sections(card.text)
    assert "albert-keras finetune sst2 --out 'my run'" in told["Training"]
    assert "sst2, train: 67,349 examples" in told["Training"]
    assert (
        "| sst2, validation | accuracy | 91.25 | per cent |"
        in (told["Metrics"])
    )
    assert "A table." in told["Limitations and bias"]
    assert "apache-2.0" in told["Licence"]
    assert "Not recorded" not in card.text
    name, _ = model_index_to_eval_results(card.data.to_dict()["model-index"])
    assert name == "AlbertMaskedLM"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "A line of mine.\n",
        lambda text: text.replace("license: unknown", "license: mit"),
        lambda text: text.replace("Not recorded.", "On my texts.", 1),
        lambda text: "# Mine\n",
        lambda text: "",
    ],
)
def test_what_a_person_wrote_is_kept(masked_lm, preset, change):
    path = preset / "README.md"
    mine = change(path.read_text("utf-8"))
    path.write_text(mine, "utf-8")
    masked_lm.save_to_preset(str(preset))
    assert not write_card(preset, full(CardFacts.read(preset)))
    assert path.read_text("utf-8") == mine
    assert CardFacts.read(preset).license == "apache-2.0"
    assert write_card(preset, CardFacts.read(preset), overwrite=True)
    assert "apache-2.0" in path.read_text("utf-8")


def test_bytes_that_are_no_text_are_kept(preset):
    (preset / "README.md").write_bytes(b"\xff\xfe")
    assert not write_card(preset, CardFacts.read(preset))
    assert (preset / "README.md").read_bytes() == b"\xff\xfe"


def test_saving_anew_forgets_what_was_true_of_the_old(masked_lm, preset):
    """Other weights have other metrics: nothing may be left of the old."""
    write_card(preset, full(CardFacts.read(preset)))
    masked_lm.save_to_preset(str(preset))
    text = (preset / "README.md").read_text("utf-8")
    assert "91.25" not in text
    assert "A table." not in text


def test_facts_survive_their_file(preset):
    facts = full(CardFacts.read(preset))
    facts.write(preset)
    assert CardFacts.read(preset) == facts


@pytest.mark.parametrize(
    ("change", "received"),
    [
        (lambda c: c.update(model=3), "must be as"),
        (lambda c: c.pop("model"), "model"),
        (lambda c: c["model"].pop("class"), "class"),
        (lambda c: c["model"].update(parameters="many"), "many"),
        (lambda c: c.update(mine=1), "mine"),
        (lambda c: c.update(license=["mit"]), "license"),
        (lambda c: c.update(languages="en"), "languages"),
        (lambda c: c.update(training={"kind": 1}), "Received"),
        (lambda c: c.update(evaluations=[1]), "Received"),
        (lambda c: c.update(evaluations=[{"metrics": 1}]), "Received"),
    ],
)
def test_facts_that_were_spoilt_are_named(preset, change, received):
    path = preset / "model_card.json"
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match=received) as caught:
        CardFacts.read(preset)
    assert str(path) in str(caught.value)


def test_a_preset_without_facts(preset):
    (preset / "model_card.json").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"must hold a model_card\.json"
    ):
        CardFacts.read(preset)


ANY = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20
)


@settings(max_examples=100, deadline=None)
@given(ANY, ANY, ANY, st.floats(allow_nan=False, allow_infinity=False))
def test_any_values_make_a_card(one, two, three, number):
    facts = full(
        CardFacts(
            {"class": "AlbertMaskedLM", "parameters": 5, "config": {"a": one}}
        )
    )
    facts = dataclasses.replace(
        facts,
        license=one or None,
        languages=[two],
        training=dataclasses.replace(
            facts.training, command=f"albert-keras `{one}`", data=[three]
        ),
        evaluations=[
            Evaluation(two, three, one, "x", [Metric(one, two, number)])
        ],
    )
    head = yaml.safe_load(front_matter(facts).split("---\n")[1])
    assert head["license"] == (one or "unknown")
    assert head["language"] == [two]
    metric = head["model-index"][0]["results"][0]["metrics"][0]
    assert metric["value"] == number
    text = card_text(facts)
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {name}" for name in sections(text)
    ]
    assert len(sections(text)) == 6
    assert f"albert-keras `{one}`" in text


@pytest.fixture
def hub(monkeypatch):
    """A hub in memory: files of repositories by their names."""
    repositories: dict[str, dict[str, str]] = {}

    def create_repo(repo_id, exist_ok):
        huggingface_hub.utils.validate_repo_id(repo_id)
        repositories.setdefault(repo_id, {})
        return SimpleNamespace(repo_id=repo_id)

    def upload_folder(repo_id, folder_path):
        for path in Path(folder_path).glob("*.*"):
            text = path.read_text("utf-8", errors="replace")
            repositories[repo_id][path.name] = text

    def upload_file(path_or_fileobj, path_in_repo, repo_id):
        text = Path(path_or_fileobj).read_text("utf-8")
        repositories[repo_id][path_in_repo] = text

    for name, function in {
        "create_repo": create_repo,
        "upload_folder": upload_folder,
        "upload_file": upload_file,
        "file_exists": lambda repo_id, filename: (
            filename in repositories[repo_id]
        ),
    }.items():
        monkeypatch.setattr(huggingface_hub, name, function)
    return repositories


def test_kerashub_alone_replaces_and_removes_the_card(preset, hub):
    """Why there is an `upload_preset` here; if this fails, it may go."""
    keras_hub.upload_preset("hf://user/model", str(preset))
    assert "KerasHub library" in hub["user/model"]["README.md"]
    assert not (preset / "README.md").exists()


def test_uploading_keeps_the_card(preset, hub):
    before = (preset / "README.md").read_bytes()
    ak.upload_preset("hf://user/model", preset)
    assert hub["user/model"]["README.md"].encode() == before
    assert "config.json" in hub["user/model"]
    assert (preset / "README.md").read_bytes() == before
    assert is_ours(preset / "README.md")


def test_uploading_keeps_a_persons_card(preset, hub):
    (preset / "README.md").write_text("# Mine\n", "utf-8")
    ak.upload_preset("hf://user/model", preset)
    assert hub["user/model"]["README.md"] == "# Mine\n"


@pytest.mark.parametrize(
    ("uri", "error", "message"),
    [
        ("user/model", ValueError, "must be a handle"),
        ("hf://a/b/c", ValueError, r"handle such as hf://user/model"),
    ],
)
def test_handles_that_are_none(preset, hub, uri, error, message):
    with pytest.raises(error, match=message):
        ak.upload_preset(uri, preset)
    assert hub == {}


def test_what_is_no_preset_is_not_uploaded(tmp_path, hub):
    with pytest.raises(FileNotFoundError, match="`preset` must be a folder"):
        ak.upload_preset("hf://user/model", tmp_path)
    assert hub == {}
