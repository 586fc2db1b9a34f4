"""What made a run: written into run.json, and compared when it is resumed."""

import dataclasses
import json
import os
import platform
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from albert_keras import __version__
from albert_keras.config import AlbertConfig
from albert_keras.pretraining.manifest import sha256
from albert_keras.text.piece_tokenizer import PieceTokenizer
from albert_keras.training.examples import Examples
from albert_keras.training.options import PretrainingOptions
from albert_keras.training.strategies import TrainingStrategy

# What changes how a run is computed, and only by rounding what it comes to.
_MAY_DIFFER = ("gradient_accumulation_steps", "remat")

_LIBRARIES = (
    "tensorflow",
    "tensorflow-text",
    "keras",
    "keras-hub",
    "numpy",
    "sentencepiece",
)


def describe_inputs(
    config: AlbertConfig,
    options: PretrainingOptions,
    tokenizer: PieceTokenizer,
    data: Examples,
    eval_data: Examples | None,
) -> dict[str, Any]:
    """Everything that decides what a run comes to, as JSON holds it.

    Args:
        config: of the model.
        options: of the run.
        tokenizer: of the run.
        data: training examples.
        eval_data: held-out examples.
    """
    inputs = {
        "config": config.to_dict(),
        "options": dataclasses.asdict(options),
        "tokenizer_sha256": sha256(tokenizer.vocabulary_bytes),
        "tokenizer": tokenizer.normalization,
        "data": data.describe(),
        "eval_data": eval_data.describe() if eval_data else None,
    }
    return json.loads(json.dumps(inputs))


def describe_maker(strategy: TrainingStrategy) -> dict[str, Any]:
    """Command, versions, machine and time of this process.

    Args:
        strategy: that the run begins with. It may be resumed with another.
    """
    return {
        "command": shlex.join(sys.argv),
        "strategy": strategy.describe(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "albert-keras": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "machine": {"platform": platform.platform(), "cpus": os.cpu_count()},
    }


def check_same_inputs(begun: dict[str, Any], given: dict[str, Any]) -> None:
    """Refuses to go on with a run under other conditions.

    Args:
        begun: `describe_inputs` as the run began.
        given: `describe_inputs` of what it is to be resumed with.

    Raises:
        ValueError: if they differ; names the first difference.
    """
    for section, expected in begun.items():
        received = given[section]
        if not isinstance(expected, dict):
            expected, received = {section: expected}, {section: received}
        for name in sorted(expected.keys() | received.keys()):
            if name in _MAY_DIFFER:
                continue
            if expected.get(name) != received.get(name):
                raise ValueError(
                    "A run is resumed as it began. "
                    f"Received: {name}={received.get(name)!r}, "
                    f"expected: {name}={expected.get(name)!r}."
                )
