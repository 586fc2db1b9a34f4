"""Small models, and what Keras says they put out."""

import argparse
import inspect
from pathlib import Path

import keras
import numpy as np

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.text.vocabulary import train_vocabulary

PIECES = 300
LONGEST = 32
LAYERS = 2
MODELS = ["backbone", "masked_lm", "pretrainer", "classifier"]
TASKS = ["reader", "reader_v2", "tagger", "chooser"]


def randomize(model: keras.Model, scale: float = 0.1) -> keras.Model:
    """Gives biases and norms values, too, that an error would show in."""
    generator = np.random.default_rng(3)
    model.set_weights(
        [
            weight + generator.normal(0, scale, weight.shape)
            for weight in model.get_weights()
        ]
    )
    return model


def backbone(**changes) -> ak.AlbertBackbone:
    config = ak.AlbertConfig.named("albert_tiny_test")
    settings = {
        "vocabulary_size": PIECES,
        "num_layers": LAYERS,
        "initializer_range": 0.3,
        **changes,
    }
    return ak.AlbertBackbone.from_albert_config(config, **settings)


def random_ids(model, rows=1, length=LONGEST, masks=3, choices=4) -> dict:
    """Rows of two segments and of different lengths, padded."""
    if isinstance(model, ak.AlbertMultipleChoice):
        flat = random_ids(model.backbone, rows * choices, length)
        return {n: ids.reshape(rows, choices, -1) for n, ids in flat.items()}
    generator = np.random.default_rng(5)
    lengths = generator.integers(length // 2, length, (rows, 1))
    columns = np.arange(length)[None]
    is_token = columns < lengths
    token_ids = generator.integers(5, PIECES, (rows, length)) * is_token
    inputs = {
        "token_ids": token_ids,
        "segment_ids": (columns > lengths // 2) * is_token,
        "padding_mask": is_token,
    }
    if "mask_positions" in model.input:
        positions = generator.integers(1, length // 2, (rows, masks))
        inputs["mask_positions"] = np.sort(positions)
    if "answer_mask" in model.input:
        inputs["answer_mask"] = (columns == 0) | inputs["segment_ids"]
    return {name: ids.astype("int32") for name, ids in inputs.items()}


def keras_outputs(model, inputs: dict) -> dict:
    """What Keras gives, under the names that artefacts use."""
    outputs = model(inputs, training=False)
    if isinstance(model, ak.AlbertMaskedLM):
        outputs = {"mlm_logits": outputs}
    elif isinstance(model, ak.AlbertTextClassifier):
        scores = keras.ops.softmax(outputs)
        outputs = {"logits": outputs, "scores": scores}
    elif not isinstance(outputs, dict):  # a tagger, a multiple choice
        outputs = {"logits": outputs}
    return {name: np.asarray(output) for name, output in outputs.items()}


def make_tokenizer(folder: Path) -> ak.AlbertTokenizer:
    lines = inspect.getsource(argparse).splitlines()
    train_vocabulary(
        [line for line in lines if line.strip()],
        folder,
        vocab_size=PIECES,
        show_progress=False,
    )
    return ak.AlbertTokenizer(str(folder / "spiece.model"))


def make_models(tokenizer: ak.AlbertTokenizer) -> dict[str, keras.Model]:
    """One of each class that has an export."""
    masked = AlbertMaskedLMPreprocessor(tokenizer, sequence_length=LONGEST)

    def of_length(length):
        return AlbertTextClassifierPreprocessor(
            tokenizer, sequence_length=length
        )

    return {
        "backbone": randomize(backbone()),
        "masked_lm": randomize(ak.AlbertMaskedLM(backbone(), masked)),
        "pretrainer": randomize(ak.AlbertPretrainer(backbone(), masked)),
        "classifier": randomize(
            ak.AlbertTextClassifier(
                backbone(), num_classes=3, preprocessor=of_length(24)
            )
        ),
        "reader": randomize(
            ak.AlbertQuestionAnswering(backbone(), "v1", of_length(30))
        ),
        "reader_v2": randomize(
            ak.AlbertQuestionAnswering(backbone(), "v2", of_length(30))
        ),
        "tagger": randomize(
            ak.AlbertTokenClassifier(backbone(), 5, of_length(16))
        ),
        "chooser": randomize(
            ak.AlbertMultipleChoice(backbone(), of_length(28))
        ),
    }


def lite_outputs(model, inputs: dict) -> dict:
    """Those of them that a .tflite file gives."""
    outputs = keras_outputs(model, inputs)
    if isinstance(model, ak.AlbertTextClassifier):
        del outputs["logits"]
    return outputs
