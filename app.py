"""Elbo Room, the app: `streamlit run app.py`."""

from __future__ import annotations


def main() -> None:
    import streamlit as st

    from widgets import shell
    from widgets.service import service

    shell.guard()
    st.set_page_config(page_title="Elbo Room", page_icon=shell.ICON, layout="wide", initial_sidebar_state=256)
    pages = [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/train.py", title="Train", icon=":material/play_circle:"),
        st.Page("pages/latent_map.py", title="Latent map", icon=":material/scatter_plot:"),
    ]
    page = st.navigation(pages)
    shell.style()
    with shell.sentences():
        runs = shell.library()
        run = shell.choose_run(runs)
        with st.sidebar:
            shell.sidebar(runs, run)
        shell.say_unknown_run()
    service()
    with shell.sentences():
        page.run()


if __name__ == "__main__":
    main()
