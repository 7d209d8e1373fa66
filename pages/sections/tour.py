"""The tour beside a page: its step, the guess, and what to notice; it hides what the step does not need."""

from __future__ import annotations

import html

import streamlit as st

from widgets.run_data import library
from widgets.shell import links, tours, url_state, words
from widgets.shell.error_boundary import callback
from widgets.shell.link_types import Misfit, Parameter
from widgets.shell.menu import MENU
from widgets.shell.tours import Step, Tour


def show(page: str) -> None:
    """The panel of the tour that the link names, if it names one."""
    name = url_state.read(links.TOUR)
    if name is None:
        for field in (links.STEP, links.GUESS):
            url_state.without_control(field, "no tour is open")
        return
    tour = tours.tour(name)
    number = _within(links.STEP, len(tour.steps))
    step = tour.steps[number - 1]
    guess = _within(links.GUESS, len(step.answers)) if url_state.read(links.GUESS) else None
    url_state.accepted(links.TOUR, tour.title)
    _hide(step, guess is not None)
    with st.container(key="tour", gap="small"):
        _panel(name, tour, number, guess, page)


def door(name: str, label: str) -> None:
    """The way into a tour."""
    first = tours.tour(name).steps[0]
    with st.container(key="tour-door", width="content"):
        url_state.page_link(first.page, _changes(name, 1, first), label=label, icon=":material/tour:")


def _within(field: links.Whole, most: int) -> int:
    text = url_state.read(field)
    value = field.least if text is None else field.parse(text)
    if value > most:
        url_state.misfit(field, str(text), Misfit(f"the most is {most}", str(most)))
        value = most
    url_state.accepted(field, str(value))
    return value


def _panel(name: str, tour: Tour, number: int, guess: int | None, page: str) -> None:
    step, count = tour.steps[number - 1], len(tour.steps)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"Step {number} of {count}", width="stretch")
        st.button(
            "Leave the tour",
            key="tour-leave",
            type="tertiary",
            icon=":material/close:",
            on_click=callback(leave),
            help="The page stays as it is.",
        )
    st.subheader(step.title)
    if page != step.page:
        st.markdown(f"This step is on the page {MENU[step.page][0]}.")
        _go(name, tour, number, "Back to the step", ":material/undo:")
        return
    st.markdown(step.text)
    st.markdown(f"**{step.question}**")
    # However many answers a step has, what follows stands in the same place: until the page is through, the
    # browser keeps what the step before showed in places that this one has not filled.
    with st.container(gap="small"):
        if guess is None:
            _answers(step, number)
        else:
            st.html(_answered(step, guess))
            verdict = "Right." if guess == 1 else "Not quite."
            st.markdown(f"**{verdict}** {tours.filled(step.notice, measured)}")
    with st.container(horizontal=True, horizontal_alignment="distribute", key="tour-way"):
        with st.container(width="content"):
            if number > 1:
                _go(name, tour, number - 1, "Back", ":material/arrow_back:")
        with st.container(width="content"):
            if number < count:
                label = "Next" if guess is not None else "Skip"
                _go(name, tour, number + 1, label, ":material/arrow_forward:")


def _answers(step: Step, number: int) -> None:
    for place in step.order:
        st.button(
            step.answers[place],
            key=f"tour-answer-{number}-{place}",
            width="stretch",
            on_click=callback(url_state.write),
            args=(links.GUESS, str(place + 1)),
        )


def _answered(step: Step, guess: int) -> str:
    """All answers: which is right, and which was given."""
    lines = []
    for place in step.order:
        right, given = place == 0, place == guess - 1
        kind = "right" if right else "given" if given else "other"
        sign = "✓" if right else "✕" if given else ""
        yours = " <small>(your guess)</small>" if given else ""
        lines.append(f'<li class="{kind}"><b>{sign}</b>{html.escape(step.answers[place])}{yours}</li>')
    return f'<ul class="elbo-answers">{"".join(lines)}</ul>'


def _go(name: str, tour: Tour, number: int, label: str, icon: str) -> None:
    """A link to another page. On the same page a button: what its link would ask for may have stood in the
    address a moment ago, and would not be taken for a link (`url_state.AFTER_LINK`)."""
    step = tour.steps[number - 1]
    changes = _changes(name, number, step)
    if step.page == url_state.page():
        st.button(
            label, key=f"tour-to-{number}", icon=icon, on_click=callback(url_state.write_all), args=(changes,)
        )
    else:
        url_state.page_link(step.page, changes, label=label, icon=icon)


def _changes(name: str, number: int, step: Step) -> dict[Parameter, str | tuple[str, ...] | None]:
    at = None if number == 1 else str(number)
    return step.state() | {links.TOUR: name, links.STEP: at, links.GUESS: None}


def leave() -> None:
    url_state.write_all(dict.fromkeys(tours.OF_TOURS))


def measured(run: str, value: str) -> str:
    """What the evaluation of a shipped run says, in words."""
    shipped = next((each for each in library.runs() if each.name == run), None)
    found = (shipped.evaluation or {}).get(value) if shipped is not None else None
    if not isinstance(found, float):
        return "–"
    if value.endswith("_mass"):
        return f"{100 * found:.2f} %" if found < 0.01 else f"{100 * found:.1f} %"
    return words.nats(found)


def _hide(step: Step, guessed: bool) -> None:
    parts = [*step.hide, *(() if guessed else step.before)]
    hidden = ", ".join(f".st-key-{key}" for key in parts)
    rule = f"{hidden} {{ display: none !important; }}" if hidden else ""
    st.html(f"<style>{rule}</style>")  # also an empty one, so that the panel stands in the same place
