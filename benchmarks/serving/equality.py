"""Each signature beside the Keras model: in C, by gRPC and by REST.

    python -m benchmarks.serving.equality --count 500 --json FILE

Real inputs (SST-2, MRPC, SQuAD, RACE, CoNLL-2003, from `--data`) go to small
models with random weights: the Keras model predicts of the texts, and the
exported model is asked in the loader of TF Serving without Python, by gRPC and
by REST (of the stand-in server). Numbers may differ by 1e-5 of their size, or
of 1 if they are smaller; everything else must be the same.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import albert_keras as ak
from benchmarks.serving.models_and_inputs import BATCH, Case, cases
from benchmarks.tokenizer.record import write_record

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "export" / "tf_serving"))

TOLERANCE = 1e-5
LIBRARIES = ("tensorflow", "tensorflow-text", "keras", "keras-hub")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared/data"
    )
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--json", type=Path)
    arguments = options.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for case in cases(arguments.data, arguments.count):
            results += compare(case, Path(scratch) / case.name / case.signature)
    if arguments.json:
        write_record(arguments.json, LIBRARIES, {"equality": results})
    if any(each["different"] for each in results):
        sys.exit(1)


def compare(case: Case, folder: Path) -> Iterator[dict[str, Any]]:
    """Asks a model in three ways, and says what differs from Keras."""
    from loader_process import LoaderProcess, build
    from serving_client import GrpcClient, RestClient
    from stand_in_server import ServedModels, StandInServer

    folder.parent.mkdir(exist_ok=True)
    ak.export.saved_model(
        case.model, folder, tokenizer=case.tokenizer, labels=case.labels
    )
    program = folder.parent / "loader"
    loader = LoaderProcess(build(program), folder / "1")
    server = StandInServer(ServedModels({case.name: folder}))
    rest = RestClient(server.rest_address, case.name)
    begins = range(0, case.count, BATCH)
    all_expected = [case.expected(begin) for begin in begins]
    with GrpcClient(server.grpc_address, case.name) as grpc:
        for way, client in (("C", loader), ("gRPC", grpc), ("REST", rest)):
            worst, different, count = 0.0, 0, 0
            for begin, expected in zip(begins, all_expected, strict=True):
                batch = case.batch(begin)
                found = client.predict(batch, case.signature)
                for row in range(len(next(iter(batch.values())))):
                    error = row_error(expected[row], found, row)
                    worst = max(worst, error) if np.isfinite(error) else worst
                    different += error > TOLERANCE
                    count += 1
            print(
                f"{case.name:12} {case.signature:12} {way:5} {count} inputs, "
                f"{different} different, largest difference {worst:.1e}",
                flush=True,
            )
            yield {
                "model": case.name,
                "signature": case.signature,
                "way": way,
                "inputs": count,
                "different": different,
                "largest_difference": worst,
            }
    loader.close()
    server.close()


def row_error(
    expected: dict[str, np.ndarray], found: dict[str, np.ndarray], row: int
) -> float:
    """How far numbers are from those of Keras; infinite for other texts."""
    worst = 0.0
    for name, values in expected.items():
        given = np.asarray(found[name][row])
        given = given[tuple(slice(0, size) for size in np.shape(values))]
        if np.asarray(values).dtype.kind == "f":
            wide = given.astype("float64"), np.asarray(values, "float64")
            error = np.abs(wide[0] - wide[1]) / np.maximum(1, np.abs(wide[1]))
            worst = max(worst, float(np.max(error, initial=0.0)))
        elif given.tolist() != np.asarray(values).tolist():
            return float("inf")
    return worst


if __name__ == "__main__":
    main()
