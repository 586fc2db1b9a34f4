"""Compiling the Java library, and what runs it on this machine."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

_HERE = Path(__file__).parent
LIBRARY = _HERE / "albert" / "src" / "main" / "java"
PROCESSES = _HERE / "jvm" / "src" / "albertkeras" / "jvm"
# Where Debian's package libjna-java puts it.
JNA = Path("/usr/share/java/jna.jar")
# Named one by one, since a newer compiler adds warnings to "all".
LINTS = (
    "cast,deprecation,dep-ann,divzero,empty,fallthrough,finally,overloads,"
    "overrides,path,rawtypes,serial,static,try,unchecked,varargs"
)


def compiler() -> str | None:
    """The path of a Java compiler, or `None`."""
    return shutil.which("javac")


def build(folder: Path, *, with_tasks: bool = False) -> Path:
    """Compiles the library and the processes that run it.

    Args:
        folder: Where the classes go.
        with_tasks: Whether to compile what runs a .tflite, which needs JNA.

    Returns:
        `folder`.

    Raises:
        RuntimeError: There is no compiler, or it refuses or warns; with its
            words.
    """
    found = compiler()
    if found is None:
        raise RuntimeError(
            "A Java compiler must be on the PATH. Received: none."
        )
    pattern = "*.java" if with_tasks else "text/*.java"
    sources = [*LIBRARY.rglob("*.java"), *PROCESSES.rglob(pattern)]
    # The level of Java that every Android takes.
    command = [found, "--release", "8", f"-Xlint:{LINTS}", "-Werror"]
    if with_tasks:
        command += ["-classpath", str(JNA)]
    built = subprocess.run(
        [*command, "-encoding", "UTF-8", "-d", folder, *sorted(sources)],
        capture_output=True,
        text=True,
    )
    if built.returncode:
        raise RuntimeError(
            f"The Java library must compile. Received: {built.stderr}"
        )
    return folder


def lite_library() -> Path | None:
    """LiteRT's C library, which its Python package brings, or `None`."""
    spec = importlib.util.find_spec("ai_edge_litert")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "libLiteRt.so"
