"""Examples as text to look at."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from albert_keras.pretraining.examples import (
    ExampleOptions,
    PretrainingExample,
)
from albert_keras.pretraining.inspection import MaskedRun, masked_runs
from albert_keras.text.piece_tokenizer import PieceTokenizer

_MASKED, _KEPT, _REPLACED = "bold yellow", "bold green", "bold magenta"
_SPECIAL = "cyan"
_SPACE = "▁"


def legend(tokenizer: PieceTokenizer) -> Text:
    """Return what the marks of `example_text` mean.

    Args:
        tokenizer: As for `example_text`.
    """
    mark = f"{_SPACE} begins a word"
    if tokenizer.suffix_mark:
        mark = f"{tokenizer.suffix_mark} continues a word"
    return Text.assemble(
        "{piece→what the model sees}: a token to predict, ",
        ("masked", _MASKED),
        ", ",
        ("kept", _KEPT),
        " or ",
        ("replaced", _REPLACED),
        f". Braces hold neighbouring ones; {mark}.",
    )


def example_text(
    example: PretrainingExample,
    tokenizer: PieceTokenizer,
    *,
    title: str,
    options: ExampleOptions,
) -> RenderableType:
    """Shows one example, in colour where there is any, to be read without too.

    The text is shown as it was before masking. Each run of tokens to predict
    stands in braces, each of its tokens with what took its place: `[MASK]`,
    the token itself or a random one.

    Args:
        example: The example.
        tokenizer: The tokenizer that it was made with.
        title: What to call it.
        options: How it was made, which says what label 1 can mean.

    Returns:
        What `rich` prints: a line of figures, the label in words, and a row
        for each segment.
    """
    runs = masked_runs(example)
    second = example.segment_ids.index(1)
    rows = Table.grid(padding=(0, 2, 0, 0))
    for name, start, stop in (
        ("A", 0, second),
        ("B", second, len(example.token_ids)),
    ):
        rows.add_row(
            Text(name, style=_SPECIAL),
            _segment(example, tokenizer, runs, start, stop),
        )
    return Group(
        Text.assemble((title, "bold"), f": {_figures(example, runs)}"),
        Text(_label(example.sop_label, options)),
        rows,
    )


def _figures(example: PretrainingExample, runs: list[MaskedRun]) -> str:
    tokens, masked = len(example.token_ids), len(example.mask_positions)
    figures = f"{tokens} tokens, {masked} to predict ({masked / tokens:.1%})"
    if not runs:
        return figures
    words = ", ".join(str(run.words) for run in runs)
    return f"{figures}; words masked together: {words}"


def _label(label: int, options: ExampleOptions) -> str:
    if label == 0:
        meaning = "B follows A in the text"
    elif options.random_next:
        meaning = "B is from another document"
    elif options.single_segment == "skip":
        meaning = "swapped, A follows B in the text"
    else:
        meaning = "swapped, A follows B, or B is from another document"
    return f"Sentence order: {label}, {meaning}"


def _segment(
    example: PretrainingExample,
    tokenizer: PieceTokenizer,
    runs: list[MaskedRun],
    start: int,
    stop: int,
) -> Text:
    """The tokens from `start` to `stop`."""
    text = Text()
    labels = iter(
        label
        for position, label in zip(
            example.mask_positions, example.mask_ids, strict=True
        )
        if position >= start
    )
    opening = {run.start for run in runs}
    closing = {run.stop for run in runs}
    to_predict = set(example.mask_positions)
    for position in range(start, stop):
        seen = example.token_ids[position]
        if position in to_predict:
            original = next(labels)
            piece = tokenizer.id_to_piece(original)
            if position in opening:
                text.append(" {" if _shown(piece, tokenizer)[0] == " " else "{")
            else:
                text.append(" ")
            text.append(
                f"{piece}→{tokenizer.id_to_piece(seen)}",
                style=_style(seen, original, tokenizer.mask_id),
            )
            if position + 1 in closing:
                text.append("}")
        elif seen in (tokenizer.cls_id, tokenizer.sep_id):
            text.append(f" {tokenizer.id_to_piece(seen)}", style=_SPECIAL)
        else:
            text.append(_shown(tokenizer.id_to_piece(seen), tokenizer))
    return text[len(text.plain) - len(text.plain.lstrip()) :]


def _shown(piece: str, tokenizer: PieceTokenizer) -> str:
    """Return a piece as text, with a space before it if it begins a word."""
    mark = tokenizer.suffix_mark
    if not mark:
        return piece.replace(_SPACE, " ")
    return piece.removeprefix(mark) if piece.startswith(mark) else f" {piece}"


def _style(seen: int, original: int, mask_id: int) -> str:
    if seen == mask_id:
        return _MASKED
    return _KEPT if seen == original else _REPLACED
