import pytest

from albert_keras.checkpoints.google import xlarge_note


@pytest.mark.parametrize(("heads", "others"), [(16, 32), (32, 16)])
def test_says_what_is_taken_and_what_would_change_it(heads, others):
    note = xlarge_note(heads)
    assert f"says {heads} attention heads" in note
    assert f"num_heads={others} chooses otherwise" in note
