"""Which runs are side by side: the link names them; each can be changed above its map."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data import capabilities, library
from widgets.run_data.comparisons import ICONS, MOST, changes, presets
from widgets.shell import links, url_state, words
from widgets.shell.error_boundary import callback

FEW = 2


def offered() -> list[Run]:
    """The runs that have a map."""
    return [run for run in library.runs() if capabilities.why_not(run, "compare") is None]


def chosen(offered: Sequence[Run], run: Run | None) -> list[Run]:
    """The link's runs; without any, the run in use and one beside it. What cannot be shown is said."""
    in_link = url_state.read(links.RUNS)
    usual = filled([run if run is not None and run in offered else offered[0]], offered, FEW)
    if in_link is None:
        return usual
    shown: list[Run] = []
    faults = []
    names = list(dict.fromkeys(name for name in in_link.split(",") if name))
    for name in names[:MOST]:
        fault = _fault(name, shown)
        if fault is None:
            shown.append(next(each for each in offered if each.name == name))
        else:
            faults.append(fault)
    if len(names) > MOST:
        faults.append(f"The link names {len(names)} runs, and {MOST} stand side by side")
    shown = shown or usual
    titles = ", ".join(map(library.title, shown))
    if faults:
        url_state.note(links.RUNS.name, ". ".join(faults), titles)
        url_state.settle(links.RUNS, _text(shown))
    url_state.accepted(links.RUNS, titles)
    return shown


def _fault(name: str, shown: Sequence[Run]) -> str | None:
    """Why the run is not shown beside the others."""
    run = next((each for each in library.runs() if each.name == name), None)
    if run is None:
        quoted = words.literal(name[: url_state.SHORT])
        return f"There is no run named “{quoted}” here; it may have been renamed or deleted"
    fault = capabilities.why_not(run, "compare")
    if fault is None and shown and not capabilities.fits(run, shown[0]):
        first = shown[0]
        fault = f"{library.title(run)} is of images of {_size(run)}, {library.title(first)} of {_size(first)}"
    return None if fault is None else words.literal(fault)


def _size(run: Run) -> str:
    channels, height, width = run.spec.data.shape
    return f"{width} × {height} pixels" + (" in colour" if channels > 1 else "")


def filled(runs: Sequence[Run], offered: Sequence[Run], count: int) -> list[Run]:
    """As many runs as asked for, or as there are that take the same images as the first."""
    others = [each for each in offered if each not in runs and capabilities.fits(each, runs[0])]
    return [*runs, *others][:count]


def places(runs: Sequence[Run]) -> int:
    return FEW if len(runs) <= FEW else MOST


def put(run: Run, place: int, runs: Sequence[Run], offered: Sequence[Run]) -> None:
    """Shows the run at that place; where it was already shown, the two change places."""
    new = list(runs)
    if place >= len(new):
        new = [each for each in new if each != run] + [run]
    else:
        before, new[place] = new[place], run
        new = [before if each == run and k != place else each for k, each in enumerate(new)]
    new = [each for each in new if capabilities.fits(each, new[0])]
    write(filled(new, offered, max(len(new), FEW)))


def write(runs: Sequence[Run]) -> None:
    url_state.write(links.RUNS, _text(runs))


def _text(runs: Sequence[Run]) -> str:
    return ",".join(run.name for run in runs)


def picker(place: int, runs: Sequence[Run], offered: Sequence[Run]) -> None:
    """The box above a map, with its run."""
    fitting = {each.name: each for each in offered if place == 0 or capabilities.fits(each, runs[0])}
    now = runs[place].name if place < len(runs) else None

    def change(name: str) -> None:
        if name in fitting:
            put(fitting[name], place, runs, offered)

    key = url_state.key_showing(f"compare-run-{place}", now)
    st.selectbox(
        f"Run of map {place + 1}",
        list(fitting),
        index=None if now is None else list(fitting).index(now),
        required=now is not None,
        format_func=lambda name: library.title(fitting[name]) if name in fitting else name,
        placeholder="Choose a run",
        key=key,
        on_change=url_state.heard(key, change),
        label_visibility="collapsed",
    )


def count(runs: Sequence[Run], offered: Sequence[Run]) -> None:
    """Two maps or four."""
    if len(filled(runs[:1], offered, MOST)) <= FEW:
        return
    key = url_state.key_showing("compare-count", places(runs))
    st.segmented_control(
        "Maps",
        [FEW, MOST],
        default=places(runs),
        key=key,
        on_change=url_state.heard(key, lambda wanted: write(filled(runs[:wanted], offered, wanted))),
        required=True,
        help="How many maps stand side by side.",
    )


def preset_buttons() -> None:
    """Runs that are worth seeing side by side, one press away."""
    for title, names in presets([each.name for each in library.runs()]).items():
        st.button(
            title,
            key=f"compare-{'-'.join(names)}",
            icon=ICONS[title],
            type="tertiary",
            on_click=callback(url_state.write_all),
            args=(changes(names),),
        )
