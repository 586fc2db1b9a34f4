"""LAMB and AdamW against the original's update in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.config import AlbertConfig
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.training.optimizers import AdamW, Lamb
from albert_keras.training.schedules import PolynomialDecayWithWarmup

# Keras names are those of AlbertPretrainer's variables; True: decayed.
SHAPES = {
    "embeddings/token_embedding/embeddings": ((7, 4), True),
    "embeddings/layer_norm/gamma": ((4,), False),
    "embeddings/layer_norm/beta": ((4,), False),
    "encoder/output_projection/kernel": ((4, 6), True),
    "encoder/output_projection/bias": ((6,), False),
    "masked_lm_head/output_bias": ((7,), False),
}


class NumpyReference:
    """lamb_optimizer.py and optimization.py, in float64."""

    def __init__(self, weights, decayed, layer_adaptation):
        self.weights = {k: v.astype("float64") for k, v in weights.items()}
        self.decayed = decayed
        self.layer_adaptation = layer_adaptation
        self.m = {k: np.zeros(v.shape) for k, v in weights.items()}
        self.v = {k: np.zeros(v.shape) for k, v in weights.items()}

    def step(self, gradients, learning_rate, clip=1.0):
        norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
        for name, gradient in gradients.items():
            gradient = gradient * clip / max(norm, clip)
            weight = self.weights[name]
            self.m[name] = 0.9 * self.m[name] + 0.1 * gradient
            self.v[name] = 0.999 * self.v[name] + 0.001 * gradient**2
            update = self.m[name] / (np.sqrt(self.v[name]) + 1e-6)
            ratio = 1.0
            if self.decayed[name]:
                update = update + 0.01 * weight
                if self.layer_adaptation:
                    weight_norm = np.linalg.norm(weight)
                    update_norm = np.linalg.norm(update)
                    if weight_norm > 0 and update_norm > 0:
                        ratio = weight_norm / update_norm
            self.weights[name] = weight - ratio * learning_rate * update


def named_variable(path, value):
    """A variable as a layer would make it, its path as given."""
    *scopes, name = path.split("/")
    if not scopes:
        return keras.Variable(value, name=name)
    with keras.name_scope(scopes[0]):
        return named_variable("/".join([*scopes[1:], name]), value)


def random_weights(rng, dtype="float32"):
    return {
        path: rng.normal(0.0, 0.5, shape).astype(dtype)
        for path, (shape, _) in SHAPES.items()
    }


@pytest.mark.parametrize("optimizer_class", [Lamb, AdamW])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-13)]
)
def test_equals_the_original_over_100_steps(optimizer_class, dtype, tolerance):
    rng = np.random.default_rng(0)
    weights = random_weights(rng, dtype)
    # A kernel of zeros: its first trust ratio is 1, later ones are not.
    weights["encoder/output_projection/kernel"][:] = 0.0
    variables = [named_variable(k, v) for k, v in weights.items()]
    assert [v.path for v in variables] == list(SHAPES)
    reference = NumpyReference(
        weights,
        {path: decayed for path, (_, decayed) in SHAPES.items()},
        layer_adaptation=optimizer_class is Lamb,
    )
    schedule = PolynomialDecayWithWarmup(0.01, 100, 10)
    optimizer = optimizer_class(schedule)
    for step in range(100):
        # The joint norm is now above 1 and now below it.
        scale = 10.0 ** rng.uniform(-3, 1)
        gradients = {
            k: rng.normal(0.0, scale, v.shape).astype(dtype)
            for k, v in weights.items()
        }
        optimizer.apply([gradients[k] for k in SHAPES], variables)
        reference.step(gradients, float(schedule(step)))
    for variable in variables:
        np.testing.assert_allclose(
            variable.numpy(),
            reference.weights[variable.path],
            atol=tolerance,
            rtol=tolerance,
        )
        moved = np.abs(variable.numpy() - weights[variable.path]).max()
        assert moved > 0.001


def test_fused_kernel_moves_as_three_kernels_would():
    rng = np.random.default_rng(1)
    # Norms far apart, so that a joint trust ratio would show.
    kernels = [
        rng.normal(0.0, scale, (4, 4)).astype("float32")
        for scale in (0.01, 1.0, 10.0)
    ]
    fused = named_variable(
        "encoder/query_key_value/kernel", np.concatenate(kernels, axis=1)
    )
    separate = [
        named_variable(f"encoder/{name}/kernel", kernel)
        for name, kernel in zip(("query", "key", "value"), kernels, strict=True)
    ]
    one_ratio = named_variable("encoder/one_ratio/kernel", fused.numpy())
    optimizers = Lamb(0.05), Lamb(0.05), Lamb(0.05)
    for _ in range(20):
        gradients = [
            rng.normal(0.0, 1.0, (4, 4)).astype("float32") for _ in kernels
        ]
        joint = np.concatenate(gradients, axis=1)
        for optimizer, grads, variables in zip(
            optimizers,
            (gradients, [joint], [joint]),
            (separate, [fused], [one_ratio]),
            strict=True,
        ):
            optimizer.apply(grads, variables)
    side_by_side = np.concatenate([v.numpy() for v in separate], axis=1)
    np.testing.assert_allclose(fused.numpy(), side_by_side, rtol=1e-5)
    assert np.abs(one_ratio.numpy() - side_by_side).max() > 0.1


def test_fused_kernel_of_odd_width_is_refused():
    kernel = named_variable("query_key_value/kernel", np.ones((4, 8)))
    with pytest.raises(ValueError, match=r"shape \(4, 8\), num_blocks=3"):
        Lamb(0.1).build([kernel])


@pytest.mark.parametrize("optimizer_class", [Lamb, AdamW])
def test_slices_of_an_embedding_equal_their_sum(optimizer_class):
    rng = np.random.default_rng(2)
    table = rng.normal(0.0, 0.5, (6, 3)).astype("float32")
    of_slices = named_variable("sparse/embeddings", table)
    of_sums = named_variable("dense/embeddings", table)
    sliced, summed = optimizer_class(0.1), optimizer_class(0.1)
    for _ in range(5):
        rows = np.array([4, 1, 4, 4])
        values = rng.normal(0.0, 3.0, (4, 3)).astype("float32")
        dense = np.zeros((6, 3), "float32")
        np.add.at(dense, rows, values)
        slices = tf.IndexedSlices(values, rows, dense_shape=(6, 3))
        sliced.apply([slices], [of_slices])
        summed.apply([dense], [of_sums])
    np.testing.assert_allclose(of_slices.numpy(), of_sums.numpy(), rtol=1e-6)
    # Rows without a gradient are decayed all the same.
    assert not np.array_equal(of_slices.numpy()[0], table[0])


@pytest.fixture(scope="module")
def pretrainer():
    config = AlbertConfig.named("albert_tiny_test")
    return AlbertPretrainer(AlbertBackbone.from_albert_config(config))


def test_kernels_and_embeddings_are_decayed_and_exactly_those(pretrainer):
    optimizer = Lamb()
    optimizer.build(pretrainer.trainable_variables)
    decayed = {v.path for v in optimizer.decayed_variables()}
    expected = {
        v.path
        for v in pretrainer.trainable_variables
        if v.name in ("kernel", "embeddings")
    }
    assert decayed == expected
    # Three tables; projection, four of the block, pooler, transform, order.
    assert len(decayed) == 3 + 8
    assert "masked_lm_head/output_bias" not in decayed


def test_the_pretrainer_has_one_fused_kernel(pretrainer):
    (fused,) = [
        v
        for v in pretrainer.trainable_variables
        if v.path.endswith("query_key_value/kernel")
    ]
    optimizer = Lamb(1.0, global_clipnorm=None)
    hidden = fused.shape[0]
    assert fused.shape == (hidden, 3 * hidden)
    before = fused.numpy()
    optimizer.build(pretrainer.trainable_variables)
    optimizer.apply(
        [np.ones(v.shape, "float32") for v in pretrainer.trainable_variables]
    )
    # At rate 1 a block moves by exactly its own norm: |u| * |w| / |u|.
    for columns in np.split(np.arange(3 * hidden), 3):
        moved = np.linalg.norm((fused.numpy() - before)[:, columns])
        assert moved == pytest.approx(
            np.linalg.norm(before[:, columns]), rel=1e-5
        )
    fused.assign(before)


def test_a_word_in_the_model_s_name_excludes_nothing():
    kernel = named_variable("unbiased_beta/dense/kernel", np.ones(2))
    optimizer = AdamW(0.1)
    optimizer.build([kernel])
    assert optimizer.decayed_variables() == [kernel]


@pytest.mark.parametrize(
    ("patterns", "decayed"),
    [
        (["LayerNorm", "layer_norm", "bias"], {"a/kernel", "c/gamma"}),
        (["^a/"], {"LayerNorm/gamma", "c/layer_norm/kernel", "c/gamma"}),
        ([], {"a/kernel", "a/bias", "LayerNorm/gamma", "c/layer_norm/kernel"}),
    ],
)
def test_exclusions_are_searched_in_the_path(patterns, decayed):
    paths = ["a/kernel", "a/bias", "LayerNorm/gamma", "c/layer_norm/kernel"]
    variables = [named_variable(p, np.ones(2)) for p in [*paths, "c/gamma"]]
    optimizer = AdamW(0.1, exclude_from_weight_decay=patterns)
    if not patterns:
        # The method of Keras optimizers is honoured as well.
        optimizer.exclude_from_weight_decay(var_list=[variables[-1]])
    optimizer.build(variables)
    assert {v.path for v in optimizer.decayed_variables()} == decayed


def test_layer_adaptation_can_be_excluded_by_itself():
    kernel = named_variable("dense/kernel", np.full((2, 2), 3.0, "float32"))
    optimizer = Lamb(0.1, exclude_from_layer_adaptation=["dense"])
    plain = named_variable("dense/kernel", np.full((2, 2), 3.0, "float32"))
    gradient = np.ones((2, 2), "float32")
    optimizer.apply([gradient], [kernel])
    AdamW(0.1).apply([gradient], [plain])
    np.testing.assert_array_equal(kernel.numpy(), plain.numpy())


@pytest.mark.parametrize("optimizer_class", [Lamb, AdamW])
def test_config_survives_saving(optimizer_class):
    optimizer = optimizer_class(
        PolynomialDecayWithWarmup(0.1, 10, 2),
        beta_1=0.8,
        epsilon=1e-3,
        weight_decay=0.1,
        exclude_from_weight_decay=["gamma"],
        global_clipnorm=0.5,
    )
    saved = keras.optimizers.serialize(optimizer)
    assert saved["registered_name"].startswith("albert_keras>")
    restored = keras.optimizers.deserialize(saved)
    assert type(restored) is optimizer_class
    assert restored.get_config() == optimizer.get_config()
    first, second = (
        named_variable("a/kernel", np.full((2, 2), 3.0, "float32"))
        for _ in range(2)
    )
    for _ in range(3):
        optimizer.apply([np.eye(2, dtype="float32")], [first])
        restored.apply([np.eye(2, dtype="float32")], [second])
    np.testing.assert_array_equal(first.numpy(), second.numpy())
