"""How much faster LiteRT multiplies integers than float32 on this processor.

python benchmarks/lite/one_product.py

The largest matrix product of ALBERT base, 128 tokens by 768 x 3072, alone in a
.tflite file: what int8 can gain of a whole model, where nothing else costs.
"""

import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

sys.path.insert(0, str(Path(__file__).parents[1] / "tokenizer"))
from record import write_record

RESULTS = Path(__file__).parents[1] / "results/lite/one_product.json"
ROUNDS = 5
RUNS = 150
WARM_UPS = 10


def main() -> None:
    files = {name: convert(name) for name in ("float32", "int8")}
    times: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(ROUNDS):
        for name, file in files.items():
            times[name].append(milliseconds(file))
    medians = {name: statistics.median(each) for name, each in times.items()}
    ratio = medians["int8"] / medians["float32"]
    print(medians, f"int8 takes {ratio:.2f} of float32's time")
    write_record(
        RESULTS,
        ["tensorflow", "ai-edge-litert"],
        {"milliseconds": times, "int8_of_float32": ratio},
    )


def convert(quantization: str) -> bytes:
    weights = np.random.default_rng(0).normal(size=(768, 3072))
    kernel = tf.Variable(weights.astype("float32"))
    product = tf.function(lambda rows: tf.matmul(rows, kernel))
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [product.get_concrete_function(tf.TensorSpec([128, 768]))]
    )
    if quantization == "int8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def milliseconds(file: bytes) -> float:
    """The median of one thread's runs."""
    interpreter = Interpreter(model_content=file, num_threads=1)
    interpreter.allocate_tensors()
    rows = np.random.default_rng(1).normal(size=(128, 768)).astype("float32")
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], rows)
    found = []
    for run in range(WARM_UPS + RUNS):
        started = time.perf_counter()
        interpreter.invoke()
        if run >= WARM_UPS:
            found.append(1000 * (time.perf_counter() - started))
    return statistics.median(found)


if __name__ == "__main__":
    main()
