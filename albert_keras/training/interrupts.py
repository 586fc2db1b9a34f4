"""Ctrl-C and SIGTERM as a wish to stop after the step."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class StopSignals:
    """While entered, notes SIGINT and SIGTERM instead of dying of them.

    The training loop looks at `must_stop` after each step, saves and stops. Who
    presses Ctrl-C twice does not want to wait: the second signal raises
    KeyboardInterrupt where the program stands.

    Of several workers each may get a signal, and at another step than the
    others, or only one of them. They must stop after the same step, or those
    that go on would wait for the others for ever. So the training step adds up
    who was asked to stop, and all stop when one was.

    Python delivers signals to the main thread alone; in any other thread
    entering changes nothing.

    Attributes:
        received: the signal that arrived at this process, or None.
        is_shared: whether to stop is agreed with other workers.
        agreed: whether the workers agreed to stop; set by the training loop.

    Example:
    ```python
    with StopSignals() as signals:
        while not signals.must_stop:
            step()
    ```
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, is_shared: bool = False) -> None:
        self.received: signal.Signals | None = None
        self.is_shared = is_shared
        self.agreed = False
        self._previous: dict[signal.Signals, Any] = {}

    @property
    def is_received(self) -> bool:
        """Whether this process was asked to stop."""
        return self.received is not None

    @property
    def must_stop(self) -> bool:
        """Whether to stop now: all workers alike."""
        return self.agreed if self.is_shared else self.is_received

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
