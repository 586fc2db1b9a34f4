"""Which runtime computes which quantization as Keras does.

Export the files and the rows once, in the project's own environment:

python benchmarks/lite/runtimes.py export PRESET --texts FILE --out FOLDER

PRESET is a classifier, FILE has a text in each line. Then let each runtime
answer, in an environment with NumPy and that runtime alone (`tflite-runtime`
or `ai-edge-litert`), and once more without XNNPACK:

python benchmarks/lite/runtimes.py answer FOLDER [--without-xnnpack]

At last, compare the answers with those of Keras:

python benchmarks/lite/runtimes.py compare FOLDER
"""

import argparse
import importlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parents[1] / "results" / "lite" / "runtimes.json"
INPUTS = ("token_ids", "segment_ids", "padding_mask")
RUNTIMES = ("ai-edge-litert", "tflite-runtime")
CALIBRATION_TEXTS = 200


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("export")
    command.add_argument("preset")
    command.add_argument("--texts", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--rows", type=int, default=200)
    command.add_argument("--length", type=int, default=64)
    command = commands.add_parser("answer")
    command.add_argument("folder", type=Path)
    command.add_argument("--without-xnnpack", action="store_true")
    command = commands.add_parser("compare")
    command.add_argument("folder", type=Path)
    args = parser.parse_args()
    if args.command == "export":
        export(args.preset, args.texts, args.out, args.rows, args.length)
    elif args.command == "answer":
        answer(args.folder, args.without_xnnpack)
    else:
        compare(args.folder)


def export(
    preset: str, texts_file: Path, out: Path, num_rows: int, length: int
) -> None:
    import albert_keras as ak
    from albert_keras.export.text_rows import text_rows
    from albert_keras.export.tflite_quantization import (
        QUANTIZATIONS,
        keras_outputs,
    )

    texts = texts_file.read_text("utf-8").splitlines()
    calibration = texts[:CALIBRATION_TEXTS]
    scored = texts[CALIBRATION_TEXTS:][:num_rows]
    model = ak.AlbertTextClassifier.from_preset(preset)
    out.mkdir(parents=True, exist_ok=True)
    for quantization in QUANTIZATIONS:
        is_static = quantization == "int8-static"
        ak.export.tflite(
            model,
            out / f"{quantization}.tflite",
            quantization=quantization,
            sequence_length=length,
            calibration_texts=calibration if is_static else None,
            max_loss=100.0,
            overwrite=True,
        )
    rows = text_rows(
        model,
        model.preprocessor.tokenizer.python_tokenizer,
        scored,
        length,
        None,
    )
    np.savez(out / "rows.npz", **{name: rows[name] for name in INPUTS})
    np.savez(out / "keras.npz", keras=keras_outputs(model, rows)["scores"])


def answer(folder: Path, without_xnnpack: bool) -> None:
    name, interpreter = runtime()
    rows = dict(np.load(folder / "rows.npz"))
    options = {}
    if without_xnnpack:
        name += " without XNNPACK"
        options["experimental_op_resolver_type"] = (
            interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        )
    scores = {}
    for path in sorted(folder.glob("*.tflite")):
        try:
            scores[path.stem] = scores_of(
                interpreter.Interpreter(str(path), num_threads=1, **options),
                rows,
            )
        except (ValueError, RuntimeError) as error:
            print(name, path.stem, "refuses:", " ".join(str(error).split()))
    np.savez(folder / f"{name}.npz", **scores)


def runtime():
    """Return the name with the version, and the module, of what is there."""
    for name in RUNTIMES:
        try:
            found = f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
        module = f"{name.replace('-', '_')}.interpreter"
        return found, importlib.import_module(module)
    raise SystemExit(f"Install one of {', '.join(RUNTIMES)}.")


def scores_of(interpreter, rows: dict[str, np.ndarray]) -> np.ndarray:
    serve = interpreter.get_signature_runner("serve_ids")
    found = []
    for row in range(len(rows["token_ids"])):
        inputs = {
            name: ids[row : row + 1].astype("int32")
            for name, ids in rows.items()
        }
        found.append(serve(**inputs)["scores"])
    return np.concatenate(found)


def compare(folder: Path) -> None:
    expected = np.load(folder / "keras.npz")["keras"]
    quantizations = sorted(path.stem for path in folder.glob("*.tflite"))
    figures: dict[str, dict] = {}
    for path in sorted(folder.glob("* *.npz")):
        found = np.load(path)
        figures[path.stem] = {
            name: {
                "other_answers": int(
                    (found[name].argmax(-1) != expected.argmax(-1)).sum()
                ),
                "largest_difference": float(
                    np.abs(found[name] - expected).max()
                ),
            }
            if name in found
            else "refused"
            for name in quantizations
        }
        print(path.stem, figures[path.stem])
    content = {"rows": len(expected), "runtimes": figures}
    RESULTS.write_text(f"{json.dumps(content, indent=2)}\n", "utf-8")


if __name__ == "__main__":
    main()
