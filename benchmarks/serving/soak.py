"""Ten minutes at 80 % of what a server can do.

    python -m benchmarks.serving.soak --json FILE --png FILE

ALBERT base with random weights is exported as a classifier and served by the
stand-in server; sentences of SST-2 come to it by gRPC as `load_test.py` sends
them: a Poisson process, whose rate is 80 % of the capacity measured first.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import albert_keras as ak
from albert_keras.tasks.readers import read
from benchmarks.serving.models_and_inputs import base_classifier
from benchmarks.serving.server_process import ServerProcess
from benchmarks.tokenizer.record import write_record

PROJECT = Path(__file__).parents[2]
LIBRARIES = ("tensorflow", "tensorflow-text", "grpcio")
sys.path.insert(0, str(PROJECT / "export" / "tf_serving"))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared/data"
    )
    options.add_argument("--seconds", type=float, default=600.0)
    options.add_argument("--json", type=Path)
    options.add_argument("--png", type=Path)
    arguments = options.parse_args()
    import load_test

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model, tokenizer = base_classifier(arguments.data)
        ak.export.saved_model(model, folder / "film", tokenizer=tokenizer)
        del model
        films = read("sst2", arguments.data / "glue", "dev")
        texts = folder / "texts"
        texts.write_text("\n".join(each.text for each in films), "utf-8")
        with ServerProcess({"film": folder / "film"}) as server:
            command = [f"grpc://{server.grpc_address}", "film"]
            command += ["--text", os.fspath(texts), "--watch", str(server.pid)]
            command += ["--seconds", str(arguments.seconds)]
            out = folder / "found.json"
            command += ["--json", os.fspath(out)]
            if arguments.png:
                command += ["--png", os.fspath(arguments.png)]
            code = load_test.main(command)
        if arguments.json:
            found = {"soak": json.loads(out.read_text())}
            write_record(arguments.json, LIBRARIES, found)
        return code


if __name__ == "__main__":
    sys.exit(main())
