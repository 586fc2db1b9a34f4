import pytest

from albert_keras.new_output import new_output


def write(path, *, overwrite=False, text="new"):
    with new_output(path, overwrite=overwrite) as place:
        place.write_text(text)


def write_folder(path, *, overwrite=False):
    with new_output(path, overwrite=overwrite) as place:
        place.mkdir()
        (place / "new").touch()


def test_folders_above_are_made(tmp_path):
    write(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").read_text() == "new"


def test_what_is_there_is_kept_or_replaced_whole(tmp_path):
    file, folder = tmp_path / "file", tmp_path / "folder"
    write(file, text="old")
    folder.mkdir()
    (folder / "old").touch()
    for write_it, path in ((write, file), (write_folder, folder)):
        with pytest.raises(FileExistsError, match=f"{path}` must not exist"):
            write_it(path)
    assert file.read_text() == "old"
    assert [each.name for each in folder.iterdir()] == ["old"]
    write(file, overwrite=True)
    write_folder(folder, overwrite=True)
    assert file.read_text() == "new"
    assert [each.name for each in folder.iterdir()] == ["new"]
    assert sorted(tmp_path.iterdir()) == [file, folder]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_an_error_all_is_as_before(tmp_path, error):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "old").touch()

    def fail(path):
        with new_output(path, overwrite=True) as place:
            place.mkdir()
            (place / "new").touch()
            raise error

    for path in (tmp_path / "there", tmp_path / "a" / "b"):
        with pytest.raises(error):
            fail(path)
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
    assert (tmp_path / "there" / "old").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file` must be a folder"):
        write(tmp_path / "file" / "below" / "it")
