"""What memory a process holds while something runs."""

import threading
import time
from pathlib import Path


class MemoryWatch:
    """Notes once a second what memory a process holds.

    Args:
        pid: The process; nothing is noted if it is `None`.

    Attributes:
        samples: Seconds since the beginning, and bytes.
    """

    def __init__(self, pid: int | None):
        self.samples: list[tuple[float, int]] = []
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        if self._pid is not None:
            self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        if self._pid is not None:
            self._thread.join()

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(1.0):
            self.samples.append((time.monotonic() - began, resident(self._pid)))


def resident(pid: int | None) -> int:
    """Bytes of memory that a process of this Linux machine holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.split("VmRSS:")[1].split()[0])
