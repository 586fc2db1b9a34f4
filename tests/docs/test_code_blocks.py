"""Every code block of README and docs, taken as a reader would take it."""

import ast
import json
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from code_blocks import NAMES, PAGES, ROOT, Block, blocks_of
from page_files import write_page_files
from page_shell import PageShell, parsed

from albert_keras.cli import COMMANDS, Command

# Shown, not run; where there is a parser, it reads them.
SHOWN = {
    *("text", "json", "toml", "yaml", "csv"),
    *("java", "javascript", "kotlin"),
}


@pytest.fixture
def reader(finished, tmp_path, monkeypatch):
    """The folder of a reader who has run the quickstart, and a shell there."""
    # A copy: a page may write into it.
    shutil.copytree(
        finished[0],
        tmp_path / "albert-quickstart",
        ignore=shutil.ignore_patterns("checkpoints", "tensorboard"),
    )
    for folder in ("export", "notebooks"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    write_page_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # The path of a socket may have 107 bytes.
    tools = Path(tempfile.mkdtemp(prefix="page"))
    yield PageShell(tmp_path, tools)
    shutil.rmtree(tools)


@pytest.mark.examples
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_blocks_of_a_page(name, reader):
    shell = reader
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks_of(ROOT / name):
        where = f"{name}, line {block.line}"
        if block.language == "python":
            _take_python(block, names, where)
        elif block.language == "bash":
            _take_bash(block, shell, where)
        else:
            assert block.language in SHOWN, f"{where}: {block.language!r}"
            _read(block)


def _take_python(block: Block, names: dict[str, object], where: str) -> None:
    # Lines before it, so that a traceback names those of the page.
    lines = "\n" * (block.line - 1) + block.replaced_code
    code = compile(lines, where, "exec")
    if block.taken != "not run":
        exec(code, names)


def _take_bash(block: Block, shell: PageShell, where: str) -> None:
    if block.taken == "not run":
        subprocess.run(["bash", "-n", "-c", block.code], check=True)
        assert not block.code.lstrip().startswith("albert-keras"), where
        return
    ran = (shell.parse if block.taken == "parsed only" else shell.run)(block)
    assert ran.code == 0, f"{where}: {ran.output}"
    asked = [words for words in block.code.split() if words == "albert-keras"]
    assert bool(ran.commands) == bool(asked), where


def _read(block: Block) -> None:
    match block.language:
        case "json":
            for line in block.code.splitlines():
                json.loads(line)
        case "toml":
            tomllib.loads(block.code)
        case "yaml":
            list(yaml.safe_load_all(block.code))


def all_commands(
    table: dict[str, Any] = COMMANDS, *above: str
) -> Iterator[str]:
    """Each command as it is called: `export tflite`."""
    for name, entry in table.items():
        if isinstance(entry, Command):
            yield " ".join((*above, name))
        else:
            yield from all_commands(entry.commands, *above, name)


def test_every_command_is_shown_on_some_page():
    code = "\n".join(
        block.code.replace("\\\n", " ")
        for page in PAGES
        for block in blocks_of(page)
        if block.language == "bash"
    )
    for words in all_commands():
        assert re.search(rf"albert-keras {words}\b", code), words


def test_every_page_has_been_found(tracked):
    # What a change was, and what is done in Android Studio, is not run here.
    elsewhere = {ROOT / "CHANGELOG.md", ROOT / "export/android/README.md"}
    elsewhere |= set((ROOT / "benchmarks").rglob("*.md"))
    pages = {path for path in tracked if path.suffix == ".md"}
    assert pages - set(PAGES) <= elsewhere


@pytest.mark.parametrize(
    "words",
    [
        "pretrain --config tiny.json",
        "fill-mask preset text --top-k many",
        "export onnx preset out",
        "quickstart --no-such-option",
    ],
)
def test_parser_refuses_what_the_command_would(words):
    assert parsed(words.split()).code == 2


def test_remarks_belong_to_the_block_below(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- not run: a reason -->\n\n```bash\nmake\n```\n\n"
        "```bash\nls\n```\n"
        "<!-- run with: vocab --size 9; export tflite --x -->\n"
        "```bash\nalbert-keras\n```\n"
    )
    one, two, three = blocks_of(page)
    assert (one.taken, one.why, one.line) == ("not run", "a reason", 4)
    assert (two.taken, two.added_options) == ("run", {})
    assert three.added_options == {
        "vocab": ["--size", "9"],
        "export tflite": ["--x"],
    }


def test_python_blocks_name_what_is_public():
    """Pages import what the reference documents, and nothing below it."""
    for page in PAGES:
        for block in blocks_of(page):
            if block.language != "python":
                continue
            for node in ast.walk(ast.parse(block.code)):
                if isinstance(node, ast.ImportFrom):
                    assert not node.module.startswith("albert_keras"), page
