"""Elbo Room, the app: `streamlit run app.py`."""

from __future__ import annotations


def main() -> None:
    import streamlit as st

    from widgets import shell
    from widgets.service import service

    shell.guard()
    shell.set_up()
    pages = [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/train.py", title="Train", icon=":material/play_circle:"),
        st.Page("pages/latent_map.py", title="Latent map", icon=":material/scatter_plot:"),
        st.Page("pages/traverse.py", title="Traverse", icon=":material/tune:"),
        st.Page("pages/interpolate.py", title="Interpolate", icon=":material/timeline:"),
        st.Page("pages/inpaint.py", title="Inpaint", icon=":material/healing:"),
        st.Page("pages/generate.py", title="Conditional", icon=":material/category:"),
    ]
    page = st.navigation(pages, position="hidden")
    shell.style()
    with shell.sentences():
        runs = shell.library()
        run = shell.choose_run(runs)
        with st.sidebar:
            for each in pages:
                st.page_link(each, width="stretch", query_params={shell.RUN: run.name} if run else None)
            st.divider()
            shell.sidebar(runs, run)
        shell.say_unknown_run()
    service()
    with shell.sentences():
        page.run()


if __name__ == "__main__":
    main()
