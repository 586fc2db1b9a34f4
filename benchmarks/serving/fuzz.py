"""Hostile requests to every signature of every model.

    python -m benchmarks.serving.fuzz --count 100000 --json FILE

Small models of all tasks are exported and asked in the C loader of TF Serving,
without Python; a tenth of the requests goes to the stand-in server as well, by
gRPC and by REST. Each request has to be answered or refused with a status and
a sentence; what can only be wrong has to be refused. After every hundred a
good request has to be answered as before. Memory is what the process holds.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import albert_keras as ak
from benchmarks.serving.hostile_requests import Request, hostile_requests
from benchmarks.serving.models_and_inputs import small_models
from benchmarks.tokenizer.record import write_record

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "export" / "tf_serving"))

LIBRARIES = ("tensorflow", "tensorflow-text")
GOOD_EVERY = 100
# What a process may hold more at the end than after its first hundredth.
MEMORY_BOUND = 256e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared/data"
    )
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", type=Path)
    arguments = options.parse_args()
    results = []
    models = small_models(arguments.data)
    for name, (model, tokenizer) in models.items():
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / name
            written = ak.export.saved_model(model, folder, tokenizer=tokenizer)
            specs = {
                signature: {
                    key: (each.split()[0], each.count(",") + 1)
                    for key, each in tensors.inputs.items()
                }
                for signature, tensors in written.signatures.items()
            }
            count = arguments.count // len(models)
            results += _fuzz_all(name, folder, specs, count, arguments.seed)
    if arguments.json:
        write_record(arguments.json, LIBRARIES, {"fuzz": results})
    if any(each["wrong"] for each in results):
        sys.exit(1)


def _fuzz_all(
    name: str, folder: Path, specs: dict, count: int, seed: int
) -> list[dict[str, Any]]:
    from loader_process import LoaderProcess, build
    from serving_client import GrpcClient, RestClient

    from benchmarks.serving.server_process import ServerProcess

    loader = LoaderProcess(build(folder.parent / "loader"), folder / "1")
    results = [_fuzz("C", name, loader, loader.pid, specs, count, seed)]
    loader.close()
    with ServerProcess({name: folder}) as server:
        for way, client in (
            ("gRPC", GrpcClient(server.grpc_address, name)),
            ("REST", RestClient(server.rest_address, name)),
        ):
            results.append(
                _fuzz(way, name, client, server.pid, specs, count // 20, seed)
            )
    return results


def _fuzz(
    way: str,
    name: str,
    client: Any,
    pid: int,
    specs: dict,
    count: int,
    seed: int,
) -> dict[str, Any]:
    from memory_watch import resident
    from refused import RefusedError

    good = _good_request(specs)
    right = client.predict(good.inputs, good.signature)
    verdicts: Counter[str] = Counter()
    wrong: list[str] = []
    slowest = (0.0, "")
    start = early = resident(pid)
    began = time.monotonic()
    for number, request in enumerate(
        islice(hostile_requests(specs, seed), count), start=1
    ):
        asked = time.monotonic()
        try:
            client.predict(request.inputs, request.signature)
            verdict = "answered"
        except RefusedError as error:
            verdict = "refused"
            if not error.code or len(str(error).split()) < 3:
                wrong.append(f"{request.kind}: {error.code} {error}")
        slowest = max(slowest, (time.monotonic() - asked, request.kind))
        verdicts[verdict] += 1
        if not _is_right(request, verdict, way):
            wrong.append(f"{request.signature}, {request.kind}: {verdict}")
        if number % GOOD_EVERY == 0:
            again = client.predict(good.inputs, good.signature)
            if not all(np.array_equal(again[key], right[key]) for key in right):
                wrong.append(f"a good request after {request.kind}")
        if number == max(1, count // 100):
            early = resident(pid)
    end = resident(pid)
    if end - early > MEMORY_BOUND:
        wrong.append(f"memory grew by {(end - early) / 1e6:.0f} MB")
    result = {
        "model": name,
        "way": way,
        "requests": count,
        **verdicts,
        "seconds": round(time.monotonic() - began, 1),
        "slowest_s": round(slowest[0], 2),
        "slowest_kind": slowest[1],
        "mb_at_first": round(start / 1e6),
        "mb_after_a_hundredth": round(early / 1e6),
        "mb_at_last": round(end / 1e6),
        "wrong": dict(Counter(wrong)),
    }
    print(result, flush=True)
    return result


def _is_right(request: Request, verdict: str, way: str) -> bool:
    # JSON has no dtypes, and no shape of what is empty.
    is_lost = way == "REST" and (
        request.kind == "wrong dtype"
        or any(np.size(each) == 0 for each in request.inputs.values())
    )
    return is_lost or request.verdict in ("either", verdict)


def _good_request(specs: dict) -> Request:
    inputs = {
        key: np.full([2] * rank, b"The [MASK] of a name.", object)
        for key, (_dtype, rank) in specs["serving_default"].items()
    }
    return Request("good", "serving_default", inputs)


if __name__ == "__main__":
    main()
