"""Tours and lessons: steps that each open a state of the app, ask for a guess, and then say what to notice.

A tour is a text file of this folder; `first.toml` says what may stand in it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from widgets.shell import links
from widgets.shell.link_types import Parameter, Texts

HERE = Path(__file__).parent
VALUE = re.compile(r"\{([\w.-]+)\.(\w+)\}")  # {run.value}
OF_TOURS = (links.TOUR, links.STEP, links.GUESS)


@dataclass(frozen=True)
class Step:
    """answers: the first is right. order: in which they stand. hide, before: keys of parts of the page."""

    title: str
    link: str
    text: str
    question: str
    answers: tuple[str, ...]
    order: tuple[int, ...]
    notice: str
    hide: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        return self.link.partition("?")[0]

    def state(self) -> dict[Parameter, str | tuple[str, ...] | None]:
        """Every parameter of the page but those of tours: as the step has it, or at its default."""
        values_of: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.link.partition("?")[2]):
            values_of.setdefault(name, []).append(value)
        found: dict[Parameter, str | tuple[str, ...] | None] = {}
        for field in links.of_page(self.page):
            if field not in OF_TOURS:
                values = tuple(values_of.pop(field.name, ()))
                for value in values:
                    field.parse(value)
                found[field] = (values if isinstance(field, Texts) else values[-1]) if values else None
        if values_of:
            raise ValueError(f"{self.title}: {self.page} has no {', '.join(values_of)}.")
        return found


@dataclass(frozen=True)
class Tour:
    title: str
    steps: tuple[Step, ...]


@cache
def tour(name: str) -> Tour:
    """Raises ValueError where the file does not hold together."""
    found = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return Tour(found["title"], tuple(_step(entry) for entry in found["steps"]))


def _step(entry: Mapping[str, object]) -> Step:
    step = Step(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()})  # type: ignore[arg-type]
    if not 2 <= len(step.answers) <= 3 or sorted(step.order) != list(range(len(step.answers))):
        raise ValueError(f"{step.title}: two or three answers, and each of them once in the order.")
    step.state()
    return step


def filled(text: str, value: Callable[[str, str], str]) -> str:
    """The text with what `value(run, name)` says in place of {run.name}."""
    return VALUE.sub(lambda found: value(found[1], found[2]), text)
