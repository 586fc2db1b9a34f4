"""`albert-keras doctor`: what will and will not work on this machine."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from albert_keras.diagnosis import Finding, findings

_STYLES = {"ok": "green", "limited": "yellow", "broken": "bold red"}


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead.")
    ] = False,
) -> None:
    """Show versions, devices, and what will not work here.

    Ends with exit code 1 when something is broken, and 0 when this package
    can be used, if not all of it.
    """
    with Console(stderr=True).status("Starting TensorFlow to look at it ..."):
        found = list(findings())
    works = all(finding.verdict != "broken" for finding in found)
    if as_json:
        report = {"works": works, "findings": [asdict(each) for each in found]}
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        Console().print(_table(found))
    raise typer.Exit(0 if works else 1)


def _table(found: list[Finding]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("", "found", "", "what it means"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(
            escape(each.subject),
            escape(each.found),
            f"[{_STYLES[each.verdict]}]{each.verdict}",
            escape(each.meaning),
        )
    return table
