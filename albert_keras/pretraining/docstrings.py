"""A corpus that every machine has: the docstrings of installed packages.

Sources are parsed, never imported. Each file gives one document; its
docstrings are cut into sentences by the rules of `split_sentences`.
"""

import ast
import gc
import hashlib
import inspect
import os
import re
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from albert_keras.pretraining.processes import map_in_order
from albert_keras.pretraining.progress import progress_bar

# Tests hold few docstrings, and the standard library's folder may hold the
# packages of another environment.
_SKIPPED_FOLDERS = {
    "__pycache__",
    "dist-packages",
    "site-packages",
    "test",
    "tests",
}
_FILES_A_TASK = 64


def docstring_documents(
    roots: Iterable[str | PathLike[str]] | None = None,
    *,
    processes: int | None = None,
    show_progress: bool = True,
) -> list[tuple[str, list[str]]]:
    """Gather the docstrings of all Python sources below some folders.

    A docstring that occurs in several places (of an alias, or inherited by
    copying) is kept where it occurs first. So no docstring is both in a
    held-out module and in another (see `is_held_out`).

    Sources that cannot be decoded or parsed are passed over, like folders
    named `test` or `tests`.

    Args:
        roots: Folders to search; by default the standard library and the
            packages of the running environment.
        processes: Number of worker processes; by default, one a core.
        show_progress: Whether to show a progress bar on standard error.

    Returns:
        For each file that has any: its name, such as "json/decoder.py", and
        its sentences. Ordered by root, folder and name, so that the same
        environment gives the same corpus.

    Raises:
        NotADirectoryError: If a root is not a folder.
        ValueError: If no source below the roots has a docstring.

    Example:

    ```python
    for name, sentences in docstring_documents():
        print("held out:" if is_held_out(name) else "for training:", name)
    ```
    """
    folders = _installed_roots() if roots is None else [Path(r) for r in roots]
    files = [file for folder in folders for file in _source_files(folder)]
    tasks = [
        files[start : start + _FILES_A_TASK]
        for start in range(0, len(files), _FILES_A_TASK)
    ]
    documents = []
    seen: set[_Sentences] = set()
    with (
        closing(map_in_order(_read_sources, tasks, processes)) as results,
        progress_bar(show_progress) as progress,
    ):
        bar = progress.add_task("Reading docstrings", total=len(files))
        for task, docstrings_of_files in zip(tasks, results, strict=True):
            for source, docstrings in zip(
                task, docstrings_of_files, strict=True
            ):
                new = [d for d in dict.fromkeys(docstrings) if d not in seen]
                seen.update(new)
                if new:
                    sentences = [s for docstring in new for s in docstring]
                    documents.append((source.name, sentences))
            progress.advance(bar, len(task))
    if not documents:
        raise ValueError(
            "There must be docstrings below `roots`. Received: "
            f"{', '.join(map(str, folders))}, with none."
        )
    return documents


def is_held_out(name: str, share: float = 0.05) -> bool:
    """Whether a module is kept for evaluation.

    Decided by a hash of the name, so that a module stays on its side whatever
    else is installed.

    Args:
        name: Name of a file, as `docstring_documents` gives it.
        share: Share of the modules that are held out, in [0, 1].

    Returns:
        True if the module is to be kept from training.
    """
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def split_sentences(docstring: str) -> list[str]:
    """Cut a docstring into sentences, by a simple rule.

    Code is left out: what stands between "```" fences, from ">>>" to the next
    empty line, or indented behind a line that ends in "::". Of the rest,
    wrapped lines are joined; a new block begins behind an empty line, a line
    without letters or one that ends in ":", at a bullet, at a parameter
    ("name: ...", ":param name:"), and where the indentation shrinks. A block
    is cut where ".", "!" or "?" is followed by a space and something that can
    begin a sentence. Sentences of a single word ("Args:") are dropped.

    Args:
        docstring: The docstring.

    Returns:
        Its sentences, with single spaces.
    """
    return [
        " ".join(words)
        for block in _blocks(docstring)
        for sentence in _SENTENCE_END.split(block)
        if len(words := sentence.split()) > 1
    ]


_SENTENCE_END = re.compile(
    r"""(?:(?<=[.!?])|(?<=[.!?]["'`)\]]))(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bcf\.)(?<!\bvs\.)
    \s+(?=[A-Z0-9"'`(\[<*])""",
    re.VERBOSE,
)
_BLOCK_START = re.compile(
    r"[-*+•]\s|\d+[.)]\s|[:@]\w|`*\*{0,2}\w+`*( \(.*?\))?:\s"
)
_LETTER = re.compile(r"[^\W\d_]")


def _blocks(docstring: str) -> Iterator[str]:
    """The paragraphs, list items and parameters of a docstring."""
    block: list[str] = []
    indent_before = 0
    fenced = prompted = False
    # Indentation of the line whose "::" announced code, while in that code.
    literal: int | None = None
    for line in inspect.cleandoc(docstring).splitlines():
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if text.startswith("```"):
            fenced = not fenced
        prompted = bool(text) and (prompted or text.startswith(">>>"))
        if literal is not None and text and indent <= literal:
            literal = None
        is_code = (
            fenced or prompted or literal is not None or text.startswith("```")
        )
        is_text = not is_code and _LETTER.search(text) is not None
        if block and (
            not is_text
            or block[-1].endswith(":")
            or indent < indent_before
            or _BLOCK_START.match(text)
        ):
            yield " ".join(block)
            block = []
        if is_text:
            block.append(text)
            indent_before = indent
            if text.endswith("::"):
                literal = indent
    if block:
        yield " ".join(block)


# A docstring as its sentences; two that differ only in code or in white space
# count as the same.
_Sentences = tuple[str, ...]


class _Source(NamedTuple):
    name: str
    path: str


def _installed_roots() -> list[Path]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "purelib", "platlib")
    roots = dict.fromkeys(Path(paths[name]).resolve() for name in names)
    return [root for root in roots if root.is_dir()]


def _source_files(root: Path) -> Iterator[_Source]:
    if not root.is_dir():
        raise NotADirectoryError(
            f"Each of `roots` must be a folder. Received: '{root}'."
        )
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(set(subfolders) - _SKIPPED_FOLDERS)
        for name in sorted(names):
            if name.endswith(".py"):
                path = Path(folder, name)
                yield _Source(path.relative_to(root).as_posix(), str(path))


def _read_sources(sources: list[_Source]) -> list[list[_Sentences]]:
    """The docstrings of each source; this is what a worker process runs."""
    # Syntax trees are big and hold no cycles: without the collector looking
    # for some, parsing takes half the time.
    enabled = gc.isenabled()
    gc.disable()
    try:
        return [_docstrings(source) for source in sources]
    finally:
        if enabled:
            gc.enable()


def _docstrings(source: _Source) -> list[_Sentences]:
    """The sentences of each docstring of a file, in the order of the text."""
    try:
        content = Path(source.path).read_bytes()
        # Parsing is what takes the time, and docstrings in single quotes are
        # too rare to parse many files in vain.
        if b'"""' not in content and b"'''" not in content:
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            docstrings = list(_find_docstrings(ast.parse(content)))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    cut = (tuple(split_sentences(docstring)) for docstring in docstrings)
    return [sentences for sentences in cut if sentences]


def _find_docstrings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _DOCUMENTED):
        docstring = ast.get_docstring(node, clean=False)
        if docstring:
            # Escapes such as "\0" and "\ud800" have no place in a text file.
            docstring = docstring.replace("\0", " ")
            yield docstring.encode("utf-8", "ignore").decode("utf-8")
    for field in ("body", "handlers", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        # The body of a lambda is no list.
        if isinstance(statements, list):
            for statement in statements:
                yield from _find_docstrings(statement)


_DOCUMENTED = (
    ast.Module,
    ast.ClassDef,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
)
