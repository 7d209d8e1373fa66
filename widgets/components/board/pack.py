"""Numbers on their way to the browser: one parcel of bytes, [u32 header length][JSON header][arrays]."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

KINDS = ("float32", "uint8", "int16", "float64")


def pack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays keep shape and kind; each starts at a multiple of 8 bytes, as typed arrays want it."""
    places: dict[str, Any] = {}
    # Offsets stand in the header, whose length they depend on: reserve it first, then fill it with spaces.
    room = len(json.dumps(header)) + 32 + sum(len(json.dumps(name)) + 120 for name in arrays)
    start = _aligned(4 + room)
    offset, body = start, []
    for name, array in arrays.items():
        if array.dtype.name not in KINDS:
            raise ValueError(f"{name}: {array.dtype} does not travel.")
        raw = np.ascontiguousarray(array).tobytes()
        places[name] = {"kind": array.dtype.name, "shape": list(array.shape), "offset": offset}
        filled = raw + b" " * (_aligned(len(raw)) - len(raw))
        body.append(filled)
        offset += len(filled)
    text = json.dumps(header | {"arrays": places}, allow_nan=False).encode()
    return struct.pack("<I", start - 4) + text.ljust(start - 4) + b"".join(body)


def unpack(parcel: bytes) -> dict[str, Any]:
    """What `pack` was given, as the browser reads it: the header with the arrays under their names."""
    (size,) = struct.unpack_from("<I", parcel)
    header = json.loads(parcel[4 : 4 + size])
    for name, place in header.pop("arrays").items():
        count = int(np.prod(place["shape"], dtype=int))
        array = np.frombuffer(parcel, place["kind"], count, place["offset"])
        header[name] = array.reshape(place["shape"])
    return header


def _aligned(length: int) -> int:
    return -(-length // 8) * 8
