"""Files packed with a TensorFlow Lite model: an archive behind its bytes.

A reader of flatbuffers looks at the beginning of a file, a reader of ZIP
archives at its end, so a model with an archive behind it is both. What
MediaPipe and the TFLite Task Library read is not compressed.
"""

import io
import re
import struct
import zipfile
from collections.abc import Mapping

# The earliest date that an archive can tell: the same files, the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
# What `zipfile` raises over bytes that are no archive or a damaged one.
_DAMAGE = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
    struct.error,
)


def append_files(model: bytes, files: Mapping[str, bytes]) -> bytes:
    """A model with files behind it.

    Args:
        model: The bytes of a .tflite file without any.
        files: Their contents, by name.
    """
    stream = io.BytesIO(model)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)
    return stream.getvalue()


def read_files(content: bytes, first: str) -> dict[str, bytes]:
    """The files behind a model, by name; none where there is no archive.

    Args:
        content: The bytes of a .tflite file.
        first: Name of the first file, by which an archive is known whose end
            is missing.

    Raises:
        ValueError: The archive is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                info.filename: _read(archive, info)
                for info in archive.infolist()
            }
    except _DAMAGE as error:
        header = rb"PK\x03\x04.{26}" + re.escape(first.encode())
        if re.search(header, content, re.DOTALL) is None:
            return {}
        raise ValueError(
            "The files behind a .tflite model must be a whole ZIP archive. "
            f"Received: one of which is said: {error}."
        ) from None


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type != zipfile.ZIP_STORED:
        raise zipfile.BadZipFile(f"{info.filename} is compressed")
    return archive.read(info)
