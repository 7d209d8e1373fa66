"""Bars of a few classes, as HTML: there with the page, where a chart waits a second for its library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)  # between lines, and at most
LINES = 5


def grouped(classes: Sequence[str], shares: Mapping[str, tuple[Sequence[float], str]]) -> None:
    """Side by side above each class. shares: by name, of each class, from 0 to 1, and a colour in CSS."""
    highest = max((share for of_classes, _ in shares.values() for share in of_classes), default=0.0)
    lines = ticks(highest)
    top = lines[-1]
    marks = "".join(
        f'<small style="bottom:{100 * line / top:.2f}%">{100 * line:.0f} %</small>' for line in lines
    )
    groups = "".join(
        "<div>"
        + "".join(
            f'<i style="height:{100 * of_classes[k] / top:.2f}%;background:{colour}" '
            f'title="{escape(name)}, {escape(called)}: {percent(of_classes[k])}"></i>'
            for name, (of_classes, colour) in shares.items()
        )
        + f"<span>{escape(called)}</span></div>"
        for k, called in enumerate(classes)
    )
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
        for name, (_, colour) in shares.items()
    )
    st.html(
        f'<div class="elbo-bars"><p>{legend}</p>'
        f'<div role="img" aria-label="{escape(in_words(classes, shares))}">{marks}{groups}</div></div>'
    )


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def ticks(highest: float) -> list[float]:
    """From 0 to the first line that is not below the highest bar."""
    step = next((step for step in STEPS if highest <= LINES * step), STEPS[-1])
    count = 1
    while count * step < highest:
        count += 1
    return [k * step for k in range(count + 1)]


def in_words(classes: Sequence[str], shares: Mapping[str, tuple[Sequence[float], str]]) -> str:
    def said(of_classes: Sequence[float]) -> str:
        each = zip(classes, of_classes, strict=True)
        return ", ".join(f"{called} {percent(share)}" for called, share in each)

    return ". ".join(f"{name}: {said(of_classes)}" for name, (of_classes, _) in shares.items())
