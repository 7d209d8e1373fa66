"""Completions of an image of which a part is hidden: by one method, or by two side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.sections.inpaint import compute, condition_picker, downloads, mask_canvas, result
from pages.sections.inpaint.compute import CHAINS, LENGTHS, METHODS, NO_GRADIENT
from pages.sections.inpaint.result import Question
from vae_core.analysis.progress import Cancelled
from vae_core.pixels import unit
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities as able
from widgets.components import pixels_switch
from widgets.components.completions import Panel, completions
from widgets.run_data import library
from widgets.run_data.capabilities import fits
from widgets.run_data.codes import weights
from widgets.run_data.subject import Subject
from widgets.shell import links, tasks, url_state, url_widgets
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

COUNTS = (4, 8, 16, 32, 64)
HIDDEN = "The mean of each hidden pixel under p(x|z), or pixels drawn from it."
TOLD = (
    "What the model is told: the same visible half of a digit can be completed as a 3 and as an 8. At first "
    "what its own classifier reads in what is visible; without one, the image's label."
)
ALONE = "none"
BOARD = "completions"
TASKS = "inpaint_tasks"  # in the session: what this visitor waits for
LONGER = 4  # times
FIRST = 0.35  # seconds that the page waits for the first completions
POLL = 0.4  # seconds


def show(run: Run, subject: Subject, left: DeltaGenerator, right: DeltaGenerator) -> None:
    with left:
        above = st.container()
        observed = mask_canvas.canvas(subject)
    with above:
        y = condition_picker.chosen(run, subject, unit(subject.image) * observed, TOLD)
    with right:
        method, beside, length, count, seed = _controls(run)
        if observed.all():
            st.info("Nothing is hidden yet. Paint over the image, or choose a mask.", icon=":material/brush:")
            return
        first = Question(run, METHODS[method][0], subject, observed, y, method)
        _board(_questions(first, beside), count, seed, length)
        _comparison(_key(first), count, seed, length)


def _controls(run: Run) -> tuple[str, str, int, int, int]:
    """Method, what stands beside it, draws of a chain, completions, seed."""
    served = compute.methods(run)
    usual = "encoder" if run.spec.masked else served[0]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="inpaint-controls"):
        method = str(
            st.selectbox(
                "Method",
                served,
                format_func=lambda name: METHODS[name][0],
                **url_widgets.choice(links.METHOD, served, usual, lambda name: METHODS[name][0]),
                width=225,
                help="How codes are found that explain what is observed.  \n"
                + "  \n".join("**{}**: {}".format(*METHODS[name]) for name in served),
            )
        )
        beside = _beside(run, method)
        with st.popover("Chains", icon=":material/tune:"):
            length = int(
                st.select_slider(
                    "Draws of a chain",
                    LENGTHS,
                    **url_widgets.choice(links.LENGTH, LENGTHS, by="value"),
                    disabled=method not in CHAINS,
                    help="How many steps of each chain are counted, after warming up. A longer chain begins "
                    "with the same draws.",
                )
            )
            count = int(
                st.select_slider(
                    "Completions",
                    COUNTS,
                    **url_widgets.choice(links.COUNT, COUNTS, by="value"),
                    help="How many are made at once.",
                )
            )
            seed = int(
                st.number_input(
                    "Seed",
                    0,
                    9999,
                    **url_widgets.whole(links.SEED),
                    help="Another seed, other completions.",
                )
            )
    if without := [METHODS[name][0] for name in compute.listed(run) if name not in served]:
        st.caption(f":material/block: {' and '.join(without)}: not here. Each {NO_GRADIENT}.")
    return method, beside, length, count, seed


def _beside(run: Run, method: str) -> str:
    """What stands beside the result: nothing, a second method on the same run, or a second run."""
    runs = _runs(run, method)
    names = [ALONE, *(name for name in compute.methods(run) if name != method), *runs]

    def called(name: str) -> str:
        if name in METHODS:
            return METHODS[name][0]
        return library.title(runs[name]) if name != ALONE else "nothing"

    return str(
        st.selectbox(
            "Beside it",
            names,
            format_func=called,
            **url_widgets.choice(links.BESIDE, names, label=called),
            width=215,
            help="A second method on the same mask, or a second run by the same method.",
        )
    )


def _runs(run: Run, method: str) -> dict[str, Run]:
    """The runs that can complete the same image by the same method."""
    grey = run.spec.data.binarisation == "none"
    return {
        each.name: each
        for each in library.runs()
        if each.name != run.name
        and fits(each, run)
        and (each.spec.data.binarisation == "none") == grey
        and "vector" in able(each.spec)
        and method in compute.methods(each)
    }


def _questions(first: Question, beside: str) -> list[Question]:
    run = first.run
    if beside in METHODS:
        return [first, replace(first, title=METHODS[beside][0], method=beside)]
    if beside == ALONE:
        return [first]
    other = _runs(run, first.method)[beside]
    y = None
    if other.spec.classes:
        known = (y for y in (first.y, first.subject.label, 0) if y is not None and y < other.spec.classes)
        y = next(known)
    name = METHODS[first.method][0]
    return [
        replace(first, title=f"{library.title(run)}, {name}"),
        replace(first, run=other, title=f"{library.title(other)}, {name}", y=y),
    ]


def _key(question: Question) -> tuple[Any, ...]:
    run = question.run
    return (str(run.path), weights(run), question.subject, question.observed.tobytes(), question.y)


def _start(question: Question, count: int, seed: int, length: int) -> tasks.Task:
    # Of methods without chains the length is no part of the question.
    length = length if question.method in CHAINS else LENGTHS[0]
    return tasks.start(
        result.find,
        *_key(question),
        question.method,
        count,
        seed,
        length,
        lane="completing",
        tracked=True,
        streamed=True,
    )


def _board(questions: list[Question], count: int, seed: int, length: int) -> None:
    asked = [_start(each, count, seed, length) for each in questions]
    _forget(asked)
    for task in asked:
        task.begun.wait(FIRST)
    waited, wanted = any(not task.done() for task in asked), url_state.read(links.LENGTH)

    def part() -> None:
        over = waited and all(task.done() for task in asked)  # then the board no longer asks
        if over or url_state.read(links.LENGTH) != wanted:
            st.rerun()
        waiting = [None if task.done() else (task.fraction, task.sentence) for task in asked]
        drawn = url_state.read(links.PIXELS) == "drawn"
        completions(BOARD, _panels(questions, asked), drawn=drawn, waiting=waiting)
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key="inpaint-under"):
            pixels_switch.switch(("means", "drawn"), HIDDEN, "Hidden pixels", hidden=True)
            _next(questions, asked, length, drawn, seed)

    fragment(part, run_every=POLL if waited else None)


def _panels(questions: list[Question], asked: list[tasks.Task]) -> list[Panel | None]:
    """None where there is nothing yet, so that what stood there stays."""
    if all(task.done() and task.exception() is None for task in asked):
        return list(result.panels(questions, [task.result() for task in asked]))
    return [_panel(question, task) for question, task in zip(questions, asked, strict=True)]


def _panel(question: Question, task: tasks.Task) -> Panel | None:
    if task.done():
        if task.exception() is not None:
            return None
        found = task.result()
        return result.panel(question, found, found.scene)
    return None if task.partial is None else result.early(question, task.partial)


def _next(questions: list[Question], asked: list[tasks.Task], length: int, drawn: bool, seed: int) -> None:
    """What can be done now: cancel, start again, run longer, take away."""
    if going := [task for task in asked if not task.done()]:
        st.button(
            "Cancel", key="inpaint-cancel", icon=":material/close:", on_click=callback(_cancel), args=(going,)
        )
        return
    if faults := [fault for task in asked if (fault := task.exception()) is not None]:
        if any(isinstance(fault, Cancelled) for fault in faults):
            st.caption(":material/block: Cancelled.", width="content")
            st.button(
                "Start again",
                key="inpaint-cancel-again",
                on_click=callback(_again),
                args=(asked,),
                icon=":material/refresh:",
            )
        else:
            st.warning(tasks.sentence(faults[0]), icon=":material/error:")
        return
    found = [task.result() for task in asked]
    chains = [
        each.found for each, question in zip(found, questions, strict=True) if question.method in CHAINS
    ]
    if chains and length < LENGTHS[-1]:
        times = min(LONGER, LENGTHS[-1] // length)
        st.button(
            f"Run {times} times longer",
            key="inpaint-longer",
            icon=":material/more_time:",
            type="secondary" if all(map(result.mixed, chains)) else "primary",
            on_click=callback(url_state.write),
            args=(links.LENGTH, str(times * length)),
            help="The same chains go on: their first draws are these.",
        )
    downloads.menu(questions, found, drawn, seed)


def _cancel(going: list[tasks.Task]) -> None:
    for task in going:
        task.cancelled = True


def _again(asked: list[tasks.Task]) -> None:
    for task in asked:
        if task.done() and isinstance(task.exception(), Cancelled):
            task.forget()


def _forget(asked: list[tasks.Task]) -> None:
    """Ends what this visitor asked before and nobody waits for any more."""
    for before in st.session_state.get(TASKS, []):
        if before not in asked and not before.done():
            before.cancelled = True
            before.forget()
    st.session_state[TASKS] = asked


def _comparison(key: tuple[Any, ...], count: int, seed: int, length: int) -> None:
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

        task = tasks.start(compute.compare, *key, count, seed, length, lane="completing", tracked=True)
        tasks.when_done(task, f"Completing {count} times by each method", show, cancel="inpaint-compare")
