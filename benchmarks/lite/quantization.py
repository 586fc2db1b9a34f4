"""What each quantisation of a .tflite file loses on a task.

python benchmarks/lite/quantization.py sst2 --models FOLDER [--rows 2000]

FOLDER is what `train_small_models.py` wrote. Each file answers the task's own
examples in LiteRT, and the task's own metric scores the answers; Keras' score
stands beside. Questions and sentences that the model was trained on are scored
as well: from random weights it answers few others.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from small_models import load, settings

RESULTS = Path(__file__).parents[1] / "results" / "lite"
METRICS = {"sst2": "accuracy", "conll2003": "f1", "squad1": "f1"}
CALIBRATION_TEXTS = 200


def text_of(example):
    """An example as `ak.export.tflite` takes texts."""
    if hasattr(example, "words"):
        return example.words
    if hasattr(example, "context"):
        return example.question, example.context
    return example.text


def inputs_of(arrays) -> dict[str, np.ndarray]:
    return {name: ids.to_tensor().numpy() for name, ids in arrays.x.items()}


def row_outputs(outputs: dict, lengths: np.ndarray) -> list:
    """Outputs of each row, as Keras' model gives them, without padding."""
    if "start_logits" in outputs:
        return [
            {name: values[row][:length] for name, values in outputs.items()}
            for row, length in enumerate(lengths)
        ]
    logits = outputs.get("logits", outputs.get("scores"))
    if logits.ndim == 3:
        return [logits[row][:length] for row, length in enumerate(lengths)]
    return list(logits)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=METRICS)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--rows", type=int, help="only the first of them")
    parser.add_argument("--name", help="of the JSON file, else the task's")
    args = parser.parse_args()

    import albert_keras as ak
    from albert_keras.export.tflite_quantization import (
        QUANTIZATIONS,
        keras_outputs,
    )
    from albert_keras.lite.runner import LiteRunner
    from albert_keras.models.preset import saved_task_class
    from albert_keras.tasks.finetuning import _TASKS
    from albert_keras.training.provenance import describe_maker
    from albert_keras.training.strategies import TrainingStrategy

    preset = args.models / args.task
    model = saved_task_class(preset).from_preset(str(preset))
    data = load(args.task)
    options = settings(args.task)
    task = _TASKS[options.kind](options, data["train"].labels)
    python = model.preprocessor.tokenizer.python_tokenizer
    # Those that were trained on come after the calibration's.
    seen = data["train"].examples[CALIBRATION_TEXTS:][:500]
    splits = {"test" if "test" in data else "dev": None, "train": seen}
    measured = {}
    for split in splits:
        examples = splits[split] or data[split].examples[: args.rows]
        features = task.features(examples, python)
        measured[split] = examples, features, inputs_of(task.arrays(features))

    def scores(outputs_of) -> dict:
        found = {}
        for split, (examples, features, inputs) in measured.items():
            rows = row_outputs(outputs_of(inputs), features.lengths)
            predictions = task.predictions(rows, examples, features)
            metrics = task.metrics(predictions, examples)
            found[split] = round(metrics[METRICS[args.task]], 2)
        return found

    calibration = [text_of(e) for e in data["train"].examples]
    calibration = calibration[:CALIBRATION_TEXTS]
    checked = [text_of(e) for e in next(iter(measured.values()))[0][:300]]
    made_by = describe_maker(TrainingStrategy("one"))
    made_by["command"] = made_by["command"].replace(str(args.models), "MODELS")
    record = {
        "made_by": made_by,
        "model": model.backbone.albert_config().to_dict(),
        "num_parameters": model.count_params(),
        "metric": METRICS[args.task],
        "num_examples": {split: len(m[0]) for split, m in measured.items()},
        "keras": scores(lambda inputs: keras_outputs(model, inputs)),
        "tflite": {},
    }
    print("Keras", record["keras"])
    with tempfile.TemporaryDirectory() as folder:
        for quantization in QUANTIZATIONS:
            begun = time.monotonic()
            is_static = quantization == "int8-static"
            written = ak.export.tflite(
                model,
                Path(folder) / f"{quantization}.tflite",
                sequence_length=options.sequence_length,
                quantization=quantization,
                calibration_texts=calibration if is_static else None,
                check_texts=checked,
                max_loss=100,
                text=False,  # the size of the model alone
            )
            found = scores(LiteRunner(written.path))
            record["tflite"][quantization] = {
                "score": found,
                "lost": {
                    split: round(record["keras"][split] - score, 2)
                    for split, score in found.items()
                },
                "num_bytes": written.num_bytes,
                "answers_equal": f"{written.agreement.num_equal} of "
                f"{written.agreement.num_answers}",
                "largest_difference": written.agreement.largest_difference,
                "mean_difference": written.agreement.mean_difference,
                "seconds": round(time.monotonic() - begun, 1),
            }
            print(quantization, record["tflite"][quantization], flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{args.name or args.task}.json"
    path.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
