"""Writes the golden file of the tests against google-research/albert.

Run it where TensorFlow and a checkout of the original are installed:

    python tests/pretraining/make_original_goldens.py FOLDER

where FOLDER is the checkout (it has create_pretraining_data.py). The file
holds the pairs that the original cuts out of documents, and means and
variances of its masks. Nothing but the original makes these numbers.
"""

import json
import sys
import types
from pathlib import Path
from random import Random

import numpy as np
import original


def load(checkout: Path):
    """The original's module; its tokenizer is not needed, nor imported."""
    package = types.ModuleType("albert")
    package.tokenization = types.ModuleType("albert.tokenization")
    sys.modules |= {
        "albert": package,
        "albert.tokenization": package.tokenization,
    }
    sys.path.insert(0, str(checkout))
    import create_pretraining_data

    return create_pretraining_data


def pairs(module, case: dict) -> list[list[list[int]]]:
    """Of each document, each pair as [A's first, last, B's ..., label]."""
    module.FLAGS.random_next_sentence = case.get("random_next", False)
    documents = [
        [[f"▁{token}" for token in segment] for segment in document]
        for document in original.documents()
    ]
    made = []
    for index in range(len(documents)):
        instances = module.create_instances_from_document(
            documents,
            index,
            case["max_seq_length"],
            case["short_seq_prob"],
            0,  # with no token masked, only the pairs are drawn
            20,
            [],
            Random(f"{case['seed']}:{index}"),
        )
        made.append([describe(instance) for instance in instances])
    return made


def describe(instance) -> list[int]:
    second = instance.segment_ids.index(1)
    a = instance.tokens[1 : second - 1]
    b = instance.tokens[second:-1]
    ends = [int(token[1:]) for token in (a[0], a[-1], b[0], b[-1])]
    return [*ends, int(instance.is_random_next)]


def mask_moments(module, case: dict) -> dict[str, list[float]]:
    """Of each statistic its mean and the variance of that mean."""
    module.FLAGS.favor_shorter_ngram = case["favor_shorter_ngram"]
    np.random.seed(0)
    rng = Random(0)
    rows = []
    for starts_a, starts_b in original.mask_sequences():
        spell = [["a", "▁a"][start] for start in (*starts_a, *starts_b)]
        tokens = ["[CLS]", *spell[: len(starts_a)], "[SEP]"]
        tokens += [*spell[len(starts_a) :], "[SEP]"]
        for _ in range(original.MASK_REPEATS):
            _, positions, *_ = module.create_masked_lm_predictions(
                tokens,
                original.MASK_PROB,
                case["max_predictions_per_seq"],
                ["a"],
                rng,
            )
            rows.append(original.mask_statistics(starts_a, starts_b, positions))
    values = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        name: [float(np.mean(of)), float(np.var(of) / len(of))]
        for name, of in values.items()
    }


def main() -> None:
    module = load(Path(sys.argv[1]))
    module.FLAGS(
        [
            "",
            "--spm_model_file=x",
            "--vocab_file=x",
            f"--ngram={original.NGRAM}",
        ]
    )
    goldens = {
        "pairs": [pairs(module, case) for case in original.PAIR_CASES],
        "masks": {
            name: mask_moments(module, case)
            for name, case in original.MASK_CASES.items()
        },
    }
    path = Path(__file__).with_name(original.GOLDENS)
    text = json.dumps(goldens, separators=(",", ":"))
    path.write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
