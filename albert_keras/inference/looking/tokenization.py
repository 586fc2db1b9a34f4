"""A text with its pieces in colour, for the terminal and as HTML."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from albert_keras.inference.html_page import escape, table
from albert_keras.inference.looking.inside import Token

# Black on light colours is read on any terminal; neighbours differ.
_STYLES = (
    "black on rgb(160,205,250)",
    "black on rgb(250,200,140)",
    "black on rgb(170,225,160)",
    "black on rgb(220,180,235)",
)
_UNKNOWN = "bold white on red"


def coloured_text(text: str, tokens: Sequence[Token]) -> Text:
    """The text as it was given, each piece on a colour of its own.

    What belongs to no piece, as most spaces, has no colour; what the
    vocabulary does not know is red.

    Args:
        text: The text.
        tokens: Its tokens.
    """
    shown = Text()
    for number, characters, token in _runs(text, tokens):
        shown.append(characters, style=_style(number, token))
    return shown


def coloured_pieces(tokens: Sequence[Token]) -> Text:
    """The pieces, a space between two, in the colours of `coloured_text`."""
    shown = Text()
    for number, token in enumerate(tokens):
        if number:
            shown.append(" ")
        shown.append(token.piece, style=_style(number, token))
    return shown


def tokenization_html(text: str, tokens: Sequence[Token]) -> str:
    """The text in colour, and a table of its pieces, as HTML.

    Args:
        text: The text.
        tokens: Its tokens.
    """
    marked = "".join(
        escape(characters)
        if token is None
        else _marked(number, token, characters)
        for number, characters, token in _runs(text, tokens)
    )
    rows = [
        (
            str(place),
            _marked(place, token, token.piece),
            str(token.id),
            _characters(text, token),
        )
        for place, token in enumerate(tokens)
    ]
    return (
        f'<p class="text">{marked}</p>\n<details><summary>{len(tokens)} '
        "tokens</summary>\n"
        + table(("place", "piece", "id", "characters"), rows, numbers=(0, 2))
        + "</details>"
    )


TOKEN_STYLE = """
.text { font-size: 1.15rem; line-height: 2; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.p0, .p1, .p2, .p3, .unknown { border-radius: .2rem; padding: .1rem 0;
  white-space: pre-wrap; }
.p0 { background: var(--p0); } .p1 { background: var(--p1); }
.p2 { background: var(--p2); } .p3 { background: var(--p3); }
.unknown { outline: 2px solid var(--unknown); }
"""


def _runs(
    text: str, tokens: Sequence[Token]
) -> Iterator[tuple[int, str, Token | None]]:
    """The whole text in order: number of a token, characters, the token.

    Characters that two tokens share, as of one that Unicode takes apart,
    are the first one's.
    """
    behind = 0
    for number, token in enumerate(tokens):
        if token.start is None or token.end is None or token.end <= behind:
            continue
        start = max(token.start, behind)
        if start > behind:
            yield -1, text[behind:start], None
        yield number, text[start : token.end], token
        behind = token.end
    if behind < len(text):
        yield -1, text[behind:], None


def _style(number: int, token: Token | None) -> str:
    if token is None:
        return ""
    return _UNKNOWN if token.is_unknown else _STYLES[number % len(_STYLES)]


def _marked(number: int, token: Token, characters: str) -> str:
    name = "unknown" if token.is_unknown else f"p{number % len(_STYLES)}"
    return f'<span class="{name}">{escape(characters)}</span>'


def _characters(text: str, token: Token) -> str:
    if token.start is None or token.end is None:
        return "given to the model beside the text"
    return (
        f"{token.start}–{token.end} “{escape(text[token.start : token.end])}”"
    )
