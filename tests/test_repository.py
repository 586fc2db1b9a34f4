"""The repository holds text and small files, nothing that a build makes."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
LARGEST = 1_000_000  # bytes
# Packages, libraries and models are built, not stored.
BUILT = {".whl", ".so", ".dll", ".dylib", ".exe", ".class", ".jar", ".pyc"}
BUILT |= {".aar", ".apk", ".tflite", ".keras", ".h5", ".safetensors"}


def test_no_tracked_file_is_large(tracked):
    assert ROOT / "pyproject.toml" in tracked
    assert [path for path in tracked if path.stat().st_size > LARGEST] == []


def test_no_tracked_file_is_built(tracked):
    assert [path for path in tracked if path.suffix in BUILT] == []
