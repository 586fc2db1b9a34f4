"""Writes metric_goldens.json: what known packages give for random answers.

pip install scipy scikit-learn seqeval
python tests/tasks/make_metric_goldens.py
"""

import json
import random
import warnings
from pathlib import Path

from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import accuracy_score as tag_accuracy
from seqeval.metrics import classification_report
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

TAGS = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def classes(random_, labels, count, share):
    right = [random_.choice(labels) for _ in range(count)]
    given = [
        label if random_.random() < share else random_.choice(labels)
        for label in right
    ]
    return given, right


def classification(seed, labels, count, share):
    given, right = classes(random.Random(seed), labels, count, share)
    scores = {
        "accuracy": accuracy_score(right, given),
        "matthews": matthews_corrcoef(right, given),
    }
    if "1" in labels:
        scores["f1"] = f1_score(right, given, pos_label="1", zero_division=0)
    return {"predictions": given, "labels": right, "scores": scores}


def regression(seed, count, step):
    random_ = random.Random(seed)
    right = [round(random_.uniform(0, 5) / step) * step for _ in range(count)]
    given = [round(value + random_.gauss(0, 1), 2) for value in right]
    scores = {
        "pearson": pearsonr(given, right)[0],
        "spearman": spearmanr(given, right)[0],
    }
    return {"predictions": given, "labels": right, "scores": scores}


def tags(seed, kinds, share):
    random_ = random.Random(seed)
    pairs = [
        classes(random_, kinds, random_.randint(1, 12), share)
        for _ in range(30)
    ]
    given, right = [a for a, _ in pairs], [b for _, b in pairs]
    report = classification_report(
        right, given, output_dict=True, zero_division=0
    )
    scores = {"accuracy": tag_accuracy(right, given)}
    for name, row in report.items():
        if name in ("macro avg", "weighted avg"):
            continue
        suffix = "" if name == "micro avg" else f"_{name}"
        scores[f"precision{suffix}"] = float(row["precision"])
        scores[f"recall{suffix}"] = float(row["recall"])
        scores[f"f1{suffix}"] = float(row["f1-score"])
    return {"predictions": given, "labels": right, "scores": scores}


def main():
    warnings.simplefilter("ignore")
    three = ["contradiction", "entailment", "neutral"]
    goldens = {
        "classification": [
            classification(1, ["0", "1"], 60, 0.5),
            classification(2, ["0", "1"], 7, 0.9),
            classification(3, three, 90, 0.4),
            classification(4, ["0"], 5, 1),
        ],
        "regression": [regression(5, 50, 0.2), regression(6, 40, 1)],
        "tags": [
            tags(7, TAGS, 0.8),
            tags(8, TAGS, 0),
            tags(9, [*TAGS, "S-PER", "E-PER", "E-LOC"], 0.7),
        ],
    }
    file = Path(__file__).with_name("metric_goldens.json")
    file.write_text(json.dumps(goldens, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()
