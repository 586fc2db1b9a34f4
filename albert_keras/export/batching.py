"""How TF Serving may put the requests of a model into one batch."""

from pathlib import Path

BATCHING_FILE = "batching_params.pbtxt"

_PARAMETERS = """\
# Read with --enable_batching --enable_per_model_batching_parameters.
# Texts alone are the same whatever their length, and are padded to the longest
# of a batch in the graph. Ids have a length, and the server's own padding
# takes a tensor's first element, so that a mask would be padded with 1 and ids
# with [CLS]: it stays off, and requests of ids go together only if they are
# equally long. A model of ids alone has no such file and is not batched.
max_batch_size { value: 32 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 100 }
pad_variable_length_inputs: false
"""


def write_batching_parameters(folder: Path) -> None:
    """Writes `batching_params.pbtxt` for a model that takes texts.

    Not for one of ids alone: a server batches all signatures of a model or
    none, and refuses batches of ids of different lengths.

    Args:
        folder: The SavedModel.
    """
    (folder / BATCHING_FILE).write_text(_PARAMETERS, encoding="utf-8")
