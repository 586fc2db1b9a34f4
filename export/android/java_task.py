"""A task in Java with LiteRT, as an object."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

from java_build import JNA, lite_library
from java_tokenizer import JavaError


class JavaTask:
    """A JVM that runs a .tflite on texts.

    Args:
        classes: What `java_build.build` made, with tasks.
        model: The .tflite file.
        vocabulary: A SentencePiece model.
        task: `"fill"`, `"classify"`, `"answer"` or `"tag"`.
        labels: Of the classes or tags.

    Raises:
        JavaError: It does not take the model, the vocabulary or the labels.

    Example:

    ```python
    classes = build(Path("/tmp/classes"), with_tasks=True)
    with JavaTask(classes, "m.tflite", "spiece.model", "fill") as java:
        java("a [MASK] model")  # rows of words
    ```
    """

    def __init__(
        self,
        classes: Path,
        model: str | os.PathLike[str],
        vocabulary: str | os.PathLike[str],
        task: str,
        *labels: str,
    ) -> None:
        self._process = subprocess.Popen(
            [
                *("java", "-XX:TieredStopAtLevel=1", "-classpath"),
                *(f"{classes}:{JNA}", "albertkeras.jvm.TaskProcess"),
                *(str(lite_library()), model, vocabulary, task, *labels),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        try:
            self._read_rows()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> JavaTask:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __call__(self, *texts: str) -> list[list[str]]:
        """What it says of a text, or of two.

        Returns:
            Rows of words, see `TaskProcess.java`.

        Raises:
            JavaError: The sentence of an `AlbertException`.
        """
        encoded = [text.encode() for text in texts]
        self._stdin.write(struct.pack(">i", len(texts)))
        for text in encoded:
            self._stdin.write(struct.pack(">i", len(text)) + text)
        self._stdin.flush()
        return self._read_rows()

    def close(self) -> int:
        """Ends the process; returns its exit code."""
        if self._process.poll() is None:
            self._stdin.write(struct.pack(">i", 0))
        self._stdin.close()
        self._stdout.close()
        return self._process.wait()

    def _read_rows(self) -> list[list[str]]:
        count = self._read_count()
        if count < 0:
            raise JavaError(*self._read_row())
        return [self._read_row() for _ in range(count)]

    def _read_row(self) -> list[str]:
        return [
            self._read(self._read_count()).decode()
            for _ in range(self._read_count())
        ]

    def _read_count(self) -> int:
        (count,) = struct.unpack(">i", self._read(4))
        return count

    def _read(self, size: int) -> bytes:
        content = self._stdout.read(size)
        if len(content) < size:
            raise RuntimeError(
                "The Java process must answer. Received: it ended with code "
                f"{self._process.wait()}."
            )
        return content
