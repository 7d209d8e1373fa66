"""What can be done with a run besides training it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.sections.home import undo
from vae_core.runs import archive, titles
from vae_core.runs.run import Run, RunError
from widgets.components.board.parcel import QUANTITIES, terms
from widgets.run_data import library
from widgets.shell import fragments, words


@fragments.dialog("Manage this run")
def dialog(run: Run) -> None:
    st.markdown(f"**{words.literal(library.short_title(run))}**")
    now = run.status
    unreadable = now.state == "unreadable"
    for fault in [now.message] if unreadable else run.faults:
        st.warning(words.literal(fault), icon=":material/warning:")
    busy = run.live or run.is_gallery
    fixed = run.is_gallery or unreadable
    if run.is_gallery:
        st.caption("It came with the app: it can be copied and downloaded, and stays as it is.")
    elif busy:
        st.caption("It is in training: stop it before copying or deleting it.")
    called = library.title(run)
    title = st.text_input(
        "Name", called, max_chars=titles.LONGEST, help="Links go by the name of its folder, which stays."
    )
    left, right = st.columns(2)
    if left.button("Rename", disabled=fixed or title == called, width="stretch", icon=":material/edit:"):
        _act(lambda: run.give_title(title))
    if right.button(
        "Duplicate", disabled=run.live or unreadable, width="stretch", icon=":material/content_copy:"
    ):
        _act(run.duplicate)
    st.download_button(
        "Download as one file",
        lambda: archive.export_zip(run),
        f"{run.name}.zip",
        "application/zip",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
        disabled=unreadable,
        help="JSON and safetensors in a zip, which Upload takes back on any machine.",
    )
    st.download_button(
        "Download its numbers",
        lambda: metrics_csv(run.metrics),
        f"{run.name}.csv",
        "text/csv",
        icon=":material/table:",
        width="stretch",
        on_click="ignore",
        disabled=not run.metrics,
        help="Every report of the training as a table: nats per image, for train and test.",
    )
    if st.button(
        "Delete",
        disabled=busy,
        width="stretch",
        icon=":material/delete:",
        help="It can be brought back for an hour.",
    ):
        _act(lambda: undo.delete([run]))


def metrics_csv(reports: list[dict[str, Any]]) -> str:
    """One line per report; a quantity that was not measured there is left empty."""
    plain = ("step", "epoch", "seconds", "images_per_second", "beta", "learning_rate")
    measured = [(part, name) for part in ("train", "test") for name in (*QUANTITIES, *terms(reports))]
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow([*plain, *(f"{name}_{part}" for part, name in measured)])
    for report in reports:
        values = [report.get(name) for name in plain]
        table.writerow(values + [(report.get(part) or {}).get(name) for part, name in measured])
    return file.getvalue()


def _act(action: Callable[[], object]) -> None:
    try:
        action()
    except RunError as error:
        st.error(str(error))
    else:
        st.rerun()
