"""What a command says when it cannot do its work: one sentence, no traceback.

A mistake of the user's is told from one of ours by where it was raised: a
`raise` statement of this package is a check that found something wrong with
what it was given, and an OSError comes from the machine. Anything else is a
bug, and keeps its traceback.
"""

import dis
import errno
import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

P = ParamSpec("P")
R = TypeVar("R")

_PACKAGE = str(Path(__file__).parents[1]) + os.sep
_RAISE = dis.opmap["RAISE_VARARGS"]
# A frame in a printed traceback: its file, and the line's first word.
_FRAME = re.compile(r'File "([^"]+)", line \d+, in .*\n\s+(\w+)')


def one_sentence(function: Callable[P, R]) -> Callable[P, R]:
    """Makes a command end with a sentence where a user can act on it.

    Args:
        function: a command, whose signature (Typer's source of its options)
            is kept.

    Returns:
        The command, which exits with code 2 and a sentence on standard error
        for what `sentence_for` has one for, and with 130 after Ctrl-C.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except KeyboardInterrupt as interrupt:
            _exit(130, str(interrupt) or "Stopped.")
        except Exception as error:
            sentence = sentence_for(error)
            if sentence is None:
                raise
            _exit(2, f"Error: {sentence}")

    return wrapper


def sentence_for(error: Exception) -> str | None:
    """What to tell the user of an error, if it is the user's to mend.

    Args:
        error: a caught exception, with its traceback.

    Returns:
        One sentence, or None where the traceback says more: a bug.
    """
    if isinstance(error, BrokenPipeError):
        return None  # `albert-keras ... | head`; Typer ends that quietly
    from_file = _file_sentence(error)
    if from_file is not None:
        return from_file
    if isinstance(error, OSError):
        return str(error) or type(error).__name__
    if _is_typers(error) or isinstance(error, AssertionError):
        return None
    return str(error) if _was_raised_here(error) else None


def usage_sentence(error: Exception) -> str | None:
    """What to tell of words that a command does not take, and what it takes.

    Args:
        error: From Typer.

    Returns:
        A line; None if the error is no wrong word.
    """
    context = getattr(error, "ctx", None)
    if not _is_typers(error) or context is None:
        return None
    # Choices stand on lines of their own.
    message = " ".join(error.format_message().split())  # type: ignore[attr-defined]
    if "is not one of" in message:  # and it says of which
        return message
    if message[-1] not in ".?":
        message += "."
    return f"{message} {_what_it_takes(context)}"


def _what_it_takes(context: Any) -> str:
    """The arguments and options of a command, or the commands of a group."""
    command = context.command
    if hasattr(command, "commands"):
        return f"There are: {', '.join(command.commands)}."
    options = [each for each in command.params if each.opts[0][:1] == "-"]
    words = [
        *(p.metavar or p.name for p in command.params if p not in options),
        *(max(each.opts, key=len) for each in options),
        "--help",
    ]
    return f"`{context.command_path}` takes {', '.join(words)}."


def _file_sentence(error: Exception) -> str | None:
    """The reason and the file of a failed system call, however it is worded.

    Python has both as attributes, HDF5 in the middle of a longer message,
    and TensorFlow's file system raises no OSError at all but writes
    "path; reason".
    """
    message = str(error)
    if isinstance(error, OSError):
        inside = re.search(r"name = '([^']+)'.*message = '([^']+)'", message)
        if inside:
            return f"{inside[2]}: '{_without_partial(inside[1])}'."
        if error.strerror and error.filename is not None:
            return f"{error.strerror}: '{os.fsdecode(error.filename)}'."
        if error.strerror in _system_reasons():
            return f"{error.strerror}."
        return None
    if type(error).__module__.startswith("tensorflow."):
        for path, reason in re.findall(r"([^\s;]+); ([^;\n\[]+)", message):
            if reason.strip() in _system_reasons():
                return f"{reason.strip()}: '{_without_partial(path)}'."
        if type(error).__name__ == "ResourceExhaustedError":
            wanted = re.search(r"tensor with shape(\[.*?\])", message)
            return "There is not enough memory" + (
                f" for a tensor of shape {wanted[1]}." if wanted else "."
            )
    return None


def _without_partial(path: str) -> str:
    """The file or folder that `written_whole` was to write at this place."""
    return re.sub(r"/\.([^/]+)\.partial(/.*)?$", r"/\1", path)


def _system_reasons() -> set[str]:
    return {os.strerror(code) for code in errno.errorcode}


def _is_typers(error: Exception) -> bool:
    """Whether Typer is to see this: an exit, or a wrong option."""
    return type(error).__module__.partition(".")[0] in ("typer", "click")


def _was_raised_here(error: Exception) -> bool:
    """Whether a `raise` statement of this package made the error."""
    if type(error.__cause__).__name__ == "_RemoteTraceback":
        # From a worker process comes the text of its traceback alone.
        frames = _FRAME.findall(str(error.__cause__)) or [("", "")]
        file, statement = frames[-1]
        return statement == "raise" and file.startswith(_PACKAGE)
    traceback = error.__traceback__
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code
    in_package = os.path.abspath(code.co_filename).startswith(_PACKAGE)
    return in_package and code.co_code[traceback.tb_lasti] == _RAISE


def _exit(code: int, sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise SystemExit(code)
