"""google-research/albert's own functions, run by TensorFlow 2.

Their `tensorflow.contrib` is gone; of it the models use the layer norm alone,
which tf-slim has. The rest (TPUs, estimators) is not called.
"""

import importlib
import json
import sys
import tempfile
import types
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np


def import_original(folder, *names):
    """Modules of a checkout of google-research/albert."""
    import tensorflow as tf
    import tf_slim

    tf.compat.v1.disable_eager_execution()
    tf.compat.v1.disable_v2_tensorshape()
    contrib = types.ModuleType("tensorflow.contrib")
    contrib.layers = types.SimpleNamespace(layer_norm=tf_slim.layers.layer_norm)
    for name in ("cluster_resolver", "data", "tpu", "metrics"):
        setattr(contrib, name, MagicMock())
    package = types.ModuleType("albert")
    package.__path__ = [str(folder)]
    for name, module in (
        ("tensorflow.contrib", contrib),
        ("tensorflow.compat.v1.estimator", MagicMock()),
        ("albert", package),
    ):
        sys.modules[name] = module
    tf.compat.v1.estimator = MagicMock(Exporter=object)
    return [importlib.import_module(f"albert.{name}") for name in names]


def write_google(output, albert, config_of, inputs_of, random_value):
    import tensorflow.compat.v1 as tf

    modeling, classifier_utils, squad_utils, race_utils, run_pretraining = (
        import_original(
            albert,
            "modeling",
            "classifier_utils",
            "squad_utils",
            "race_utils",
            "run_pretraining",
        )
    )
    settings = {**config_of(output.size), "hidden_act": "gelu"}
    config = modeling.AlbertConfig.from_dict(settings)
    inputs = inputs_of(output.size)
    rows, length = inputs["token_ids"].shape
    masks = np.array([[1, 3], [0, 2]], "int32")
    p_mask = np.zeros((rows, length), "int32")
    p_mask[:, 1:3] = 1
    p_mask |= 1 - inputs["padding_mask"]

    def ids():
        return {name: tf.constant(value) for name, value in inputs.items()}

    def pretraining():
        ids_ = ids()
        model = modeling.AlbertModel(
            config=config,
            is_training=False,
            input_ids=ids_["token_ids"],
            input_mask=ids_["padding_mask"],
            token_type_ids=ids_["segment_ids"],
        )
        zeros = tf.zeros(masks.shape, tf.int32)
        masked = run_pretraining.get_masked_lm_output(
            config,
            model.get_sequence_output(),
            model.get_embedding_table(),
            tf.constant(masks),
            zeros,
            tf.ones(masks.shape),
        )
        order = run_pretraining.get_sentence_order_output(
            config, model.get_pooled_output(), tf.zeros([rows, 1], tf.int32)
        )
        # What training leaves beside the weights.
        for variable in tf.trainable_variables():
            for slot in ("adam_m", "adam_v"):
                tf.get_variable(
                    f"{variable.name[:-2]}/{slot}",
                    shape=variable.shape,
                    trainable=False,
                )
        tf.train.get_or_create_global_step()
        return {
            "sequence_output": model.get_sequence_output(),
            "pooled_output": model.get_pooled_output(),
            "mlm_log_probs": tf.reshape(masked[2], [rows, masks.shape[1], -1]),
            "sop_log_probs": order[2],
        }

    def classification():
        ids_ = ids()
        found = classifier_utils.create_model(
            config,
            False,
            ids_["token_ids"],
            ids_["padding_mask"],
            ids_["segment_ids"],
            tf.zeros([rows], tf.int32),
            3,
            False,
            "mnli",
            None,
        )
        return {"logits": found[3]}

    def squad_v1():
        ids_ = ids()
        start, end = squad_utils.create_v1_model(
            config,
            False,
            ids_["token_ids"],
            ids_["padding_mask"],
            ids_["segment_ids"],
            False,
            True,
            None,
        )
        return {"start_logits": start, "end_logits": end}

    def squad_v2(is_training=False):
        ids_ = ids()
        features = {
            "p_mask": tf.constant(p_mask),
            "start_positions": tf.constant([4, 5]),
        }
        return squad_utils.create_v2_model(
            config,
            is_training,
            ids_["token_ids"],
            ids_["padding_mask"],
            ids_["segment_ids"],
            False,
            features,
            length,
            3,
            2,
            0.0,
            None,
        )

    choices = inputs_of(output.size, 3)

    def race():
        found = race_utils.create_model(
            config,
            False,
            tf.constant(choices["token_ids"].reshape(rows, -1)),
            tf.constant(choices["padding_mask"].reshape(rows, -1)),
            tf.constant(choices["segment_ids"].reshape(rows, -1)),
            tf.zeros([rows], tf.int32),
            3,
            False,
            length,
            0.0,
            None,
        )
        return {"logits": found[3]}

    answers = {**inputs, "answer_mask": 1 - p_mask}
    for name, function, given in (
        ("pretraining", pretraining, {**inputs, "mask_positions": masks}),
        ("classifier", classification, inputs),
        ("squad_v1", squad_v1, inputs),
        ("squad_v2", squad_v2, answers),
        (
            "squad_v2_training",
            lambda: squad_v2(True),
            {**answers, "start_positions": np.array([4, 5], "int32")},
        ),
        ("race", race, choices),
    ):
        with tf.Graph().as_default(), tf.Session() as session:
            outputs = function()
            randomize(session, output.size, random_value)
            found = session.run(outputs)
            with tempfile.TemporaryDirectory() as folder:
                # Graphs are not what is looked at, and large.
                tf.train.Saver().save(
                    session, f"{folder}/model.ckpt-best", write_meta_graph=False
                )
                (Path(folder) / "albert_config.json").write_text(
                    json.dumps(settings)
                )
                output.write(f"google-{name}", folder, given, found)
    write_hub(output, albert, modeling, settings, inputs, masks, random_value)


def randomize(session, size, random_value):
    import tensorflow.compat.v1 as tf

    session.run(tf.global_variables_initializer())
    random = np.random.default_rng(4)
    for variable in tf.global_variables():
        if variable.dtype.is_floating:
            shape = variable.shape.as_list()
            value = random_value(variable.name, shape, size, random)
            variable.load(value, session)


def write_hub(output, albert, modeling, settings, inputs, masks, random_value):
    """A module by export_to_tfhub.py itself, which wants tensorflow-hub."""
    try:
        (export,) = import_original(albert, "export_to_tfhub")
    except (ImportError, AttributeError) as error:
        print("no TF-Hub module:", error)
        return
    import tensorflow.compat.v1 as tf
    import tensorflow_hub as hub

    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "albert", Path(folder) / "module"
        source.mkdir()
        (source / "albert_config.json").write_text(json.dumps(settings))
        for name in ("30k-clean.model", "30k-clean.vocab"):
            (source / name).write_bytes(b"")
        export.FLAGS(
            ["", f"--albert_directory={source}", f"--export_path={out}"]
        )
        with tf.Graph().as_default(), tf.Session() as session:
            export.module_fn(False)
            randomize(session, output.size, random_value)
            tf.train.Saver().save(session, f"{source}/model.ckpt-best")
        export.main(None)
        with tf.Graph().as_default(), tf.Session() as session:
            module = hub.Module(str(out))
            given = {
                "input_ids": inputs["token_ids"],
                "input_mask": inputs["padding_mask"],
                "segment_ids": inputs["segment_ids"],
            }
            wanted = {
                "mlm_logits": module(
                    {**given, "mlm_positions": masks},
                    signature="mlm",
                    as_dict=True,
                )["mlm_logits"],
                "sop_log_probs": module(given, signature="sop", as_dict=True)[
                    "sop_log_probs"
                ],
            }
            session.run(tf.global_variables_initializer())
            found = session.run(wanted)
        # The vocabulary is empty here, and the graph is not what is read.
        for path in (out / "assets").glob("30k-clean.*"):
            path.unlink()
        (out / "saved_model.pb").write_bytes(b"")
        output.write(
            "tfhub-module", out, {**inputs, "mask_positions": masks}, found
        )
