"""Texts for clients, and what Keras says of the ids they make."""

import numpy as np

LENGTH = 32
LABELS = ["ja", 'né "g", ß', "jaja", " 好 "]
TEXTS = [
    "The value of an argument.",
    "ELAN or Élan, 1,234 times: “Ünïcode” ﬁne",
    "",
    "  blanks\tand\nbreaks \u2003 ",
    "[CLS] is not what [MASK] it seems [SEP]",
    "가각 好 😀 ½ Ⅷ ΣΑΣ",
    "a value that is longer than the row of the model is, " * 5,
]
# A question with more than 64 tokens, and a passage with more than 384.
QUESTIONS = [
    ["The value is 1,234 — Élan — the name  of an\nargument.", "Which VALUE?"],
    ["The parser of an argument takes it. " * 40, "Who takes it? " * 30],
    ["x", ""],
    *(
        [f"The name {n} is that of value {n}7, not of Élan.", f"Which {n}?"]
        for n in range(20)
    ),
]


def row_of(token_ids, segment_ids=None, length=None):
    """One row of a model's inputs, padded to a length."""
    length = length or len(token_ids)
    row = {
        "token_ids": token_ids,
        "segment_ids": segment_ids or [0] * len(token_ids),
        "padding_mask": [1] * len(token_ids),
    }
    return {
        name: np.array([ids + [0] * (length - len(ids))], "int32")
        for name, ids in row.items()
    }


def keras_scores(model, token_ids):
    """Probabilities of a classifier, by definition."""
    logits = np.asarray(model(row_of(token_ids), training=False))[0]
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


def keras_mean(model, token_ids):
    """The mean vector of a text, by definition."""
    outputs = model(row_of(token_ids), training=False)
    return np.asarray(outputs["sequence_output"])[0].mean(axis=0)
