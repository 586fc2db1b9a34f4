"""How long the inputs of a task may be."""

import keras_hub


def shorten_to_model(
    preprocessor: keras_hub.models.Preprocessor | None,
    backbone: keras_hub.models.Backbone,
) -> None:
    """Cuts a preprocessor's sequences to what the model has positions for.

    KerasHub's preprocessors make sequences of 512 unless told otherwise,
    which a model of 128 positions refuses.
    """
    longest = backbone.max_sequence_length
    if preprocessor is not None and preprocessor.sequence_length > longest:
        preprocessor.sequence_length = longest
