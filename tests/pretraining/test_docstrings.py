import inspect
import json
import re
import sysconfig
from pathlib import Path

import pytest

from albert_keras.pretraining.docstrings import (
    docstring_documents,
    is_held_out,
    split_sentences,
)

SOURCES = {
    "a.py": '''"""The module of all. It has two sentences."""

raise SystemExit("never to be imported")


class Thing:
    """A thing to have."""

    def method(self):
        """Do the thing."""
        def inner():
            """Deep inside it."""

    if True:
        async def waiting(self):
            """Wait for it."""
    try:
        pass
    except ValueError:
        def handler():
            """Handle it well."""
    else:
        f = lambda: """no docstring at all"""
    finally:
        def last():
            """Come in last."""
        def again():
            """Come in last."""


text = """no docstring either"""
''',
    "b/__init__.py": '"""Do the thing."""\ndef f():\n    """Only in b."""\n',
    "b/copy.py": 'def f():\n    """Do   the\n    thing.\n    """\n',
    "b/latin.py": '# coding: latin-1\n"""Un café noir."""\n'.encode("latin-1"),
    "b/surrogate.py": '"""Not \\ud800 in \\0UTF-8."""\n',
    "b/short.py": '"""Word."""\n',
    "broken/syntax.py": '"""Doc string."""\ndef (:\n',
    "broken/coding.py": '"""Un café."""\n'.encode("latin-1"),
    "broken/nul.py": b'"""Doc string."""\0\n',
    "broken/deep.py": '"""Doc string."""\nx = ' + "(" * 5000 + ")" * 5000,
    "tests/test_a.py": '"""Not of a test."""\n',
    "site-packages/other.py": '"""Not of another environment."""\n',
    "notes.txt": '"""Not of a text."""\n',
}


@pytest.fixture
def root(tmp_path):
    for name, source in SOURCES.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            source if isinstance(source, bytes) else source.encode()
        )
    return tmp_path / "root"


def gather(*roots, processes=1):
    return docstring_documents(roots, processes=processes, show_progress=False)


def test_one_document_a_file_without_importing_it(root):
    assert gather(root) == [
        (
            "a.py",
            [
                "The module of all.",
                "It has two sentences.",
                "A thing to have.",
                "Do the thing.",
                "Deep inside it.",
                "Wait for it.",
                "Handle it well.",
                "Come in last.",
            ],
        ),
        ("b/__init__.py", ["Only in b."]),
        ("b/latin.py", ["Un café noir."]),
        ("b/surrogate.py", ["Not in UTF-8."]),
    ]


def test_the_first_of_several_roots_keeps_the_docstring(root, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "z.py").write_text('"""Do the thing."""\n')
    assert gather(root, other) == gather(root)
    assert ("z.py", ["Do the thing."]) in gather(other, root)


def test_roots_without_docstrings_are_refused(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="must be docstrings"):
        gather(tmp_path)
    with pytest.raises(NotADirectoryError, match=r"a\.py"):
        gather(tmp_path / "a.py")


def test_the_standard_librarys_docstrings_are_all_there():
    folder = Path(sysconfig.get_path("stdlib"), "json")
    documents = dict(gather(folder))
    words = set(" ".join(documents["decoder.py"]).split())
    for documented in (json.JSONDecoder, json.JSONDecoder.raw_decode):
        prose = re.findall(r"[a-z]{4,}", inspect.getdoc(documented))
        assert len(prose) > 20
        spelled = " ".join(words)
        assert all(word in spelled for word in prose)


def test_two_processes_gather_the_same_as_one():
    folder = Path(sysconfig.get_path("stdlib"), "email")
    assert gather(folder, processes=2) == gather(folder)


@pytest.mark.parametrize(
    ("docstring", "sentences"),
    [
        ("One line only", ["One line only"]),
        ("Wrapped over\n    two lines.", ["Wrapped over two lines."]),
        (
            "First one. Second one! Third one?  Fourth one",
            ["First one.", "Second one!", "Third one?", "Fourth one"],
        ),
        (
            "See e.g. Python, i.e. CPython. As (said.) Before.",
            ["See e.g. Python, i.e. CPython.", "As (said.)"],
        ),
        ("Version 3.11 of a.b.c is used.", ["Version 3.11 of a.b.c is used."]),
        ("A block here\n\nAnother block", ["A block here", "Another block"]),
        (
            "A Title\n=======\nThe text\n+---+---+\n",
            ["A Title", "The text"],
        ),
        (
            "Args:\n  x: The first,\n    wrapped.\n  y: The second.\n",
            ["x: The first, wrapped.", "y: The second."],
        ),
        (
            ":param x: the first\n:param y: the second\n:returns: the sum",
            [
                ":param x: the first",
                ":param y: the second",
                ":returns: the sum",
            ],
        ),
        (
            "A list:\n- of one\n- of two\n  wrapped\n1. of three",
            ["A list:", "- of one", "- of two wrapped", "1. of three"],
        ),
        (
            "Top line\n\n    deeper text\nless deep text",
            ["Top line", "deeper text", "less deep text"],
        ),
        (
            "Use it so:\n\n>>> f(a, b)\na result here\n\nAnd no more.",
            ["Use it so:", "And no more."],
        ),
        (
            "Use it so:\n```python\nf(a, b) is called\n```\nAnd no more.",
            ["Use it so:", "And no more."],
        ),
        (
            "Use it so::\n\n  f(a, b) is\n\n  called so\n\nAnd no more.",
            ["Use it so::", "And no more."],
        ),
        ("", []),
        ("Word.", []),
        ("1234 5678 +++", []),
    ],
)
def test_sentences(docstring, sentences):
    assert split_sentences(docstring) == sentences


def test_about_the_share_is_held_out_and_for_ever():
    names = [f"package/module_{n}.py" for n in range(4000)]
    held_out = [name for name in names if is_held_out(name)]
    assert 150 < len(held_out) < 250
    # `printf json/decoder.py | sha256sum` begins with 3b2e.
    assert is_held_out("json/decoder.py", share=0x3B2F / 0x10000)
    assert not is_held_out("json/decoder.py", share=0x3B2E / 0x10000)
    assert not any(is_held_out(name, share=0.0) for name in names)
    assert all(is_held_out(name, share=1.0) for name in names)
