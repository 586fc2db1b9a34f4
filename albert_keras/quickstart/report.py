"""What a quickstart found out, for reading."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


def show_report(report: Mapping[str, Any], console: Console) -> None:
    """Prints the content of report.json as a page of tables.

    Args:
        report: What `quickstart` returned.
        console: Where to print it.
    """
    console.print(
        Padding(
            Group(
                _heading("Training, on held-out text"),
                _progress(report["evaluations"]),
                _heading("Masked pieces guessed right, on held-out text"),
                _accuracies(report),
                _heading("The same questions, asked of all three runtimes"),
                *map(_question, report["questions"]),
                _runtimes(report["runtimes"]),
                _heading("Files"),
                _files(report["files"]),
            ),
            (1, 0, 0, 0),
        )
    )


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _progress(evaluations: list[Mapping[str, Any]]) -> Table:
    table = _table(
        "step", "MLM loss", "MLM accuracy", "SOP loss", "SOP accuracy"
    )
    for row in evaluations:
        table.add_row(
            f"{row['step']:,}",
            f"{row['masked_lm_loss']:.3f}",
            f"{row['masked_lm_accuracy']:.1%}",
            f"{row['sentence_order_loss']:.3f}",
            f"{row['sentence_order_accuracy']:.1%}",
        )
    return table


def _accuracies(report: Mapping[str, Any]) -> Table:
    commonest = report["baselines"]["commonest"]
    bars = {
        "always the commonest piece": commonest,
        "the piece that most often follows the true left one": report[
            "baselines"
        ]["bigram"],
        "this model": report["evaluations"][-1]["masked_lm_accuracy"],
    }
    table = _table("guess", "right", "× commonest")
    for label, share in bars.items():
        table.add_row(label, f"{share:.1%}", f"{share / commonest:.1f}")
    return table


def _question(question: Mapping[str, Any]) -> Text:
    text = Text(f"\n{question['text']}   ")
    text.append(f"(it was “{question['word']}”)", style="dim")
    answers = question["answers"]
    alike: dict[tuple[str, ...], list[str]] = {}
    for runtime, answer in answers.items():
        alike.setdefault(tuple(answer["pieces"]), []).append(runtime)
    for pieces, runtimes in alike.items():
        scores = answers[runtimes[0]]["scores"]
        guesses = (
            f"{piece} {score:.3f}"
            for piece, score in zip(pieces, scores, strict=True)
        )
        text.append(f"\n  {'   '.join(guesses)}")
        text.append(f"   {', '.join(runtimes)}", style="dim")
    return text


def _runtimes(runtimes: Mapping[str, Mapping[str, Any]]) -> Padding:
    table = _table(
        "runtime", "size", "ms a question", "same top 5", "scores within"
    )
    for name, runtime in runtimes.items():
        same, asked = runtime["same_top_5"], runtime["questions"]
        table.add_row(
            name,
            f"{runtime['bytes'] / 1e6:.2f} MB",
            f"{runtime['milliseconds']:.1f}",
            f"{same} of {asked}",
            f"{runtime['largest_difference']:.0e}",
        )
    return Padding(table, (1, 0, 0, 0))


def _files(files: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for label, path in files.items():
        table.add_row(label, str(Path(path)))
    table.show_header = False
    return table
