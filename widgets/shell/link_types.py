"""What one parameter of a link may hold: read from text that anybody may have typed, and written back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

LONGEST = 20_000  # characters of one parameter: the mask of an image of 256 x 256 pixels takes 10,923


class Misfit(ValueError):
    """A value of a link that cannot be used. The message is the clause that says what there is.

    instead: the nearest value that can be, as a link holds it; None for the default.
    """

    def __init__(self, reason: str, instead: str | None = None) -> None:
        super().__init__(reason)
        self.instead = instead


class Elsewhere(Misfit):
    """What the link points to is not in it, and not here. The message is a sentence."""


@dataclass(frozen=True)
class Parameter:
    """A field of the app's state that stands in the address bar.

    name: in the link. noun: what the page calls it in a sentence. pages: whose address it stands in; on all
    of them it means the same. default: left out of the link; None where it depends on the run. quiet: whether
    changes of it leave no entry in the browser's history. resets: names that go to their defaults when
    somebody changes it.
    """

    name: str
    pages: tuple[str, ...]
    noun: str
    sentence: str
    _: KW_ONLY
    default: Any = None
    quiet: bool = False
    resets: tuple[str, ...] = ()
    kind: ClassVar[str] = "text"

    def parse(self, text: str) -> Any:
        """The value. Raises Misfit."""
        if len(text) > LONGEST:
            raise Misfit(f"it has {len(text):,} characters, and at most {LONGEST:,} are read")
        return text

    def text(self, value: Any) -> str:
        """The value as a link holds it."""
        return str(value)

    def describe(self) -> str:
        """Type and bounds, for people."""
        return self.kind


@dataclass(frozen=True)
class Text(Parameter):
    """Text that its page reads. form: what it looks like."""

    _: KW_ONLY
    form: str

    def describe(self) -> str:
        return self.form


@dataclass(frozen=True)
class Texts(Text):
    """The same parameter several times. Its value is a tuple of texts."""

    _: KW_ONLY
    default: Any = ()


@dataclass(frozen=True)
class Choice(Parameter):
    """One of several. options: None where they depend on the run."""

    _: KW_ONLY
    options: tuple[str, ...] | None = None
    kind: ClassVar[str] = "one of several"

    def parse(self, text: str) -> str:
        Parameter.parse(self, text)
        if self.options is not None and text not in self.options:
            raise Misfit("that is none of the choices")
        return text

    def describe(self) -> str:
        return " · ".join(f"`{name}`" for name in self.options) if self.options else "as the run has them"


@dataclass(frozen=True)
class Several(Parameter):
    """Any number of whole numbers from 0, with commas. Its value is a tuple."""

    _: KW_ONLY
    default: Any = ()

    def parse(self, text: str) -> tuple[int, ...]:
        super().parse(text)
        return tuple(sorted({whole(part) for part in text.split(",")}))

    def text(self, value: Sequence[int]) -> str:
        return ",".join(map(str, value))

    def describe(self) -> str:
        return "whole numbers with commas"


@dataclass(frozen=True)
class Whole(Parameter):
    """A whole number. most: None where it depends on the run."""

    _: KW_ONLY
    least: int = 0
    most: int | None = None

    def parse(self, text: str) -> int:
        super().parse(text)
        value = whole(text)
        if value < self.least:
            raise Misfit(f"the least is {self.least}", self.text(self.least))
        if self.most is not None and value > self.most:
            raise Misfit(f"the most is {self.most}", self.text(self.most))
        return value

    def describe(self) -> str:
        upto = f"to {self.most}" if self.most is not None else "up; how far depends on the run"
        return f"whole number from {self.least} {upto}"


@dataclass(frozen=True)
class Number(Parameter):
    """A number within bounds, in three digits."""

    _: KW_ONLY
    least: float
    most: float

    def parse(self, text: str) -> float:
        super().parse(text)
        value = number(text)
        if not self.least <= value <= self.most:
            nearest = min(max(value, self.least), self.most)
            raise Misfit(f"it goes from {self.least:g} to {self.most:g}", self.text(nearest))
        return value

    def text(self, value: float) -> str:
        return f"{value:.3g}"

    def describe(self) -> str:
        return f"number from {self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class Flag(Parameter):
    """On or off: 1 or 0."""

    def parse(self, text: str) -> bool:
        super().parse(text)
        if text not in ("0", "1"):
            raise Misfit("it is 1 or 0")
        return text == "1"

    def text(self, value: bool) -> str:
        return str(int(value))

    def describe(self) -> str:
        return "`1` or `0`"


def whole(text: str) -> int:
    """A whole number from text, in the digits 0 to 9. Raises Misfit."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 16):
        raise Misfit("it is no whole number")
    return int(text)


def number(text: str) -> float:
    """A finite number from text. Raises Misfit."""
    try:
        value = float(text)
    except ValueError:
        raise Misfit("it is no number") from None
    if not math.isfinite(value):
        raise Misfit("it is no finite number")
    return value
