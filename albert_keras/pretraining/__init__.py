"""From raw text to batches of masked sentence pairs.

    documents → segments → masking → examples → records → shards → dataset

Up to the shards everything is a pure function of the text, the tokenizer and
one seed, and needs neither TensorFlow nor Keras; `runner` spreads it over
processes, `beam_runner` over machines.
"""

from albert_keras.pretraining.beam_runner import prepare_with_beam
from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.docstrings import (
    docstring_documents,
    is_held_out,
)
from albert_keras.pretraining.documents import read_documents
from albert_keras.pretraining.examples import (
    ExampleMaker,
    ExampleOptions,
    PretrainingExample,
)
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.runner import prepare
from albert_keras.text.lines import SkippedLines

__all__ = [
    "ExampleMaker",
    "ExampleOptions",
    "Manifest",
    "PretrainingExample",
    "SkippedLines",
    "dataset",
    "docstring_documents",
    "is_held_out",
    "prepare",
    "prepare_with_beam",
    "read_documents",
]
