"""The head of a card, in YAML, as hubs read it."""

from typing import Any

from albert_keras.models.card.facts import CardFacts, Evaluation

# The hub's name of what a model is for.
PIPELINE_TAGS = {
    "AlbertBackbone": "feature-extraction",
    "AlbertPretrainer": "fill-mask",
    "AlbertMaskedLM": "fill-mask",
    "AlbertTextClassifier": "text-classification",
    "AlbertTokenClassifier": "token-classification",
    "AlbertQuestionAnswering": "question-answering",
    "AlbertMultipleChoice": "multiple-choice",
}


def front_matter(facts: CardFacts) -> str:
    """The YAML between two lines of `---`.

    The keys are those of the Hugging Face hub's model cards. What is not
    known is left out, but for the licence, which is then "unknown".

    Args:
        facts: What is known.
    """
    import yaml

    tag = PIPELINE_TAGS.get(facts.model["class"])
    head: dict[str, Any] = {
        "library_name": "keras-hub",
        "license": facts.license or "unknown",
        "language": facts.languages,
        "tags": ["albert", "keras", "albert-keras"],
        "pipeline_tag": tag,
        "datasets": facts.datasets,
        "base_model": facts.base_model,
        "metrics": sorted(
            {
                metric.type
                for each in facts.evaluations
                for metric in each.metrics
            }
        ),
    }
    if facts.evaluations:
        results = [_result(each, tag) for each in facts.evaluations]
        head["model-index"] = [
            {"name": facts.model["class"], "results": results}
        ]
    known = {key: value for key, value in head.items() if value}
    text = yaml.safe_dump(
        known, sort_keys=False, allow_unicode=True, width=1000
    )
    return f"---\n{text}---\n"


def _result(each: Evaluation, tag: str | None) -> dict[str, Any]:
    dataset = {
        "name": each.dataset,
        "type": each.dataset_id,
        "config": each.config,
        "split": each.split,
    }
    return {
        "task": {"type": tag or "other"},
        "dataset": {key: value for key, value in dataset.items() if value},
        "metrics": [
            {
                "type": metric.type,
                "value": metric.value,
                "name": f"{metric.name} ({each.unit})",
            }
            for metric in each.metrics
        ],
    }
