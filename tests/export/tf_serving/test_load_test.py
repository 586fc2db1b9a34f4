"""The load test: when requests come, what latency is, what it reports."""

import json
import threading
import time
import types

import numpy as np
import open_loop
import pytest
from load_report import summary
from load_test import main
from open_loop import Outcome, arrivals, run_open_loop
from request_rows import read_requests


def test_arrivals_are_a_poisson_process():
    due = arrivals(200.0, 50.0, seed=3)
    assert np.all(np.diff(due) >= 0)
    assert 0 <= due[0] <= due[-1] <= 50
    # 10,000 are to come, with a standard deviation of 100.
    assert abs(len(due) - 10_000) < 500
    # Gaps are exponential: their deviation is their mean, 5 ms.
    gaps = np.diff(due)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)
    assert np.mean(gaps > 0.005) == pytest.approx(np.exp(-1), abs=0.02)
    np.testing.assert_array_equal(due, arrivals(200.0, 50.0, seed=3))
    assert not np.array_equal(due[:99], arrivals(200.0, 50.0, seed=4)[:99])


def test_requests_that_wait_for_a_slow_server_count_their_waiting():
    """One request stalls; those due meanwhile are late by what is left."""
    stall = 0.6

    def send(request):
        if request["number"] == 0:
            time.sleep(stall)
            free.set()
        free.wait()

    due = np.array([0.0, 0.1, 0.2, 0.3])
    requests = [{"number": number} for number in range(4)]
    for workers in (1, 4):
        free = threading.Event()
        outcomes = run_open_loop(send, requests, due, workers=workers)
        assert [each.due for each in outcomes] == due.tolist()
        for each in outcomes:
            assert each.latency > stall - each.due - 0.01


def test_requests_do_not_wait_for_answers():
    """All four are under way at once, though none has been answered."""
    together = threading.Barrier(4)
    outcomes = run_open_loop(
        lambda request: together.wait(), [{}], np.zeros(4), workers=4
    )
    assert [each.error for each in outcomes] == [None] * 4


def test_what_is_refused_is_counted():
    def send(request):
        if request["number"] % 2:
            raise ValueError("no")

    requests = [{"number": number} for number in range(3)]
    told = []
    outcomes = run_open_loop(
        send, requests, np.zeros(9), workers=2, on_outcome=told.append
    )
    found = summary(outcomes, 5.0, [(0.0, 2_000_000), (1.0, 3_000_000)])
    assert found["requests"] == len(told) == 9
    assert found["errors"] == {"ValueError: no": 3}
    assert found["memory_mb"] == {"first_tenth": 2.0, "end": 3.0, "most": 3.0}


def test_percentiles_are_those_of_the_answered():
    outcomes = [Outcome(0.0, n / 1000, None) for n in range(1, 1001)]
    outcomes.append(Outcome(0.0, 99.0, "refused"))
    latency = summary(outcomes, 1.0)["latency_ms"]
    assert latency["p50"] == pytest.approx(500, abs=1)
    assert latency["p99"] == pytest.approx(990, abs=1)
    assert latency["p99.9"] == pytest.approx(999, abs=1)
    assert latency["max"] == 1000


def test_capacity_is_what_is_answered_by_all_workers(monkeypatch):
    """By a clock that shows 40 answers a second."""
    both, seen, sent = threading.Barrier(2), set(), []

    def send(request):
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            both.wait()
        sent.append(request)

    clock = types.SimpleNamespace(monotonic=lambda: len(sent) / 40)
    monkeypatch.setattr(open_loop, "time", clock)
    rate = open_loop.capacity(send, [{}], 1.0, workers=2)
    assert rate == pytest.approx(40)
    assert len(sent) >= 40


def test_rows_become_requests(tmp_path):
    rows = tmp_path / "rows"
    rows.write_text('{"a": "x", "b": ["y"]}\n\n{"a": "z", "b": ["w"]}\n')
    assert read_requests(rows, None, 2) == [
        {"a": ["x", "z"], "b": [["y"], ["w"]]}
    ]
    text = tmp_path / "text"
    text.write_text("one\ntwo\nthree\n")
    assert read_requests(None, text, 1)[2] == {"text": ["three"]}
    assert len(read_requests(None, text, 2)) == 1
    with pytest.raises(ValueError, match="3 rows, a batch of 4"):
        read_requests(None, text, 4)


@pytest.mark.parametrize("line", ["[1]", "{", "{}", '{"c": "x"}'])
def test_rows_that_are_none_are_named(tmp_path, line):
    rows = tmp_path / "rows"
    rows.write_text(f'{{"a": "x"}}\n{line}\n')
    with pytest.raises(ValueError, match=":2 must be a JSON object"):
        read_requests(rows, None, 1)


@pytest.fixture(scope="module")
def server(folders):
    pytest.importorskip("tensorflow_serving")
    from stand_in_server import ServedModels, StandInServer

    server = StandInServer(ServedModels({"film": folders["classifier"]}))
    yield server
    server.close()


@pytest.mark.parametrize("way", ["grpc", "http"])
def test_a_server_is_tested(server, tmp_path, capsys, way):
    texts = tmp_path / "texts"
    texts.write_text("the value\nof an argument\n\na name\n")
    address = (
        f"grpc://{server.grpc_address}"
        if way == "grpc"
        else server.rest_address
    )
    png, out = tmp_path / "load.png", tmp_path / "load.json"
    code = main(
        [
            *(address, "film", "--text", str(texts), "--rate", "20"),
            *("--seconds", "1.5", "--png", str(png), "--json", str(out)),
        ]
    )
    assert code == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads(out.read_text())
    assert found["errors"] == {}
    assert found["requests"] == len(arrivals(20.0, 1.5, 0))
    assert set(found["latency_ms"]) == {"p50", "p90", "p99", "p99.9", "max"}
    assert png.read_bytes().startswith(b"\x89PNG")


def test_what_the_server_refuses_is_said_before_anything_is_measured(
    server, tmp_path
):
    rows = tmp_path / "rows"
    rows.write_text('{"texts": "a"}\n')
    with pytest.raises(RuntimeError, match="inputs must be text"):
        main(
            [
                *(server.rest_address, "film", "--requests", str(rows)),
                *("--rate", "1"),
            ]
        )


@pytest.mark.parametrize(
    "options", [["--rate", "0"], ["--seconds", "-1"], ["--batch", "0"]]
)
def test_numbers_that_mean_nothing_are_refused(options, capsys):
    with pytest.raises(SystemExit):
        main(["http://localhost:1", "film", "--text", "x", *options])
    assert "must be positive" in capsys.readouterr().err
