"""Small models in the forms that can be asked."""

from collections.abc import Callable
from pathlib import Path

import keras

import albert_keras as ak

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


class ModelForms:
    """Writes a model in a form when it is first asked for.

    Args:
        made_once: The fixture that shares them between processes.
        models: The models by name.
        tokenizer: Their tokenizer.
    """

    def __init__(
        self, made_once: Callable[..., Path], models: dict, tokenizer
    ) -> None:
        self.made_once, self.models = made_once, models
        self.tokenizer = tokenizer

    def __call__(self, name: str, form: str) -> Path:
        """The path of a model as "preset", "saved_model" or "tflite"."""

        def make(folder: Path) -> Path:
            path = folder / f"{name}.{form}"
            self._write(name, form, path)
            return path

        return self.made_once(f"{name}-{form}", make)

    def _write(self, name: str, form: str, path: Path) -> None:
        model = self.models[name]
        if form == "preset":
            model.save_to_preset(str(path))
            if name == "backbone":
                self.tokenizer.save_to_preset(str(path))
            return
        labels = TAGS if name == "tagger" else None
        options = {"tokenizer": self.tokenizer, "labels": labels}
        if form == "saved_model":
            ak.export.saved_model(model, path, **options)
        else:
            has_masks = "mask_positions" in model.input
            ak.export.tflite(
                model,
                path,
                sequence_length=length_of(model),
                max_masks=2 if has_masks else None,
                **options,
            )


def length_of(model: keras.Model) -> int:
    """Tokens of a row: of a .tflite as many as of the other forms."""
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is None or "mask_positions" in model.input:
        return 32
    return preprocessor.sequence_length
