import errno
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
import typer

import albert_keras
from albert_keras import AlbertConfig
from albert_keras.cli.errors import one_sentence, sentence_for


def caught_from(function: Callable, *args) -> Exception:
    try:
        function(*args)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def function_in_package(body: str) -> Callable:
    """A function that seems to stand in a file of the package."""
    file = Path(albert_keras.__file__).with_name("made_up.py")
    names = {"typer": typer}
    exec(compile(f"def function(): {body}", str(file), "exec"), names)
    return names["function"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise ValueError('Too long.')", "Too long."),
        ("raise ImportError('Needs x.') from KeyError('x')", "Needs x."),
        ("raise FileExistsError('Is there.')", "Is there."),
    ],
)
def test_what_the_package_raises_is_a_sentence(body, sentence):
    error = caught_from(function_in_package(body))
    assert sentence_for(error) == sentence


@pytest.mark.parametrize(
    "body",
    [
        "int('x')",
        "None.name",
        "{}['x']",
        "assert False, 'x'",
        "raise typer.BadParameter('x')",
        "raise typer.Exit(3)",
    ],
)
def test_what_goes_wrong_in_the_package_is_not(body):
    assert sentence_for(caught_from(function_in_package(body))) is None


def test_what_others_raise_is_not():
    def elsewhere():
        raise ValueError("Too long.")

    assert sentence_for(caught_from(elsewhere)) is None
    assert sentence_for(ValueError("never raised")) is None


@pytest.mark.parametrize(
    ("function", "argument", "is_sentence"),
    [(AlbertConfig.named, "no such model", True), (int, "x", False)],
)
def test_errors_of_worker_processes(function, argument, is_sentence):
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        error = caught_from(pool.submit(function, argument).result)
    assert isinstance(error, ValueError)
    assert sentence_for(error) == (str(error) if is_sentence else None)


def test_system_errors_name_the_file(tmp_path):
    absent = tmp_path / "absent.txt"
    error = caught_from(absent.read_text)
    assert sentence_for(error) == f"No such file or directory: '{absent}'."
    error = caught_from(os.listdir, __file__)
    assert sentence_for(error) == f"Not a directory: '{__file__}'."


def test_full_disk_without_a_name():
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert sentence_for(error) == "No space left on device."


def test_hdf5_errors_name_the_file(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = str(tmp_path / "absent" / "weights.h5")
    error = caught_from(h5py.File, path, "w")
    assert sentence_for(error) == f"No such file or directory: '{path}'."


def test_tensorflow_errors_name_the_file(tmp_path):
    tf = pytest.importorskip("tensorflow")
    path = str(tmp_path / "absent" / "part-0")
    error = caught_from(tf.io.read_file, path)
    assert not isinstance(error, OSError)
    assert sentence_for(error) == f"No such file or directory: '{path}'."
    error = caught_from(tf.io.parse_tensor, b"x", tf.float32)
    assert sentence_for(error) is None


def test_lack_of_memory_is_no_bug():
    tf = pytest.importorskip("tensorflow")
    error = tf.errors.ResourceExhaustedError(
        None, None, "OOM when allocating tensor with shape[4,5] and type float"
    )
    assert sentence_for(error) == (
        "There is not enough memory for a tensor of shape [4,5]."
    )


def test_the_place_beside_is_not_named(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = str(tmp_path / ".preset.partial" / "weights.h5")
    error = caught_from(h5py.File, path, "w")
    preset = tmp_path / "preset"
    assert sentence_for(error) == f"No such file or directory: '{preset}'."


def test_results_pass_through():
    assert one_sentence(lambda x: x + 1)(1) == 2


def test_interrupt_with_a_message_of_its_own(capsys):
    def stop():
        raise KeyboardInterrupt("Stopped at step 7.")

    with pytest.raises(SystemExit) as exit:
        one_sentence(stop)()
    assert exit.value.code == 130
    assert capsys.readouterr().err == "Stopped at step 7.\n"
