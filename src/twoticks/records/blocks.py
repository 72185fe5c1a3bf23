"""The bytes of a journal block: a msgpack array of items, compressed with zstd."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import zstandard

from twoticks.errors import StoreDamaged
from twoticks.records.items import AnyItem

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[AnyItem])


@dataclass(frozen=True, slots=True)
class Block:
    """One group commit; `at` is the time of the commit in Unix milliseconds."""

    id: int
    at: int
    items: list[AnyItem]


def join(encoded: Sequence[bytes]) -> bytes:
    """The msgpack array of already encoded items (msgpack specification, array format family)."""
    count = len(encoded)
    if count < 16:
        header = bytes((0x90 | count,))
    elif count < 1 << 16:
        header = struct.pack(">BH", 0xDC, count)
    else:
        header = struct.pack(">BI", 0xDD, count)
    return b"".join((header, *encoded))


def compressor() -> zstandard.ZstdCompressor:
    """Level 1: the fastest, and most of the gain on JSON bodies. Not to be shared between threads."""
    return zstandard.ZstdCompressor(level=1, write_checksum=True)


def pack(items: Sequence[AnyItem]) -> tuple[int, bytes]:
    """Size before compression, and payload, of a block of these items."""
    joined = join([_ENCODER.encode(item) for item in items])
    return len(joined), compressor().compress(joined)


def unpack(block_id: int, payload: bytes) -> list[AnyItem]:
    """The items of a block; fields of newer versions are ignored.

    Raises StoreDamaged when the bytes do not hold, or hold a kind of item that only a newer version knows.
    """
    try:
        return _DECODER.decode(zstandard.ZstdDecompressor().decompress(payload))
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise StoreDamaged(
            f"Block {block_id} of the journal cannot be read",
            hint="Restore the records from a backup; if a newer version wrote the block, run that version.",
        ) from error
