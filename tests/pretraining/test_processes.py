import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from albert_keras.pretraining import processes


def test_map_in_order_over_processes():
    asked = []

    def items():
        for number in range(30):
            asked.append(number)
            yield number

    results = processes.map_in_order(str, items(), 2)
    assert next(results) == "0"
    assert len(asked) < 10  # no more than are in flight
    assert list(results) == [str(number) for number in range(1, 30)]


def test_an_error_in_a_worker_arrives():
    with pytest.raises(ValueError, match="invalid literal"):
        list(processes.map_in_order(int, ["1", "x", "3"], 2))


def test_a_worker_that_was_killed_is_told():
    with pytest.raises(ChildProcessError, match=r"one that was killed"):
        list(processes.map_in_order(os._exit, [9, 9, 9], 2))


def test_workers_are_not_waited_for_when_their_results_are_not_wanted():
    with closing(processes.map_in_order(time.sleep, [0, 9999], 2)) as results:
        assert next(results) is None


def test_workers_end_with_the_process_that_wanted_their_results():
    code = (
        "import time\n"
        "from albert_keras.pretraining.processes import map_in_order\n"
        "if __name__ == '__main__':\n"
        "    for _ in map_in_order(time.sleep, [0, 9999, 9999], 2):\n"
        "        print('at work', flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "at work\n"
    os.kill(process.pid, signal.SIGKILL)
    # Ends only when the last worker has let go of standard output.
    assert process.communicate()[0] == ""
