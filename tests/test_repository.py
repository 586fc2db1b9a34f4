"""The repository holds text and small files, nothing that a build makes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LARGEST = 1_000_000  # bytes
# Packages, libraries and models are built, not stored.
BUILT = {".whl", ".so", ".dll", ".dylib", ".exe", ".class", ".jar", ".pyc"}
BUILT |= {".aar", ".apk", ".tflite", ".keras", ".h5", ".safetensors"}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files of the checkout that git knows."""
    if shutil.which("git") is None:
        pytest.skip("needs git on the PATH")
    if not (ROOT / ".git").exists():
        pytest.skip(f"needs a git checkout in {ROOT}")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip(f"git cannot list {ROOT}: {listed.stderr.strip()}")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_no_tracked_file_is_large(tracked):
    assert ROOT / "pyproject.toml" in tracked
    assert [path for path in tracked if path.stat().st_size > LARGEST] == []


def test_no_tracked_file_is_built(tracked):
    assert [path for path in tracked if path.suffix in BUILT] == []
