"""The tokenizer in Java, as an object."""

from __future__ import annotations

import os
import struct
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_FLUSH = struct.pack(">i", -1)
_END = struct.pack(">i", 2**31 - 1)


class JavaTokens(NamedTuple):
    """What Java says of a text.

    Attributes:
        ids: Token ids.
        units: Their spans `(start, end)` in UTF-16 units.
        spans: Their spans in code points.
    """

    ids: list[int]
    units: list[tuple[int, int]]
    spans: list[tuple[int, int]]


class JavaError(Exception):
    """The sentence of an `AlbertException`."""


class JavaTokenizer:
    """A JVM that tokenizes.

    Args:
        classes: What `java_build.build` made.
        vocabulary: A SentencePiece model.
        options: Words for its options, see `TokenizerProcess.java`.

    Raises:
        JavaError: It does not take the vocabulary.

    Example:

    ```python
    with JavaTokenizer(build(Path("/tmp/classes")), "spiece.model") as java:
        [tokens] = java(["This is a test"])
    ```
    """

    def __init__(
        self, classes: Path, vocabulary: str | os.PathLike[str], *options: str
    ) -> None:
        self._process = subprocess.Popen(
            [
                *("java", "-XX:TieredStopAtLevel=1", "-classpath", classes),
                *(
                    "albertkeras.jvm.text.TokenizerProcess",
                    vocabulary,
                    *options,
                ),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        try:
            self.vocabulary_size = self._read_count()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> JavaTokenizer:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __call__(
        self, texts: Iterable[str]
    ) -> Iterator[JavaTokens | JavaError]:
        """Tokens of each text, or the error that it raised in Java."""
        texts = list(texts)
        writer = threading.Thread(target=self._write, args=(texts,))
        writer.start()
        for _ in texts:
            yield self._read_answer()
        writer.join()

    def close(self) -> int:
        """Ends the process; returns its exit code."""
        if self._process.poll() is None:
            self._stdin.write(_END)
            self._stdin.close()
        self._stdout.close()
        return self._process.wait()

    def _write(self, texts: list[str]) -> None:
        for text in texts:
            units = text.encode("utf-16-be", "surrogatepass")
            self._stdin.write(struct.pack(">i", len(units)) + units)
        self._stdin.write(_FLUSH)
        self._stdin.flush()

    def _read_answer(self) -> JavaTokens | JavaError:
        try:
            count = self._read_count()
        except JavaError as error:
            return error
        numbers = struct.unpack(f">{5 * count}i", self._read(20 * count))
        columns = [
            numbers[column * count : (column + 1) * count]
            for column in range(5)
        ]
        return JavaTokens(
            list(columns[0]),
            list(zip(columns[1], columns[2], strict=True)),
            list(zip(columns[3], columns[4], strict=True)),
        )

    def _read_count(self) -> int:
        (count,) = struct.unpack(">i", self._read(4))
        if count < 0:
            (size,) = struct.unpack(">i", self._read(4))
            raise JavaError(self._read(size).decode())
        return count

    def _read(self, size: int) -> bytes:
        content = self._stdout.read(size)
        if len(content) < size:
            raise RuntimeError(
                "The Java process must answer. Received: it ended with code "
                f"{self._process.wait()}."
            )
        return content
