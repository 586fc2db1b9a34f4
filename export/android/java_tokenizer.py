"""The tokenizer in Java, as a process that is given texts."""

from __future__ import annotations

import shutil
import struct
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
LIBRARY = HERE / "albert" / "src" / "main" / "java"
JVM = HERE / "jvm" / "src"
# Where Debian's libjna-java puts it.
JNA = Path("/usr/share/java/jna.jar")
_END = struct.pack(">i", 2**31 - 1)


class JavaTokens(NamedTuple):
    """What Java says of a text: columns of the same length.

    Attributes:
        ids: Token ids.
        units: Spans `(start, end)` in UTF-16 units.
        spans: Spans in code points.
    """

    ids: list[int]
    units: list[tuple[int, int]]
    spans: list[tuple[int, int]]


class JavaError(Exception):
    """The sentence of an `AlbertException`."""


def compiler() -> str | None:
    """The path of `javac`, if there is one."""
    return shutil.which("javac")


def build(folder: Path, *sources: Path, classpath: Sequence[Path] = ()) -> Path:
    """Compiles the library and more; any warning is an error.

    Args:
        folder: Where the classes go.
        sources: Java files beside the library's.
        classpath: Archives that they need.

    Returns:
        `folder`.
    """
    command = ["javac", "--release", "8", "-Xlint:all,-options", "-Werror"]
    if classpath:
        command += ["-classpath", ":".join(map(str, classpath))]
    files = [*sorted(LIBRARY.rglob("*.java")), *sources]
    subprocess.run([*command, "-d", folder, *files], check=True)
    return folder


class JavaTokenizer:
    """A JVM with a vocabulary.

    Args:
        classes: What `build` made, with `TokenizerProcess`.
        vocabulary: Path of a SentencePiece model.
        options: Words for its options, see `TokenizerProcess`.

    Raises:
        JavaError: It does not take the vocabulary.
    """

    def __init__(self, classes: Path, vocabulary: Path, *options: str) -> None:
        self._process = subprocess.Popen(
            [
                *("java", "-Xshare:auto", "-cp", classes),
                *("albertkeras.jvm.TokenizerProcess", vocabulary, *options),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.vocabulary_size = self._count()

    def __enter__(self) -> JavaTokenizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(
        self, texts: Iterable[str]
    ) -> Iterator[JavaTokens | JavaError]:
        """Tokens of each text, or the error that it raised."""
        texts = list(texts)
        writer = threading.Thread(target=self._write, args=(texts,))
        writer.start()
        try:
            for _ in texts:
                try:
                    count = self._count()
                except JavaError as error:
                    yield error
                    continue
                columns = struct.unpack(
                    f">{5 * count}i", self._read(20 * count)
                )
                ids, *spans = (
                    list(columns[i * count : (i + 1) * count]) for i in range(5)
                )
                yield JavaTokens(
                    ids,
                    list(zip(*spans[:2], strict=True)),
                    list(zip(*spans[2:], strict=True)),
                )
        finally:
            writer.join()

    def close(self) -> int:
        """Ends the process; its exit status."""
        if self._process.poll() is None:
            self._process.stdin.write(_END)
        self._process.stdin.close()
        self._process.stdout.close()
        return self._process.wait()

    def _write(self, texts: list[str]) -> None:
        stdin = self._process.stdin
        for text in texts:
            units = text.encode("utf-16-be", "surrogatepass")
            stdin.write(struct.pack(">i", len(units)) + units)
        stdin.write(struct.pack(">i", -1))
        stdin.flush()

    def _count(self) -> int:
        (count,) = struct.unpack(">i", self._read(4))
        if count < 0:
            (size,) = struct.unpack(">i", self._read(4))
            raise JavaError(self._read(size).decode())
        return count

    def _read(self, size: int) -> bytes:
        found = self._process.stdout.read(size)
        if len(found) < size:
            raise RuntimeError("The Java process ended.")
        return found
