"""The app's state between session and address bar: a copied link, F5 and Back show the same view.

What is in a link stands in `links.py`. The session holds it for all pages; the address bar shows those of the
page on screen. `sync` reads the address where it was changed by somebody else: a link was opened, another
page was chosen, Back was pressed. In all other runs the session is the truth, as the browser may for a moment
still send an address that the app has replaced. `flush` writes what changed, in one message: each is one
entry in the browser's history, but for what `components/history` leaves out.

Streamlit's own `bind="query-params"` was tried first (1.67). It does not serve: it replaces the address, so
that tab, method and seed leave no entry in the history; the link holds the label on screen, which other words
break; what does not fit goes without a word; a control that is not shown loses its value; a change of page
makes two entries; and components have no binding.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from widgets.shell import links, words
from widgets.shell.error_boundary import callback
from widgets.shell.link_types import Elsewhere, Flag, Misfit, Parameter, Texts

STATE = "url_state"  # in the session
MOMENT = 10.0  # seconds: longer than a browser sends an address that was replaced
# Seconds for which what stood there before a link to the same page may still come, from a part of the page
# that was under way; a link back to it, pressed sooner, does nothing.
AFTER_LINK = 3.0
SHORT = 60  # characters of a value that are quoted
MOST_UNKNOWN = 3  # names that are quoted

NUMBER = re.compile(r"-?[0-9.]{1,20}")  # is quoted without quotation marks

Query = dict[str, tuple[str, ...]]


@dataclass
class Note:
    """sentence: as Markdown. shown: in words, what is on screen instead; None while no control says it."""

    sentence: str
    shown: str | None = None

    def __str__(self) -> str:
        shown = f" Shown: {words.literal(self.shown)}." if self.shown else ""
        return f"{self.sentence}.{shown}"


@dataclass
class State:
    """texts: of all pages, by name; what is at its default has none. page: the one on screen.

    sent: what stands in the address bar; certain: whether it does; before: what stands there until it does,
    after a link to the same page. replaced: what stood there, and until
    when. fresh: names that a link gave and no control has taken yet. notes: what does not fit, by name.
    pages: Streamlit's own, by name, of which links are made sooner than of their files.
    """

    texts: Query = field(default_factory=dict)
    page: str | None = None
    sent: Query = field(default_factory=dict)
    certain: bool = False
    before: Query = field(default_factory=dict)
    replaced: list[tuple[Query, float]] = field(default_factory=list)
    fresh: set[str] = field(default_factory=set)
    notes: dict[str, Note] = field(default_factory=dict)
    pages: Mapping[str, Any] = field(default_factory=dict)


def _state() -> State:
    found: State = st.session_state.setdefault(STATE, State())
    return found


# --- the address bar ------------------------------------------------------------------------------


def sync(page: str, pages: Mapping[str, Any] | None = None) -> None:
    """Takes what the address says, where somebody else than the app has changed it. Once, before all else.

    pages: those that `st.navigation` was given, by name.
    """
    state, requested = _state(), {name: tuple(st.query_params.get_all(name)) for name in st.query_params}
    state.pages = pages or {}
    arrived, moved, back = state.page is None, state.page != page, _history_navigation()
    state.replaced = [(old, until) for old, until in state.replaced if time.monotonic() < until]
    here = not moved and not back and _by_a_link(state, requested)
    if arrived or back or here or (moved and requested):
        _take(page, requested)
    elif moved:  # without a link: the page is as it was left
        state.notes.clear()
        state.fresh.clear()
    if arrived or back or here or moved:
        state.before, state.sent = state.sent, requested
        if here:
            state.replaced.clear()  # the browser has seen them pass: from now on they are links again
        # A link to the same page leaves the address as it was; and the answer to a change that was just made
        # may come late.
        state.certain = not here and not (moved and state.replaced)
    state.page = page


def _history_navigation() -> bool:
    """Whether Back or Forward was pressed. The context is private; Streamlit is pinned."""
    context = get_script_run_ctx()
    return bool(getattr(context, "is_history_navigation", False))


def _by_a_link(state: State, requested: Query) -> bool:
    """Whether a link to this very page was pressed, and not an address sent that the app has replaced."""
    # A link to this page leaves the address as it was until `flush`: a press in between sends the old one.
    late = not state.certain and requested == state.before
    return requested != state.sent and not late and all(requested != old for old, _ in state.replaced)


def _take(page: str, requested: Query) -> None:
    state = _state()
    state.notes.clear()
    state.fresh.clear()
    given: Query = {}
    for name, values in requested.items():
        if (page, name) in links.GONE:
            continue
        name = links.OLD_NAMES.get((page, name), name)
        given.setdefault(name, tuple(links.OLD_VALUES.get((name, value), value) for value in values))
    for parameter in links.of_page(page):
        state.texts.pop(parameter.name, None)
        values = given.pop(parameter.name, ())
        if not values:
            continue
        try:
            for value in values:
                parameter.parse(value)
        except Misfit as fault:
            misfit(parameter, values[-1], fault)
            continue
        state.texts[parameter.name] = values if isinstance(parameter, Texts) else values[-1:]
        state.fresh.add(parameter.name)
    if given:
        names = ", ".join(f"“{words.literal(name[:SHORT])}”" for name in list(given)[:MOST_UNKNOWN])
        more = len(given) - MOST_UNKNOWN
        names += f" and {more} more" if more > 0 else ""
        state.notes["?"] = Note(f"The link names {names}, which this page does not know")


def flush() -> None:
    """Writes the page's state into the address bar, if it is not there."""
    state = _state()
    if state.page is None:
        return
    wanted = query(state.page)
    if wanted != state.sent or not state.certain:
        now = time.monotonic()
        if wanted != state.sent:
            state.replaced.append((state.sent, now + MOMENT))
        if not state.certain:
            state.replaced.append((state.before, now + AFTER_LINK))
        st.query_params.from_dict(
            {name: values if len(values) > 1 else values[0] for name, values in wanted.items()}
        )
        state.sent, state.certain = wanted, True  # not before: a run that the next one overtakes ends above


def page() -> str:
    """The page on screen."""
    return _state().page or "home"


def query(page: str) -> Query:
    """The parameters of a page's link, as it is or was left."""
    texts = _state().texts
    return {each.name: texts[each.name] for each in links.of_page(page) if each.name in texts}


def link(page: str, changes: Mapping[Parameter, str | tuple[str, ...] | None]) -> Query:
    """The parameters of a link to a page: as it was left, but for the changes; None is the default."""
    texts = dict(_state().texts)
    _change(texts, changes)
    return {each.name: texts[each.name] for each in links.of_page(page) if each.name in texts}


def page_link(
    page: str, changes: Mapping[Parameter, str | tuple[str, ...] | None] | None = None, **options: Any
) -> None:
    """A link to a page of the app, that opens it as it was left, but for the changes.

    It makes one entry in the history: the page finds nothing to add to the address.
    """
    there = _state().pages.get(page, f"pages/{page}.py")
    st.page_link(there, query_params=link(page, changes or {}), **options)


def switch_page(page: str, changes: Mapping[Parameter, str | tuple[str, ...] | None]) -> None:
    """As a press on that link; the run of the script ends here."""
    st.switch_page(f"pages/{page}.py", query_params=link(page, changes))


# --- values ---------------------------------------------------------------------------------------


def read(parameter: Parameter) -> str | None:
    """The text of a parameter; None for the default."""
    values = _state().texts.get(parameter.name)
    return values[-1] if values else None


def read_all(parameter: Parameter) -> tuple[str, ...]:
    """The texts of a parameter that a link may hold several times."""
    return _state().texts.get(parameter.name, ())


def write(parameter: Parameter, text: str | None) -> None:
    """None is the default, and leaves the link."""
    write_all({parameter: text})


def write_all(changes: Mapping[Parameter, str | tuple[str, ...] | None]) -> None:
    """Several at once. In a fragment they go to the address bar at once, else when the app flushes."""
    _change(_state().texts, changes)
    context = get_script_run_ctx()
    if context is not None and context.fragment_ids_this_run:
        flush()


def settle(parameter: Parameter, text: str | None) -> None:
    """Writes what is shown by now. Nobody has chosen it, so it resets nothing."""
    texts = _state().texts
    if text is None:
        texts.pop(parameter.name, None)
    else:
        texts[parameter.name] = (text,)


def _change(texts: Query, changes: Mapping[Parameter, str | tuple[str, ...] | None]) -> None:
    for parameter, text in changes.items():
        values = (text,) if isinstance(text, str) else text or ()
        if values == texts.get(parameter.name, ()):
            continue
        texts.pop(parameter.name, None)
        if values:
            texts[parameter.name] = values
        for name in parameter.resets:
            if all(name != other.name for other in changes):
                texts.pop(name, None)


# --- what does not fit ----------------------------------------------------------------------------


def accepted(parameter: Parameter, shown: str) -> None:
    """A control shows the parameter's value. shown: the value in words."""
    state = _state()
    state.fresh.discard(parameter.name)
    if (known := state.notes.get(parameter.name)) is not None and known.shown is None:
        known.shown = shown


def misfit(parameter: Parameter, requested: str, fault: Misfit) -> None:
    """Takes a value out of the state that cannot be shown, and says so where a link has asked for it."""
    state = _state()
    fresh = parameter.name in state.fresh or parameter.name not in state.texts
    settle(parameter, fault.instead)
    state.fresh.discard(parameter.name)
    if fresh:
        quoted = words.literal(_short(requested))
        if not NUMBER.fullmatch(requested):
            quoted = f"“{quoted}”"
        value = "" if isinstance(parameter, Flag) and requested == "1" else f" {quoted}"
        sentence = f"The link asks for {parameter.noun}{value}; {words.literal(str(fault))}"
        state.notes[parameter.name] = Note(str(fault) if isinstance(fault, Elsewhere) else sentence)


def without_control(parameter: Parameter, reason: str) -> None:
    """No control of the page shows the parameter. reason: a clause, said where a link has asked for it; what
    was chosen with another run stays as it was."""
    if parameter.name in _state().fresh:
        misfit(parameter, read(parameter) or "", Misfit(reason))


def note(name: str, sentence: str, shown: str | None = None) -> None:
    """A sentence about the link, as Markdown and without its full stop, until another page or choice."""
    _state().notes[name] = Note(sentence, shown)


def notes() -> tuple[str, ...]:
    return tuple(map(str, _state().notes.values()))


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


# --- whose word counts ----------------------------------------------------------------------------


def key_showing(name: str, value: Any) -> str:
    """The key under which a widget shows the value.

    A widget that gets another value than its user gave it may, until the browser has heard of it, send the
    old one back, which would look like its user's wish. So the widget becomes another one, with another key.

    The widget is given the value as its default, in every run, and never through the session. A run that the
    next one overtakes may not reach the browser, and where a widget is new to it, it takes the default. What
    the session sets, the browser obeys: it would undo what a user chose while the run was under way.
    """
    turns = st.session_state.setdefault("turns", {})
    key = f"{name}:{turns.get(name, 0)}"
    if key in st.session_state and st.session_state[key] != value:
        turns[name] = turns.get(name, 0) + 1
        key = f"{name}:{turns[name]}"
    return key


def place(options: Sequence[Any], value: Any) -> int:
    """Of the value among the options; the first where it is none of them."""
    return next((k for k, option in enumerate(options) if option == value), 0)


def heard(key: str, act: Callable[[Any], object]) -> Callable[[], None]:
    """The callback of the widget with a key of `key_showing`: `act` gets what its user gave it.

    What the browser still says of a widget in whose place there is another by now is nobody's wish.
    """

    @callback
    def hear() -> None:
        name, _, turn = key.rpartition(":")
        if int(turn) == st.session_state["turns"].get(name, 0):
            _state().notes.clear()
            act(st.session_state[key])

    return hear
