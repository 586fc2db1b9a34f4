"""Requests that arrive by themselves, as those of many users do."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Outcome(NamedTuple):
    """What became of a request.

    Attributes:
        due: Seconds from the beginning at which it was to be sent.
        latency: Seconds from then to its answer, also where it was sent late.
        error: What was wrong, or `None`.
    """

    due: float
    latency: float
    error: str | None


def arrivals(rate: float, seconds: float, seed: int) -> np.ndarray:
    """When requests of a Poisson process come: float64, seconds, ascending.

    Args:
        rate: Requests a second, on average.
        seconds: For how long.
        seed: Decides them.
    """
    generator = np.random.default_rng(seed)
    count = generator.poisson(rate * seconds)
    return np.sort(generator.uniform(0.0, seconds, count))


def run_open_loop(
    send: Callable[[Mapping], object],
    requests: Sequence[Mapping],
    due: np.ndarray,
    workers: int = 64,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Sends each request when it is due, whether earlier ones are answered.

    A client that waits for an answer before it asks again asks less of a slow
    server, and so hides how slow it is. Latency counts from when a request
    was due: where all workers wait for answers, it waits and that counts.

    Args:
        send: Sends one request; raises where it is refused.
        requests: Taken in turn, again from the first after the last.
        due: See `arrivals`.
        workers: Most requests on their way at once.
        on_outcome: Is told each outcome, by one thread at a time.

    Returns:
        The outcomes, in the order of `due`. After Ctrl-C those that there are.
    """
    outcomes: list[Outcome | None] = [None] * len(due)
    turn, told = threading.Lock(), threading.Lock()
    numbers: Iterator[int] = iter(range(len(due)))
    began = time.monotonic()

    def work() -> None:
        while True:
            with turn:
                number = next(numbers, None)
            if number is None:
                return
            wait = due[number] - (time.monotonic() - began)
            if wait > 0:
                time.sleep(wait)
            error = None
            try:
                send(requests[number % len(requests)])
            except Exception as problem:
                error = f"{type(problem).__name__}: {problem}"
            latency = time.monotonic() - began - due[number]
            outcomes[number] = Outcome(float(due[number]), latency, error)
            with told:
                on_outcome(outcomes[number])

    threads = [
        threading.Thread(target=work, daemon=True)
        for _ in range(min(workers, len(due)))
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        with turn:
            numbers = iter(())
    return [outcome for outcome in outcomes if outcome is not None]


def capacity(
    send: Callable[[Mapping], object],
    requests: Sequence[Mapping],
    seconds: float,
    workers: int,
) -> float:
    """Requests a second that a server answers when it always has some to do.

    Args:
        send: Sends one request.
        requests: Taken in turn.
        seconds: For how long to send.
        workers: Requests on their way at once.
    """
    answered, lock = 0, threading.Lock()
    began = time.monotonic()
    end = began + seconds

    def work(first: int) -> None:
        nonlocal answered
        number = first
        while time.monotonic() < end:
            send(requests[number % len(requests)])
            number += workers
            with lock:
                answered += 1

    threads = [
        threading.Thread(target=work, args=(n,), daemon=True)
        for n in range(workers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answered / (time.monotonic() - began)
