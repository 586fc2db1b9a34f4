import json

import huggingface_hub
import pytest

import albert_keras as ak
from albert_keras.tasks.run_card import add_run_to_card
from albert_keras.tasks.run_folder import FinetuningFolder


@pytest.fixture
def preset(tmp_path):
    config = ak.AlbertConfig.named("albert_tiny_test")
    backbone = ak.AlbertBackbone.from_albert_config(config)
    model = ak.AlbertTextClassifier(backbone, num_classes=2)
    model.save_to_preset(str(tmp_path / "preset"))
    return tmp_path / "preset"


def folder_of_run(path, task, preset):
    path.mkdir()
    record = {
        "made_by": {
            "command": f"/opt/env/bin/albert-keras finetune {task} --out 'a b'",
            "versions": {"keras": "3.15.1"},
        },
        "plan": {},
        "inputs": {
            "options": {"task": task, "batch_size": 32, "lora_rank": None},
            "start": {"preset": preset},
        },
    }
    (path / "run.json").write_text(json.dumps(record), "utf-8")
    return FinetuningFolder(path)


def test_official_task_is_named_as_the_hub_names_it(tmp_path, preset):
    folder = folder_of_run(tmp_path / "run", "mnli", "hf://user/base")
    add_run_to_card(
        preset,
        folder,
        {"dev": {"accuracy": 84.5}, "dev-mm": {"accuracy": 85.0}},
        ("entailment", "neutral"),
        {"train": 392_702, "dev": 9815, "test": 9796},
    )
    card = huggingface_hub.ModelCard.load(preset / "README.md")
    assert card.data.base_model == "user/base"
    assert card.data.datasets == ["nyu-mll/glue"]
    assert [
        (r.dataset_type, r.dataset_config, r.dataset_split, r.metric_value)
        for r in card.data.eval_results
    ] == [
        ("nyu-mll/glue", "mnli", "validation", 84.5),
        ("nyu-mll/glue", "mnli", "validation_mismatched", 85.0),
    ]
    assert "\nalbert-keras finetune mnli --out 'a b'\n" in card.text
    assert "/opt" not in card.text
    assert "mnli, train: 392,702 examples" in card.text
    assert "| labels | entailment, neutral |" in card.text
    assert "| batch_size | 32 |" in card.text
    assert "lora_rank" not in card.text
    assert "keras 3.15.1" in card.text


def test_own_data_is_nobodys_data_set(tmp_path, preset):
    folder = folder_of_run(tmp_path / "run", "classification", "some/preset")
    add_run_to_card(
        preset, folder, {"dev": {"accuracy": 50.0}}, (), {"train": 4}
    )
    card = huggingface_hub.ModelCard.load(preset / "README.md")
    assert card.data.datasets is None
    assert card.data.base_model is None
    (result,) = card.data.eval_results
    assert result.dataset_type == "own-data"
    assert "| begun with | some/preset |" in card.text


def test_counts_and_thresholds_are_no_metrics(tmp_path, preset):
    folder = folder_of_run(tmp_path / "run", "squad2", "some/preset")
    scores = {
        "exact": 50.0,
        "f1": 60.0,
        "total": 37,
        "HasAns_total": 20,
        "best_f1": 61.0,
        "best_f1_thresh": -3.5,
    }
    add_run_to_card(preset, folder, {"dev": scores}, None, {"train": 4})
    card = huggingface_hub.ModelCard.load(preset / "README.md")
    assert [
        (r.metric_type, r.metric_name, r.metric_value)
        for r in card.data.eval_results
    ] == [
        ("exact_match", "exact (per cent)", 50.0),
        ("f1", "f1 (per cent)", 60.0),
        ("f1", "best_f1 (per cent)", 61.0),
    ]
    assert card.data.eval_results[0].dataset_type == "rajpurkar/squad_v2"


def test_without_metrics_none_are_told(tmp_path, preset):
    folder = folder_of_run(tmp_path / "run", "sst2", "some/preset")
    add_run_to_card(preset, folder, {}, None, {"train": 4})
    card = huggingface_hub.ModelCard.load(preset / "README.md")
    assert card.data.eval_results is None
    assert "Not recorded." in card.text
