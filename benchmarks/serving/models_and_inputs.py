"""Small models of every task, real inputs, and what Keras says of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.tasks.readers import read

BATCH = 20
LENGTH = 128
TOP_K = 5

Rows = list[dict[str, np.ndarray]]


@dataclass
class Case:
    """A model, what it is asked, and what it answers.

    Attributes:
        name: Of the model.
        signature: Of the exported model.
        model: The Keras model.
        tokenizer: Its tokenizer.
        labels: Names of its classes.
        inputs: Columns of texts.
        predict: Of a batch of them gives the outputs row by row.
    """

    name: str
    signature: str
    model: keras.Model
    tokenizer: Any
    labels: Sequence[str] | None
    inputs: Mapping[str, list]
    predict: Callable[[dict[str, list]], Rows]

    @property
    def count(self) -> int:
        return len(next(iter(self.inputs.values())))

    def batch(self, begin: int) -> dict[str, list]:
        return {
            name: column[begin : begin + BATCH]
            for name, column in self.inputs.items()
        }

    def expected(self, begin: int) -> Rows:
        return self.predict(self.batch(begin))


def small_models(data: Path) -> dict[str, tuple[keras.Model, Any]]:
    """A model of each class with random weights, and its tokenizer."""
    tokenizer = ak.AlbertTokenizer(str(data / "albert" / "spiece.model"))
    masked = AlbertMaskedLMPreprocessor(tokenizer, sequence_length=LENGTH)
    plain = AlbertTextClassifierPreprocessor(tokenizer, sequence_length=LENGTH)
    models = {
        "AlbertMaskedLM": ak.AlbertMaskedLM(_backbone(), masked),
        "AlbertPretrainer": ak.AlbertPretrainer(_backbone(), masked),
        "AlbertBackbone": _backbone(),
        "AlbertTextClassifier": ak.AlbertTextClassifier(_backbone(), 2, plain),
        "AlbertQuestionAnswering-v1": ak.AlbertQuestionAnswering(
            _backbone(), "v1", plain
        ),
        "AlbertQuestionAnswering-v2": ak.AlbertQuestionAnswering(
            _backbone(), "v2", plain
        ),
        "AlbertTokenClassifier": ak.AlbertTokenClassifier(
            _backbone(), 9, plain
        ),
        "AlbertMultipleChoice": ak.AlbertMultipleChoice(_backbone(), plain),
    }
    return {name: (_random(model), tokenizer) for name, model in models.items()}


def base_classifier(
    data: Path, dtype: str = "float32"
) -> tuple[keras.Model, Any]:
    """ALBERT base as a classifier, with random weights; its tokenizer."""
    tokenizer = ak.AlbertTokenizer(str(data / "albert" / "spiece.model"))
    config = ak.AlbertConfig.named("albert_base_v2")
    keras.utils.set_random_seed(1)
    backbone = ak.AlbertBackbone.from_albert_config(config, dtype=dtype)
    preprocessor = AlbertTextClassifierPreprocessor(
        tokenizer, sequence_length=config.max_position_embeddings
    )
    return ak.AlbertTextClassifier(backbone, 2, preprocessor), tokenizer


def cases(data: Path, count: int) -> Iterator[Case]:
    """One case for each signature of a task.

    Args:
        data: The folder of the data sets.
        count: Inputs of each.
    """
    models = small_models(data)

    def case(
        name: str,
        signature: str,
        inputs: Mapping[str, list],
        predict: Callable[[Any, dict[str, list]], Rows],
        labels: Sequence[str] | None = None,
    ) -> Case:
        model, tokenizer = models[name]
        return Case(
            *(name, signature, model, tokenizer, labels, inputs),
            lambda batch: predict(model, batch),
        )

    films = [each.text for each in read("sst2", data / "glue", "dev")][:count]
    masked = {"text": [_with_mask(text) for text in films]}
    for name in ("AlbertMaskedLM", "AlbertPretrainer"):
        yield case(name, "fill_mask", masked, _guesses)
    _, tokenizer = models["AlbertBackbone"]
    yield case(
        "AlbertBackbone",
        "embed",
        {"text": films},
        lambda model, batch: _embeddings(model, tokenizer, batch["text"]),
    )
    labels = ["negative", "positive"]
    yield case(
        "AlbertTextClassifier",
        "classify",
        {"text": films},
        lambda model, batch: _classes(model, np.array(batch["text"]), labels),
        labels,
    )
    pairs = list(read("mrpc", data / "glue", "test"))[:count]
    yield case(
        "AlbertTextClassifier",
        "serve_pairs",
        {"text": [p.text for p in pairs], "pair": [p.pair for p in pairs]},
        lambda model, batch: _logits(
            model, (np.array(batch["text"]), np.array(batch["pair"]))
        ),
        labels,
    )
    for head, task in (("v1", "squad1"), ("v2", "squad2")):
        questions = _spread(read(task, data / "squad", "dev"), count)
        yield case(
            f"AlbertQuestionAnswering-{head}",
            "answer",
            {
                "question": [each.question for each in questions],
                "context": [each.context for each in questions],
            },
            _answers,
        )
    sentences = _spread(read("conll2003", data / "conll2003", "test"), count)
    tags = list(read("conll2003", data / "conll2003", "test").labels)
    yield case(
        "AlbertTokenClassifier",
        "tag",
        {"text": [" ".join(each.words) for each in sentences]},
        lambda model, batch: _tags(model, batch["text"], tags),
        tags,
    )
    choices = _spread(read("race", data / "race", "test"), count)
    yield case(
        "AlbertMultipleChoice",
        "choose",
        {
            "context": [each.context for each in choices],
            "question": [each.question for each in choices],
            "options": [list(each.options) for each in choices],
        },
        lambda model, batch: [
            {"logits": row, "choices": row.argmax()}
            for row in model.predict(batch, verbose=0)
        ],
    )


def _backbone() -> ak.AlbertBackbone:
    config = ak.AlbertConfig.named("albert_tiny_test")
    return ak.AlbertBackbone.from_albert_config(
        config,
        vocabulary_size=30000,
        num_layers=3,
        hidden_dim=64,
        intermediate_dim=256,
        num_heads=4,
        embedding_dim=32,
        max_sequence_length=512,
    )


def _random(model: keras.Model) -> keras.Model:
    """Weights, biases and norms that spread the outputs."""
    generator = np.random.default_rng(3)
    model.set_weights(
        [
            weight + generator.normal(0, 0.1, weight.shape)
            for weight in model.get_weights()
        ]
    )
    return model


def _spread(examples: Sequence, count: int) -> list:
    """As many examples, from the whole of a file."""
    step = max(1, len(examples) // count)
    return list(examples)[::step][:count]


def _with_mask(text: str) -> str:
    words = text.split()
    words[len(words) // 2] = "[MASK]"
    return " ".join(words)


def _guesses(model: keras.Model, batch: dict[str, list]) -> Rows:
    return [
        {
            "tokens": np.array([[each["token"] for each in guesses]]),
            "scores": np.array([[each["score"] for each in guesses]]),
        }
        for guesses in ak.FillMask(model)(batch["text"], top_k=TOP_K)
    ]


def _embeddings(
    backbone: ak.AlbertBackbone, tokenizer: Any, texts: list[str]
) -> Rows:
    packed = tokenizer.pack(texts, max_length=512)
    packed.pop("offsets", None)
    outputs = backbone.predict(packed, verbose=0)
    rows = []
    for row, mask in enumerate(packed["padding_mask"].astype(bool)):
        hidden = outputs["sequence_output"][row][mask]
        mean = hidden.mean(0)
        rows.append(
            {
                "mean": mean,
                "cls": hidden[0],
                "mean_normalized": mean / np.linalg.norm(mean),
                "pooled": outputs["pooled_output"][row],
            }
        )
    return rows


def _logits(model: keras.Model, x: Any) -> Rows:
    return [{"logits": row} for row in model.predict(x, verbose=0)]


def _classes(model: keras.Model, x: Any, labels: list[str]) -> Rows:
    logits = model.predict(x, verbose=0)
    scores = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    return [
        {"labels": np.array(labels[row.argmax()].encode()), "scores": row}
        for row in scores
    ]


def _answers(model: keras.Model, batch: dict[str, list]) -> Rows:
    rows = []
    for ranked in model.predict(batch, verbose=0):
        best = ranked[:TOP_K]
        row = {
            "answers": np.array([each["text"].encode() for each in best]),
            "scores": np.array([each["probability"] for each in best]),
            "starts": np.array([each["start"] for each in best]),
            "ends": np.array([each["end"] for each in best]),
        }
        if "null_odds" in best[0]:
            row["null_odds"] = np.array(best[0]["null_odds"])
        rows.append(row)
    return rows


def _tags(model: keras.Model, texts: list[str], labels: list[str]) -> Rows:
    predicted = model.predict([text.split() for text in texts], verbose=0)
    return [
        {
            "logits": logits,
            "labels": np.array([labels[i].encode() for i in logits.argmax(-1)]),
            "words": np.array([word.encode() for word in text.split()], object),
        }
        for text, logits in zip(texts, predicted, strict=True)
    ]
