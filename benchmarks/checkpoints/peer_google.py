"""Runs where google-research/albert can: starts from a checkpoint.

As its scripts do with `--init_checkpoint`: the variables of the pretraining
model are made, and those that `get_assignment_map_from_checkpoint` finds
begin with the checkpoint's values.
"""

import json
import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "goldens"))
from google_original import import_original  # noqa: E402


def main():
    albert, folder, inputs_path, out = map(Path, sys.argv[1:])
    modeling, pretraining = import_original(
        albert, "modeling", "run_pretraining"
    )
    import tensorflow.compat.v1 as tf

    checkpoint = str(folder / "model.ckpt-best")
    config = modeling.AlbertConfig.from_json_file(
        str(folder / "albert_config.json")
    )
    with np.load(inputs_path) as inputs:
        ids = [
            tf.constant(inputs[name])
            for name in ("token_ids", "padding_mask", "segment_ids")
        ]
        masks = inputs["mask_positions"]
    model = modeling.AlbertModel(config, False, *ids)
    masked = pretraining.get_masked_lm_output(
        config,
        model.get_sequence_output(),
        model.get_embedding_table(),
        tf.constant(masks),
        tf.zeros(masks.shape, tf.int32),
        tf.ones(masks.shape),
    )
    order = pretraining.get_sentence_order_output(
        config,
        model.get_pooled_output(),
        tf.zeros([masks.shape[0], 1], tf.int32),
    )
    variables = tf.trainable_variables()
    mapped, found = modeling.get_assignment_map_from_checkpoint(
        variables, checkpoint
    )
    tf.train.init_from_checkpoint(checkpoint, mapped)
    names = [variable.name.partition(":")[0] for variable in variables]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        outputs = session.run(
            {
                "sequence_output": model.get_sequence_output(),
                "mlm_log_probs": masked[2],
                "sop_log_probs": order[2],
            }
        )
    stored = {name for name, _ in tf.train.list_variables(checkpoint)}
    complaints = {
        "not initialised": sorted(set(names) - set(found)),
        "not used": sorted(stored - set(names)),
    }
    np.savez(
        out,
        complaints=json.dumps({k: v for k, v in complaints.items() if v}),
        **outputs,
    )


if __name__ == "__main__":
    main()
