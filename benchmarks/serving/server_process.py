"""The stand-in server in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SERVER = (
    Path(__file__).parents[2] / "export" / "tf_serving" / "stand_in_server.py"
)


class ServerProcess:
    """Serves models until it is closed.

    Args:
        folders: The base path of each model.
        environment: Added to that of the process.

    Attributes:
        grpc_address: As in `"127.0.0.1:40000"`.
        rest_address: As in `"http://127.0.0.1:40001"`.
        pid: Of the process.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        environment: Mapping[str, str] | None = None,
    ):
        self._process = subprocess.Popen(
            [sys.executable, SERVER]
            + [f"{name}={folder}" for name, folder in folders.items()],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={
                **os.environ,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                **(environment or {}),
            },
        )
        self.pid = self._process.pid
        addresses = self._process.stdout.readline().split()
        if len(addresses) != 2:
            raise RuntimeError("The server must start. Received: it ended.")
        self.grpc_address, self.rest_address = addresses

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> "ServerProcess":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
