"""Requests as a careless or hostile client would send them."""

import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

_WORDS = [
    "the",
    "of",
    "value",
    "[MASK]",
    "name",
    "1,234",
    "Élan",
    "—",
    "it’s",
    "x",
]
_MARKS = ["\u0301", "\u0308", "\u3099", "\u200d", "\ufeff", "\u00ad", "\ufffd"]
_MEGABYTE = 1_000_000


class Request(NamedTuple):
    """One request.

    Attributes:
        kind: What is odd about it.
        signature: The signature it names.
        inputs: Arrays by name.
        verdict: `"answered"` or `"refused"` where only that is right, else
            `"either"`.
    """

    kind: str
    signature: str
    inputs: dict[str, Any]
    verdict: str = "either"


def hostile_requests(
    specs: Mapping[str, Mapping[str, tuple[str, int]]], seed: int
) -> Iterator[Request]:
    """Requests without end.

    Args:
        specs: For each signature the dtype (`"string"` or `"int32"`) and rank
            of each input.
        seed: Decides all of them.
    """
    rng = random.Random(seed)
    names = sorted(specs)
    while True:
        signature = rng.choice(names)
        slots = specs[signature]
        roll = rng.random()
        if roll < 0.3:
            yield _misshapen(rng, signature, slots)
        elif "token_ids" in slots:
            yield _of_ids(rng, signature, slots)
        elif "examples" in slots:
            yield _of_examples(rng, signature, specs["serving_default"])
        else:
            yield _of_texts(rng, signature, slots)


def _of_texts(
    rng: random.Random, signature: str, slots: Mapping[str, tuple[str, int]]
) -> Request:
    rows = rng.choice([0, 1, 1, 1, 2, 2, 3, 8])
    longest = 60
    kind = f"texts, {rows} rows"
    if rng.random() < 0.004:
        rows, longest, kind = 512, 20, "texts, 512 rows"
    inputs = {}
    options = rng.randint(1, 5)
    for name, (_dtype, rank) in slots.items():
        values = np.empty([rows, options][:rank], object)
        for index in np.ndindex(*values.shape):
            values[index] = odd_text(rng, longest)
        inputs[name] = values
    if rows == 1 and rng.random() < 0.01:
        name = rng.choice(sorted(inputs))
        inputs[name][(0,) * inputs[name].ndim] = huge_text(rng)
        kind = "a megabyte"
    return Request(kind, signature, inputs, "answered")


def odd_text(rng: random.Random, longest: int) -> bytes:
    """A text of up to so many words, marks or bytes."""
    kind = rng.choice(
        ["words", "words", "empty", "nul", "bytes", "marks", "any"]
    )
    size = rng.randint(1, longest)
    if kind == "empty":
        return b""
    if kind == "bytes":
        return rng.randbytes(size)
    if kind == "marks":
        return "".join(rng.choices(_MARKS, k=size)).encode()
    if kind == "any":
        points = [rng.randrange(0x110000) for _ in range(size)]
        return "".join(map(chr, points)).encode("utf-8", "surrogatepass")
    text = " ".join(rng.choices(_WORDS, k=size)).encode()
    if kind == "nul":
        at = rng.randrange(len(text))
        return text[:at] + b"\x00" + text[at:]
    return text


def huge_text(rng: random.Random) -> bytes:
    """A megabyte."""
    unit = rng.choice(
        [b"the value ", b"x", b" ", b"[MASK]", b"\x00", b"\xff", b"\xcc\x81"]
    )
    return (unit * (_MEGABYTE // len(unit) + 1))[:_MEGABYTE]


def _misshapen(
    rng: random.Random, signature: str, slots: Mapping[str, tuple[str, int]]
) -> Request:
    good = {
        name: _plain(dtype, [2] * rank) for name, (dtype, rank) in slots.items()
    }
    name = rng.choice(sorted(slots))
    dtype, rank = slots[name]
    kind = rng.choice(
        ["rank", "scalar", "dtype", "missing", "unknown", "signature", "rows"]
    )
    if kind == "rank":
        good[name] = _plain(dtype, [1] * (rank + rng.randint(1, 2)))
    elif kind == "scalar":
        good[name] = _plain(dtype, [])
    elif kind == "dtype":
        others = ["float32", "int64", "bool", "uint8"]
        others += ["int32"] if dtype == "string" else ["string"]
        good[name] = _plain(rng.choice(others), [2] * rank)
    elif kind == "missing":
        del good[name]
    elif kind == "unknown":
        good[f"{name}_"] = good.pop(name)
    elif kind == "signature":
        signature += "?"
    elif len(slots) == 1:
        return Request("well formed", signature, good)
    else:
        good[name] = _plain(dtype, [3] + [2] * (rank - 1))
    # Whatever is wrong with an input, nothing may be made of it.
    return Request(f"wrong {kind}", signature, good, "refused")


def _plain(dtype: str, shape: list[int]) -> np.ndarray:
    if dtype == "string":
        values = np.empty(shape, object)
        values[...] = b"a"
        return values
    return np.ones(shape, dtype)


def _of_ids(
    rng: random.Random, signature: str, slots: Mapping[str, tuple[str, int]]
) -> Request:
    rows, width = rng.choice([0, 1, 2, 5]), rng.choice([0, 1, 2, 9, 32, 33, 70])
    options = rng.randint(0, 3)
    kind = rng.choice(["in range", "below 0", "too large", "any"])
    bounds = {
        "in range": (0, 2),
        "below 0": (-3, 2),
        "too large": (0, 400),
        "any": (-(2**31), 2**31 - 1),
    }[kind]
    inputs = {}
    for name, (_dtype, rank) in slots.items():
        shape = [rows, options, width] if rank == 3 else [rows, width]
        if name == "mask_positions":
            shape[-1] = rng.randint(0, 4)
        values = [rng.randrange(*bounds) for _ in range(int(np.prod(shape)))]
        inputs[name] = np.array(values, "int32").reshape(shape)
    return Request(f"ids {kind}", signature, inputs)


def _of_examples(
    rng: random.Random,
    signature: str,
    slots: Mapping[str, tuple[str, int]],
) -> Request:
    rows = rng.choice([0, 1, 2, 4])
    kind = rng.choice(["right", "cut", "bytes", "numbers", "many"])
    examples = np.empty([rows], object)
    for row in range(rows):
        examples[row] = _example(rng, slots, kind)
    verdict = "either"
    if kind == "right" or not rows:
        verdict = "answered"
    elif kind == "numbers":
        verdict = "refused"
    return Request(
        f"examples, {kind}", signature, {"examples": examples}, verdict
    )


def _example(
    rng: random.Random, slots: Mapping[str, tuple[str, int]], kind: str
) -> bytes:
    if kind == "bytes":
        return rng.randbytes(rng.randint(0, 40))
    import tensorflow as tf

    features = {}
    for name, (_dtype, rank) in slots.items():
        count = 2 if rank == 2 else 1
        count += rng.randint(1, 3) if kind == "many" else 0
        features[name] = (
            tf.train.Feature(int64_list=tf.train.Int64List(value=[1] * count))
            if kind == "numbers"
            else tf.train.Feature(
                bytes_list=tf.train.BytesList(
                    value=[odd_text(rng, 20) for _ in range(count)]
                )
            )
        )
    content = tf.train.Example(
        features=tf.train.Features(feature=features)
    ).SerializeToString()
    return content[: rng.randint(0, len(content))] if kind == "cut" else content
