"""How much each layer changes what goes into it."""

import itertools
from typing import NamedTuple

import numpy as np


class LayerChange(NamedTuple):
    """A layer's input beside its output, over the tokens of a text.

    Attributes:
        layer: Number of the layer, from 1.
        distance: L2 distance of a token's vectors, mean.
        distance_deviation: Its standard deviation over the tokens.
        degrees: Angle between a token's vectors in degrees, from 0 (same
            direction) over 90 to 180 (opposite), mean. This is the cosine
            similarity as the paper plots it.
        degrees_deviation: Its standard deviation over the tokens.
    """

    layer: int
    distance: float
    distance_deviation: float
    degrees: float
    degrees_deviation: float


def layer_changes(hidden_states: np.ndarray) -> list[LayerChange]:
    """Compares what goes into each layer with what comes out.

    Args:
        hidden_states: `[L + 1, S, H]`, as in `ak.look_inside`'s result.

    Returns:
        A `LayerChange` for each of the L layers.

    Source: Lan et al. 2019, section 3.1, Figure 1.
    """
    states = np.asarray(hidden_states, "float64")
    changes = []
    for layer, (before, after) in enumerate(
        itertools.pairwise(states), start=1
    ):
        distances = np.linalg.norm(after - before, axis=-1)
        lengths = np.linalg.norm(before, axis=-1) * np.linalg.norm(
            after, axis=-1
        )
        cosines = np.sum(before * after, axis=-1) / np.maximum(lengths, 1e-30)
        degrees = np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0)))
        changes.append(
            LayerChange(
                layer,
                float(distances.mean()),
                float(distances.std()),
                float(degrees.mean()),
                float(degrees.std()),
            )
        )
    return changes
