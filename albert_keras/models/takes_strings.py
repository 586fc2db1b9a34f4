"""Tasks that tokenize what `fit`, `evaluate` and `predict` are given."""

from typing import Any

import keras


class TakesStrings:
    """Mixed into the tasks whose texts become windows, rows and words.

    `fit`, `evaluate` and `predict` take texts, which are tokenized in Python
    before the first batch and padded to the longest, or ids as ever: arrays,
    and datasets of them. For many texts of many lengths `albert-keras
    finetune` costs less padding.
    """

    def preprocess_samples(self, x, y=None, sample_weight=None):
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def fit(self, x=None, y=None, *args, **kwargs):
        """As `keras.Model.fit`, of texts or of ids."""
        if self.is_text(x):
            x, y, weight = self.training_arrays(x, y)
            kwargs.setdefault("sample_weight", weight)
        held_out = kwargs.get("validation_data")
        if isinstance(held_out, tuple) and self.is_text(held_out[0]):
            kwargs["validation_data"] = _without_none(
                self.training_arrays(*held_out[:2])
            )
        return super().fit(x, y, *args, **kwargs)  # type: ignore[misc]

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """As `keras.Model.evaluate`, of texts or of ids."""
        if self.is_text(x):
            x, y, weight = self.training_arrays(x, y)
            kwargs.setdefault("sample_weight", weight)
        return super().evaluate(x, y, *args, **kwargs)  # type: ignore[misc]

    def predict(self, x, *args, **kwargs):
        """As `keras.Model.predict` of ids; of texts see the class."""
        if self.is_text(x):
            return self.predict_texts(x, *args, **kwargs)
        return super().predict(x, *args, **kwargs)  # type: ignore[misc]

    def is_text(self, x: Any) -> bool:
        """Whether these are texts and not ids."""
        raise NotImplementedError

    def training_arrays(self, x: Any, y: Any) -> tuple[Any, Any, Any]:
        """Texts and labels as inputs, labels and weights (or None)."""
        raise NotImplementedError

    def predict_texts(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """What the task says of texts."""
        raise NotImplementedError

    def predict_ids(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """`keras.Model.predict` of arrays."""
        return super().predict(x, *args, **kwargs)  # type: ignore[misc]

    def text_tools(self) -> tuple[Any, int]:
        """The Python tokenizer, and the most tokens of a row."""
        preprocessor = self.preprocessor  # type: ignore[attr-defined]
        if preprocessor is None:
            raise ValueError(
                "A model without a preprocessor takes ids. Received: texts; "
                "give the model a preprocessor, which has the tokenizer."
            )
        tokenizer = preprocessor.tokenizer.python_tokenizer
        return tokenizer, preprocessor.sequence_length


def require_as_many(x: Any, y: Any) -> None:
    """Refuses labels that are not as many as the texts."""
    if y is None or len(x) != len(y):
        raise ValueError(
            "There must be one label for each text. Received: "
            f"{len(x)} texts, {'no' if y is None else len(y)} labels."
        )


def _without_none(arrays: tuple[Any, Any, Any]) -> tuple[Any, ...]:
    return arrays if arrays[2] is not None else arrays[:2]
