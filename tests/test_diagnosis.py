import itertools
import platform
import shutil
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from albert_keras.diagnosis import EXTRAS, Finding, findings

CHEAP = ["processor", "memory", "this folder", "scratch folder"]

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc"
)


def cheap_findings() -> dict[str, Finding]:
    """All before TensorFlow is started."""
    found = {}
    for each in findings():
        found[each.subject] = each
        if each.subject == CHEAP[-1]:
            break
    return found


@pytest.fixture
def file_says(monkeypatch):
    """Puts a text in the place of a file of the system."""
    read_text = Path.read_text

    def put(path: str, text: str) -> None:
        monkeypatch.setattr(
            Path,
            "read_text",
            lambda self, *args, **kwargs: (
                text if str(self) == path else read_text(self, *args, **kwargs)
            ),
        )

    return put


def test_extras_are_those_of_the_package():
    offered = metadata.metadata("albert-keras").get_all("Provides-Extra")
    assert set(EXTRAS) <= set(offered)


def test_python_outside_the_range(monkeypatch):
    monkeypatch.setattr(platform, "python_version", lambda: "3.10.4")
    first = next(iter(findings()))
    assert first == Finding(
        "Python", "3.10.4", "broken", "It has to be <3.14,>=3.11."
    )


def test_wrong_and_absent_packages(monkeypatch):
    lines = [
        "pytest<1",
        "absent-one",
        "absent-two>=2; extra == 'lite'",
        "absent-three; extra == 'zstd'",
    ]
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    found = cheap_findings()
    assert found["pytest"].verdict == "broken"
    assert found["pytest"].found == metadata.version("pytest")
    assert found["absent-one"].found == "none"
    assert found["absent-one"].meaning == "pip install 'absent-one'"
    extra = found["albert-keras[lite]"]
    assert extra.verdict == "limited"
    assert extra.found == "no absent-two"
    assert extra.meaning.endswith("pip install 'albert-keras[lite]'")
    assert ".zst" in found["albert-keras[zstd]"].meaning
    assert "albert-keras[quickstart]" not in found


def test_package_only_on_the_path(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", absent)
    first, *rest = itertools.islice(findings(), 2)
    assert (first.subject, first.verdict) == ("albert-keras", "broken")
    assert rest[0].subject == "processor"


@on_linux
@pytest.mark.parametrize(
    ("flags", "verdict", "shown"),
    [
        ("fpu avx avx2 fma avx512_bf16", "ok", "avx2, fma, avx512_bf16"),
        ("fpu avx avx2 fma", "limited", "avx2, fma"),
        ("fpu sse4_2", "broken", "x86_64"),
    ],
)
def test_processors(file_says, monkeypatch, flags, verdict, shown):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    file_says("/proc/cpuinfo", f"vendor_id\t: x\nflags\t\t: {flags}\n")
    processor = cheap_findings()["processor"]
    assert processor.verdict == verdict
    assert processor.found.endswith(shown)


@on_linux
@pytest.mark.parametrize(
    ("available", "verdict"), [(3 << 20, "limited"), (5 << 20, "ok")]
)
def test_memory(file_says, available, verdict):
    file_says(
        "/proc/meminfo",
        f"MemTotal: {8 << 20} kB\nMemAvailable: {available} kB\n",
    )
    memory = cheap_findings()["memory"]
    assert memory.verdict == verdict
    assert memory.found == f"{available >> 20}.0 of 8.0 GiB free"


def test_full_disk(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: usage(9 << 30, 8 << 30, 1 << 29)
    )
    found = cheap_findings()["this folder"]
    assert found.verdict == "limited"
    assert found.found == f"0.5 GiB free in {Path.cwd()}"
