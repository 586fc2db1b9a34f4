"""Arguments reach the part of the model that has them, or are refused."""

import json

import keras
import keras_hub
import numpy as np
import pytest

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

load = ak.checkpoints.load
IDS = {
    "token_ids": np.array([[2, 9, 8, 3]], "int32"),
    "segment_ids": np.zeros((1, 4), "int32"),
    "padding_mask": np.ones((1, 4), "int32"),
}


def backbone(**more):
    return ak.AlbertBackbone.from_albert_config(
        ak.AlbertConfig.named("albert_tiny_test"),
        **{"vocabulary_size": 300, **more},
    )


@pytest.fixture(scope="module")
def presets(small_tokenizer, tmp_path_factory):
    """A pretrainer and a classifier of 2 classes, saved in mixed bfloat16."""
    folder = tmp_path_factory.mktemp("presets")
    body = backbone(dtype="mixed_bfloat16")
    ak.AlbertPretrainer(
        body, AlbertMaskedLMPreprocessor(small_tokenizer, sequence_length=32)
    ).save_to_preset(folder / "pretrainer")
    ak.AlbertTextClassifier(
        body,
        2,
        AlbertTextClassifierPreprocessor(small_tokenizer, sequence_length=32),
        dropout=0.3,
    ).save_to_preset(folder / "classifier")
    return folder


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: backbone(droput=0.3), "`droput`.*AlbertBackbone.*`dropout`"),
        (
            lambda: ak.AlbertTextClassifier(backbone(), 2, droput=0.3),
            "`droput`.*AlbertTextClassifier.*Did you mean `dropout`",
        ),
        (
            lambda: ak.AlbertMaskedLM(backbone(), dropout=0.3),
            "`dropout`.*AlbertMaskedLM.*Pass it to the backbone",
        ),
        (
            lambda: ak.AlbertPretrainer(backbone(), sequence_length=8),
            "`sequence_length`.*Pass it to the preprocessor",
        ),
        (
            lambda: ak.AlbertMultipleChoice(backbone(), num_clases=8),
            "`num_clases`.*AlbertMultipleChoice",
        ),
    ],
)
def test_constructors_refuse_unknown_arguments(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_tokenizers_and_preprocessors_refuse_unknown_arguments(
    small_tokenizer, presets
):
    with pytest.raises(ValueError, match=r"`lowercas`.*`lowercase`\?"):
        ak.AlbertTokenizer(small_tokenizer.proto, lowercas=False)
    with pytest.raises(TypeError, match="`lowercas` isn't an argument"):
        ak.AlbertTokenizer.from_preset(
            str(presets / "classifier"), lowercas=False
        )
    with pytest.raises(ValueError, match="AlbertWordPieceTokenizer"):
        ak.AlbertWordPieceTokenizer(lowercas=False)
    with pytest.raises(ValueError, match="`sequence_length`"):
        AlbertTextClassifierPreprocessor(small_tokenizer, sequence_lenght=3)


def test_arguments_of_keras_are_taken():
    model = ak.AlbertTextClassifier(backbone(name="body"), 2, name="mine")
    assert (model.name, model.backbone.name) == ("mine", "body")
    frozen = ak.AlbertTextClassifier(backbone(), 2, trainable=False)
    assert frozen.trainable_variables == []


@pytest.mark.parametrize("how", ["from_preset", "load"])
@pytest.mark.parametrize("name", ["classifier", "pretrainer"])
def test_arguments_reach_their_part(presets, name, how):
    def loaded(**arguments):
        if how == "from_preset":
            return ak.AlbertTextClassifier.from_preset(
                presets / name, num_classes=2, **arguments
            )
        return load(
            presets / name,
            ak.AlbertTextClassifier,
            num_classes=2,
            init_missing_heads=True,
            **arguments,
        )

    model = loaded(attention_dropout=0.2, sequence_length=16, dropout=0.4)
    assert model.backbone.attention_dropout == 0.2
    assert model.preprocessor.sequence_length == 16
    assert model.dropout == 0.4
    assert model.backbone.dropout == backbone().dropout
    same_body = ak.AlbertBackbone.from_preset(presets / "pretrainer")
    for ours, theirs in zip(
        model.backbone.get_weights(), same_body.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    for arguments, words in (
        ({"droput": 0.3}, "Did you mean `dropout`"),
        ({"max_sequence_length": 64}, "must be 32.*`sequence_length`"),
        ({"max_sequence_length": 16}, "must be 32"),
        ({"hidden_dim": 8}, "`hidden_dim` must be 16"),
        ({"sequence_length": 64}, "at most 32"),
        ({"sequence_length": 8, "preprocessor": None}, "preprocessor"),
    ):
        with pytest.raises(ValueError, match=words):
            loaded(**arguments)


def test_weights_are_kept_random_where_that_is_asked_for(presets):
    for model in (
        ak.AlbertTextClassifier.from_preset(
            presets / "classifier", load_weights=False, max_sequence_length=64
        ),
        load(presets / "classifier", load_weights=False),
    ):
        assert model.num_classes == 2
        saved = ak.AlbertTextClassifier.from_preset(presets / "classifier")
        ours, theirs = model.get_weights()[0], saved.get_weights()[0]
        assert not np.array_equal(ours, theirs)


def test_a_new_head_is_said(presets, capsys):
    from_preset = ak.AlbertTextClassifier.from_preset
    path = presets / "classifier"
    saved = from_preset(path)
    again = from_preset(path, num_classes=2)
    np.testing.assert_array_equal(
        saved.output_dense.kernel, again.output_dense.kernel
    )
    assert capsys.readouterr().err == ""
    assert from_preset(path, num_classes=5).num_classes == 5
    assert from_preset(path, num_classes=5).compiled
    note = capsys.readouterr().err
    assert note.count("num_classes=2") == note.count("num_classes=5") == 1
    assert "random weights" in note
    ak.AlbertMultipleChoice.from_preset(path)
    assert "no head for AlbertMultipleChoice" in capsys.readouterr().err


def test_another_head_of_a_reader(tmp_path, capsys):
    reader = ak.AlbertQuestionAnswering(backbone(), "v1")
    reader.save_to_preset(tmp_path)
    other = ak.AlbertQuestionAnswering.from_preset(tmp_path, head="v2")
    assert other.head == "v2"
    assert "head=v1" in capsys.readouterr().err
    np.testing.assert_array_equal(
        reader.backbone.pooler.kernel, other.backbone.pooler.kernel
    )


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_presets_load_in_the_policy_of_the_user(presets, policy):
    keras.config.set_dtype_policy(policy)
    for name, model_class in (
        ("classifier", ak.AlbertTextClassifier),
        ("pretrainer", ak.AlbertPretrainer),
        ("pretrainer", ak.AlbertMaskedLM),
    ):
        for model in (
            model_class.from_preset(presets / name),
            load(presets / name, model_class),
        ):
            assert model.backbone.dtype_policy.name == policy
            assert model.backbone.pooler.kernel.dtype == "float32"
    half = ak.AlbertBackbone.from_preset(
        presets / "classifier", dtype="float16"
    )
    assert half.dtype_policy.name == "float16"


def test_presets_of_earlier_releases_name_a_mixed_policy(presets, tmp_path):
    path = tmp_path / "old"
    ak.AlbertTextClassifier.from_preset(presets / "classifier").save_to_preset(
        path
    )
    for name in ("config.json", "task.json"):
        content = (path / name).read_text()
        assert '"name": "float32"' in content
        (path / name).write_text(
            content.replace('"name": "float32"', '"name": "mixed_bfloat16"')
        )
    model = ak.AlbertTextClassifier.from_preset(path)
    assert model.backbone.dtype_policy.name == "float32"


def test_keras_hub_reads_mixed_presets(presets):
    content = json.loads((presets / "classifier/task.json").read_text())
    assert content["config"]["compile"] is True
    theirs = keras_hub.models.TextClassifier.from_preset(
        str(presets / "classifier")
    )
    ours = ak.AlbertTextClassifier.from_preset(presets / "classifier")
    assert type(theirs) is ak.AlbertTextClassifier
    assert theirs.compiled
    np.testing.assert_array_equal(theirs(IDS), ours(IDS))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_outputs_are_float32(policy):
    body = backbone(dtype=policy)
    masked = {**IDS, "mask_positions": np.array([[1]], "int32")}
    spans = {**IDS, "answer_mask": IDS["padding_mask"]}
    choices = {name: rows[:, None] for name, rows in IDS.items()}
    scores = ak.AlbertTextClassifier(body, 2, activation="softmax")
    for model, x in (
        (ak.AlbertTextClassifier(body, 2), IDS),
        (scores, IDS),
        (ak.AlbertTokenClassifier(body, 2), IDS),
        (ak.AlbertMultipleChoice(body), choices),
        (ak.AlbertQuestionAnswering(body, "v1"), IDS),
        (
            ak.AlbertQuestionAnswering(body, "v2", start_n_top=2, end_n_top=2),
            spans,
        ),
        (ak.AlbertMaskedLM(body), masked),
        (ak.AlbertPretrainer(body), masked),
    ):
        for output in keras.tree.flatten(model(x)):
            dtype = keras.backend.standardize_dtype(output.dtype)
            assert dtype in ("float32", "int32"), type(model)
    # The softmax is in float32, too.
    assert float(np.sum(scores(IDS))) == pytest.approx(1.0, abs=1e-6)
