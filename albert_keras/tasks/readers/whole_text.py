"""Files that are read in one piece."""


def utf8(raw: bytes, source: str) -> str:
    """Decodes the bytes of a file, without a byte order mark.

    Args:
        raw: the bytes.
        source: the file, for messages.

    Raises:
        ValueError: if they are not UTF-8; it names the line.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{source}:{line} must be encoded in UTF-8. Received: the byte "
            f"0x{raw[error.start]:02x}."
        ) from None
