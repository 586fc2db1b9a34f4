"""A classifier in headless Chromium against Python, on sentences of SST-2.

    python benchmarks/lite/browser.py --data FOLDER --preset PRESET

Needs `pip install -e '.[bench]'`, Chromium, node, and `npm install` in
`export/web`. The head of the classifier has random values if the preset has
none. Counts the texts whose best class differs from Keras', and times a text
in the page, tokenizing included, after a first one that loads the model.
"""

import argparse
import importlib.metadata
import json
import subprocess
import tempfile
from pathlib import Path

import keras

import albert_keras as ak

ROOT = Path(__file__).parents[2]
WEB = ROOT / "export" / "web"
TASKS = {"LiteRT.js": "classify", "MediaPipe": "loadClassifier"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--preset", required=True)
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "benchmarks/results/lite/browser.json",
    )
    options = parser.parse_args()
    rows = (options.data / "glue/SST-2/dev.tsv").read_text("utf-8").split("\n")
    texts = [row.split("\t")[0] for row in rows[1 : options.texts + 1]]
    keras.utils.set_random_seed(0)
    model = ak.AlbertTextClassifier.from_preset(options.preset, num_classes=2)
    expected = ak.inference.Classify(model)(texts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {}
        for quantization in ("float32", "float16", "int8", "int4"):
            sizes[quantization] = ak.export.tflite(
                model,
                folder / f"{quantization}.tflite",
                quantization=quantization,
                tokenizer_json=True,
                overwrite=True,
            ).num_bytes
        jobs = [
            {
                "task": task,
                "model": f"/models/{quantization}.tflite",
                "tokenizer": "/models/tokenizer.json",
                "rows": [[text] for text in texts],
            }
            for quantization in sizes
            for task in TASKS.values()
        ]
        ran = subprocess.run(
            ["node", WEB / "headless.mjs", folder],
            input=json.dumps(jobs),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        vocabulary = (folder / "tokenizer.json").stat().st_size
    found = json.loads(ran.stdout)
    done = iter(found["jobs"])
    results = {
        quantization: {
            "bytes": size,
            **{client: compare(next(done), expected) for client in TASKS},
        }
        for quantization, size in sizes.items()
    }
    record = {
        "browser": found["version"],
        "packages": json.loads((WEB / "package.json").read_text("utf-8"))[
            "dependencies"
        ],
        "ai-edge-litert": importlib.metadata.version("ai-edge-litert"),
        "parameters": model.count_params(),
        "texts": len(texts),
        "tokenizer.json bytes": vocabulary,
        "requests to other hosts": len(found["outside"]),
        "results": results,
    }
    text = json.dumps(record, indent=2)
    options.out.write_text(f"{text}\n", "utf-8")
    print(text)


def compare(job: dict, expected: list[dict]) -> dict:
    pairs = list(zip(job["answers"], expected, strict=True))
    return {
        "other best class": sum(
            max(scores, key=scores.__getitem__) != str(each["label"])
            for scores, each in pairs
        ),
        "largest difference": max(
            abs(scores[str(label)] - score)
            for scores, each in pairs
            for label, score in each["scores"].items()
        ),
        "ms a text": round(job["ms"], 2),
    }


if __name__ == "__main__":
    main()
