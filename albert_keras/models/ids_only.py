"""Tasks whose inputs are token ids, for now."""

import keras


class TakesIds:
    """Mixed into the tasks that take no strings yet.

    Their preprocessor carries the tokenizer into a preset, and is not applied
    to what `fit`, `evaluate` and `predict` are given.
    """

    def preprocess_samples(self, x, y=None, sample_weight=None):
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)
