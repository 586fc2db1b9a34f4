"""Models in a form that runs without this package."""

from albert_keras.export.artefact import Artefact
from albert_keras.export.lite_contents import LiteContents
from albert_keras.export.saved_model_writer import saved_model
from albert_keras.export.tflite_writer import tflite

__all__ = ["Artefact", "LiteContents", "saved_model", "tflite"]
