import json
import struct

import pytest

from albert_keras.cli.bench import tflite
from albert_keras.export.latency import Contender, measure

pytest.importorskip("ai_edge_litert.interpreter")


def test_latencies_as_table_json_and_picture(tmp_path, capsys):
    out = tmp_path / "bench"
    tflite(
        "albert_tiny_test",
        quantization=["float32", "int8"],
        length=[8, 16],
        threads=[1],
        seconds=0.01,
        out=out,
    )
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 1 + 4
    record = json.loads((out / "latency.json").read_text())
    found = {(e["name"], e["sequence_length"]): e for e in record["latencies"]}
    assert len(found) == 4
    for each in found.values():
        assert each["runs"] >= 5
        assert each["milliseconds"] >= each["fastest"] > 0
        assert each["peak_bytes"] > 0
    picture = (out / "latency.png").read_bytes()
    width, height = struct.unpack(">II", picture[16:24])
    assert width > height > 100


def test_what_cannot_be_timed(tmp_path):
    path = tmp_path / "damaged.tflite"
    path.write_bytes(b"none")
    with pytest.raises(ValueError, match=r"damaged\.tflite` must run on rows"):
        list(measure([Contender("damaged", path, 8)], [1], 0.01))
    for arguments, sentence in (
        ({"length": [0]}, "--length must be positive"),
        ({"threads": [0]}, "--threads must be positive"),
        ({"quantization": ["int3"]}, "must be one of float32"),
        ({"length": [10**6]}, "between 1 and"),
    ):
        with pytest.raises(ValueError, match=sentence):
            tflite("albert_tiny_test", **arguments)
    with pytest.raises(ValueError, match="`name` must be one of"):
        tflite("no_such_model")
