"""The pages and pictures of `bias` and `inspect`."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from albert_keras.inference.bias.comparisons import Comparison
from albert_keras.inference.bias.html import write_bias_page
from albert_keras.inference.bias.measurement import (
    ComparisonResult,
    Completion,
    TemplateResult,
)
from albert_keras.inference.bias.picture import MAX_PANELS, draw_bias
from albert_keras.inference.bias.report import NOT_MEASURED, bias_markdown
from albert_keras.inference.looking.inside import Inside, Token
from albert_keras.inference.looking.parameters import ParameterCount, Part
from albert_keras.inference.looking.report import write_report

HOSTILE = "<script>$\\frac{a}\"'&amp;|`中 "
BRACELESS = HOSTILE.replace("{", "").replace("}", "")
VOID = {"meta", "img", "br"}


class Document(HTMLParser):
    """A page taken apart; refuses what stays open or is never opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.links, self.said = [], set(), [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.links += [v for k, v in attributes if k in ("src", "href")]
        assert not [k for k, _ in attributes if k.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)


def check_stands_alone(text):
    document = Document(text)
    assert not document.seen & {"script", "link", "iframe", "object", "base"}
    assert all(link.startswith("data:image/png") for link in document.links)
    assert not re.search(r"@import|url\(", text)
    assert "prefers-color-scheme: dark" in text
    return document


def size_of(path):
    """Width and height in the head of a PNG."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    return tuple(int.from_bytes(content[i : i + 4], "big") for i in (16, 20))


def measured(templates=1, name="man"):
    comparison = Comparison(
        f"Work {HOSTILE}",
        [f"The {{p}} is a [MASK]. {n} {BRACELESS}" for n in range(templates)],
        {name: {"p": "man"}, "woman": {"p": "woman"}},
    )
    pieces = [HOSTILE, "▁nurse", "▁waiter", "▁alike"]
    shares = [(0.3, 0.1), (0.02, 0.4), (0.05, 0.01), (0.2, 0.2)]
    made = [
        Completion(piece, n, share)
        for n, (piece, share) in enumerate(zip(pieces, shares, strict=True))
    ]
    best = (
        tuple(made[i] for i in (0, 3, 2)),
        tuple(made[i] for i in (1, 3, 0)),
    )
    results = tuple(
        TemplateResult(
            template,
            (
                comparison.text(template, name),
                comparison.text(template, "woman"),
            ),
            0.25,
            best,
        )
        for template in comparison.templates
    )
    return [ComparisonResult(comparison, results)]


def test_page_of_bias_stands_alone_and_says_all(tmp_path):
    write_bias_page(tmp_path / "bias.html", HOSTILE, measured(name="m<n"))
    document = check_stands_alone((tmp_path / "bias.html").read_text("utf-8"))
    said = " ".join(" ".join(document.said).split())
    for wanted in (
        HOSTILE.strip(),
        "m<n",
        "▁nurse",
        "0.4000",
        "3.0 ×",
        "1/20.0 ×",
        "divergence 0.250 bits",
        *NOT_MEASURED,
    ):
        assert wanted in said


def test_bars_show_the_ratio_on_its_side(tmp_path):
    write_bias_page(tmp_path / "bias.html", "m", measured())
    text = (tmp_path / "bias.html").read_text("utf-8")
    bars = re.findall(
        r'class="first">(?:<i style="width:([\d.]+)%"></i>)?</span>'
        r'<span class="second">(?:<i style="width:([\d.]+)%"></i>)?<',
        text,
    )
    # 5, 3, 1 and 1/20 times; the furthest, 20, is a whole bar.
    widths = [100 * np.log(r) / np.log(20) for r in (5, 3, 1, 20)]
    assert [float(first or second) for first, second in bars] == (
        pytest.approx(widths, abs=0.06)
    )
    assert [bool(first) for first, _ in bars] == [True, True, False, False]


def test_picture_of_bias_grows_with_its_templates(tmp_path, monkeypatch):
    """Up to a size: one of a thousand templates could not be drawn."""
    assert MAX_PANELS < 100
    monkeypatch.setattr("albert_keras.inference.bias.picture.MAX_PANELS", 4)
    heights = []
    for count in (1, 3, 4, 30):
        path = tmp_path / f"{count}.png"
        draw_bias(measured(count), path)
        heights.append(size_of(path)[1])
    assert heights[0] < heights[1] < heights[2] == heights[3]


def test_markdown_of_bias_keeps_its_tables():
    text = bias_markdown(measured(name="a|b"))
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 5
    for line in table:
        assert len(re.findall(r"(?<!\\)\|", line)) == 5
    assert "a\\|b" in table[0]
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert all(sentence in text for sentence in NOT_MEASURED)


def inside(tokens, layers=2, heads=3):
    random = np.random.default_rng(0)
    text = HOSTILE + "x" * tokens
    made = [Token("[CLS]", 2)]
    made += [
        Token(f"▁p{n}" if n else HOSTILE, n, n, n + 1, is_unknown=n == 1)
        for n in range(tokens - 2)
    ]
    made.append(Token("[SEP]", 3))
    return Inside(
        text,
        made,
        random.normal(size=(layers + 1, tokens, 8)),
        random.dirichlet(np.ones(tokens), size=(layers, heads, tokens)),
    )


COUNTED = ParameterCount([Part("a", 10, 10), Part("b", 5, 60)], 1, 12, 10, 10)


def test_page_of_inside_has_every_picture(tmp_path):
    told = []
    written = write_report(
        tmp_path, HOSTILE, COUNTED, inside(12), progress=told.append
    )
    names = {path.name for path in written}
    assert (
        names
        == {path.name for path in tmp_path.iterdir()}
        == {
            "inside.html",
            "similarity.png",
            "attention.png",
            "attention-layer-01.png",
            "attention-layer-02.png",
        }
    )
    text = (tmp_path / "inside.html").read_text("utf-8")
    document = check_stands_alone(text)
    assert len(document.links) == 4
    said = "".join(document.said)
    assert HOSTILE in said  # in the coloured text, whole
    assert "70" in said
    assert text.count('class="unknown"') == 2  # in the text and in the table
    assert len(told) == 4
    for path in written[1:]:
        width, height = size_of(path)
        assert 300 < width < 4000
        assert 200 < height < 4000


def test_only_the_layers_that_are_asked_for(tmp_path):
    write_report(tmp_path, "m", COUNTED, inside(5, layers=4), layers=[3])
    assert len(list(tmp_path.glob("attention-layer-*"))) == 1
    assert (tmp_path / "attention-layer-03.png").is_file()
    with pytest.raises(ValueError, match=r"from 1 to 4\. Received: layer=5"):
        write_report(tmp_path, "m", COUNTED, inside(5, layers=4), layers=[5])


def test_long_texts_have_no_maps_and_say_so(tmp_path):
    write_report(tmp_path, "m", COUNTED, inside(65))
    assert {p.name for p in tmp_path.iterdir()} == {
        "inside.html",
        "similarity.png",
    }
    assert "65 tokens are more than the 64" in (
        tmp_path / "inside.html"
    ).read_text("utf-8")


@pytest.mark.parametrize(("heads", "tokens"), [(1, 3), (2, 64), (40, 3)])
def test_pictures_of_any_size_are_drawn(tmp_path, heads, tokens):
    write_report(tmp_path, "m", COUNTED, inside(tokens, 1, heads))
    for name in ("attention.png", "attention-layer-01.png"):
        width, height = size_of(tmp_path / name)
        assert width < 10_000
        assert height < 10_000
