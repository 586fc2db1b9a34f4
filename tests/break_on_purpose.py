"""Breaks the model on purpose, one way at a time, and runs the tests.

    python tests/break_on_purpose.py

Each defect below is one that trains and answers without an error, and is
wrong. It is put into a copy of the tree; a defect that no test notices ends
this program with an error.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Defect(NamedTuple):
    """A replacement in one file."""

    name: str
    file: str
    right: str
    wrong: str
    tests: str


DEFECTS = [
    Defect(
        "the masked-LM head has a table of its own",
        "layers/masked_lm_head.py",
        "self.token_embedding = token_embedding\n        self.layer_norm",
        "self.token_embedding = keras.layers.ReversibleEmbedding(\n"
        "            token_embedding.input_dim, token_embedding.output_dim\n"
        "        )\n        self.token_embedding.build()\n"
        "        self.layer_norm",
        "tests/layers tests/models/test_albert_pretrainer.py",
    ),
    Defect(
        "every layer has a block of its own",
        "layers/encoder.py",
        "for group in range(num_groups)\n",
        "for group in range(num_layers)\n",
        "tests/layers tests/models/test_albert_backbone.py",
    ),
    Defect(
        "layer norms have Keras' epsilon",
        "layers/layer_norm.py",
        "LAYER_NORM_EPSILON = 1e-12",
        "LAYER_NORM_EPSILON = 1e-3",
        "tests/models/test_against_huggingface.py",
    ),
    Defect(
        "layer norms have KerasHub's epsilon",
        "layers/layer_norm.py",
        "LAYER_NORM_EPSILON = 1e-12",
        "LAYER_NORM_EPSILON = 1e-5",
        "tests/models/test_against_huggingface.py",
    ),
    Defect(
        "GELU is the exact one",
        "layers/activations.py",
        "ops.gelu(x, approximate=True)",
        "ops.gelu(x, approximate=False)",
        "tests/models/test_against_huggingface.py",
    ),
    Defect(
        "GELU is differentiated as if it were another function",
        "layers/activations.py",
        "3.0 * _SLOPE * _CUBIC",
        "2.0 * _SLOPE * _CUBIC",
        "tests/layers/test_dense.py",
    ),
    Defect(
        "the gradient of a bias is summed in bfloat16",
        "layers/dense.py",
        'if self.bias is not None and outputs.dtype == "float32":',
        "if self.bias is not None:",
        "tests/layers/test_dense.py",
    ),
    Defect(
        "the gradient of a layer norm forgets the mean",
        "layers/layer_norm.py",
        "(scaled - _mean(scaled) - projection)",
        "(scaled - projection)",
        "tests/layers/test_layer_norm.py",
    ),
    Defect(
        "padding is not masked",
        "layers/encoder.py",
        "PADDING_BIAS = -10000.0",
        "PADDING_BIAS = 0.0",
        "tests/layers tests/models/test_against_huggingface.py",
    ),
    Defect(
        "padding is masked weakly",
        "layers/encoder.py",
        "PADDING_BIAS = -10000.0",
        "PADDING_BIAS = -10.0",
        "tests/layers tests/models/test_against_huggingface.py",
    ),
    Defect(
        "tokens are masked and padding is not",
        "layers/encoder.py",
        "1.0 - ops.cast(padding, self.compute_dtype)",
        "0.0 + ops.cast(padding, self.compute_dtype)",
        "tests/layers tests/models/test_against_huggingface.py",
    ),
    Defect(
        "the norm comes before the residual",
        "layers/block.py",
        "self._normalized(self.feed_forward_layer_norm, hidden + fed)",
        "hidden + self._normalized(self.feed_forward_layer_norm, fed)",
        "tests/models/test_against_huggingface.py",
    ),
    Defect(
        "1 means that the segments are in order",
        "pretraining/segments.py",
        "            segment_a, segment_b = segment_b, segment_a\n"
        "            label = 1\n",
        "            label = 1\n"
        "        else:\n"
        "            segment_a, segment_b = segment_b, segment_a\n",
        "tests/pretraining",
    ),
    Defect(
        "query and key change places as a checkpoint is loaded",
        "checkpoints/model_parts.py",
        'for part in ("query", "key", "value")',
        'for part in ("key", "query", "value")',
        "tests/checkpoints/test_against_peers.py",
    ),
    Defect(
        "KerasHub's masked-LM head gets google's epsilon",
        "checkpoints/keras_hub_preset.py",
        "HEAD_EPSILON = 1e-5",
        "HEAD_EPSILON = 1e-12",
        "tests/checkpoints/test_against_peers.py",
    ),
    Defect(
        "a pickle may name anything",
        "checkpoints/torch_file.py",
        'raise pickle.UnpicklingError(f"the name {module}.{name}")',
        "return super().find_class(module, name)",
        "tests/checkpoints/test_refusals.py",
    ),
    Defect(
        "variables that are left over are no matter",
        "checkpoints/matching.py",
        "    if beyond:\n",
        "    if False:\n",
        "tests/checkpoints/test_refusals.py",
    ),
    Defect(
        "maps of attention show what padding would get",
        "layers/attention.py",
        "return self._probabilities(query, key, attention_bias)",
        "return self._probabilities(query, key, 0.0 * attention_bias)",
        "tests/layers/test_encoder_trace.py",
    ),
    Defect(
        "sharing saves nothing",
        "inference/looking/parameters.py",
        "sum(of_block[id(block)] for block in applied)",
        "sum(of_block.values())",
        "tests/inference/test_looking.py",
    ),
    Defect(
        "a divergence is told in nats",
        "inference/bias/divergence.py",
        "np.log2(of / beside)",
        "np.log(of / beside)",
        "tests/inference/test_bias.py",
    ),
    Defect(
        "the ratio of two groups is upside down",
        "inference/bias/measurement.py",
        "return self.probabilities[0] / self.probabilities[1]",
        "return self.probabilities[1] / self.probabilities[0]",
        "tests/inference/test_bias.py",
    ),
    Defect(
        "pages show a user's text as HTML",
        "inference/html_page.py",
        "return html.escape(text, quote=True)",
        "return text",
        "tests/inference/test_pages.py",
    ),
    Defect(
        "a card that a person changed is written over",
        "models/card/writing.py",
        "if path.exists() and not overwrite and not is_ours(path):",
        "if False:",
        "tests/models/test_model_card.py",
    ),
    Defect(
        "a card keeps what was true of other weights",
        "models/preset.py",
        "write_card(preset_dir, facts_of(self))",
        "write_card(preset_dir, facts_of(self)) if not os.path.exists(\n"
        '            os.path.join(preset_dir, "model_card.json")\n'
        "        ) else None",
        "tests/models/test_model_card.py",
    ),
    Defect(
        "uploading leaves the card to KerasHub",
        "models/card/uploading.py",
        "    if uri.startswith(_HANDLE) and (folder / CARD_FILE).is_file():",
        "    if False:",
        "tests/models/test_model_card.py",
    ),
]


def is_noticed(defect: Defect) -> bool:
    """Whether a test of the broken copy fails."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("albert_keras", "tests", "pyproject.toml", "README.md"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name)
            else:
                shutil.copy(source, copy / name)
        path = copy / "albert_keras" / defect.file
        content = path.read_text("utf-8")
        path.write_text(content.replace(defect.right, defect.wrong), "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x"]
        process = subprocess.run(
            [*command, *defect.tests.split()],
            cwd=copy,
            env={"PYTHONPATH": folder, "TF_CPP_MIN_LOG_LEVEL": "2"},
            capture_output=True,
            text=True,
            check=False,
        )
    failed = process.returncode == 1
    last = process.stdout.strip().splitlines()[-1]
    print(f"{'noticed' if failed else 'MISSED'}: {defect.name} ({last})")
    return failed


def check_applies(defect: Defect) -> None:
    """Ends the program if the line that is to be broken is not there."""
    content = (ROOT / "albert_keras" / defect.file).read_text("utf-8")
    if content.count(defect.right) != 1:
        sys.exit(f"{defect.file} must hold {defect.right!r} once.")


def main() -> None:
    """Tries every defect; with arguments, those whose name holds one."""
    chosen = [
        defect
        for defect in DEFECTS
        if not sys.argv[1:] or any(word in defect.name for word in sys.argv[1:])
    ]
    for defect in chosen:
        check_applies(defect)
    noticed = [is_noticed(defect) for defect in chosen]
    sys.exit(0 if all(noticed) else "A defect was not noticed.")


if __name__ == "__main__":
    main()
