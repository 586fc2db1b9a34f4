import pytest

from albert_keras.pretraining import portions
from albert_keras.pretraining.documents import read_documents
from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.portions import Portion, read_chunks
from albert_keras.pretraining.runner import prepare
from albert_keras.pretraining.tfrecord import split_records


@pytest.fixture
def small_portions(monkeypatch):
    monkeypatch.setattr(portions, "PORTION_BYTES", 100)


def files_of(parted) -> list[tuple[str, ...]]:
    return [portion.files for portion in parted]


def test_files_are_gathered_up_to_a_size(small_portions):
    sized = [("a", 60), ("b", 40), ("c", 250), ("d", 1), ("e", 98), ("f", 0)]
    parted = files_of(portions.portions(sized))
    assert parted == [("a", "b"), ("c",), ("d", "e", "f")]
    assert files_of(portions.portions([])) == []


def test_no_two_documents_have_the_same_number(small_portions, tmp_path):
    sized = []
    for name in "abc":
        path = tmp_path / name
        path.write_text(f"{'x' * 100_000}\n\n" * 7)  # more than one chunk
        sized.append((str(path), path.stat().st_size))
    numbers = [
        chunk.first_number + place
        for portion in portions.portions(sized)
        for chunk in read_chunks(portion, read_documents)
        for place in range(len(chunk.documents))
    ]
    assert len(numbers) == len(set(numbers)) == 3 * 7


def test_chunks_are_numbered_by_their_first_document():
    documents = [["x" * 200_000]] * 5
    chunks = read_chunks(Portion(70, ("file",)), lambda files: iter(documents))
    assert [(c.first_number, len(c.documents)) for c in chunks] == [
        (70, 2),
        (72, 3),
    ]


def test_a_portion_gives_the_same_whatever_is_before_its_files(
    small_portions, tmp_path, tokenizer, write_corpus, library_documents
):
    """So no portion has to wait until another one is read."""
    half = len(library_documents) // 2
    write_corpus(tmp_path / "long.txt", library_documents[:half])
    short = ["One sentence of its own portion. " * 2, "And another. " * 3]
    write_corpus(tmp_path / "short.txt", [short])
    write_corpus(tmp_path / "second.txt", library_documents[half:])
    records = []
    for first in ("long", "short"):
        out = tmp_path / f"out-{first}"
        prepare(
            [tmp_path / f"{first}.txt", tmp_path / "second.txt"],
            tokenizer,
            out,
            ExampleOptions(masking="static", dupe_factor=1),
            processes=1,
            shards=1,
            show_progress=False,
        )
        (shard,) = out.glob("*.tfrecord")
        records.append(set(split_records(shard.read_bytes())))
    with_long, with_short = records
    # What is not of the short file's only pair is of the second file.
    assert len(with_short - with_long) == 1
    assert len(with_short) > 20
