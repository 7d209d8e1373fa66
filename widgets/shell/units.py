"""Whether the numbers of a run are in nats or in bits: one switch, in the link; and what bits say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from vae_core.analysis import bits
from vae_core.runs import evaluations
from vae_core.spec import Spec
from widgets.shell import links, url_widgets, words


@dataclass(frozen=True)
class Unit:
    """name: "nats" or "bits"."""

    name: str

    @property
    def per_nat(self) -> float:
        return bits.bits(1) if self.name == "bits" else 1.0

    def text(self, nats: float | None) -> str:
        return words.nats(None if nats is None else nats * self.per_nat)


NATS = Unit("nats")


def switch(hidden: bool = False) -> Unit:
    """hidden: without its label, where others stand beside it that have none."""
    units = {"nats": "Nats", "bits": "Bits"}
    with st.container(width="content", key="small-unit"):
        chosen = st.segmented_control(
            "Unit",
            list(units),
            format_func=units.__getitem__,
            **url_widgets.choice(links.UNIT, list(units), label=units.__getitem__, by="default"),
            required=True,
            label_visibility="collapsed" if hidden else "visible",
            help="A nat is the logarithm of e, a bit that of 2: 1 nat is 1.44 bits. In bits the KL is how "
            "long the code of an image is.",
        )
    return Unit(str(chosen))


def per_dimension(spec: Spec, found: dict[str, Any] | None) -> tuple[float, str] | None:
    """At most so many bits for each pixel and channel by the ELBO of an evaluation or a report, and on which
    scale; None where there is none."""
    if (said := evaluations.bits_per_dimension(found)) is not None:
        return said
    elbo, scale = evaluations.elbo(found), bits.scale(spec)
    value = None if elbo is None else bits.per_dimension(spec, elbo)
    return None if value is None or scale is None else (value, scale)


def about_scale(spec: Spec, scale: str) -> str:
    """What bits per dimension on this scale are, and what they are not."""
    if scale == bits.BLACK_OR_WHITE:
        return "Of pixels that are black or white: 1 where nothing is known. Not the scale of grey levels."
    how = (
        "A density counts 8 bits more, the width of a level; without noise that spreads the levels this is a "
        "statement about the density at them, and no bound."
        if spec.likelihood.density
        else "Grey levels that are rounded to one count as equally likely."
    )
    return f"Of {scale}: 8 where nothing is known. {how}"


def size_of_code(spec: Spec, kl: float) -> str:
    """The KL beside the raw image, in a sentence."""
    raw = bits.raw(spec)
    each = "1 bit" if spec.likelihood.two_valued else "8 bits"
    return (
        f"The code of an image is {bits.bits(kl):,.1f} bits long, the image itself {raw:,}, at {each} for "
        "each pixel."
    )
