"""Plain widgets whose value stands in the link: what to pass to Streamlit for key, callback and default.

    st.selectbox("Noise", KINDS, **url_widgets.choice(links.NOISE, KINDS))

`by` is the name under which the widget takes its default: "index" of a selectbox, "default" of a segmented
control or pills, "value" of a slider, a number or a toggle, "expanded" of an expander.

What a link asks for and the page does not have is replaced, and said (`url_state.misfit`). The default is
left out of the link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from widgets.shell import url_state
from widgets.shell.link_types import Flag, Misfit, Parameter, Several, Text, Whole, number
from widgets.shell.url_state import heard, key_showing, place


def choice(
    field: Parameter,
    options: Sequence[Any],
    default: Any = None,
    label: Callable[[Any], str] = str,
    by: str = "index",
) -> dict[str, Any]:
    """For a widget that shows one of the options. label: what it calls them."""
    usual = field.default if default is None else default
    value = _chosen(field, options, usual, label)
    return _bind(field, value, usual, by, place(options, value))


def choice_over(
    field: Parameter,
    options: Sequence[Any],
    default: Any,
    label: Callable[[Any], str] = str,
    by: str = "index",
) -> dict[str, Any]:
    """As `choice`, over a default that moves with what the page shows.

    An option that was chosen stays in the link also while the default comes to be the same; to choose the
    default is to follow it again.
    """
    value = _chosen(field, options, default, label)
    key = key_showing(f"at:{field.name}", value)

    def change(chosen: Any) -> None:
        url_state.write(field, None if chosen == default else str(chosen))

    stands = place(options, value) if by == "index" else value
    return {"key": key, "on_change": heard(key, change), by: stands}


def several(field: Several, options: Sequence[int], label: Callable[[int], str] = str) -> dict[str, Any]:
    """For a widget that shows any number of the options."""
    text, known = url_state.read(field), list(options)
    requested = field.parse(text) if text is not None else ()
    value = [option for option in requested if option in known]
    if text is not None and len(value) < len(requested):
        fault = Misfit(f"there are {len(known)}, counted from 0", field.text(value) or None)
        url_state.misfit(field, text, fault)
    url_state.accepted(field, ", ".join(map(label, value)) or "all")
    return _bind(field, value, [], "default")


def whole(
    field: Whole, default: int | None = None, most: int | None = None, by: str = "value"
) -> dict[str, Any]:
    """For a widget that shows a whole number. most: where it depends on the run."""
    usual = field.default if default is None else default
    text = url_state.read(field)
    value = usual if text is None else field.parse(text)
    if most is not None and value > most:
        value = most
        url_state.misfit(field, str(text), Misfit(f"the most is {most}", str(most)))
    url_state.accepted(field, str(value))
    return _bind(field, value, usual, by, value)


def ends(field: Text, options: Sequence[float], default: tuple[float, float]) -> dict[str, Any]:
    """For a slider with two ends: the options nearest to the link's two numbers, the lower first."""
    text, value = url_state.read(field), default
    if text is not None:
        try:
            one, other = (_nearest(options, part) for part in text.split(","))
            value = (min(one, other), max(one, other))
        except ValueError:  # Misfit too
            url_state.misfit(field, text, Misfit("a range is two numbers with a comma"))
    url_state.accepted(field, f"{value[0]:.3g} to {value[1]:.3g}")
    return _bind(field, value, default, "value")


def flag(field: Flag, by: str = "value") -> dict[str, Any]:
    """For a widget that is on or off."""
    text = url_state.read(field)
    value = field.default if text is None else field.parse(text)
    url_state.accepted(field, "on" if value else "off")
    return _bind(field, value, field.default, by)


def _chosen(field: Parameter, options: Sequence[Any], default: Any, label: Callable[[Any], str]) -> Any:
    """The link's option, or the default where it names none of them."""
    text = url_state.read(field)
    value = next((option for option in options if str(option) == text), default)
    if text is not None and str(value) != text:
        url_state.misfit(field, text, Misfit("that is none of the choices here"))
    url_state.accepted(field, label(value))
    return value


def _nearest(options: Sequence[float], text: str) -> float:
    requested = number(text)
    return min(options, key=lambda option: abs(option - requested))


def _bind(field: Parameter, value: Any, default: Any, by: str, index: int = 0) -> dict[str, Any]:
    """What is chosen goes into the link, and the default is left out of it."""
    key = key_showing(f"at:{field.name}", value)

    def text(chosen: Any) -> str | None:
        if chosen == default:
            return None
        return f"{chosen[0]:.6g},{chosen[1]:.6g}" if isinstance(chosen, tuple) else field.text(chosen)

    url_state.settle(field, text(value))
    hear = heard(key, lambda chosen: url_state.write(field, text(chosen)))
    return {"key": key, "on_change": hear, by: index if by == "index" else value}
