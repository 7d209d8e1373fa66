"""Elbo Room, the app: `streamlit run app.py`.

Streamlit reads this file twice. The server imports it as the module `app`, and finds in it what it is to
serve; each visit of a page then runs it as `__main__`.
"""

from __future__ import annotations

import streamlit as st

from vae_core import extensions
from widgets.server import modules, start
from widgets.shell import error_boundary

PACKAGES = ("widgets", "pages.sections")


def main() -> None:
    modules.load(*PACKAGES)
    from pages.sections import sidebar
    from widgets.components.history import history
    from widgets.run_data import library
    from widgets.service import service
    from widgets.shell import arrival, layout, url_state

    layout.set_up()
    pages = [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/train.py", title="Train", icon=":material/play_circle:"),
        st.Page("pages/latent_map.py", title="Latent map", icon=":material/scatter_plot:"),
        st.Page("pages/traverse.py", title="Traverse", icon=":material/tune:"),
        st.Page("pages/interpolate.py", title="Interpolate", icon=":material/timeline:"),
        st.Page("pages/inpaint.py", title="Inpaint", icon=":material/healing:"),
        st.Page("pages/conditional.py", title="Conditional", icon=":material/category:"),
    ]
    unknown = arrival.find_page([each.url_path for each in pages])
    page = st.navigation(pages, position="hidden")
    layout.style()
    history([each.url_path for each in pages])
    url_state.sync(page.url_path or "home")
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
    notes = layout.Notes()
    service()
    error_boundary.show_fault()
    with error_boundary.error_boundary():
        page.run()
    notes.show()
    url_state.flush()


if __name__ == "__main__":
    main()
else:
    app = st.App(
        __file__,
        middleware=start.MIDDLEWARE,
        lifespan=start.lifespan(lambda: modules.load(*PACKAGES)),
        on_script_error=error_boundary.show,
    )
