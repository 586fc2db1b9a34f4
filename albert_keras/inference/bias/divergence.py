"""How far apart two probability distributions are."""

import numpy as np


def jensen_shannon(first: np.ndarray, second: np.ndarray) -> float:
    """The Jensen-Shannon divergence of two distributions, in bits.

    The mean of both Kullback-Leibler divergences from the mean of both
    distributions (Lin 1991). It is 0 where they are the same, and 1 where
    nothing that one allows is allowed by the other. In between: so many bits
    does one draw tell, on average, about which of both it comes from.

    Args:
        first: float `[outcomes]`, which sums to 1.
        second: Likewise.

    Returns:
        A float from 0 to 1.
    """
    first, second = (
        np.asarray(each, "float64") / np.sum(each, dtype="float64")
        for each in (first, second)
    )
    mean = (first + second) / 2
    divergence = (_divergence(first, mean) + _divergence(second, mean)) / 2
    return float(np.clip(divergence, 0.0, 1.0))


def _divergence(of: np.ndarray, beside: np.ndarray) -> float:
    """Kullback-Leibler in bits; what never happens adds nothing."""
    happens = of > 0
    of, beside = of[happens], beside[happens]
    return float(np.sum(of * np.log2(of / beside)))
