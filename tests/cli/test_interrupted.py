"""Commands that are stopped in the middle, and called again."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import own_process
import pytest

pytestmark = pytest.mark.slow

# How a process ends that is stopped by each.
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}


def stop(
    words: str, how: signal.Signals, moment: Callable[[], object]
) -> tuple[int, str]:
    """Starts a command in the working folder and stops it at a moment.

    Returns:
        Its exit code and the last line of its standard error.
    """
    errors = Path(".errors")
    process = own_process.start(
        [sys.executable, "-m", "albert_keras", *words.split()], stderr=errors
    )
    while not moment():
        assert process.exitcode is None, errors.read_text()
        time.sleep(0.01)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)  # as Ctrl-C in a terminal does
    else:
        os.kill(process.pid, how)
    process.join()
    stderr = errors.read_text()
    errors.unlink()
    if how != signal.SIGKILL:  # of which its helpers are not warned
        assert "Traceback" not in stderr
    own_process.wait_for_group(process.pid)
    return process.exitcode, stderr.strip().rpartition("\n")[2]


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def place(corpus, made, tmp_path, monkeypatch) -> Path:
    shutil.copy(corpus, tmp_path / "corpus.txt")
    shutil.copytree(made / "shards", tmp_path / "shards")
    for name in ("vocabulary/spiece.model", "tiny.json"):
        shutil.copy(made / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("seconds", [0.0, 0.2])
@pytest.mark.parametrize("how", CODES, ids=lambda how: how.name)
@pytest.mark.parametrize(
    "words",
    [
        "vocab corpus.txt --size 1500 --out new",
        "prepare corpus.txt --tokenizer spiece.model --dupe-factor 9 "
        "--processes 2 --out new",
    ],
    ids=lambda words: words.partition(" ")[0],
)
def test_all_or_nothing(call, place, words, how, seconds):
    def is_at_work():
        if any(place.glob(".new.*")):
            time.sleep(seconds)
            return True
        return False

    before = set(place.iterdir())
    code, last = stop(words, how, is_at_work)
    if Path("new").exists():  # it had come to its end by then
        assert set(place.iterdir()) == {*before, place / "new"}
        assert not list(Path("new").glob(".*"))
        return
    assert code == CODES[how]
    if how == signal.SIGINT:
        assert last.startswith("Stopped before ")
        assert last.endswith(", so 'new' was not written.")
    if how != signal.SIGKILL:
        assert set(place.iterdir()) == before
    assert call(*words.split()).code == 0
    assert set(place.iterdir()) == {*before, place / "new"}
    assert not list(Path("new").glob(".*"))


@pytest.mark.parametrize("how", CODES, ids=lambda how: how.name)
def test_what_is_overwritten_is_there_until_the_end(call, place, how):
    words = "vocab corpus.txt --size 1500 --out new"
    assert call(*words.replace("1500", "300").split()).code == 0
    before = content(place / "new")
    partial = place / "new" / ".spiece.model.partial"
    code, _ = stop(f"{words} --overwrite", how, partial.exists)
    assert code == CODES[how]
    if partial.exists():
        assert how == signal.SIGKILL
        partial.rmdir()
    assert content(place / "new") == before


def test_a_run_goes_on(call, place):
    words = (
        "pretrain --config tiny.json --tokenizer spiece.model --data shards "
        "--batch-size 4 --steps 600 --checkpoint-every 20 --out run --resume"
    )
    checkpoints = Path("run/checkpoints")

    def latest() -> int:
        return max(
            (int(p.stem[5:]) for p in checkpoints.glob("s*.npz")), default=0
        )

    code, _ = stop(words, signal.SIGKILL, lambda: latest() >= 40)
    assert code == -9
    killed_at = latest()
    code, last = stop(words, signal.SIGINT, lambda: latest() > killed_at)
    assert code == 130
    assert last == (
        f"Stopped after step {latest()} of 600; everything is kept, and the "
        "run can be resumed."
    )
    stopped_at = latest()
    ended = call(*words.split())
    assert ended.code == 0
    assert f"Going on after step {stopped_at}." in ended.stderr
    rows = Path("run/metrics.csv").read_text().splitlines()[1:]
    steps = [int(row.split(",")[0]) for row in rows]
    assert steps == list(range(6, 601, 6))  # each once, as if nothing had been
    assert not list(Path("run").rglob("*.partial"))
    assert call("fill-mask", "run/preset", "A [MASK].").code == 0


def test_a_quickstart_goes_on(call, place):
    words = "quickstart --corpus corpus.txt --steps 40 --out new"
    folder = place / "new"

    for moment, how in (
        (".examples.partial", signal.SIGKILL),
        ("run/checkpoints/step_00000004.npz", signal.SIGINT),
        ("saved_model/.1.partial", signal.SIGKILL),
        ("int8.tflite", signal.SIGTERM),
    ):
        code, last = stop(words, how, (folder / moment).exists)
        assert code == CODES[how]
        if how == signal.SIGINT:
            assert last.startswith("Stopped. What was done is kept")
    ended = call(*words.split())
    assert ended.code == 0
    assert "Pretraining" not in ended.stderr
    assert (folder / "report.json").exists()
    assert not list(folder.rglob("*.partial"))
