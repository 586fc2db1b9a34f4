"""What a model card tells, as `model_card.json` beside it holds it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from albert_keras.json_objects import read_json_object
from albert_keras.whole_files import written_whole

FACTS_FILE = "model_card.json"


@dataclasses.dataclass(frozen=True)
class Training:
    """How a model was trained.

    Args:
        kind: What was done, "pretraining" for instance.
        command: Of the shell, in one line.
        data: What was learned from, a line for each.
        settings: Name and value of what else decided it.
        versions: Of what computed it.
    """

    kind: str
    command: str
    data: list[str]
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Metric:
    """A number that was measured.

    Args:
        name: As it was measured.
        type: As the hub calls it, "accuracy" for instance.
        value: The number.
    """

    name: str
    type: str
    value: float


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What was measured on some examples.

    Args:
        dataset: Their name, for people.
        dataset_id: As the hub calls them; the name where it has none.
        split: Which of them.
        unit: Of the metrics, "per cent" for instance.
        metrics: What was measured.
        config: Name of the part of the data set, as the hub has it.
    """

    dataset: str
    dataset_id: str
    split: str
    unit: str
    metrics: list[Metric]
    config: str | None = None


@dataclasses.dataclass(frozen=True)
class CardFacts:
    """Everything that a card tells; what is not known is not made up.

    Args:
        model: Of the preset itself, see `facts_of`.
        training: How it was trained, if that was recorded.
        evaluations: What was measured, if anything was.
        bias: A measurement of bias in Markdown, if one was made.
        license: Of the weights, as the hub calls it, "apache-2.0".
        languages: Codes as "en".
        datasets: Names as the hub has them.
        base_model: Name on the hub of the model that was fine-tuned.
    """

    model: dict[str, Any]
    training: Training | None = None
    evaluations: list[Evaluation] = dataclasses.field(default_factory=list)
    bias: str | None = None
    license: str | None = None
    languages: list[str] = dataclasses.field(default_factory=list)
    datasets: list[str] = dataclasses.field(default_factory=list)
    base_model: str | None = None

    def write(self, folder: Path) -> None:
        """Writes `model_card.json` into the folder of a preset."""
        with written_whole(folder / FACTS_FILE) as partial:
            content = dataclasses.asdict(self)
            partial.write_text(
                json.dumps(content, indent=2, ensure_ascii=False) + "\n",
                encoding="utf-8",
            )

    @classmethod
    def read(cls, folder: Path) -> "CardFacts":
        """Reads the `model_card.json` of a preset.

        Raises:
            FileNotFoundError: There is none.
            ValueError: It is not what `write` wrote.
        """
        path = folder / FACTS_FILE
        if not path.is_file():
            raise FileNotFoundError(
                f"Preset `{folder}` must hold a {FACTS_FILE}, which "
                "`save_to_preset` writes. Received: none."
            )
        content = read_json_object(path)
        try:
            return _checked(cls(**_nested(content)))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(
                f"`{path}` must be as `save_to_preset` wrote it. "
                f"Received: {error}."
            ) from None


def facts_of(model: Any) -> CardFacts:
    """What a model tells of itself.

    Args:
        model: A backbone or a task of this package.
    """
    backbone = getattr(model, "backbone", model)
    facts: dict[str, Any] = {
        "class": type(model).__name__,
        "parameters": model.count_params(),
        "dtype": backbone.dtype_policy.name,
        "config": backbone.albert_config().to_dict(),
        "layer_norm_epsilon": backbone.layer_norm_epsilon,
    }
    if backbone.origin is not None:
        facts["origin"] = backbone.origin
    for name in ("num_classes", "head", "head_layer_norm_epsilon"):
        if hasattr(model, name):
            facts[name] = getattr(model, name)
    if getattr(model, "labels", None) is not None:
        facts["labels"] = ", ".join(model.labels)
    if getattr(model, "problem_type", None) is not None:
        facts["problem_type"] = model.problem_type
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is not None:
        tokenizer = preprocessor.tokenizer
        facts["tokenizer"] = {
            "class": type(tokenizer).__name__,
            "pieces": tokenizer.vocabulary_size(),
            "lowercase": tokenizer.lowercase,
            "keep_accents": tokenizer.keep_accents,
            "sequence_length": preprocessor.sequence_length,
        }
    return CardFacts(facts)


def _nested(content: dict[str, Any]) -> dict[str, Any]:
    content = dict(content)
    if content.get("training") is not None:
        content["training"] = Training(**content["training"])
    content["evaluations"] = [
        Evaluation(
            **{**each, "metrics": [Metric(**m) for m in each["metrics"]]}
        )
        for each in content.get("evaluations", [])
    ]
    return content


def _checked(facts: CardFacts) -> CardFacts:
    """Refuses what a person may have changed into what cannot be shown."""
    wanted: list[tuple[str, Any, Any]] = [
        ("model", facts.model, dict),
        ("model.class", facts.model["class"], str),
        ("model.parameters", facts.model["parameters"], int),
        ("model.config", facts.model["config"], dict),
        ("bias", facts.bias, str | None),
        ("license", facts.license, str | None),
        ("base_model", facts.base_model, str | None),
        ("languages", facts.languages, list),
        ("datasets", facts.datasets, list),
    ]
    for name in ("languages", "datasets"):
        wanted += [(name, each, str) for each in getattr(facts, name)]
    if facts.training is not None:
        training = facts.training
        wanted += [
            ("training.kind", training.kind, str),
            ("training.command", training.command, str),
            ("training.data", training.data, list),
            ("training.settings", training.settings, dict),
            ("training.versions", training.versions, dict),
        ]
    for each in facts.evaluations:
        wanted += [
            (f"evaluations.{name}", getattr(each, name), str)
            for name in ("dataset", "dataset_id", "split", "unit")
        ]
        wanted.append(("evaluations.config", each.config, str | None))
        for metric in each.metrics:
            wanted += [
                ("metrics.name", metric.name, str),
                ("metrics.type", metric.type, str),
                ("metrics.value", metric.value, int | float),
            ]
    for name, value, kind in wanted:
        if not isinstance(value, kind):
            raise TypeError(f"{name}={value!r}")
    return facts
