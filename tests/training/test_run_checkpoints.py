"""What a checkpoint holds, and what it does not fit."""

import keras
import numpy as np
import pytest

from albert_keras.training.run_checkpoints import RunCheckpoints


def make_model(units=4):
    model = keras.Sequential(
        [keras.layers.Dense(units, name="dense"), keras.layers.Dropout(0.5)],
        name="model",
    )
    model.build((None, 3))
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def scramble(model, seed):
    rng = np.random.default_rng(seed)
    for variable in (*model.variables, *model.optimizer.variables):
        variable.assign(rng.integers(0, 9, variable.shape))


def test_everything_comes_back_in_another_process_s_names(tmp_path):
    model, other = make_model(), make_model()
    scramble(model, 0)
    checkpoints = RunCheckpoints(tmp_path / "checkpoints")
    assert checkpoints.restore(other) is None
    checkpoints.save(model, 7, {"mean": 0.1 + 0.2})
    restored = checkpoints.restore(other)
    assert (restored.step, restored.notes) == (7, {"mean": 0.1 + 0.2})
    assert restored.damaged == ()
    # Weights and moments, the dropout's generator and the steps.
    variables = [*model.variables, *model.optimizer.variables]
    assert len(variables) == 2 + 1 + 2 * 2 + 2
    for ours, theirs in zip(
        [*other.variables, *other.optimizer.variables], variables, strict=True
    ):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    archive = np.load(checkpoints.path(7), allow_pickle=False)
    assert all(archive[name].dtype != object for name in archive.files)


def test_only_the_latest_are_kept(tmp_path):
    checkpoints = RunCheckpoints(tmp_path, keep=2)
    (tmp_path / "notes.npz").touch()
    (tmp_path / ".step_00000099.npz.partial").touch()
    model = make_model()
    for step in (100, 20, 300):
        checkpoints.save(model, step, {})
    assert checkpoints.steps() == [100, 300]
    assert (tmp_path / "notes.npz").exists()


def test_damaged_ones_are_passed_over_and_named(tmp_path):
    checkpoints = RunCheckpoints(tmp_path)
    model = make_model()
    for step in (1, 2, 3, 4):
        scramble(model, step)
        checkpoints.save(model, step, {})
    whole = checkpoints.path(4).read_bytes()
    checkpoints.path(4).write_bytes(whole[: len(whole) // 2])
    checkpoints.path(3).write_bytes(b"")
    np.savez(checkpoints.path(2), unrelated=np.zeros(3))
    restored = checkpoints.restore(model)
    assert restored.step == 1
    assert restored.damaged == tuple(checkpoints.path(s) for s in (4, 3, 2))


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    checkpoints = RunCheckpoints(tmp_path)
    checkpoints.save(make_model(units=4), 1, {})
    other = make_model(units=5)
    before = [v.numpy() for v in other.variables]
    with pytest.raises(ValueError, match=r"\(3, 4\), expected \(3, 5\)"):
        checkpoints.restore(other)
    for variable, value in zip(other.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    checkpoints = RunCheckpoints(tmp_path)
    model = make_model()
    checkpoints.save(model, 1, {})
    model.trainable_variables[0].assign(np.full((3, 4), np.inf))
    with pytest.raises(FloatingPointError, match=r"step 2; .* of step 1\."):
        checkpoints.save(model, 2, {})
    assert checkpoints.steps() == [1]


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path, monkeypatch):
    checkpoints = RunCheckpoints(tmp_path)
    model = make_model()
    checkpoints.save(model, 1, {})

    def fill_disk(file, **arrays):
        file.write(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fill_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(model, 2, {})
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000001.npz"]


def test_the_best_is_kept_and_only_a_better_one_replaces_it(tmp_path):
    checkpoints = RunCheckpoints(tmp_path, keep=1)
    model = make_model()
    for step, score in ((1, 0.2), (2, 0.5), (3, 0.5), (4, None), (5, 0.1)):
        assert checkpoints.is_best(score) is (step in (1, 2))
        checkpoints.save(model, step, {}, score)
    with np.load(tmp_path / "best.npz") as archive:
        assert b'"step": 2' in archive["description"].tobytes()
    assert checkpoints.steps() == [5]
    resumed = RunCheckpoints(tmp_path, keep=1)
    assert resumed.restore(model).step == 5
    assert not resumed.is_best(0.5)
    assert resumed.is_best(0.6)


def test_a_best_that_is_yet_to_come_again_is_forgotten(tmp_path):
    checkpoints = RunCheckpoints(tmp_path)
    model = make_model()
    checkpoints.save(model, 1, {}, 0.2)
    checkpoints.save(model, 2, {}, 0.5)
    checkpoints.path(2).unlink()  # lost, but for its other name
    resumed = RunCheckpoints(tmp_path)
    assert resumed.restore(model).step == 1
    assert resumed.is_best(0.5)
    assert not (tmp_path / "best.npz").exists()
