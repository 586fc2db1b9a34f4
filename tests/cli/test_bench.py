import dataclasses
import json
import struct

import pytest

import albert_keras as ak
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
        weight_cache=True,
        out=out,
    )
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 1 + 8
    record = json.loads((out / "latency.json").read_text())
    found = {(e["name"], e["sequence_length"]): e for e in record["latencies"]}
    names = {"float32", "float32 cached", "int8", "int8 cached"}
    assert set(found) == {(name, n) for name in names for n in (8, 16)}
    assert record["runtimes"]["ai-edge-litert"]
    for each in found.values():
        assert each["runs"] >= 5
        assert each["milliseconds"] >= each["fastest"]
        assert each["peak_bytes"] > 0
    picture = (out / "latency.png").read_bytes()
    width, height = struct.unpack(">II", picture[16:24])
    assert width > height > 100


def test_a_weight_cache_holds_the_shared_block_once(tmp_path):
    config = dataclasses.replace(
        ak.AlbertConfig.named("albert_tiny_test"),
        num_hidden_layers=12,
        hidden_size=256,
        intermediate_size=1024,
    )
    backbone = ak.AlbertBackbone.from_albert_config(config)
    path = tmp_path / "model.tflite"
    ak.export.tflite(backbone, path, sequence_length=8, quantization="float32")
    cache = tmp_path / "model.cache"
    plain, cached = measure(
        [Contender("", path, 8), Contender("", path, 8, cache)], [1], 0.01
    )
    # 3.2 MB of the block, packed for each of 12 layers and for all of them.
    assert plain.peak_bytes > 35e6
    assert cached.peak_bytes < 20e6
    assert 3e6 < cache.stat().st_size < 5e6


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
