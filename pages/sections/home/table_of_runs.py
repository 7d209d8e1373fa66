"""All runs as a table: what was measured of each, to sort, to select, and to take away as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import streamlit as st

from pages.sections.home import gallery, kinds, undo
from vae_core.runs import evaluations, titles
from vae_core.runs.run import Run, RunError
from widgets.run_data import comparisons, library
from widgets.shell import url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

POLL = 2.0  # seconds between two looks at runs in training
FAULT = undo.FAULT
ON_TEST = "Mean over {images} of the test split, in nats per image."

# Column: its format and its help; words without a format.
COLUMNS: dict[str, tuple[str | None, str]] = {
    "Run": (None, "Its name. Links go by the name of its folder."),
    "Images": (None, "What it was trained on."),
    "Latent size": ("%d", "Dimensions of z; none of discrete codes."),
    "Kind": (None, "What such a model is called."),
    "ELBO": (
        "%.1f",
        f"Reconstruction less KL, a bound on log p(x); of models that are told the class, on log p(x|y). "
        f"{ON_TEST} One code is drawn from q(z|x) for each.",
    ),
    "Reconstruction": ("%.1f", f"log p(x|z). {ON_TEST} One code is drawn from q(z|x) for each."),
    "KL": ("%.2f", f"KL(q(z|x) || p(z)). {ON_TEST}"),
    "log p(x)": (
        "%.1f",
        "Of models that are told the class, with the class summed out. Adaptive importance sampling with "
        "{log_px}, in nats per image: a lower bound in expectation.",
    ),
    "Hole mass": (
        "%.2f %%",
        "Share of the prior, inside its 95 % region, where it is more than 10 times the aggregated posterior "
        "of {images} of the test split.",
    ),
    "MIG": ("%.3f", "Mutual information gap, where the factors behind the images are known."),
    "Time": ("%.0f s", "How long it was trained, in seconds."),
    "State": (None, "What it is doing; shipped are the models that came with the app."),
}


def line(run: Run) -> dict[str, Any]:
    """The run's row by column; None where something was not measured. Nothing is computed anew."""
    now = run.status
    state = "shipped" if run.is_gallery else words.STATES[now.state][0]
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"Run": library.short_title(run), "State": state}
    if now.state == "unreadable":
        return row
    spec, found = run.spec, run.evaluation or {}
    known = evaluations.kl_note(found) is None
    hole = found.get("hole_mass")
    return row | {
        "Images": kinds.images(spec),
        "Latent size": spec.latent if spec.posterior.continuous else None,
        "Kind": kinds.kind(spec),
        "ELBO": evaluations.elbo(found),
        "Reconstruction": evaluations.reconstruction(found),
        "KL": found.get("kl") if known else None,
        "log p(x)": found.get("log_px") if found.get("log_px_note") is None else None,
        "Hole mass": None if hole is None else 100 * hole,
        "MIG": (run.disentanglement or {}).get("metrics", {}).get("mig"),
        "Time": now.seconds or None,
    }


def as_csv(runs: Sequence[Run]) -> str:
    """The table, a column for each of its own, empty where something was not measured."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(COLUMNS))
    writer.writeheader()
    writer.writerows(map(line, runs))
    return file.getvalue()


def show(runs: list[Run]) -> None:
    if not runs:
        return
    names = crc32("\n".join(run.name for run in runs).encode("utf-8", "replace"))
    fragment(lambda: _part(runs, f"table-{names}"), POLL if any(run.status.active for run in runs) else None)


def _part(runs: list[Run], key: str) -> None:
    if st.session_state.pop(undo.CHANGED, False):
        st.rerun()  # what stands above and in the sidebar follows
    actions = st.container(horizontal=True, vertical_alignment="center", gap="small", key="table-actions")
    lines = [line(run) for run in runs]
    found = st.dataframe(
        {name: [each[name] for each in lines] for name in COLUMNS},
        key=key,
        hide_index=True,
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(runs),
        height=min(36 + 35 * len(runs), 780),
        alt="Runs and what was measured of each",
    )
    chosen = [runs[k] for k in found["selection"]["rows"] if k < len(runs)]
    with actions:
        _actions(runs, chosen)


def _columns(runs: Sequence[Run]) -> dict[str, Any]:
    config = st.column_config
    found = [run.evaluation or {} for run in runs]
    counts = {"images": _images(found), "log_px": _log_px(found)}
    columns: dict[str, Any] = {}
    for name, (form, help) in COLUMNS.items():
        text = help.format(**counts)
        if form:
            columns[name] = config.NumberColumn(name, format=form, help=text)
        else:
            columns[name] = config.TextColumn(name, help=text)
    return columns


def _images(evaluations: Sequence[dict[str, Any]]) -> str:
    """How many test images the numbers speak of: "all 10,000 images"."""
    counts = sorted({found["images"] for found in evaluations if found.get("images")})
    if not counts:
        return "all images"
    return f"all {' or '.join(map(words.count, counts))} images"


def _log_px(evaluations: Sequence[dict[str, Any]]) -> str:
    """With how many samples, on how many images: as the evaluations say."""
    ways = sorted(
        {
            (samples, images)
            for found in evaluations
            if (samples := found.get("log_px_samples")) and (images := found.get("log_px_images"))
            if isinstance(samples, int) and isinstance(images, int)
        }
    )
    said = [
        f"{words.count(samples)} samples on {words.count(images)} test images" for samples, images in ways
    ]
    return " or ".join(said) or "weighed samples"


def _actions(runs: list[Run], chosen: list[Run]) -> None:
    own = [run for run in chosen if not run.is_gallery]
    few = 2 <= len(chosen) <= comparisons.MOST
    if st.button(
        f"Compare {len(chosen)}" if few else "Compare",
        key="compare-runs",
        icon=":material/grid_view:",
        type="primary" if few else "secondary",
        disabled=not few,
        help=f"Select two to {comparisons.MOST} rows; their latent maps stand side by side.",
    ):
        url_state.switch_page("compare", comparisons.changes([run.name for run in chosen]))
    if len(chosen) == 1 and chosen[0].status.state != "unreadable":
        gallery.door(chosen[0], "Open")
    st.download_button(
        "CSV",
        lambda: as_csv(runs),
        "runs.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="The table as it stands here, every digit of it.",
    )
    if own:
        label = "Delete" if len(own) == 1 else f"Delete {len(own)}"
        st.button(label, key="delete-runs", icon=":material/delete:", on_click=callback(_delete), args=(own,))
    if len(own) == 1 and own[0].status.state != "unreadable":
        run = own[0]
        key = f"title-{run.name}-{crc32(library.title(run).encode())}"
        st.text_input(
            "Name of the selected run",
            library.title(run),
            key=key,
            max_chars=titles.LONGEST,
            on_change=callback(_rename),
            args=(run, key),
            width=260,
            icon=":material/edit:",
            label_visibility="collapsed",  # or the table would move down under the hand that selects
        )


def _delete(runs: list[Run]) -> None:
    try:
        undo.delete(runs)
    except RunError as error:
        st.session_state[FAULT] = str(error)
    st.session_state[undo.CHANGED] = True


def _rename(run: Run, key: str) -> None:
    try:
        run.give_title(st.session_state[key])
    except RunError as error:
        st.session_state[FAULT] = str(error)
    st.session_state[undo.CHANGED] = True
