"""Pages of HTML that stand alone: one file, nothing fetched, light or dark."""

import base64
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from albert_keras.whole_files import written_whole

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #ffffff;
  --faint: #5f6368; --line: #d7d9de; --first: #1769aa; --second: #b4540a;
  --unknown: #c5221f; --p0: #cfe3f7; --p1: #fbdcc0; --p2: #d5ecd0;
  --p3: #ead6f2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ec;
  --paper: #16171b; --faint: #a4a8b0; --line: #3a3d45; --first: #6cb4ee;
  --second: #f0a45d; --unknown: #ff8a80; --p0: #1d3f5e; --p1: #5c3a16;
  --p2: #24492a; --p3: #462a55; } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
p.note, figcaption, caption { color: var(--faint); font-size: .9rem; }
caption { text-align: left; padding-bottom: .4rem; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: middle; }
td.number, th.number { text-align: right;
  font-variant-numeric: tabular-nums; }
img { max-width: 100%; height: auto; background: #ffffff; }
figure { margin: 1rem 0; } summary { cursor: pointer; }
.wide { overflow-x: auto; }
"""


def page(title: str, body: Iterable[str], style: str = "") -> str:
    """A whole document.

    Args:
        title: Plain text; it is escaped here.
        body: Pieces of HTML, escaped already.
        style: CSS beside that of all pages.
    """
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}{style}</style></head>",
            f"<body><h1>{escape(title)}</h1>",
            *body,
            "</body></html>\n",
        ]
    )


def write_page(path: Path, text: str) -> None:
    """Writes a page, whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Iterable[int] = (),
    caption: str = "",
) -> str:
    """A table of cells that are HTML already.

    Args:
        columns: Plain texts; they are escaped here.
        rows: Cells of HTML.
        numbers: Which columns have numbers, which stand to the right.
        caption: Plain text.
    """
    aligned = set(numbers)

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f'<{tag} class="number">{cell}</{tag}>'
            if number in aligned
            else f"<{tag}>{cell}</{tag}>"
            for number, cell in enumerate(row)
        )

    head = cells("th", [escape(column) for column in columns])
    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{said}<thead><tr>{head}</tr></thead>'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def picture(path: Path, caption: str) -> str:
    """A PNG inside of the page.

    Args:
        path: The PNG.
        caption: Plain text, which is also read to those who cannot see it.
    """
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return (
        f'<figure class="wide"><img alt="{escape(caption)}" '
        f'src="data:image/png;base64,{content}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def escape(text: str) -> str:
    """Text as HTML shows it, in and outside of attributes."""
    return html.escape(text, quote=True)
