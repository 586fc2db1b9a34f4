from pathlib import Path

import pytest
from checkpoint_models import unpack


@pytest.fixture
def peer_folder(tmp_path):
    return lambda name: unpack(name, tmp_path)


@pytest.fixture(scope="session")
def spiece(tmp_path_factory) -> Path:
    """A small SentencePiece model with ALBERT's special pieces."""
    import inspect
    import io
    import textwrap

    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(inspect.getsource(textwrap).lower().split("\n")),
        model_writer=model,
        vocab_size=200,
        pad_id=0,
        unk_id=1,
        bos_id=-1,
        eos_id=-1,
        pad_piece="<pad>",
        unk_piece="<unk>",
        control_symbols="[CLS],[SEP],[MASK]",
        minloglevel=2,
    )
    path = tmp_path_factory.mktemp("vocabulary") / "spiece.model"
    path.write_bytes(model.getvalue())
    return path
