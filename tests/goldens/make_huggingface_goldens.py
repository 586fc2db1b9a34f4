"""Writes the golden files of `tests/models/test_against_huggingface.py`.

Run it where Hugging Face transformers 5.23 on torch 2.13 is installed:

    python tests/goldens/make_huggingface_goldens.py

Every file holds one tiny `AlbertForPreTraining` with random weights (the
state dictionary as Hugging Face names it), its configuration, one input and
all that the model put out. Nothing but transformers makes these numbers.

The weights are larger than ALBERT's initialiser would make them, and norms
and biases are random too, so that every part of the model shows in the
output. In the case `small_norms` the norms scale down to a hundredth, which
is what makes the epsilon of each layer norm visible.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers

FOLDER = Path(__file__).parent / "huggingface"
SIZES = {
    "vocab_size": 60,
    "embedding_size": 8,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 24,
    "max_position_embeddings": 12,
    "type_vocab_size": 2,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "classifier_dropout_prob": 0.0,
}
CASES = {
    "gelu_tanh": {"hidden_act": "gelu_new"},
    "gelu_erf": {"hidden_act": "gelu"},
    "relu": {"hidden_act": "relu"},
    "tanh": {"hidden_act": "tanh"},
    "linear": {"hidden_act": "linear"},
    "groups_and_inner": {
        "hidden_act": "gelu_new",
        "num_hidden_layers": 6,
        "num_hidden_groups": 3,
        "inner_group_num": 2,
    },
    "small_norms": {"hidden_act": "gelu_new"},
}


def randomize(model, generator, norm_scale):
    """Draws every parameter anew, in the order of the state dictionary."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("ayerNorm.weight") or "layer_norm.weight" in name:
            value = norm_scale * (1.0 + 0.2 * noise)
        elif name.endswith("bias"):
            value = 0.1 * norm_scale * noise
        elif "embeddings.weight" in name:
            value = 0.05 * noise
        else:
            value = 0.25 * noise
        parameter.data.copy_(value)


def one_case(number, overrides, norm_scale):
    generator = torch.Generator().manual_seed(number)
    config = transformers.AlbertConfig(**{**SIZES, **overrides})
    config._attn_implementation = "eager"
    model = transformers.AlbertForPreTraining(config).eval()
    randomize(model, generator, norm_scale)
    token_ids = torch.randint(0, 60, (3, 10), generator=generator)
    segment_ids = (torch.arange(10) >= 4).int().repeat(3, 1)
    lengths = torch.tensor([[10], [7], [5]])
    padding_mask = (torch.arange(10) < lengths).int()
    with torch.no_grad():
        out = model(
            input_ids=token_ids,
            token_type_ids=segment_ids,
            attention_mask=padding_mask,
            output_hidden_states=True,
        )
        albert = model.albert(
            input_ids=token_ids,
            token_type_ids=segment_ids,
            attention_mask=padding_mask,
        )
    arrays = {
        "token_ids": token_ids.int(),
        "segment_ids": segment_ids,
        "padding_mask": padding_mask,
        "sequence_output": albert.last_hidden_state,
        "pooled_output": albert.pooler_output,
        "mlm_logits": out.prediction_logits,
        "sop_logits": out.sop_logits,
        "all_layers": torch.stack(out.hidden_states[1:]),
    }
    for name, value in model.state_dict().items():
        arrays[f"weights/{name}"] = value
    arrays = {name: value.numpy() for name, value in arrays.items()}
    arrays["config"] = np.array(json.dumps({**SIZES, **overrides}))
    return arrays


def main():
    FOLDER.mkdir(exist_ok=True)
    for number, (name, overrides) in enumerate(CASES.items()):
        norm_scale = 0.01 if name == "small_norms" else 1.0
        arrays = one_case(number, overrides, norm_scale)
        np.savez_compressed(FOLDER / f"{name}.npz", **arrays)
        print(name, {k: v.shape for k, v in arrays.items() if "/" not in k})


if __name__ == "__main__":
    main()
