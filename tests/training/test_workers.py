"""Two workers in two processes: their losses, a lost one, and a signal."""

import json
import signal
import socket
import sys
import time
from pathlib import Path

import own_process
import pytest
from run_numbers import THIRTY_STEPS, assert_same_numbers

pytestmark = [pytest.mark.multiworker, pytest.mark.slow]

LONG_RUN = (
    *("--steps", "200", "--log-every", "2"),
    *("--eval-every", "100", "--checkpoint-every", "10"),
    *("--steps-per-execution", "2"),
)


class Workers:
    """Two processes that train together, stopped when the test is over.

    Their output goes to files of `folder`, because a worker that waits for its
    pipe to be read would keep the other one waiting.
    """

    def __init__(self, command, folder):
        self.ports = [reserved_port() for _ in range(2)]
        addresses = ["{}:{}".format(*p.getsockname()) for p in self.ports]
        self.outputs = [folder / f"worker_{index}.out" for index in range(2)]
        self.errors = [path.with_suffix(".err") for path in self.outputs]
        self.processes = []
        for index in range(2):
            config = {
                "cluster": {"worker": addresses},
                "task": {"type": "worker", "index": index},
            }
            self.processes.append(
                own_process.start(
                    command,
                    stdout=self.outputs[index],
                    stderr=self.errors[index],
                    environment={
                        "TF_CONFIG": json.dumps(config),
                        "TF_GRPC_REUSE_PORT": "1",
                    },
                )
            )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for process in self.processes:
            own_process.stop(process)
        for port in self.ports:
            port.close()

    def ends(self):
        """Exit codes and standard errors, once both have ended."""
        for process in self.processes:
            process.join()
        codes = [process.exitcode for process in self.processes]
        return codes, [path.read_text() for path in self.errors]

    def wait_for(self, moment):
        while not moment():
            for process in self.processes:
                assert process.exitcode is None, self.ends()
            time.sleep(0.01)


def reserved_port():
    """Bind a port that no other program is given, and a worker can share."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def test_two_workers_have_the_losses_of_one_device(
    thirty_steps, pretrain_command, tmp_path
):
    run_dir = tmp_path / "run"
    with Workers(pretrain_command(run_dir, *THIRTY_STEPS), tmp_path) as workers:
        codes, errors = workers.ends()
    assert codes == [0, 0], errors
    assert_same_numbers(run_dir, thirty_steps)
    record = json.loads((run_dir / "run.json").read_text())
    assert record["made_by"]["strategy"] == (
        "multiworker, 2 devices, worker 1 of 2"
    )
    assert (run_dir / "preset" / "config.json").exists()


def test_keras_still_fails_with_two_workers(tmp_path):
    program = Path(__file__).with_name("keras_trials.py")
    with Workers([sys.executable, program, "multiworker"], tmp_path) as workers:
        workers.ends()
    for output in workers.outputs:
        error = json.loads(output.read_text())["plain"].get("error", "")
        assert (
            "Invalid reduction dimension" in error or "PerReplica" in error
        ), (
            "Keras has learnt it (keras #20585): remove the workaround "
            f"symbolic_build. Received: {error}"
        )


def test_a_lost_worker_and_a_signal_cost_nothing(
    pretrain_command, pretrain_here, tmp_path
):
    """Either worker is killed, then one is told to stop; the end is the same.

    Both workers start with the same command each time; one process goes on
    from the last of them.
    """
    run_dir, alone = tmp_path / "run", tmp_path / "alone"
    words = (*LONG_RUN, "--resume")

    def latest():
        names = sorted((run_dir / "checkpoints").glob("step_*.npz"))
        return int(names[-1].stem.removeprefix("step_")) if names else 0

    for victim in (1, 0):
        before = latest()
        with Workers(pretrain_command(run_dir, *words), tmp_path) as workers:
            workers.wait_for(lambda before=before: latest() >= before + 20)
            workers.processes[victim].kill()
            codes, errors = workers.ends()
        assert codes[victim] == -signal.SIGKILL
        assert codes[1 - victim] == 2
        last_line = errors[1 - victim].strip().splitlines()[-1]
        assert last_line.startswith("Error: Another worker of the run was lost")
        assert "Traceback" not in errors[1 - victim]
        assert latest() < 200

    before = latest()
    with Workers(pretrain_command(run_dir, *words), tmp_path) as workers:
        workers.wait_for(lambda: latest() >= before + 20)
        workers.processes[1].terminate()
        codes, errors = workers.ends()
    assert codes == [143, 143]
    stopped = {error.strip().splitlines()[-1] for error in errors}
    assert stopped == {
        f"Stopped after step {latest()} of 200; everything is kept, and the "
        "run can be resumed."
    }
    assert latest() < 200

    pretrain_here(run_dir, *words)
    pretrain_here(alone, *LONG_RUN)
    assert_same_numbers(run_dir, alone, tolerance=1e-3)
