"""A SavedModel in a process without Python: the C loader, as an object."""

import os
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from arrays import as_array
from refused import RefusedError

SOURCES = Path(__file__).parent / "c_loader"

# As TF_DataType numbers them (tensorflow/core/framework/types.proto).
_STRING = 7
_DTYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    6: "int8",
    9: "int64",
    10: "bool",
}
_NUMBERS = {np.dtype(dtype): number for number, dtype in _DTYPES.items()}


def compiler() -> str | None:
    """A C compiler on the PATH, or `None`."""
    return shutil.which("gcc") or shutil.which("cc")


def build(program: Path) -> Path:
    """Compiles the loader against the libraries of the installed TensorFlow.

    Args:
        program: Where it shall stand.

    Returns:
        `program`.

    Raises:
        RuntimeError: There is no compiler, or it refuses; with its words.
    """
    found = compiler()
    if found is None:
        raise RuntimeError("A C compiler must be on the PATH. Received: none.")
    libraries = _package("tensorflow")
    built = subprocess.run(
        [
            found,
            *("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"),
            *("-isystem", f"{libraries}/include"),
            *(f"{SOURCES}/run_saved_model.c", f"{SOURCES}/wire.c"),
            *("-o", os.fspath(program), f"-L{libraries}"),
            *("-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"),
            f"-Wl,-rpath,{libraries}",
            # The wheel's library leaves symbols open that it never calls.
            "-Wl,--allow-shlib-undefined",
        ],
        capture_output=True,
        text=True,
    )
    if built.returncode:
        raise RuntimeError(
            f"The C loader must compile. Received: {built.stderr}"
        )
    return program


def op_libraries() -> list[str]:
    """The libraries in which tensorflow-text keeps its operations."""
    folder = _package("tensorflow_text") / "python/ops"
    return sorted(os.fspath(each) for each in folder.glob("*.so"))


class LoaderProcess:
    """A SavedModel, loaded and run by `run_saved_model`.

    Args:
        program: What `build` made.
        folder: The SavedModel, as in `served/albert/1`.

    Raises:
        RefusedError: The model cannot be loaded.

    Example:

    ```python
    with LoaderProcess(build(Path("/tmp/loader")), "served/albert/1") as loader:
        loader.predict({"text": ["A sentence."]})["scores"]
    ```
    """

    def __init__(self, program: Path, folder: str | os.PathLike):
        self._process = subprocess.Popen(
            [program, folder, *op_libraries()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        try:
            self._read_answer()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def predict(
        self,
        inputs: Mapping[str, object],
        signature_name: str = "serving_default",
    ) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            inputs: Arrays by name; strings are `str` or `bytes`.
            signature_name: Which signature.

        Returns:
            Its outputs by name; strings are `bytes`, in arrays of objects.

        Raises:
            RefusedError: The model or the loader refuses the request.
        """
        request = [_text(signature_name), struct.pack("<I", len(inputs))]
        for name, value in inputs.items():
            request.append(_encode(name, as_array(value)))
        self._process.stdin.write(b"".join(request))
        self._process.stdin.flush()
        return self._read_answer()

    def close(self) -> int:
        """Ends the process; returns its exit code."""
        self._process.stdin.close()
        code = self._process.wait()
        self._process.stdout.close()
        return code

    def __enter__(self) -> "LoaderProcess":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _read_answer(self) -> dict[str, np.ndarray]:
        (code,) = self._numbers("<I")
        if code:
            raise RefusedError(code, self._read_text())
        (count,) = self._numbers("<I")
        return dict(self._read_tensor() for _ in range(count))

    def _read_tensor(self) -> tuple[str, np.ndarray]:
        name = self._read_text()
        number, rank = self._numbers("<iI")
        shape = self._numbers(f"<{rank}q")
        (size,) = self._numbers("<Q")
        content = self._read(size)
        if number != _STRING:
            return name, np.frombuffer(content, _DTYPES[number]).reshape(shape)
        strings = np.empty(shape, object)
        at = 0
        for index in np.ndindex(*shape):
            (length,) = struct.unpack_from("<Q", content, at)
            strings[index] = content[at + 8 : at + 8 + length]
            at += 8 + length
        return name, strings

    def _read_text(self) -> str:
        (length,) = self._numbers("<I")
        return self._read(length).decode("utf-8", "replace")

    def _numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self._read(struct.calcsize(form)))

    def _read(self, size: int) -> bytes:
        content = self._process.stdout.read(size)
        if len(content) < size:
            raise RuntimeError(
                "The C loader must answer. Received: it ended with code "
                f"{self._process.wait()}."
            )
        return content


def _package(name: str) -> Path:
    """The folder of an installed package, which is not imported for it."""
    from importlib.util import find_spec

    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"`{name}` must be installed. Received: it is not.")
    return Path(spec.origin).parent


def _encode(name: str, array: np.ndarray) -> bytes:
    if array.dtype == object:
        number = _STRING
        content = b"".join(
            struct.pack("<Q", len(each)) + each for each in array.ravel()
        )
    else:
        number = _NUMBERS[array.dtype]
        content = array.tobytes()
    shape = struct.pack(f"<I{array.ndim}q", array.ndim, *array.shape)
    header = _text(name) + struct.pack("<i", number) + shape
    return header + struct.pack("<Q", len(content)) + content


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text.encode())) + text.encode()
