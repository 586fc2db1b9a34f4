"""The text of a card, in Markdown."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from albert_keras.models.card.facts import CardFacts, Training

NOT_RECORDED = "Not recorded."

_IS = {
    "AlbertBackbone": "An ALBERT encoder without a head",
    "AlbertPretrainer": "An ALBERT with its masked-LM and sentence-order heads",
    "AlbertMaskedLM": "An ALBERT with its masked-LM head",
    "AlbertTextClassifier": "An ALBERT that classifies texts",
    "AlbertTokenClassifier": "An ALBERT that tags words",
    "AlbertQuestionAnswering": "An ALBERT that answers questions",
    "AlbertMultipleChoice": "An ALBERT that chooses answers",
}
_FILLS_MASKS = ("AlbertPretrainer", "AlbertMaskedLM")


def card_text(facts: CardFacts) -> str:
    """Everything of a card that stands below its YAML.

    Args:
        facts: What is known.
    """
    name = facts.model["class"]
    sections = {
        "Use": _use(name),
        "Configuration": _configuration(facts.model),
        "Training": _training(facts.training),
        "Metrics": _metrics(facts),
        "Limitations and bias": _bias(facts),
        "Licence": [facts.license or NOT_RECORDED],
    }
    lines = [
        f"# {name}",
        "",
        f"{_IS.get(name, 'An ALBERT')}, {facts.model['parameters']:,} "
        "parameters, saved by albert-keras.",
    ]
    for heading, content in sections.items():
        lines += ["", f"## {heading}", "", *content]
    return "\n".join(lines) + "\n"


def plain(value: Any) -> str:
    """A value that Markdown shows as it is, in one line.

    Args:
        value: Anything; it ends no cell of a table and begins no markup.
    """
    escaped = re.sub(r"([\\`*\[\]<>|#~$&])", r"\\\1", str(value))
    return " ".join(escaped.split())


def _use(name: str) -> list[str]:
    return [
        "`PRESET` is this folder, or the handle of this repository, "
        "`hf://user/name`:",
        "",
        *_fenced(
            "import albert_keras as ak\n\n"
            f'model = ak.{name}.from_preset("PRESET")',
            "python",
        ),
    ]


def _configuration(model: dict[str, Any]) -> list[str]:
    rows = dict(model["config"])
    for key, value in model.items():
        if key == "tokenizer":
            rows |= {f"tokenizer {name}": v for name, v in value.items()}
        elif key not in ("config", "class"):
            rows[key] = value
    if "tokenizer" not in model:
        rows["tokenizer"] = "none in this preset"
    return list(_table(("", ""), rows.items()))


def _training(training: Training | None) -> list[str]:
    if training is None:
        return [
            f"{NOT_RECORDED} Data and command are known of presets that "
            "`albert-keras pretrain` and `albert-keras finetune` write."
        ]
    lines = [f"Kind: {plain(training.kind)}", "", "Data:", ""]
    lines += [f"- {plain(each)}" for each in training.data] or [NOT_RECORDED]
    lines += ["", "Command:", "", *_fenced(training.command, "sh"), ""]
    lines += _table(("setting", "value"), training.settings.items())
    versions = ", ".join(
        f"{plain(name)} {plain(version)}"
        for name, version in training.versions.items()
    )
    return [*lines, "", f"Versions: {versions or NOT_RECORDED}"]


def _metrics(facts: CardFacts) -> list[str]:
    if not facts.evaluations:
        return [NOT_RECORDED]
    rows = [
        (
            f"{each.dataset}, {each.split}",
            metric.name,
            f"{metric.value:.4g}",
            each.unit,
        )
        for each in facts.evaluations
        for metric in each.metrics
    ]
    return list(_table(("examples", "metric", "value", "unit"), rows))


def _bias(facts: CardFacts) -> list[str]:
    if facts.bias is not None:
        return [facts.bias.rstrip()]
    if facts.model["class"] in _FILLS_MASKS:
        return ["Not measured. `albert-keras bias PRESET --card` does it."]
    return [
        "Not measured: `albert-keras bias` compares what a masked LM fills "
        "in, and this model has no such head."
    ]


def _table(
    columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"


def _fenced(text: str, language: str) -> list[str]:
    """A block of code, whatever runs of backticks are in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", text, fence]
