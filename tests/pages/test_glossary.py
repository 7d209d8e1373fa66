"""The page of the glossary, as its links open it."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from widgets.shell import glossary


def titles(at: AppTest) -> list[str]:
    return [each.value for each in at.subheader]


def test_a_link_opens_the_term_that_it_names(app: Callable[..., AppTest]) -> None:
    at = app("glossary", term="kl")
    assert not at.exception
    assert not at.error
    assert at.latex[0].value == f"$$\n{glossary.terms()['kl'].katex}\n$$"
    assert at.query_params["term"] == "kl"


def test_a_search_stands_in_the_link_and_shows_the_first_that_it_finds(app: Callable[..., AppTest]) -> None:
    at = app("glossary", term="kl")
    at.text_input[0].set_value("mutual information gap").run()
    assert not at.exception
    assert not at.error
    assert at.query_params["find"] == "mutual information gap"
    assert "term" not in at.query_params
    assert titles(at) == ["1 found"]
    assert glossary.terms()["mig"].katex in at.latex[0].value


def test_what_is_not_found_is_said(app: Callable[..., AppTest]) -> None:
    at = app("glossary", find="zzz")
    assert not at.exception
    assert not at.error
    assert titles(at) == ["0 found"]
    assert any("No term has these words" in each.value for each in at.caption)
    at = app("glossary", term="zzz")
    (said,) = (each.value for each in at.warning)
    assert (
        said
        == "The link asks for term “zzz”; the glossary has no such term. Shown: ELBO, evidence lower bound."
    )
