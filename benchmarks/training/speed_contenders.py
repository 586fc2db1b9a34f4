"""One contender of `speed`: prints its tokens a second as JSON.

Run by a Python that has what the contender needs; it imports nothing of
`benchmarks`, and of this project only where that is what is measured.
"""

import json
import statistics
import sys
import time

import numpy as np

SHAPES = ((8, 128), (4, 512))
PREDICTIONS = 20
VOCABULARY = 30000
WARM_STEPS = 2
TIMED_STEPS = 4


def arrays(batch: int, length: int) -> tuple[dict, dict, dict]:
    rng = np.random.default_rng(0)
    x = {
        "token_ids": rng.integers(5, VOCABULARY, (batch, length)),
        "segment_ids": np.tile(np.arange(length) > length // 2, (batch, 1)),
        "padding_mask": np.ones((batch, length)),
        "mask_positions": np.sort(
            np.stack(
                [
                    rng.choice(length, PREDICTIONS, replace=False)
                    for _ in range(batch)
                ]
            )
        ),
    }
    y = {
        "mlm_logits": rng.integers(5, VOCABULARY, (batch, PREDICTIONS)),
        "sop_logits": rng.integers(0, 2, batch),
    }
    weights = {
        "mlm_logits": np.ones((batch, PREDICTIONS), "float32"),
        "sop_logits": np.ones(batch, "float32"),
    }
    return (
        {name: array.astype("int32") for name, array in x.items()},
        {name: array.astype("int32") for name, array in y.items()},
        weights,
    )


def timed_fit(model, data) -> float:
    """Seconds a step of `model.fit`."""
    import keras
    import tensorflow as tf

    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.ends = []

        def on_train_batch_end(self, batch, logs=None):
            self.ends.append(time.perf_counter())

    clock = Clock()
    batches = tf.data.Dataset.from_tensors(data).repeat()
    steps = WARM_STEPS + TIMED_STEPS
    model.fit(batches, steps_per_epoch=steps, verbose=0, callbacks=[clock])
    return statistics.median(np.diff(clock.ends[WARM_STEPS - 1 :]))


def ours(dtype: str) -> dict[str, float]:
    from albert_keras.config import AlbertConfig
    from albert_keras.models.albert_backbone import AlbertBackbone
    from albert_keras.models.albert_pretrainer import AlbertPretrainer
    from albert_keras.training.compiling import compile_for
    from albert_keras.training.cost import measured_peak_flops, step_flops
    from albert_keras.training.optimizers import Lamb

    config = AlbertConfig.named("albert_base_v2")
    policy = {"bfloat16": "mixed_bfloat16"}.get(dtype, dtype)
    results = {}
    for batch, length in SHAPES:
        model = AlbertPretrainer(
            AlbertBackbone.from_albert_config(config, dtype=policy)
        )
        compile_for(model, Lamb(1e-3))
        seconds = timed_fit(model, arrays(batch, length))
        name = f"{batch} x {length}"
        results[name] = batch * length / seconds
        results[f"{name} flops"] = (
            step_flops(config, batch, length, PREDICTIONS) / seconds
        )
    results["matrix flops"] = measured_peak_flops(dtype)
    return results


def keras_hub(dtype: str) -> dict[str, float]:
    import keras
    from keras_hub.models import AlbertBackbone, AlbertMaskedLM

    policy = {"bfloat16": "mixed_bfloat16"}.get(dtype, dtype)
    results = {}
    for batch, length in SHAPES:
        backbone = AlbertBackbone(
            vocabulary_size=VOCABULARY,
            num_layers=12,
            num_heads=12,
            embedding_dim=128,
            hidden_dim=768,
            intermediate_dim=3072,
            dtype=policy,
        )
        model = AlbertMaskedLM(backbone, preprocessor=None)
        model.compile(
            optimizer=keras.optimizers.Adam(1e-4),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,  # XLA is slower on CPUs
        )
        x, y, weights = arrays(batch, length)
        data = (x, y["mlm_logits"], weights["mlm_logits"])
        results[f"{batch} x {length}"] = batch * length / timed_fit(model, data)
    return results


def hugging_face(dtype: str) -> dict[str, float]:
    import torch
    from transformers import AlbertConfig, AlbertForPreTraining

    config = AlbertConfig(
        vocab_size=VOCABULARY,
        hidden_size=768,
        num_attention_heads=12,
        intermediate_size=3072,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    results = {}
    for batch, length in SHAPES:
        model = AlbertForPreTraining(config).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
        x, y, _ = arrays(batch, length)
        labels = np.full((batch, length), -100)
        np.put_along_axis(labels, x["mask_positions"], y["mlm_logits"], axis=1)
        inputs = {
            "input_ids": x["token_ids"],
            "token_type_ids": x["segment_ids"],
            "attention_mask": x["padding_mask"],
            "labels": labels,
            "sentence_order_label": y["sop_logits"],
        }
        inputs = {k: torch.tensor(v).long() for k, v in inputs.items()}
        times = []
        for _ in range(WARM_STEPS + TIMED_STEPS):
            started = time.perf_counter()
            optimizer.zero_grad()
            model(**inputs).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            times.append(time.perf_counter() - started)
        results[f"{batch} x {length}"] = (
            batch * length / statistics.median(times[WARM_STEPS:])
        )
    return results


if __name__ == "__main__":
    contender, _, number_format = sys.argv[1].rpartition(" ")
    measure = {
        "ours": ours,
        "keras-hub": keras_hub,
        "Hugging Face": hugging_face,
    }[contender]
    print(json.dumps(measure(number_format)))
