"""Ctrl-C and SIGTERM as a wish to stop after the step."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StopSignals:
    """While entered, notes SIGINT and SIGTERM instead of dying of them.

    The training loop looks at `received` after each step, saves and stops. Who
    presses Ctrl-C twice does not want to wait: the second signal raises
    KeyboardInterrupt where the program stands.

    Python delivers signals to the main thread alone; in any other thread
    entering changes nothing.

    Attributes:
        received: the signal that arrived, or None.

    Example:
    ```python
    with StopSignals() as signals:
        while signals.received is None:
            step()
    ```
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for number in self.SIGNALS:
                self._previous[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
