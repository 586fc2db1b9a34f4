"""Writes the same weights as ONNX, in float32 and in dynamic int8.

In an environment with torch, transformers, onnx and onnxruntime
(`pip install -c constraints.txt 'albert-keras[bench]'`), on what
`ak.checkpoints.save(model, folder, format="huggingface")` wrote:

python benchmarks/lite/onnx_export.py FOLDER --out OUT

OUT/onnx-float32.onnx and OUT/onnx-int8.onnx go to
`albert-keras bench tflite --onnx`.
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoConfig, AutoModelForSequenceClassification

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    config = AutoConfig.from_pretrained(args.folder)
    model = AutoModelForSequenceClassification.from_pretrained(
        args.folder, config=config, attn_implementation="eager"
    ).eval()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "onnx-float32.onnx"
    rows = {name: torch.ones((1, 16), dtype=torch.long) for name in INPUTS}
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        model,
        tuple(rows.values()),
        path,
        input_names=list(INPUTS),
        output_names=["logits"],
        dynamic_axes=dict.fromkeys(INPUTS, axes),
        opset_version=17,
        dynamo=False,
    )
    small = args.out / "onnx-int8.onnx"
    quantize_dynamic(path, small, weight_type=QuantType.QInt8)
    inputs = {
        n: np.random.default_rng(1).integers(1, 2, (1, 24)) for n in INPUTS
    }
    with torch.no_grad():
        expected = model(
            **{name: torch.from_numpy(ids) for name, ids in inputs.items()}
        ).logits.numpy()
    for each in (path, small):
        session = onnxruntime.InferenceSession(each)
        (logits,) = session.run(None, inputs)
        print(each, each.stat().st_size, np.abs(logits - expected).max())


if __name__ == "__main__":
    main()
