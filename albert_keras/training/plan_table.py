"""What a run will need, as a table to read before it is started."""

from pathlib import Path

from rich.table import Table

from albert_keras.training.options import PretrainingOptions
from albert_keras.training.planning import Needs

_GIGABYTE = 1e9


def plan_table(
    needs: Needs, options: PretrainingOptions, num_devices: int
) -> Table:
    """The estimate of a run, with its sum and how long it takes.

    Args:
        needs: the estimate.
        options: of the run.
        num_devices: int. Devices that share a batch.

    Returns:
        A table of two columns.
    """
    table = Table(show_header=False)
    table.add_row("Parameters", f"{needs.num_parameters:,}")
    table.add_section()
    for label, size in (
        ("Process with TensorFlow", needs.process_bytes),
        ("Weights", needs.weight_bytes),
        ("Moments of the optimizer", needs.optimizer_bytes),
        ("Temporary arrays of the update", needs.update_bytes),
        ("Activations and gradients", needs.step_bytes),
    ):
        table.add_row(label, _gigabytes(size))
    each = "Memory of each device" if num_devices > 1 else "Memory"
    table.add_row(f"[bold]{each}[/bold]", f"[bold]{_gigabytes(needs.bytes)}")
    available = available_bytes()
    if available is not None:
        # What the process has taken by now is part of both.
        free = available + needs.process_bytes
        verdict = "fits" if needs.bytes < free else "[red]does not fit"
        table.add_row("This machine has", f"{_gigabytes(free)}: {verdict}")
    table.add_section()
    table.add_row("One step", _duration(needs.step_seconds))
    table.add_row("Speed", f"{needs.tokens_per_second:,.0f} tokens/s")
    table.add_row("Share of the matrix rate", f"{needs.share_of_peak:.0%}")
    if options.num_train_steps is not None:
        seconds = options.num_train_steps * needs.step_seconds
        table.add_row(f"{options.num_train_steps:,} steps", _duration(seconds))
    else:
        assert options.minutes is not None  # one of both is given
        steps = int(60 * options.minutes / needs.step_seconds)
        table.add_row(f"In {options.minutes:g} minutes", f"{steps:,} steps")
    return table


def available_bytes() -> float | None:
    """Memory that this machine can still give, or None if it does not say."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return None
    for line in meminfo.read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return 1024.0 * int(line.split()[1])
    return None


def _gigabytes(size: float) -> str:
    return f"{size / _GIGABYTE:.2f} GB"


def _duration(seconds: float) -> str:
    """Two figures are all that an estimate is worth."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return (
        f"{seconds:.2f} seconds"
        if seconds >= 1
        else (f"{1000 * seconds:.0f} ms")
    )
