"""Elbo Room, the app: `streamlit run app.py`.

Streamlit reads this file twice. The server imports it as the module `app`, and finds in it what it is to
serve; each visit of a page then runs it as `__main__`.
"""

from __future__ import annotations

import streamlit as st

from vae_core import extensions
from widgets.components import scripts
from widgets.server import modules, start
from widgets.shell import error_boundary

PACKAGES = ("widgets", "pages.sections")


def prepare() -> None:
    """What the server does before its first visitor: it loads the pages, and torch in another process."""
    modules.load(*PACKAGES)
    from widgets.service import launcher

    launcher().warm()


def main() -> None:
    from pages.sections import sidebar, tour
    from widgets.components.history import history
    from widgets.components.present import present
    from widgets.components.terms import terms
    from widgets.run_data import library
    from widgets.service import service
    from widgets.shell import arrival, layout, menu, url_state

    layout.set_up()
    pages = menu.pages()
    unknown = arrival.find_page([each.url_path for each in pages])
    page = st.navigation(pages, position="hidden")
    layout.style()
    history([each.url_path for each in pages])
    url_state.sync(page.url_path or "home", {each.url_path or "home": each for each in pages})
    arrival.say_unknown_page(unknown)
    with error_boundary.error_boundary():
        extensions.load()
    with error_boundary.error_boundary():
        every = library.runs()
        run = library.choose_run(every)
        with st.sidebar:
            for each in pages:
                url_state.page_link(
                    each.url_path or "home", label=each.title, icon=each.icon, width="stretch"
                )
            st.divider()
            sidebar.sidebar(every, run)
            present()
    notes = layout.Notes()
    service(page.url_path)
    error_boundary.show_fault()
    with error_boundary.error_boundary():
        tour.show(page.url_path or "home")
    with error_boundary.error_boundary():
        page.run()
    terms()
    notes.show()
    url_state.flush()


if __name__ == "__main__":
    modules.load(*PACKAGES)
    from widgets.shell import fragments

    fragments.whole_page(main)
else:
    app = st.App(
        __file__,
        middleware=start.middleware(scripts.serve()),
        lifespan=start.lifespan(prepare),
        on_script_error=error_boundary.show,
    )
