"""The released models by name."""

# Public handles of the eight English models.
RELEASED = {
    f"albert_{size}_{version}": f"hf://albert/albert-{size}-{version}"
    for version in ("v1", "v2")
    for size in ("base", "large", "xlarge", "xxlarge")
}


def released_handle(name: str) -> str | None:
    """The handle of a released model; None if the name is none.

    Args:
        name: As `ak.AlbertConfig.named` takes it.
    """
    return RELEASED.get(name.replace("-", "_"))
