"""Scores as lines of text."""


def score_line(name: str, value: float) -> str:
    """A line for one score.

    Args:
        name: as the metrics of `albert_keras.tasks` name it.
        value: a number of examples where the name ends with `total`; else a
            score in per cent, or a threshold.
    """
    if name.endswith("total"):
        return f"{name:18} {value:,}"
    # Found by trying all thresholds on what is scored.
    note = "   (fitted on these questions)" if name.startswith("best_") else ""
    return f"{name:18} {value:.3f}{note}"
