"""What an export has written."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from albert_keras.export.agreement import Agreement


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a signature takes and gives: each tensor's dtype and shape.

    Attributes:
        inputs: By name, as in `{"token_ids": "int32 [1, 128]"}`; a size that
            a caller may choose is `?`.
        outputs: Likewise.
    """

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Artefact:
    """A file or folder that an export has written, and what it holds.

    Attributes:
        path: Where it stands.
        num_bytes: Its size on disk.
        num_parameters: Weights of the model it came from, shared ones
            counted once.
        signatures: By name.
        operations: How often each operation stands in the graph.
        agreement: What it gives beside Keras; None where nothing was compared.
    """

    path: Path
    num_bytes: int
    num_parameters: int
    signatures: Mapping[str, Signature]
    operations: Counter[str]
    agreement: Agreement | None = None


def describe_tensor(dtype: str, shape: tuple[int | None, ...]) -> str:
    """`"int32 [?, 128]"` for int32 and `(None, 128)`."""
    sizes = ", ".join("?" if size is None else str(size) for size in shape)
    return f"{dtype} [{sizes}]"
