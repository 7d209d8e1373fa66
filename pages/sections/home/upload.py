"""A run's zip becomes a run of the library."""

from __future__ import annotations

import streamlit as st

from vae_core.runs import archive
from vae_core.runs.run import RunError
from widgets.run_data import library


def popover() -> None:
    with st.popover("Upload a run", icon=":material/upload:"):
        file = st.file_uploader(
            "A run's zip",
            type="zip",
            key="upload",
            help="As Download makes it. Anything else in it is refused, and nothing in it is executed.",
        )
        if file is not None and st.button("Add it to the library", type="primary"):
            try:
                added = archive.import_zip(file.getvalue(), file.name.removesuffix(".zip"))
            except RunError as error:
                st.error(str(error))
            else:
                library.use(added)
                st.rerun()
