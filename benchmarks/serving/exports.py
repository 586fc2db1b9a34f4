"""What the contenders of `speed.py` load: DATA in, FOLDER out."""

import shutil
import sys
from pathlib import Path

import tensorflow as tf

import albert_keras as ak
from benchmarks.serving.models_and_inputs import base_classifier


def main() -> None:
    data, folder = map(Path, sys.argv[1:])
    vocabulary = data / "albert" / "spiece.model"
    shutil.copyfile(vocabulary, folder / "spiece.model")
    model, _ = base_classifier(data)
    weights = model.get_weights()
    ak.export.saved_model(model, folder / "float32")
    ak.checkpoints.save(model, folder / "huggingface", format="huggingface")
    half, _ = base_classifier(data, "bfloat16")
    half.set_weights(weights)
    ak.export.saved_model(half, folder / "bfloat16")
    for length in (128, 512):
        _export_keras_hub(vocabulary, length, folder / f"keras_hub_{length}")


def _export_keras_hub(vocabulary: Path, length: int, folder: Path) -> None:
    """As KerasHub's users export a model with its preprocessor."""
    from keras_hub.models import (
        AlbertBackbone,
        AlbertTextClassifier,
        AlbertTextClassifierPreprocessor,
        AlbertTokenizer,
    )

    backbone = AlbertBackbone(
        vocabulary_size=30000,
        num_layers=12,
        num_heads=12,
        embedding_dim=128,
        hidden_dim=768,
        intermediate_dim=3072,
    )
    preprocessor = AlbertTextClassifierPreprocessor(
        AlbertTokenizer(str(vocabulary)), sequence_length=length
    )
    model = AlbertTextClassifier(
        backbone, num_classes=2, preprocessor=preprocessor
    )
    # `ExportArchive.track` refuses the tokenizer, which is a layer not built.
    module = tf.Module()
    module.weights = [each.value for each in model.variables]
    module.vocabulary = preprocessor.tokenizer._sentence_piece
    module.serve = tf.function(
        lambda texts: tf.nn.softmax(model(preprocessor(texts))),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(folder))


if __name__ == "__main__":
    main()
