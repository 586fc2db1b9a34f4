"""The site: built without a warning, whole, and of this host alone."""

import html.parser
import importlib
import re
import subprocess
import sys
import zlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from code_blocks import NAMES, PAGES, ROOT

import albert_keras as ak

# What a browser fetches by itself; a link waits for the reader.
FETCHING = {
    "audio": "src",
    "iframe": "src",
    "img": "src",
    "link": "href",
    "script": "src",
    "source": "src",
    "video": "src",
}


class Page(html.parser.HTMLParser):
    """The links, the anchors and what is fetched of one page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        self.anchors |= {held[key] for key in ("id", "name") if held.get(key)}
        if tag == "a" and held.get("href"):
            self.links.append(held["href"])
        if tag in FETCHING and held.get(FETCHING[tag]):
            self.fetched.append(held[FETCHING[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("documentation") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_links_and_anchors_lead_somewhere(site, pages):
    checked = 0
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for link in (*page.links, *page.fetched):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve()
            there = path if not parts.path else there
            assert there.exists(), f"{path.name}: {link}"
            if parts.fragment and there in pages:
                anchor = unquote(parts.fragment)
                assert anchor in pages[there].anchors, f"{path.name}: {link}"
            checked += 1
    assert checked > 500


def test_nothing_is_fetched_from_another_host(site, pages):
    for path, page in pages.items():
        for link in page.fetched:
            assert not urlsplit(link).netloc, f"{path.name}: {link}"
    for style in site.rglob("*.css"):
        for address in re.findall(r"url\(([^)]*)\)", style.read_text("utf-8")):
            assert "//" not in address or "data:" in address, style


def test_every_public_name_is_in_the_reference(site):
    inventory = (site / "objects.inv").read_bytes()
    listed = zlib.decompress(inventory.split(b"\n", 4)[4]).decode()
    names = {line.split()[0] for line in listed.splitlines()}
    wanted = {f"albert_keras.{name}" for name in ak.__all__}
    for part in ak._SUBPACKAGES:
        wanted.discard(f"albert_keras.{part}")
        module = importlib.import_module(f"albert_keras.{part}")
        for name in getattr(module, "__all__", ()):
            same = getattr(ak, name, None)
            if same is None or same is not getattr(module, name):
                wanted.add(f"albert_keras.{part}.{name}")
    wanted.discard("albert_keras.__version__")
    assert len(wanted) > 40
    assert wanted - names == set()


def test_every_command_is_in_the_reference(site):
    from test_code_blocks import all_commands

    page = (site / "reference" / "commands.html").read_text("utf-8")
    for words in all_commands():
        assert f"Usage: albert-keras {words} " in page


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_names_of_the_pages_exist(page):
    """`ak.part.name` in prose and tables, beside what blocks run."""
    for name in re.findall(r"`ak\.([\w.]+)", page.read_text("utf-8")):
        value = ak
        for part in name.split("."):
            value = getattr(value, part)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_relative_links_of_the_sources_lead_somewhere(page):
    """README and CONTRIBUTING too, which are no pages of the site."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        parts = urlsplit(link)
        if not parts.scheme and parts.path:
            assert (page.parent / parts.path).exists(), link
