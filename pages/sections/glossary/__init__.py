"""The page of the glossary: one term in full, and below it all of them, or those that are looked for."""

from __future__ import annotations

import html

import streamlit as st

from widgets.shell import glossary, links, palette, url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.glossary import Term
from widgets.shell.link_types import Misfit
from widgets.shell.menu import MENU


def page() -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="glossary-title"):
        st.title("Glossary", width="content")
        st.markdown(
            "**Notice.** The same words are underlined on every page: rest the pointer on one, or tap it.",
            width="stretch",
        )
    query = _query()
    _search(query)
    found = glossary.search(query) if query else list(glossary.terms().values())
    chosen = _chosen(found if query else [])
    _whole(chosen)
    st.subheader("All terms" if not query else f"{len(found)} found")
    if not found:
        st.caption("No term has these words. Try a shorter one, or its symbol: q(z), β, KL.")
    with st.container(key="glossary"):
        for term in found:
            _entry(term)


def _query() -> str:
    return (url_state.read(links.FIND) or "").strip()[: url_state.SHORT]


def _search(query: str) -> None:
    key = url_state.key_showing("at:find", query)

    def look(text: str) -> None:
        # What was chosen before is not what is looked for now.
        url_state.write_all({links.FIND: text.strip() or None, links.TERM: None})

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Search",
            query,
            key=key,
            on_change=url_state.heard(key, look),
            icon=":material/search:",
            placeholder="A word or a symbol",
            max_chars=url_state.SHORT,
            width=340,
        )
        if query:
            st.button(
                "Show all", type="tertiary", on_click=callback(url_state.write), args=(links.FIND, None)
            )


def _chosen(found: list[Term]) -> Term:
    """The link's term; without one the first that is found, else the ELBO."""
    terms, text = glossary.terms(), url_state.read(links.TERM)
    usual = found[0] if found else terms[links.TERM.default]
    if text is not None and text not in terms:
        url_state.misfit(links.TERM, text, Misfit("the glossary has no such term"))
        text = None
    term = usual if text is None else terms[text]
    url_state.accepted(links.TERM, term.title)
    return term


def _whole(term: Term) -> None:
    light, dark = palette.SYMBOLS[term.colour]
    st.html(f"<style>.st-key-glossary-term {{ --lit: light-dark({light}, {dark}); }}</style>")
    with st.container(border=True, key="glossary-term"):
        st.html(f'<h2 class="elbo-no-terms">{html.escape(term.title)}</h2>')
        st.markdown(words.literal(term.sentence))
        st.latex(term.katex)
        st.markdown(f"Read on: [{words.literal(term.source)}]({term.url})")
        with st.container(horizontal=True, gap="small", key="glossary-doors"):
            title, icon = MENU[term.page]
            url_state.page_link(term.page, see(term), label=f"See it: {title}", icon=icon)
            for key in term.related:
                _door(glossary.terms()[key], ":material/arrow_forward:")


def see(term: Term) -> dict[links.Parameter, str | None]:
    """What the link to the page that shows the term changes."""
    return {field: term.link[field.name] for field in links.of_page(term.page) if field.name in term.link}


def _entry(term: Term) -> None:
    with st.container(key=f"card-{term.key}", border=True, gap=None):
        _door(term)
        st.caption(words.literal(term.sentence))


def _door(term: Term, icon: str | None = None) -> None:
    label = words.literal(term.title)
    url_state.page_link("glossary", {links.TERM: term.key}, label=label, icon=icon)
