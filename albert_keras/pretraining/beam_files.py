"""Files that Apache Beam reaches: local ones, and those in buckets."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from uuid import uuid4

from apache_beam.io.filesystems import FileSystems

from albert_keras.pretraining.manifest import MANIFEST_NAME, Manifest
from albert_keras.pretraining.shards import new_output, refuse_existing
from albert_keras.text.corpus import text_files, text_size
from albert_keras.text.decompression import STANDARD_INPUT


def is_remote(path: str | PathLike[str]) -> bool:
    """Whether a path is a URL, as `gs://bucket/corpus/*.txt`."""
    return "://" in fspath(path)


def sized_files(
    corpus: Sequence[str | PathLike[str]],
) -> list[tuple[str, int]]:
    """The files of a corpus and how much text is in each, in bytes.

    Args:
        corpus: Files, folders, patterns, and URLs, in which `*` stands for
            any name.

    Raises:
        FileNotFoundError: If one does not exist.
        ValueError: If one is standard input, which workers cannot read.
    """
    files: list[tuple[str, int]] = []
    for path in corpus:
        if is_remote(path):
            (found,) = FileSystems.match([fspath(path)])
            if not found.metadata_list:
                raise FileNotFoundError(
                    "A corpus must consist of text files. Received: "
                    f"{fspath(path)}, which no file is called."
                )
            files += sorted(
                (each.path, each.size_in_bytes) for each in found.metadata_list
            )
        elif Path(path) == STANDARD_INPUT:
            raise ValueError(
                "The runner 'beam' needs a corpus of files. Received: "
                "standard input (`-`)."
            )
        else:
            # A worker may stand in another folder.
            files += [
                (str(file.absolute()), text_size([file]).bytes)
                for file in text_files([path])
            ]
    return files


@contextmanager
def local_copy(path: str) -> Iterator[Path]:
    """A file that Python can open; a ValueError about it names `path`."""
    if not is_remote(path):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        # The end of the name may say what is in it.
        copy = Path(folder, FileSystems.split(path)[1])
        try:
            with FileSystems.open(path) as source, copy.open("wb") as target:
                shutil.copyfileobj(source, target)
            yield copy
        except ValueError as error:
            message = str(error).replace(str(copy), path)
            raise ValueError(message) from error


def write_whole(path: str, content: bytes) -> None:
    """Writes a file in one step, as more than one worker may write it."""
    partial = f"{path}.{uuid4().hex}"
    with FileSystems.create(partial) as file:
        file.write(content)
    FileSystems.rename([partial], [path])


def files_in(folder: str) -> set[str]:
    """The names of the files of a folder, which need not exist."""
    (found,) = FileSystems.match([FileSystems.join(folder, "*")])
    return {FileSystems.split(each.path)[1] for each in found.metadata_list}


def delete(folder: str, names: set[str]) -> None:
    """Deletes files of a folder."""
    FileSystems.delete([FileSystems.join(folder, name) for name in names])


@contextmanager
def output_folder(out: str | PathLike[str], overwrite: bool) -> Iterator[str]:
    """A folder to write shards to, and at the end their manifest.

    What is local appears at the end as a whole. In a bucket, a folder holds
    examples once it has the manifest; after an exception it is empty.

    Args:
        out: The folder that is to be.
        overwrite: Whether it may hold examples that are to be replaced.

    Yields:
        The folder to write to.

    Raises:
        FileExistsError: If `out` holds anything else, or if it holds examples
            and `overwrite` is False.
    """
    if not is_remote(out):
        refuse_existing(Path(out), overwrite)
        with new_output(Path(out)) as partial:
            yield str(partial.absolute())
        return
    folder = fspath(out)
    there = files_in(folder)
    if there and not (overwrite and MANIFEST_NAME in there):
        raise FileExistsError(
            "The output must be a new folder, or one of pretraining examples "
            "that is to be overwritten (`overwrite=True`, --overwrite). "
            f"Received: '{folder}', which has files in it."
        )
    delete(folder, there)
    try:
        yield folder
    except BaseException:
        delete(folder, files_in(folder))
        raise


def finish(folder: str, manifest: Manifest) -> None:
    """Adds the manifest, and deletes what it does not name.

    Args:
        folder: Where the shards are, and what may be left of workers that
            gave up.
        manifest: What the shards hold.
    """
    delete(folder, files_in(folder) - {each.file for each in manifest.shards})
    with tempfile.TemporaryDirectory() as local:
        manifest.write(Path(local))
        content = Path(local, MANIFEST_NAME).read_bytes()
    write_whole(FileSystems.join(folder, MANIFEST_NAME), content)
