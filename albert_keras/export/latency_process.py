"""Times one file in a process of its own, and says how much memory it took.

python latency_process.py FILE LENGTH THREADS SECONDS [WEIGHT_CACHE]

Run as a script, without this package, so that nothing else takes memory. A
.tflite file runs in LiteRT, an .onnx file in ONNX Runtime. With WEIGHT_CACHE,
LiteRT maps packed weights from that file, and writes it where there is none.
"""

import importlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_WARM_UPS = 3
_FEWEST_RUNS = 5
# Names of the same inputs in models that transformers wrote.
_ONNX_NAMES = {
    "input_ids": "token_ids",
    "token_type_ids": "segment_ids",
    "attention_mask": "padding_mask",
}


def main() -> None:
    """Prints a line of JSON."""
    path, length, threads, seconds, *cache = sys.argv[1:]
    opened: Callable[..., Callable[[], object]]
    if path.endswith(".onnx"):
        name, opened = "onnxruntime", _onnx
    elif cache:
        name, opened = "ai_edge_litert.compiled_model", _lite_compiled
    else:
        name, opened = "ai_edge_litert.interpreter", _lite
    # Imported before, so that the runtime's own code is not counted.
    library = importlib.import_module(name)
    before = _peak_bytes()
    run = opened(library, path, int(length), int(threads), *cache)
    for _ in range(_WARM_UPS):
        run()
    times: list[float] = []
    end = time.perf_counter() + float(seconds)
    while len(times) < _FEWEST_RUNS or time.perf_counter() < end:
        started = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - started))
    found = {
        "milliseconds": statistics.median(times),
        "fastest": min(times),
        "runs": len(times),
        "peak_bytes": _peak_bytes() - before,
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _peak_bytes() -> int:
    """The most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage may tell of the process that started this
        (line,) = (
            line
            for line in status.read_text().splitlines()
            if line.startswith("VmHWM:")
        )
        return 1024 * int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _row(name: str, shape: list[int]) -> np.ndarray:
    """A full row: no token is padding."""
    names = {"segment_ids": 0, "mask_positions": 1}
    return np.full(shape, names.get(name, 1))


def _lite(
    litert: Any, path: str, length: int, threads: int
) -> Callable[[], object]:
    interpreter = litert.Interpreter(model_path=path, num_threads=threads)
    runner = interpreter.get_signature_runner("serve_ids")
    inputs = {}
    for name, detail in runner.get_input_details().items():
        # A size that is left open: of a multiple choice also the first.
        shape = [length if n < 0 else n for n in detail["shape_signature"]]
        inputs[name] = _row(name, shape).astype("int32")
    return lambda: runner(**inputs)


def _lite_compiled(
    litert: Any, path: str, length: int, threads: int, cache: str
) -> Callable[[], object]:
    cpu = importlib.import_module("ai_edge_litert.cpu_options").CpuOptions(
        num_threads=threads, xnnpack_weight_cache_path=cache
    )
    options = importlib.import_module("ai_edge_litert.options").Options(
        hardware_accelerators=litert.HardwareAccelerator.CPU, cpu_options=cpu
    )
    model = litert.CompiledModel.from_file(path, options=options)
    signature = "serve_ids"
    inputs, outputs = {}, {}
    for name, detail in model.get_input_tensor_details(signature).items():
        shape = [length if n < 0 else n for n in detail["shape"]]
        if shape != list(detail["shape"]):
            model.resize_input_tensor_by_name(signature, name, shape)
        inputs[name] = model.create_input_buffer_by_name(signature, name)
        inputs[name].write(_row(name, shape).astype("int32"))
    for name in model.get_output_tensor_details(signature):
        outputs[name] = model.create_output_buffer_by_name(signature, name)
    return lambda: model.run_by_name(signature, inputs, outputs)


def _onnx(
    onnxruntime: Any, path: str, length: int, threads: int
) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    inputs = {
        each.name: _row(
            _ONNX_NAMES.get(each.name, each.name), [1, length]
        ).astype("int64")
        for each in session.get_inputs()
    }
    return lambda: session.run(None, inputs)


if __name__ == "__main__":
    main()
