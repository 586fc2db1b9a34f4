"""Models in a form that runs without this package."""

from albert_keras.export.artefact import Artefact
from albert_keras.export.saved_model_writer import saved_model
from albert_keras.export.tflite_writer import tflite
from albert_keras.lite.contents import LiteContents

__all__ = ["Artefact", "LiteContents", "saved_model", "tflite"]
