"""Files and folders that appear whole or not at all."""

import errno
import os

import pytest

from albert_keras import whole_files
from albert_keras.whole_files import (
    filled_whole,
    folder_made,
    owned,
    written_whole,
)


def test_a_file_appears_at_the_end(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("old")
    with written_whole(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_at_the_end(tmp_path):
    path = tmp_path / "preset"
    with written_whole(path) as partial:
        partial.mkdir()
        (partial / "config.json").touch()
        assert not path.exists()
    assert [p.name for p in path.iterdir()] == ["config.json"]


def write_half_a_file(path):
    with written_whole(path) as partial:
        partial.write_text("ne")
        raise OSError("no disk")


def write_half_a_folder(path):
    with written_whole(path) as partial:
        partial.mkdir()
        (partial / "config.json").touch()
        raise OSError("no disk")


@pytest.mark.parametrize("write", [write_half_a_file, write_half_a_folder])
def test_after_an_error_nothing_has_changed(tmp_path, write):
    path = tmp_path / "run.json"
    path.write_text("old")
    with pytest.raises(OSError, match="no disk"):
        write(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_may_not_be_written_is_known_before_the_work(tmp_path):
    path = tmp_path / ("x" * 250)  # too long with what is put around it
    with pytest.raises(OSError, match="too long"), written_whole(path):
        pytest.fail("the work was done")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_of_with_the_name(tmp_path, small_disk):
    path = tmp_path / "new" / "run.json"
    with (
        small_disk(5),
        pytest.raises(OSError, match="too large") as raised,
        written_whole(path) as partial,
    ):
        partial.write_bytes(b"six of")
    assert raised.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_errors_of_other_files_keep_their_name(tmp_path):
    other = tmp_path / "absent.txt"
    with (
        pytest.raises(FileNotFoundError) as raised,
        written_whole(tmp_path / "run.json"),
    ):
        other.read_text()
    assert raised.value.filename == str(other)


def test_a_link_to_nothing_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    with written_whole(tmp_path / "link") as partial:
        partial.mkdir()
    assert (tmp_path / "disk").is_dir()
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_is_filled_at_the_end(tmp_path, is_there):
    folder = tmp_path / "folder"
    if is_there:
        folder.mkdir()
        (folder / "mine").touch()
        before = folder.stat().st_ino
    with filled_whole(folder, last="last") as partial:
        for name in ("last", "other"):
            (partial / name).touch()
        assert not (folder / "last").exists()
    assert {p.name for p in folder.iterdir()} - {"mine"} == {"last", "other"}
    if is_there:
        assert folder.stat().st_ino == before
        assert (folder / "mine").exists()


def fill_half(folder):
    with filled_whole(folder, last="last") as partial:
        (partial / "last").write_text("new")
        raise KeyboardInterrupt


def test_a_folder_that_is_there_is_left_as_it_was(tmp_path):
    (tmp_path / "last").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        fill_half(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["last"]
    assert (tmp_path / "last").read_text() == "old"


def work_in(folder, files):
    with folder_made(folder):
        for name in files:
            (folder / name).touch()
        raise KeyboardInterrupt


def test_a_folder_that_was_made_for_nothing_goes(tmp_path):
    folder = tmp_path / "new" / "run"
    with pytest.raises(KeyboardInterrupt):
        work_in(folder, [])
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        work_in(folder, ["kept"])
    assert (folder / "kept").exists()


def test_what_a_killed_process_left_is_replaced(tmp_path):
    path = tmp_path / "preset"
    (tmp_path / ".preset.partial").mkdir()
    (tmp_path / ".preset.partial" / "half").touch()
    with written_whole(path) as partial:
        partial.mkdir()
    assert list(path.iterdir()) == []


def test_an_owner_may_own_again_and_leaves_nothing(tmp_path):
    path = tmp_path / "deep" / "folder"
    with owned(path), owned(path):
        (lock,) = path.parent.iterdir()
        assert lock.name == ".folder.lock"
        assert f"process {os.getpid()} on " in lock.read_text()
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_nothing_may_be_written_to_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file` must be a folder"):
        owned(tmp_path / "file" / "new").__enter__()


def test_where_there_are_no_locks_any_process_may_write(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(whole_files.fcntl, "flock", refuse)
    with owned(tmp_path / "new"):
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_the_folder_one_works_in_is_owned(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with owned("."):
        assert (tmp_path / ".here.lock").exists()
    assert list(tmp_path.iterdir()) == [folder]
