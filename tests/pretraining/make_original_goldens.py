"""Writes the golden file of the tests against google-research/albert.

Run it where TensorFlow and a checkout of the original are installed:

    python tests/pretraining/make_original_goldens.py FOLDER

where FOLDER is the checkout (it has create_pretraining_data.py). The file
holds the pairs that the original cuts out of documents, means and variances
of its masks, and those of whole examples, from lines of text on. Nothing but
the original makes these numbers.
"""

import json
import sys
import tempfile
import types
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import original


def load(checkout: Path):
    """The original's module, without TensorFlow Hub, of which it needs none."""
    package = types.ModuleType("albert")
    sys.modules |= {
        "albert": package,
        "tensorflow_hub": types.ModuleType("tensorflow_hub"),
    }
    sys.path.insert(0, str(checkout))
    import tokenization

    package.tokenization = sys.modules["albert.tokenization"] = tokenization
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


class PieceTokenizer:
    """Stands for the original's: the text has its pieces apart already."""

    vocab = dict.fromkeys(original.vocabulary())

    def tokenize(self, line: str) -> list[str]:
        return line.split()


def example_moments(module, case: dict) -> dict[str, list[float]]:
    """Of each statistic its value and the variance of that value.

    A statistic is a ratio of two totals over independent passes through the
    text; the variance is that of a ratio estimator, from one pass to another.
    """
    module.FLAGS.favor_shorter_ngram = case["favor_shorter_ngram"]
    module.FLAGS.random_next_sentence = case["random_next"]
    module.FLAGS.do_permutation = case["do_permutation"]
    np.random.seed(1)
    passes = []
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(original.text())
        file.flush()
        for number in range(original.WHOLE_PASSES):
            counts = sum(
                (
                    original.example_counts(
                        instance.tokens,
                        instance.segment_ids,
                        instance.token_boundary,
                        instance.masked_lm_positions,
                        instance.masked_lm_labels,
                        int(instance.is_random_next),
                    )
                    for instance in module.create_training_instances(
                        [file.name],
                        PieceTokenizer(),
                        case["max_seq_length"],
                        1,
                        case["short_seq_prob"],
                        original.MASK_PROB,
                        case["max_predictions_per_seq"],
                        Random(number),
                    )
                ),
                Counter({"pass: pass": 1}),
            )
            passes.append(counts)
    moments = {}
    for name in sorted(set().union(*passes) - {"pass: pass"}):
        parts = np.array([counts[name] for counts in passes], float)
        whole = original.whole_of(name)
        wholes = np.array([counts[whole] for counts in passes])
        ratio = parts.sum() / wholes.sum()
        deviations = (parts - ratio * wholes) / wholes.mean()
        moments[name] = [ratio, float(np.var(deviations) / len(passes))]
    return moments


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
        "examples": {
            name: example_moments(module, case)
            for name, case in original.WHOLE_CASES.items()
        },
    }
    path = Path(__file__).with_name(original.GOLDENS)
    text = json.dumps(goldens, separators=(",", ":"))
    path.write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
