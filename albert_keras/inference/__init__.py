"""Asking a model: from texts to answers.

`load` takes a preset, a SavedModel or a .tflite file, and gives an object
that is called with texts.
"""

from albert_keras.inference.answer import Answer
from albert_keras.inference.choose import Choose
from albert_keras.inference.classify import Classify
from albert_keras.inference.embed import Embed
from albert_keras.inference.fill_mask import FillMask
from albert_keras.inference.loading import load_model
from albert_keras.inference.tag import Tag
