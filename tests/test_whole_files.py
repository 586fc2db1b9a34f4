"""Files and folders that appear whole or not at all."""

import pytest

from albert_keras.whole_files import written_whole


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


def test_what_a_killed_process_left_is_replaced(tmp_path):
    path = tmp_path / "preset"
    (tmp_path / ".preset.partial").mkdir()
    (tmp_path / ".preset.partial" / "half").touch()
    with written_whole(path) as partial:
        partial.mkdir()
    assert list(path.iterdir()) == []
