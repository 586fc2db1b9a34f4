import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from albert_keras import __version__
from albert_keras.cli import COMMANDS, Command


def albert_keras(*args: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "albert_keras", *args],
        capture_output=True,
        text=True,
        check=False,
    )


def leaves(table: dict = COMMANDS, *above: str) -> list[tuple[str, ...]]:
    """The words of each command, as ("export", "tflite")."""
    words = []
    for name, entry in table.items():
        if isinstance(entry, Command):
            words.append((*above, name))
        else:
            words += leaves(entry.commands, *above, name)
    return words


@pytest.fixture
def command_of(tmp_path):
    """Makes `albert-keras probe` run a function's body, in a new process."""

    def make(body: str) -> list[str]:
        script = tmp_path / "probe.py"
        script.write_text(
            "import sys\n"
            "from albert_keras import cli\n"
            f"def probe():\n    {body}\n"
            "sys.modules['albert_keras.cli.probe'] = sys.modules[__name__]\n"
            "cli.COMMANDS['probe'] = cli.Command('probe', 'probe', '')\n"
            "sys.argv = ['albert-keras', 'probe']\n"
            "cli.main()\n"
        )
        return [sys.executable, str(script)]

    return make


def test_help_names_every_command():
    ended = albert_keras("--help")
    assert ended.returncode == 0
    listed = ended.stdout.split("Commands:")[1].splitlines()
    assert [line.split()[0] for line in listed if line] == list(COMMANDS)
    assert ended.stderr == ""


def test_help_loads_neither_tensorflow_nor_the_commands():
    script = """
import sys
from albert_keras import cli
sys.argv = ["albert-keras", "--help"]
try:
    cli.main()
finally:
    print(__import__("json").dumps(sorted(sys.modules)))
"""
    out = subprocess.check_output([sys.executable, "-c", script], text=True)
    loaded = set(json.loads(out.splitlines()[-1]))
    assert "albert_keras.cli" in loaded
    heavy = {"tensorflow", "keras", "keras_hub", "sentencepiece", "numpy"}
    assert heavy & loaded == set()
    inside = {m for m in loaded if m.startswith("albert_keras.cli.")}
    assert inside == {"albert_keras.cli.errors"}


@pytest.mark.parametrize("words", leaves(), ids="-".join)
def test_each_command_has_help_of_its_own(words):
    ended = albert_keras(*words, "--help")
    assert ended.returncode == 0
    assert f"Usage: albert-keras {' '.join(words)} " in ended.stdout
    assert "absl" not in ended.stderr  # TensorFlow was not started for it


def test_version():
    ended = albert_keras("--version")
    assert ended.stdout == f"albert-keras {__version__}\n"
    assert ended.returncode == 0


def test_console_script_is_the_same_command():
    script = Path(sys.executable).with_name("albert-keras")
    assert script.is_file(), "install with `pip install -e .`"
    out = subprocess.check_output([script, "--version"], text=True)
    assert out == f"albert-keras {__version__}\n"


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["vocabulary"], "No such command 'vocabulary'. Did you mean 'vocab'?"),
        (["export", "onnx"], "No such command 'onnx'."),
        (["doctor", "--jsno"], "No such option: --jsno"),
    ],
)
def test_wrong_words_end_with_code_2(args, sentence):
    ended = albert_keras(*args)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(f"Error: {sentence}")
    assert "Traceback" not in ended.stderr


def test_mistake_of_the_user_is_one_sentence(command_of):
    body = "import albert_keras as ak; ak.AlbertConfig.named('albert')"
    ended = subprocess.run(
        command_of(body), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("Error: ")
    assert "Received: " in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_bug_shows_its_traceback(command_of):
    ended = subprocess.run(
        command_of("{}['absent']"), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Traceback")
    assert ended.stderr.endswith("KeyError: 'absent'\n")


def test_interrupt_ends_without_a_traceback(command_of):
    body = "import time; print('up', flush=True); time.sleep(9999)"
    with subprocess.Popen(
        command_of(body),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()
    assert process.returncode == 130
    assert stderr == "Stopped.\n"


def test_sigterm_lets_the_command_tidy_up(command_of):
    body = "import time\n    try: print('up', flush=True); time.sleep(9999)\n"
    body += "    finally: print('tidy')"
    with subprocess.Popen(
        command_of(body), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.communicate() == (b"tidy\n", b"")
    assert process.returncode == 143


def test_reader_that_leaves_early_is_no_error(command_of):
    body = "[print(n) for n in range(100_000)]"
    with subprocess.Popen(
        command_of(body), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        assert process.stderr.read() == b""


def test_tensorflow_starts_without_chatter_and_without_matplotlib():
    script = """
from albert_keras.cli.tensorflow_start import start_tensorflow
import os, sys, warnings
sys.modules["keras_hub"] = sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
start_tensorflow()
assert "tensorflow" in sys.modules
assert "matplotlib" not in sys.modules
os.write(2, b"heard")
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True
    )
    assert ended.stderr == b"heard"


def test_tensorflow_that_does_not_start_says_why(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os; os.write(2, b'no such GPU\\n'); raise ImportError('broken')"
    )
    script = """
from albert_keras.cli.tensorflow_start import start_tensorflow
start_tensorflow()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(tmp_path)},
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("no such GPU\nTraceback")
    assert ended.stderr.endswith("ImportError: broken\n")
