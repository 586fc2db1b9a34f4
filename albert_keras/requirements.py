"""What this package needs installed, compared with what is.

The package's own metadata is the only list; nothing is imported to compare.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement as Specified
from packaging.utils import canonicalize_name

DISTRIBUTION = "albert-keras"


@dataclass(frozen=True)
class Requirement:
    """A distribution that this package needs, and the version found.

    Args:
        name: the distribution's name, as one installs it.
        wanted: the versions that will do, as in ">=2.21,<2.22".
        found: the version installed, or None.
        met: whether `found` is one of `wanted`.
    """

    name: str
    wanted: str
    found: str | None
    met: bool


def requirements(extra: str | None = None) -> Iterator[Requirement]:
    """What the package, or one of its extras, needs on this machine.

    Args:
        extra: the name of an extra, as "lite"; without one, what the package
            cannot do without.

    Yields:
        A `Requirement` for each distribution named in the metadata.

    Raises:
        importlib.metadata.PackageNotFoundError: the package itself was not
            installed, only put on the path.
    """
    for line in metadata.requires(DISTRIBUTION) or []:
        specified = Specified(line)
        if extra is None:
            asked_for = _applies(specified, "")
        else:
            asked_for = _applies(specified, extra)
            asked_for = asked_for and not _applies(specified, "")
        if not asked_for:
            continue
        if canonicalize_name(specified.name) == DISTRIBUTION:
            for other in specified.extras:
                yield from requirements(other)
        else:
            yield _compare(specified)


def require(extra: str, purpose: str) -> None:
    """Refuses to start what would fail later for want of an extra.

    Args:
        extra: the name of an extra, as "lite".
        purpose: what needs it, as the subject of the error's sentence.

    Raises:
        ModuleNotFoundError: one of the extra's distributions is not installed,
            or in a version that does not do.
    """
    unmet = [need.name for need in requirements(extra) if not need.met]
    if unmet:
        raise ModuleNotFoundError(
            f"{purpose} needs {' and '.join(unmet)}. "
            f"Install with: pip install '{DISTRIBUTION}[{extra}]'"
        )


def _applies(specified: Specified, extra: str) -> bool:
    marker = specified.marker
    return marker is None or marker.evaluate({"extra": extra})


def _compare(specified: Specified) -> Requirement:
    try:
        found = metadata.version(specified.name)
    except metadata.PackageNotFoundError:
        found = None
    met = found is not None and specified.specifier.contains(
        found, prereleases=True
    )
    wanted = str(specified.specifier)
    return Requirement(specified.name, wanted, found, met)
