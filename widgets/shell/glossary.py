"""The terms of the app, as `glossary.toml` has them: what each means, its equation, and where to read on."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

FILE = Path(__file__).parent / "glossary.toml"
LIT = "#010203"  # stands for the term's colour, which depends on the theme; `app.css` knows it too


@dataclass(frozen=True)
class Term:
    """One entry. latex: the term in \\lit{}. see: page and link on which one meets it."""

    key: str
    title: str
    spellings: tuple[str, ...]
    sentence: str
    latex: str
    colour: str
    source: str
    url: str
    see: str
    related: tuple[str, ...]

    @property
    def page(self) -> str:
        return self.see.partition("?")[0]

    @property
    def link(self) -> dict[str, str]:
        return dict(parse_qsl(self.see.partition("?")[2]))

    @property
    def katex(self) -> str:
        """The equation for `st.latex`; a style sheet gives its lit part the term's colour."""
        return _coloured(self.latex)

    @property
    def mathml(self) -> str:
        """The equation for the browser; its lit part has the class `lit`."""
        return _mathml(self.latex)

    def has(self, text: str) -> bool:
        """Whether somebody who types the text means this term."""
        said = " ".join((self.title, *self.spellings, self.sentence)).casefold()
        return all(word in said for word in text.casefold().split())


@cache
def terms() -> dict[str, Term]:
    """By key, in the order of their titles."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = [_term(key, entry) for key, entry in entries.items()]
    return {term.key: term for term in sorted(found, key=lambda term: term.title.casefold())}


def _term(key: str, entry: dict[str, Any]) -> Term:
    spellings, related = tuple(entry.pop("spellings")), tuple(entry.pop("related"))
    return Term(key, spellings=spellings, related=related, **entry)


def search(text: str) -> list[Term]:
    """The terms that a text may mean: those that are called so, those whose name has it, and the others."""

    def far(term: Term) -> int:
        names = [name.casefold() for name in (term.title, *term.spellings)]
        return 0 if text.casefold() in names else 1 if any(text.casefold() in name for name in names) else 2

    return sorted((term for term in terms().values() if term.has(text)), key=far)


@cache
def _mathml(latex: str) -> str:
    from latex2mathml.converter import convert  # not before somebody sees an equation

    whole: str = convert(_coloured(latex), display="block")
    return whole.replace(f'mathcolor="{LIT}"', 'class="lit"')


def _coloured(latex: str) -> str:
    # A colour holds to the end of its group, which is the macro's.
    return latex.replace(r"\lit{", rf"{{\color{{{LIT}}} ")
