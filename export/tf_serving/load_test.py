"""How a server stands a load: latencies of requests that come by themselves.

    python load_test.py grpc://localhost:8500 albert --text sentences.txt \
        --rate 50 --seconds 60 --png load.png

Requests arrive as a Poisson process of `--rate` a second, whether earlier ones
are answered or not (an open loop), and latency counts from when a request was
due. Without --rate the capacity is measured first, and 80 % of it is asked.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from load_report import draw, summary
from memory_watch import MemoryWatch
from open_loop import arrivals, capacity, run_open_loop
from request_rows import read_requests
from serving_client import GrpcClient, RestClient

_CAPACITY_SECONDS, _CAPACITY_WORKERS = 15.0, 8


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    options = _options(arguments)
    requests = read_requests(options.requests, options.text, options.batch)
    send = _sender(options)
    for request in requests[: min(8, len(requests))]:
        send(request)  # refused here, before anything is measured
    rate = options.rate
    found: dict[str, Any] = {}
    if rate is None:
        _say(f"Measuring the capacity, {_CAPACITY_SECONDS:g} s ...")
        found["capacity"] = capacity(
            send, requests, _CAPACITY_SECONDS, _CAPACITY_WORKERS
        )
        rate = options.share * found["capacity"]
    _say(f"{rate:.1f} requests/s, {options.seconds:g} s ...")
    due = arrivals(rate, options.seconds, options.seed)
    with MemoryWatch(options.watch) as watch:
        outcomes = run_open_loop(
            send, requests, due, options.workers, _Progress(len(due)).show
        )
    _say("")
    found |= summary(outcomes, rate, watch.samples)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.png and found["latency_ms"]:
        title = (
            f"{options.model}: {rate:.1f} requests/s, rows of each: "
            f"{options.batch}"
        )
        draw(outcomes, title, options.png, watch.samples)
    return 1 if found["errors"] or not outcomes else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "address", help="grpc://HOST:PORT or http://HOST:PORT of the server"
    )
    parser.add_argument("model", help="name of the model")
    parser.add_argument("--signature", default="serving_default")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--text", type=Path, help="a text a line, for the input `text`"
    )
    given.add_argument(
        "--requests",
        type=Path,
        help='a JSON object a line: one row, as {"question": "...", ...}',
    )
    parser.add_argument("--batch", type=int, default=1, help="rows a request")
    parser.add_argument("--rate", type=float, help="requests a second")
    parser.add_argument(
        "--share", type=float, default=0.8, help="of the capacity, if no --rate"
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument(
        "--workers", type=int, default=64, help="most requests under way"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--watch", type=int, metavar="PID", help="the server's process"
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--png", type=Path)
    options = parser.parse_args(arguments)
    for name in ("rate", "share", "seconds", "batch", "workers"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            parser.error(f"--{name} must be positive. Received: {value}.")
    if options.address.partition("://")[0] not in ("grpc", "http", "https"):
        parser.error(
            "ADDRESS must begin with grpc://, http:// or https://. Received: "
            f"{options.address}."
        )
    return options


def _sender(options: argparse.Namespace) -> Callable[[Mapping], object]:
    scheme, _, address = options.address.partition("://")
    client: GrpcClient | RestClient
    if scheme == "grpc":
        client = GrpcClient(address, options.model)
    else:
        client = RestClient(options.address, options.model)
    return lambda request: client.predict(request, options.signature)


class _Progress:
    def __init__(self, count: int):
        self._count, self._done, self._said = count, 0, 0.0

    def show(self, _outcome: object) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._said > 1:
            self._said = now
            _say(f"\r{self._done:,} of {self._count:,} requests", end="")


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ValueError, OSError, RuntimeError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
