"""Which page an address asks for: one under its old name, or none that is here."""

from __future__ import annotations

from collections.abc import Collection

from streamlit.runtime.scriptrunner import get_script_run_ctx

from widgets.shell import links, url_state, words


def find_page(pages: Collection[str]) -> str | None:
    """Before `st.navigation`, which would show a dialog of its own; the name that is unknown, if one is.

    pages: as their addresses call them. The pages' manager is private; Streamlit is pinned.
    """
    context = get_script_run_ctx()
    manager = context.pages_manager if context is not None else None
    requested = manager.intended_page_name if manager is not None else None
    if manager is None or not requested or manager.intended_page_script_hash or requested in pages:
        return None
    found = links.OLD_PAGES.get(requested)
    manager.set_script_intent("", found or "")
    return None if found else requested


def say_unknown_page(name: str | None) -> None:
    if name is not None:
        quoted = words.literal(name[: url_state.SHORT])
        url_state.note("page", f"There is no page named “{quoted}” here", "Home")
