"""Runs where transformers is: loads a folder, and says what it misses."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers


def main():
    folder, inputs_path, out = map(Path, sys.argv[1:])
    settings = json.loads((folder / "config.json").read_text())
    model_class = getattr(transformers, settings["architectures"][0])
    model, info = model_class.from_pretrained(folder, output_loading_info=True)
    with np.load(inputs_path) as inputs, torch.no_grad():
        found = model.eval()(
            input_ids=torch.tensor(inputs["token_ids"]),
            token_type_ids=torch.tensor(inputs["segment_ids"]),
            attention_mask=torch.tensor(inputs["padding_mask"]),
            output_hidden_states=True,
        )
    complaints = {k: sorted(map(str, v)) for k, v in info.items() if v}
    np.savez(
        out,
        mlm_logits=found.prediction_logits.numpy(),
        sop_logits=found.sop_logits.numpy(),
        sequence_output=found.hidden_states[-1].numpy(),
        complaints=json.dumps(complaints),
    )


if __name__ == "__main__":
    main()
