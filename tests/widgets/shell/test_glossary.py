"""The glossary is whole: each term has an equation with itself lit, a colour, and a page that shows it."""

import re
from xml.etree import ElementTree

import pytest

from vae_core import recipes
from widgets.components import scripts
from widgets.shell import glossary, links, palette
from widgets.shell.glossary import Term
from widgets.shell.menu import MENU

ALL = list(glossary.terms().values())
ROOT = scripts.BROWSER.parents[1]


@pytest.mark.parametrize("term", ALL, ids=lambda term: term.key)
def test_a_term_has_a_sentence_an_equation_a_source_and_a_page(term: Term) -> None:
    assert term.sentence.endswith(".")
    assert ". " not in term.sentence.removesuffix(".")
    assert re.search(r"\((19|20)\d\d\)", term.source)
    assert term.url.startswith(("https://", "http://"))
    assert term.colour in palette.SYMBOLS
    assert term.related
    assert set(term.related) <= set(glossary.terms()) - {term.key}
    lit = term.latex.count(r"\lit{")
    assert lit >= 1
    tree = ElementTree.fromstring(term.mathml)
    assert tree.tag.endswith("math")
    assert len([each for each in tree.iter() if each.get("class") == "lit"]) == lit
    assert "\\" not in term.mathml


@pytest.mark.parametrize("term", ALL, ids=lambda term: term.key)
def test_what_a_term_is_seen_on_exists(term: Term) -> None:
    assert term.page in MENU
    of_page = {field.name: field for field in links.of_page(term.page)}
    for name, value in term.link.items():
        of_page[name].parse(value)
    if "run" in term.link:
        assert (ROOT / "checkpoints" / term.link["run"] / "card.json").exists()
    if "recipe" in term.link:
        assert recipes.get(term.link["recipe"])


def test_a_spelling_belongs_to_one_term() -> None:
    said = [each.casefold() for term in ALL for each in term.spellings]
    assert len(said) == len(set(said))


def test_symbols_have_the_same_colours_in_words_and_in_components() -> None:
    css = (scripts.BROWSER / "controls.css").read_text()
    paper, ink = css.split('[data-theme="dark"]')
    for name, (light, dark) in palette.SYMBOLS.items():
        assert f"--{name}: {light};" in paper
        assert f"--{name}: {dark};" in ink.split("}")[0]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("KL", "kl"),
        ("q(z)", "aggregated_posterior"),
        ("mutual information g", "mig"),
        ("lower bound", "elbo"),
    ],
)
def test_a_search_finds_the_term_that_is_called_so(asked: str, first: str) -> None:
    assert glossary.search(asked)[0].key == first
    assert glossary.search("no such word at all") == []
