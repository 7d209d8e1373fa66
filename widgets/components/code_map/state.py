"""What a hand has done on a code map: between browser, page and address bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class CodeMapState:
    """changed: (cell, code) of the cells whose code is not the encoder's, by cell. hidden: cells that are for
    the prior to write. cell: the chosen one, None for the middle. Cells count from 0, row by row, and on from
    one level to the next; in a link from 1."""

    changed: Pairs = ()
    hidden: tuple[int, ...] = ()
    cell: int | None = None

    def chosen(self, grid: tuple[int, int]) -> int:
        """The chosen cell of a grid of so many rows and columns."""
        rows, columns = grid
        return rows // 2 * columns + columns // 2 if self.cell is None else self.cell

    def codes(self, encoder: np.ndarray) -> np.ndarray:
        """The codes on the map, where the encoder's are those."""
        found = encoder.copy()
        for cell, code in self.changed:
            found.flat[cell] = code
        return found

    def with_codes(self, codes: np.ndarray, encoder: np.ndarray) -> CodeMapState:
        """With these codes on the map, and no cell hidden."""
        pairs = enumerate(zip(codes.flat, encoder.flat, strict=True))
        changed = tuple((cell, int(code)) for cell, (code, own) in pairs if code != own)
        return replace(self, changed=changed, hidden=())

    def to_browser(self) -> dict[str, Any]:
        return {"changed": self.changed, "hidden": self.hidden, "cell": self.cell}

    @classmethod
    def from_browser(cls, value: Any, codes: Sequence[int]) -> CodeMapState | None:
        """None where the browser has not said anything yet. What makes no sense is left out.

        codes: of every cell, how many codes its codebook has.
        """
        if not isinstance(value, dict):
            return None
        changed, hidden = (_listed(value.get(name)) for name in ("changed", "hidden"))
        pairs = [pair for pair in map(_listed, changed) if len(pair) == 2]
        return cls._checked(pairs, hidden, value.get("cell"), codes)

    def to_link(self) -> dict[str, str]:
        """As parameters of an address; what is as usual is not named."""
        link = {}
        if self.changed:
            link["changed"] = "_".join(f"{cell + 1}-{code}" for cell, code in self.changed)
        if self.hidden:
            link["hidden"] = "_".join(_stretches(self.hidden))
        if self.cell is not None:
            link["cell"] = str(self.cell + 1)
        return link

    @classmethod
    def from_link(cls, link: Mapping[str, str], codes: Sequence[int]) -> CodeMapState:
        """From parameters that anybody may have typed: what makes no sense is left out; codes as above."""
        cells = len(codes)
        changed, covered = (
            [part.partition("-") for part in link.get(name, "").split("_")[:cells]]
            for name in ("changed", "hidden")
        )
        pairs = [(_count(cell, 1), _count(code, 0)) for cell, _, code in changed]
        ends = [(_count(first, 1), _count(last or first, 1)) for first, _, last in covered]
        hidden = [
            cell
            for first, last in ends
            if first is not None and last is not None
            for cell in range(max(first, 0), min(last + 1, cells))
        ]
        return cls._checked(pairs, hidden, _count(link.get("cell", ""), 1), codes)

    @classmethod
    def _checked(
        cls, pairs: Iterable[Any], hidden: Iterable[Any], cell: Any, codes: Sequence[int]
    ) -> CodeMapState:
        cells = len(codes)

        def within(value: Any, count: int) -> bool:
            return type(value) is int and 0 <= value < count

        changed = {one: code for one, code in pairs if within(one, cells) and within(code, codes[one])}
        covered = sorted({one for one in hidden if within(one, cells)})
        return cls(tuple(sorted(changed.items())), tuple(covered), cell if within(cell, cells) else None)


def _stretches(cells: Sequence[int]) -> list[str]:
    """Sorted cells as stretches of neighbours, counted from 1: `3`, `8-12`."""
    starts = [cell for cell in cells if cell - 1 not in cells]
    ends = [cell for cell in cells if cell + 1 not in cells]
    return [f"{a + 1}" if a == b else f"{a + 1}-{b + 1}" for a, b in zip(starts, ends, strict=True)]


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _count(text: str, first: int) -> int | None:
    """From a number that counts from `first` to one that counts from 0; None of what is none."""
    return int(text) - first if text.isascii() and text.isdecimal() and len(text) < 10 else None
