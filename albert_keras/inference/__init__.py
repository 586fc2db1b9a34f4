"""Asking a model: from texts to answers.

`load` takes a preset, a SavedModel or a .tflite file, and gives an object
that is called with texts.
"""

import os
from typing import Any

from albert_keras.inference.answer import Answer
from albert_keras.inference.asking import Asks
from albert_keras.inference.choose import Choose
from albert_keras.inference.classify import Classify
from albert_keras.inference.embed import Embed
from albert_keras.inference.fill_mask import FillMask
from albert_keras.inference.loading import load_model
from albert_keras.inference.predict import Predict
from albert_keras.inference.tag import Tag

__all__ = [
    "Answer",
    "Asks",
    "Choose",
    "Classify",
    "Embed",
    "FillMask",
    "Predict",
    "Tag",
    "load",
]

_CLASSES: dict[str, type[Asks[Any]]] = {
    each.task: each
    for each in (FillMask, Embed, Classify, Answer, Tag, Choose, Predict)
}


def load(path: str | os.PathLike[str], **options: Any) -> Any:
    """Loads a model of any form, to ask it what it is for.

    Args:
        path: A preset as `from_preset` takes it; a SavedModel, or the folder
            of its versions; or a .tflite file.
        **options: Of the class that is made.

    Returns:
        A `FillMask`, `Embed`, `Classify`, `Answer`, `Tag`, `Choose` or
        `Predict`. Which one says its attribute `task`.

    Raises:
        FileNotFoundError: There is nothing at the path.
        ValueError: What is there is damaged, or no model of this package.

    Example:

    ```python
    classify = ak.inference.load("film.tflite")
    classify("A fine film.")["label"]
    ```
    """
    model = load_model(path)
    return _CLASSES[model.task](model, **options)
