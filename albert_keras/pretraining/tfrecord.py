"""The TFRecord container, without TensorFlow.

A worker process that only makes examples has no other use for TensorFlow,
whose import takes seconds and hundreds of megabytes.

A record is: its length (uint64, little endian), the masked CRC of these eight
bytes, the data, the masked CRC of the data (tensorflow/core/lib/io,
`record_writer.h`; the mask is that of `crc32c.h`).
"""

import mmap
import struct
from collections.abc import Iterator
from functools import cache

import numpy as np

_CASTAGNOLI_REFLECTED = np.uint32(0x82F63B78)
_HEADER_BYTES = 12
_FOOTER_BYTES = 4


def frame_record(data: bytes) -> bytes:
    """Wrap one record as it stands in a TFRecord file.

    Args:
        data: The serialized example.

    Returns:
        Length, checksums and data.
    """
    return _header(len(data)) + data + struct.pack("<I", masked_crc32c(data))


def split_records(content: bytes) -> Iterator[bytes]:
    """Take the content of a TFRecord file apart, checksums not verified.

    Args:
        content: Records one after the other.

    Yields:
        Each record as `frame_record` returned it.
    """
    start = 0
    while start < len(content):
        (length,) = struct.unpack_from("<Q", content, start)
        stop = start + _HEADER_BYTES + length + _FOOTER_BYTES
        yield content[start:stop]
        start = stop


def record_sizes(content: bytes | mmap.mmap) -> Iterator[int]:
    """The bytes of each record's data, of which only the headers are read.

    Args:
        content: Records one after the other, as bytes or as a file in memory.

    Yields:
        The size of each in turn.
    """
    start = 0
    while start < len(content):
        (length,) = struct.unpack_from("<Q", content, start)
        yield length
        start += _HEADER_BYTES + length + _FOOTER_BYTES


def first_damaged_record(content: bytes) -> int | None:
    """Looks whether each record is as it was written.

    Args:
        content: Records one after the other.

    Returns:
        The number of the first record, from 0, that is cut off or does not
        fit its checksums; None if there is none.
    """
    start = number = 0
    while start < len(content):
        header = content[start : start + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES:
            return number
        (length,) = struct.unpack_from("<Q", header)
        if header != _header(length):
            return number
        stop = start + _HEADER_BYTES + length + _FOOTER_BYTES
        data = content[start + _HEADER_BYTES : stop - _FOOTER_BYTES]
        footer = content[stop - _FOOTER_BYTES : stop]
        if len(content) < stop or footer != struct.pack(
            "<I", masked_crc32c(data)
        ):
            return number
        start, number = stop, number + 1
    return None


def masked_crc32c(data: bytes) -> int:
    """The checksum of a TFRecord: CRC-32C, rotated, plus a constant.

    Args:
        data: Any bytes.

    Returns:
        An unsigned 32-bit number.
    """
    crc = _crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _header(length: int) -> bytes:
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", masked_crc32c(packed))


def _crc32c(data: bytes) -> int:
    # A CRC is linear: the checksum is the exclusive or of what each byte
    # contributes, which depends only on the byte and on how many bytes follow
    # it. That makes it one look-up over the whole record instead of a loop
    # over its bytes. The initial value of all ones equals inverting the first
    # four bytes (or, in shorter data, what of it is not shifted out).
    length = len(data)
    values = np.frombuffer(data, np.uint8).astype(np.intp)
    values[:4] ^= 0xFF
    rows = 1 << max(length - 1, 0).bit_length()
    values += np.arange(rows - length, rows) << 8
    contributions = _contributions(rows)[values]
    crc = int(np.bitwise_xor.reduce(contributions))
    return crc ^ (0xFFFFFFFF >> 8 * length) ^ 0xFFFFFFFF


@cache
def _contributions(rows: int) -> np.ndarray:
    """What each byte value adds to a CRC; the last row is the last byte."""
    table = np.empty((rows, 256), np.uint32)
    crc: np.ndarray = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = crc >> 1 ^ (crc & 1) * _CASTAGNOLI_REFLECTED
    last = table[-1] = crc
    for row in range(rows - 2, -1, -1):
        table[row] = last[table[row + 1] & 0xFF] ^ table[row + 1] >> 8
    return table.ravel()
