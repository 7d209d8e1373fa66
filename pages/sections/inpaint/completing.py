"""Completions of an image of which a part is hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.inpaint import code_scatter, compute, condition_picker, mask_canvas
from pages.sections.inpaint.compute import METHODS, Completed
from vae_core.pixels import to_uint8, unit
from vae_core.runs.run import Run
from widgets.run_data.codes import weights
from widgets.run_data.subject import Subject
from widgets.shell import links, sheets, tasks, url_widgets, words
from widgets.shell.downloads import csv_table

COUNTS = (4, 8, 16, 32, 64)
TOLD = (
    "What the model is told: the same visible half of a digit can be completed as a 3 and as an 8. At first "
    "what its own classifier reads in what is visible; without one, the image's label."
)
LAST = "inpaint_task"  # in the session: what this visitor waits for


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        above = st.container()
        observed = mask_canvas.canvas(subject)
    with above:
        y = condition_picker.chosen(run, subject, unit(subject.image) * observed, TOLD)
    with right:
        method, count, seed = _controls(run)
        if observed.all():
            st.info("Nothing is hidden yet. Paint over the image, or choose a mask.", icon=":material/brush:")
            return
        key = (str(run.path), weights(run), subject, observed.tobytes(), y)

        def result(found: Completed) -> None:
            _result(run, subject, observed, y, found)

        if method == "encoder":  # a few milliseconds
            result(_at_once(*key, method, count, seed))
        else:
            _wait(
                tasks.start(compute.complete, *key, method, count, seed, lane="completing", tracked=True),
                result,
            )
        _comparison(key, count, seed)


@st.cache_resource(max_entries=32, show_spinner=False)
def _at_once(*arguments: Any) -> Completed:
    return compute.complete(*arguments)


def _wait(task: tasks.Task, result: Any) -> None:
    before = st.session_state.get(LAST)
    if before is not None and before is not task and not before.done():
        before.cancelled = True  # of an earlier mask: nobody waits for it any more
        before.forget()
    st.session_state[LAST] = task
    tasks.when_done(task, "Completing", result, cancel="inpaint-cancel")


def _controls(run: Run) -> tuple[str, int, int]:
    usual = "encoder" if run.spec.masked else "langevin"
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        method = str(
            st.selectbox(
                "Method",
                list(METHODS),
                format_func=lambda name: METHODS[name][0],
                **url_widgets.choice(links.METHOD, list(METHODS), usual, lambda name: METHODS[name][0]),
                width=240,
                help="How codes are found that explain what is observed.  \n"
                + "  \n".join(f"**{name}**: {what}" for name, what in METHODS.values()),
            )
        )
        count = int(
            st.select_slider(
                "Completions",
                COUNTS,
                **url_widgets.choice(links.COUNT, COUNTS, by="value"),
                width=150,
                help="How many are made at once.",
            )
        )
        seed = int(
            st.number_input(
                "Seed",
                0,
                9999,
                **url_widgets.whole(links.SEED),
                width=100,
                help="Another seed, other completions.",
            )
        )
    return method, count, seed


def _result(run: Run, subject: Subject, observed: np.ndarray, y: int | None, found: Completed) -> None:
    done = found.completions
    images = to_uint8(done.images.numpy())
    spread = np.clip(done.std.numpy() / 0.5, 0, 1)
    sheets.row(
        [
            ("observed", sheets.covered(subject.image, observed), "What the method is given."),
            ("mean", to_uint8(done.mean.numpy()), "The mean of the completions."),
            ("deviation", to_uint8(spread), "How far completions differ, per pixel; white is 0.5."),
            ("truth", subject.image, "The whole image" + (", binarised once." if subject.binarised else ".")),
        ]
    )
    st.caption(_numbers(found, "observed" if y is None else "observed, class"))
    sheets.sheet(images, name="Completion")
    if run.spec.latent > 1:
        code_scatter.show(run, done.z.numpy())
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Completions as PNG",
            lambda: sheets.tile(images),
            f"{run.name}-completions.png",
            "image/png",
            on_click="ignore",
            icon=":material/image:",
        )
        st.download_button(
            "Codes as CSV",
            lambda: csv_table([f"z{d + 1}" for d in range(done.z.shape[1])], done.z.tolist()),
            f"{run.name}-completions.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/table:",
        )


def _numbers(found: Completed, given: str) -> str:
    done, measured = found.completions, compute.numbers(found)
    whose = compute.OWN.get(done.method, "under the model")
    parts = [
        f"Error of the mean **{measured['Error']:.3f}** (squared, per hidden pixel)",
        f"log p(hidden | {given}) **{words.nats(measured['log p, nats'])} ± {measured['±']:.1f}** nats "
        f"{whose}, from {found.likelihood.codes:,} codes",
    ]
    if measured["Accepted"] is not None:
        parts.append(f"accepted {measured['Accepted']:.0%}")
    if measured["ESS"] is not None:
        parts.append(f"effective samples {measured['ESS']:,.0f} of {done.draws:,}")
    if measured["Verdict"]:
        parts.append(f"**{measured['Verdict']}**")
    return " · ".join([*parts, f"{1000 * found.seconds:,.0f} ms"])


def _comparison(key: tuple[Any, ...], count: int, seed: int) -> None:
    with st.expander(
        "All methods on this mask",
        icon=":material/table_chart:",
        **url_widgets.flag(links.METHODS, by="expanded"),
    ) as opened:
        if not opened.open:
            return

        def show(rows: list[dict[str, Any]]) -> None:
            st.dataframe(
                rows,
                hide_index=True,
                column_config={
                    "Error": st.column_config.NumberColumn(format="%.4f", help="Squared, per hidden pixel."),
                    "log p, nats": st.column_config.NumberColumn(
                        format="%.1f",
                        help="Of the true hidden pixels, log-mean over the method's codes: under the model's "
                        "conditional, but for the encoder and pseudo-Gibbs, which draw from their own.",
                    ),
                    "±": st.column_config.NumberColumn(format="%.1f", help="Its standard error."),
                    "Accepted": st.column_config.NumberColumn(format="percent"),
                    "ESS": st.column_config.NumberColumn(format="%.0f", help="The least of all dimensions."),
                    "R̂": st.column_config.NumberColumn(
                        format="%.2f", help="Spread of all chains over that within one: 1 where they agree."
                    ),
                    "Seconds": st.column_config.NumberColumn(format="%.2f"),
                },
            )

        task = tasks.start(compute.compare, *key, count, seed, lane="completing", tracked=True)
        tasks.when_done(task, f"Completing {count} times by each method", show, cancel="inpaint-compare")
