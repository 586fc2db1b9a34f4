"""What a request's values are as arrays."""

import numpy as np


def as_array(value: object) -> np.ndarray:
    """An array of numbers, or of `bytes` as objects.

    NumPy's own arrays of strings lose zeros at an end, and take no bytes
    beside text.

    Args:
        value: Numbers, `str` or `bytes`, or nested lists or an array of them.

    Returns:
        An array of the same shape; of `bytes` (UTF-8 for `str`), or int32,
        float32, bool or what dtype `value` has.

    Raises:
        ValueError: The nested lists are of different lengths.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind not in "OSU":
        return value
    objects = np.asarray(value, object)
    kinds = {type(each) for each in objects.ravel()}
    if objects.size and not any(issubclass(k, (str, bytes)) for k in kinds):
        numbers = np.asarray(value)
        default = {"i": "int32", "f": "float32"}.get(numbers.dtype.kind)
        return numbers.astype(default) if default else numbers
    encoded = np.empty(objects.shape, object)
    for index in np.ndindex(*objects.shape):
        text = objects[index]
        if not isinstance(text, (str, bytes)):
            raise ValueError(
                "Texts must be `str` or `bytes`, in lists of the same "
                f"length. Received: {type(text).__name__}."
            )
        encoded[index] = text.encode() if isinstance(text, str) else text
    return encoded
