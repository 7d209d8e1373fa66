"""Pictures in a link: the number of an image, the pixels of a drawing, the mark of a file, a mask's bits.

What is drawn or masked is black and white, one bit a pixel, row by row from the upper left, the first in the
highest bit. Deflated (RFC 1951) and in base64 for addresses (RFC 4648, section 5, no padding) a drawn digit
takes 150 to 400 characters and a painted mask of 28 x 28 pixels 30 to 140; at most 4 characters for each 24
pixels, and some 20 more.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import KW_ONLY, dataclass

import numpy as np

from widgets.shell.link_types import Choice, Elsewhere, Misfit, Parameter, Text, whole

DRAW, PAINT, FILE = "draw", "paint", "file"
INVERTED, WHOLE, INK = "inverted", "whole", "ink"  # how a file is looked at
MOST_SIDE = 256  # pixels
MARK = re.compile(r"[0-9a-f]{20}")
THRESHOLD = re.compile(rf"{INK}([1-9][0-9]?)?")
OLDER = ("drawn", "own")  # what older links held in the place of pixels
ONLY_ITS_AUTHOR = "This link points to a picture that only its author has"


@dataclass(frozen=True, eq=False)
class Drawing:
    """pixels: bool [H, W], True where there is ink."""

    pixels: np.ndarray

    def to_link(self) -> dict[str, str]:
        return {"picture": f"{DRAW}.{encode(self.pixels)}"} if self.pixels.any() else {}


@dataclass(frozen=True)
class StoredFile:
    """A file that the browser keeps. mark: of its content.

    ink: whether it is a photo on which ink is looked for; None where its look decides. threshold: of the ink,
    in per cent of the paper's brightness; None for the one that is found. inverted: as it is, light for dark.
    """

    mark: str
    inverted: bool = False
    ink: bool | None = None
    threshold: int | None = None

    def text(self) -> str:
        how = ""
        if self.ink:
            how = f".{INK}{self.threshold or ''}"
        elif self.inverted:
            how = f".{INVERTED}"
        elif self.ink is not None:
            how = f".{WHOLE}"
        return f"{FILE}.{self.mark}{how}"

    @classmethod
    def parse(cls, text: str) -> StoredFile | None:
        """From what follows `FILE.`; None where that is no file."""
        mark, _, how = text.partition(".")
        if not MARK.fullmatch(mark):
            return None
        if (ink := THRESHOLD.fullmatch(how)) is not None:
            return cls(mark, ink=True, threshold=int(ink[1]) if ink[1] else None)
        known = {"": cls(mark), INVERTED: cls(mark, inverted=True), WHOLE: cls(mark, ink=False)}
        return known.get(how)


@dataclass(frozen=True)
class Picture(Text):
    """An image: a number of the test split, `Drawing` or `StoredFile`."""

    _: KW_ONLY
    form: str = (
        "number of a test image; `draw.WIDTHxHEIGHT.` with the pixels of a drawing; or `file.` with the mark "
        "of a file in the browser, and `.ink` with a threshold in per cent, `.whole` or `.inverted`"
    )

    def parse(self, text: str) -> int | Drawing | StoredFile:
        super().parse(text)
        how, _, rest = text.partition(".")
        if how == DRAW:
            return Drawing(decode(rest))
        if how == FILE and (stored := StoredFile.parse(rest)) is not None:
            return stored
        if text in OLDER:
            raise Elsewhere(ONLY_ITS_AUTHOR)
        number = whole(text)
        if number < 0:
            raise Misfit("they are counted from 0")
        return number


@dataclass(frozen=True)
class Mask(Choice):
    """A mask by its name, or painted."""

    def parse(self, text: str) -> str:
        Parameter.parse(self, text)
        how, _, rest = text.partition(".")
        if how == PAINT:
            decode(rest)
            return text
        return super().parse(text)

    def describe(self) -> str:
        return f"{super().describe()}; or `{PAINT}.WIDTHxHEIGHT.` with the bits of a painted one"


def encode(pixels: np.ndarray) -> str:
    """bool [H, W] as WIDTHxHEIGHT.BITS."""
    height, width = pixels.shape
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflate.compress(np.packbits(np.asarray(pixels, bool)).tobytes()) + deflate.flush()
    return f"{width}x{height}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def decode(text: str) -> np.ndarray:
    """bool [H, W] from what anybody may have typed. Raises Misfit."""
    size, _, bits = text.partition(".")
    sides = re.fullmatch(r"(\d{1,3})x(\d{1,3})", size, re.ASCII)
    if sides is None:
        raise Misfit("its pixels cannot be read")
    width, height = map(int, sides.groups())
    if not (1 <= width <= MOST_SIDE and 1 <= height <= MOST_SIDE):
        raise Misfit(f"a picture in a link has 1 to {MOST_SIDE} pixels a side")
    count = -(-width * height // 8)
    try:
        packed = base64.b64decode(bits + "=" * (-len(bits) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        raw = inflate.decompress(packed, count + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise Misfit("its pixels cannot be read") from None
    if len(raw) != count:
        raise Misfit("its pixels cannot be read")
    return (
        np.unpackbits(np.frombuffer(raw, np.uint8), count=width * height).astype(bool).reshape(height, width)
    )


def resized(pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """[H, W] to another size: each new pixel that of the old one under its middle."""
    rows, columns = (
        (2 * np.arange(wanted) + 1) * given // (2 * wanted)
        for given, wanted in zip(pixels.shape, shape, strict=True)
    )
    found: np.ndarray = pixels[np.ix_(rows, columns)]
    return found
