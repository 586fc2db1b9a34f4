"""Checkpoints of every form against the code that they come from.

Inwards: each peer writes models of base size and of a size with groups and
inner repetitions, with random weights, and what they put out; they are loaded
here and run on the same input. Outwards: the pretrainer that came from the
first peer is written for transformers and for google's code, and run there.

A peer is the Python of an environment that has it; see
`tests/goldens/make_checkpoint_goldens.py` for what it needs. One that is not
given is left out, and the record says so.

    python benchmarks/checkpoints/parity.py --transformers PYTHON \
        --tf-transformers PYTHON --google PYTHON --albert FOLDER \
        --garden PYTHON
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from compare import differences, load

import albert_keras as ak
from albert_keras.whole_files import written_whole

HERE = Path(__file__).parent
MAKER = HERE.parents[1] / "tests/goldens/make_checkpoint_goldens.py"
RESULT = HERE.parent / "results/checkpoints/parity.json"
LIMIT = 1e-5
PEERS = ("transformers", "tf-transformers", "keras-hub", "google", "garden")
DISTRIBUTIONS = {
    "transformers": ("transformers", "torch"),
    "tf-transformers": ("transformers", "tensorflow"),
    "keras-hub": ("keras-hub", "tensorflow"),
    "google": ("tensorflow", "tensorflow-hub", "tf-slim"),
    "garden": ("tf-models-official", "tensorflow"),
}


def run(python: str, *words: object) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    ended = subprocess.run(
        [python, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise SystemExit(f"{words[0]} failed:\n{ended.stderr[-3000:]}")


def versions(python: str, names: tuple[str, ...]) -> dict[str, str]:
    script = "from importlib.metadata import version; import sys, json;"
    script += "print(json.dumps({n: version(n) for n in sys.argv[1:]}))"
    return json.loads(
        subprocess.check_output([python, "-c", script, *names], text=True)
    )


def inwards(peer: str, python: str, albert: Path | None, size: str) -> dict:
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        more = ("--albert", albert) if peer == "google" else ()
        run(python, MAKER, peer, "--size", size, "--out", folder, *more)
        for archive in sorted(Path(folder).glob("*.tar.gz")):
            name = archive.name.removesuffix(".tar.gz")
            with np.load(Path(folder) / f"{name}.npz") as arrays:
                golden = dict(arrays)
            model = load(name, archive)
            found[name] = differences(model, golden)
            print(f"{size:7} {name:45} {max(found[name].values()):.2g}")
            archive.unlink()
    return found


def outwards(form: str, words: list[object], size: str) -> dict:
    """Writes a pretrainer, has a peer run it, and compares."""
    sys.path.insert(0, str(MAKER.parent))
    from make_checkpoint_goldens import config_of

    sizes = config_of(size)
    model = ak.AlbertPretrainer(
        ak.AlbertBackbone.from_albert_config(ak.AlbertConfig(**sizes))
    )
    random = np.random.default_rng(11)
    for variable in model.weights:
        if variable.dtype == "float32":
            noise = 0.03 * random.standard_normal(variable.shape)
            variable.assign(variable.numpy() + noise.astype("f4"))
    ids = random.integers(5, sizes["vocab_size"], (2, 32)).astype("int32")
    given = {
        "token_ids": ids,
        "segment_ids": np.zeros_like(ids),
        "padding_mask": np.ones_like(ids),
        "mask_positions": np.tile(np.arange(32, dtype="int32"), (2, 1)),
    }
    with tempfile.TemporaryDirectory() as folder:
        written = ak.checkpoints.save(model, Path(folder) / "out", form)
        again = ak.checkpoints.load(written, ak.AlbertPretrainer)
        identical = all(
            np.array_equal(first.numpy(), second.numpy())
            for first, second in zip(model.weights, again.weights, strict=True)
        )
        np.savez(Path(folder) / "in.npz", **given)
        run(*words, written, Path(folder) / "in.npz", Path(folder) / "out.npz")
        with np.load(Path(folder) / "out.npz") as arrays:
            theirs = dict(arrays)
    complaints = json.loads(str(theirs.pop("complaints")))
    golden = {**given, **{f"out_{k}": v for k, v in theirs.items()}}
    found = differences(model, golden)
    print(f"{size:7} to {form:42} {max(found.values()):.2g} {complaints}")
    return {
        "differences": found,
        "complaints": complaints,
        "round trip is bit-identical": identical,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for peer in PEERS:
        parser.add_argument(
            f"--{peer}",
            metavar="PYTHON",
            default=sys.executable if peer == "keras-hub" else None,
        )
    parser.add_argument("--albert", type=Path, help="google's checkout")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    pythons = {p: getattr(options, p.replace("-", "_")) for p in PEERS}
    record: dict = {
        "made_by": {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "albert-keras": ak.__version__,
            "tensorflow": version("tensorflow"),
            "keras": version("keras"),
            "python": platform.python_version(),
            "platform": platform.platform(),
        },
        "limit": LIMIT,
        "inwards": {},
        "outwards": {},
    }
    for peer, python in pythons.items():
        if python is None:
            record["inwards"][peer] = "left out: no environment was given"
            continue
        # The Garden's encoder has no groups.
        sizes = ("base",) if peer == "garden" else ("base", "groups")
        record["inwards"][peer] = {
            "versions": versions(python, DISTRIBUTIONS[peer]),
            **{s: inwards(peer, python, options.albert, s) for s in sizes},
        }
    scripts = {
        "huggingface": ("transformers", ["peer_transformers.py"]),
        "tensorflow": ("google", ["peer_google.py", options.albert]),
    }
    for form, (peer, (script, *more)) in scripts.items():
        python = pythons[peer]
        if python is None:
            record["outwards"][form] = "left out: no environment was given"
            continue
        words = [python, HERE / script, *more]
        record["outwards"][form] = {
            size: outwards(form, words, size) for size in ("base", "groups")
        }
    record["largest difference"] = max(_numbers(record))
    with written_whole(options.out) as partial:
        partial.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    print(f"largest difference {record['largest difference']:.2g}")
    if record["largest difference"] > LIMIT:
        raise SystemExit(f"above the limit of {LIMIT}")


def _numbers(record):
    for part in ("inwards", "outwards"):
        stack = list(record[part].values())
        while stack:
            each = stack.pop()
            if isinstance(each, dict):
                stack += each.values()
            elif isinstance(each, float):
                yield each


if __name__ == "__main__":
    main()
