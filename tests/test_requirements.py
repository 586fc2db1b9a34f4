from importlib import metadata

import pytest

from albert_keras.requirements import require, requirements


@pytest.fixture
def asked_for(monkeypatch):
    """Puts lines in the place of the package's own metadata."""

    def put(*lines: str) -> None:
        monkeypatch.setattr(metadata, "requires", lambda name: list(lines))

    return put


def test_this_environment_has_what_the_package_needs():
    needs = {need.name: need for need in requirements()}
    assert {"tensorflow", "keras", "keras-hub", "sentencepiece"} <= set(needs)
    assert all(need.met for need in needs.values())
    assert needs["keras"].found == metadata.version("keras")


def test_versions_outside_the_range_are_unmet(asked_for):
    asked_for("pytest<1", "pytest>=1")
    too_new, fitting = requirements()
    assert not too_new.met
    assert too_new.found == metadata.version("pytest")
    assert fitting.met


def test_absent_distribution_is_unmet(asked_for):
    asked_for("no-such-distribution>=2")
    (need,) = requirements()
    assert need.name == "no-such-distribution"
    assert need.wanted == ">=2"
    assert need.found is None
    assert not need.met


def test_extras_are_kept_apart_from_the_base(asked_for):
    asked_for("pytest", "ruff; extra == 'a'", "mypy; extra == 'b'")
    assert [need.name for need in requirements()] == ["pytest"]
    assert [need.name for need in requirements("a")] == ["ruff"]
    assert [need.name for need in requirements("b")] == ["mypy"]


def test_extra_made_of_extras(asked_for):
    asked_for(
        "pytest",
        "albert-keras[a]; extra == 'both'",
        "mypy; extra == 'both'",
        "ruff; extra == 'a'",
    )
    assert [need.name for need in requirements("both")] == ["ruff", "mypy"]


def test_require_names_what_is_absent_and_how_to_get_it(asked_for):
    asked_for(
        "pytest; extra == 'a'",
        "no-such-one; extra == 'a'",
        "no-such-other; extra == 'a'",
    )
    with pytest.raises(ModuleNotFoundError) as raised:
        require("a", "`albert-keras quickstart`")
    assert str(raised.value) == (
        "`albert-keras quickstart` needs no-such-one and no-such-other. "
        "Install with: pip install 'albert-keras[a]'"
    )


def test_require_is_silent_when_all_is_there(asked_for):
    asked_for("pytest; extra == 'a'", "no-such-one; extra == 'b'")
    require("a", "this")
