"""A map over worker processes: in order, with few items in flight."""

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread, current_thread, main_thread
from typing import Any, TypeVar

from albert_keras.limits import check_limit

Item = TypeVar("Item")
Result = TypeVar("Result")

# Beyond one item for each process, so that none waits for the next.
_ITEMS_AHEAD = 4
_SECONDS_TO_END = 1.0


def map_in_order(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    processes: int | None,
) -> Generator[Result, None, None]:
    """Apply a function to items in worker processes.

    The results come in the order of the items and are made as they are taken,
    so that neither items nor results pile up. Workers are spawned, not
    forked: a fork of a process that has imported TensorFlow inherits locks
    held by threads that it does not have.

    Args:
        function: A picklable callable. It is sent to each process once.
        items: The arguments, read lazily.
        processes: Number of worker processes; 1 computes in this process,
            None stands for one a core.

    Yields:
        `function(item)` for each item.

    Raises:
        ChildProcessError: If a worker process was killed or could not start.
        ValueError: If `processes` is less than 1.
    """
    if processes is None:
        processes = os.cpu_count() or 1
    if processes < 1:
        raise ValueError(
            f"`processes` must be at least 1. Received: processes={processes}."
        )
    check_limit("processes", processes)
    if processes == 1:
        yield from map(function, items)
        return
    context = get_context("spawn")
    # Nothing is ever sent: the workers wait for the other end to be closed.
    # (Setting an Event would hang if a worker that waits for it had died.)
    lifeline, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        processes, context, _start_worker, (function, lifeline)
    )
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            with _signals_deferred():
                waiting.append(pool.submit(_apply_function, item))
            if len(waiting) >= processes + _ITEMS_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException as error:
        held.close()
        _give_up_input(pool)
        if isinstance(error, BrokenProcessPool):
            raise ChildProcessError(
                "A worker process must run to its end. Received: one that was "
                "killed, perhaps for want of memory; fewer `processes` need "
                "less."
            ) from None
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        held.close()
        lifeline.close()


def _give_up_input(pool: ProcessPoolExecutor) -> None:
    """Lets what is being written to dead workers fail instead of wait.

    This process holds an end of their pipe that can be read, so a large item
    would be written to it for ever. Python closes that end itself since 3.12
    and late releases of 3.11 (gh-94777), and is given a second to do it.
    """
    manager: Any = getattr(pool, "_executor_manager_thread", None)
    queue: Any = getattr(pool, "_call_queue", None)
    if manager is not None and queue is not None:
        manager.join(_SECONDS_TO_END)
        if manager.is_alive():
            queue._reader.close()


_function: Callable[[Any], Any]


def _start_worker(function: Callable[[Any], Any], lifeline: Connection) -> None:
    global _function
    _function = function
    Thread(target=_exit_when_closed, args=(lifeline,), daemon=True).start()


def _exit_when_closed(lifeline: Connection) -> None:
    # Either the results are not wanted any more, however long they would
    # still take, or the process that wanted them was killed.
    lifeline.poll(None)
    os._exit(1)


def _apply_function(item: Any) -> Any:
    return _function(item)


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Ctrl-C and SIGTERM in here wait for the end.

    An exception half-way through the start of a worker would leave one that
    nobody knows of, or that was not told what to do. A worker started here
    never sees Ctrl-C: it inherits the blocked signal, so it finishes what it
    is at and leaves it to this process to stop, and to say so.
    """
    received: list[int] = []
    # Blocking holds for this thread alone. If another one takes the signal,
    # Python runs the handler in the main thread.
    deferred = (
        (signal.SIGINT, signal.SIGTERM)
        if current_thread() is main_thread()
        else ()
    )
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handlers = {
        number: signal.signal(number, lambda n, frame: received.append(n))
        for number in deferred
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if received:
            signal.raise_signal(received[0])
