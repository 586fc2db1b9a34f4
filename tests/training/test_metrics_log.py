"""metrics.csv and curves.png."""

import struct

import pytest

from albert_keras.training.curves import draw_curves
from albert_keras.training.metrics_log import METRICS, MetricsLog, MetricsRow


def row(step, split="train", value=1 / 3):
    values = dict.fromkeys(METRICS, value)
    if split == "train":
        values["learning_rate"] = 1e-7
    return MetricsRow(step, split, values)


def test_rows_are_read_as_they_were_written(tmp_path):
    written = [row(2), row(4), row(4, "eval", 2 / 7)]
    log = MetricsLog(tmp_path / "metrics.csv")
    assert log.rows == []
    for each in written:
        log.append(each)
    assert MetricsLog(tmp_path / "metrics.csv").rows == written


def test_later_rows_and_a_line_cut_off_are_dropped(tmp_path):
    path = tmp_path / "metrics.csv"
    log = MetricsLog(path)
    for step in (2, 4, 6):
        log.append(row(step))
    whole = path.read_text()
    path.write_text(whole + whole.splitlines()[-1][:20])
    log = MetricsLog(path)
    log.drop_after(4)
    log.append(row(5))
    assert [r.step for r in MetricsLog(path).rows] == [2, 4, 5]
    assert len(path.read_text().splitlines()) == 1 + 3


@pytest.mark.parametrize(
    "rows",
    [
        [row(1)],
        [row(1), row(2), row(2, "eval")],
        [row(step, split) for step in range(9) for split in ("train", "eval")],
    ],
)
def test_curves_are_drawn_of_few_rows_and_many(tmp_path, rows):
    path = tmp_path / "curves.png"
    draw_curves(rows, path, {"commonest piece": 0.05, "bigram": 0.19})
    header = path.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", header[16:])
    assert width >= 1000
    assert height >= 700
    assert list(tmp_path.iterdir()) == [path]
