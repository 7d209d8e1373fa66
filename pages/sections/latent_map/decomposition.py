"""What the ELBO and its KL are made of, a sentence for each part, and the KL of each dimension."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from pages.sections.latent_map import charts
from vae_core.runs.run import Run
from widgets.components.latent_map.map_view import View
from widgets.run_data.codes import Codes
from widgets.shell import palette, tasks, words

POINTS = 4_000  # draws of q(z) that the parts are averages over


def show(run: Run, codes: Codes, view: View) -> None:
    tasks.when_done(
        tasks.start(surgery, codes), "Taking the KL apart", lambda found: parts(run, codes, found)
    )


def surgery(codes: Codes) -> tuple[Any, list[bool], int]:
    """ElboSurgery, which dimensions are collapsed, and how many are active."""
    from vae_core.analysis import collapse
    from vae_core.analysis.surgery import decompose

    posteriors = codes.posteriors
    said = codes.run.evaluation if codes.whole and not codes.run.status.active else None
    reconstruction = said.get("reconstruction") if said else None
    found = decompose(posteriors, reconstruction, points=POINTS)
    return found, collapse.collapsed(posteriors).tolist(), collapse.active_units(posteriors)


def parts(run: Run, codes: Codes, found: tuple[Any, list[bool], int]) -> None:
    from vae_core.analysis import kl_divergence

    split, collapsed, active = found
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html(bars(split))
    with right:
        kl = kl_divergence.dimensions(codes.posteriors).mean(0).tolist()
        st.markdown(
            f"**KL of each dimension**: {sum(collapsed)} of {len(collapsed)} collapsed, {active} active.",
            help="Grey: collapsed, within 0.01 nats of the prior for 99 % of the images (Lucas et al. "
            "2019). Active: the variance of its posterior means is above 0.01 (Burda et al. 2016).",
        )
        st.plotly_chart(charts.dimensions(kl, collapsed), key="dimension-kl", config=palette.PLAIN)
        st.caption("In nats per image; they sum to the KL. A grey dimension ignores the image.")


def bars(split: Any) -> str:
    """Two bars: −ELBO = −reconstruction + KL, and below it the KL alone, drawn larger."""
    out = []
    if split.reconstruction is not None:
        loss = -split.reconstruction
        elbo = split.reconstruction - split.kl
        out.append(f"<h5>−ELBO: {words.nats(-elbo)} nats per image</h5>")
        pieces = [("−reconstruction", loss, palette.RECONSTRUCTION), ("KL", split.kl, palette.KL)]
        # A density's reconstruction may be negative: a stacked bar shows lengths only.
        out.append(bar(pieces) if loss > 0 else "")
        out.append(
            sentence(palette.RECONSTRUCTION, "Reconstruction", words.nats(split.reconstruction),
                     "how well the decoder gives the image back from its code: E log p(x|z).")
        )  # fmt: skip
    out.append(f"<h5>KL: {split.kl:.2f} nats per image, taken apart</h5>")
    dimension, error = float(split.dimension_kl.sum()), float(split.dimension_kl_error.norm())
    colours = palette.PARTS
    out.append(
        bar(
            [
                ("mutual information", split.mutual_information, colours["mutual_information"]),
                ("total correlation", split.total_correlation, colours["total_correlation"]),
                ("dimension-wise KL", dimension, colours["dimension_kl"]),
            ]
        )
    )
    near = " It is near that ceiling: the number speaks of how many images there are, not of the model." if (
        split.mutual_information > split.log_n - 0.2
    ) else ""  # fmt: skip
    out.append(
        sentence(colours["mutual_information"], "Mutual information I(x; z)",
                 f"{split.mutual_information:.2f} ± {split.mutual_information_error:.2f}",
                 f"what a code tells about its image; at most log N = {split.log_n:.2f}.{near}")
        + sentence(colours["total_correlation"], "Total correlation",
                   f"{split.total_correlation:.2f} ± {split.total_correlation_error:.2f}",
                   "how far the dimensions of q(z) depend on one another; 0 if they were independent.")
        + sentence(colours["dimension_kl"], "Dimension-wise KL", f"{dimension:.2f} ± {error:.2f}",
                   "how far each dimension of q(z), taken alone, is from the prior.")
    )  # fmt: skip
    out.append(
        f"<p class='elbo-sum'>The last two together are the marginal KL of q(z) from the prior, "
        f"{split.marginal_kl:.2f} nats: what makes holes. After Hoffman and Johnson 2016, Chen et al. 2018, "
        f"equation 2; exact mixture over all images, averaged over {words.count(POINTS)} draws or more.</p>"
    )
    return f'<div class="elbo-parts">{"".join(out)}</div>'


def bar(pieces: list[tuple[str, float, str]]) -> str:
    total = sum(max(value, 0) for _, value, _ in pieces) or 1
    spans = [
        f'<i style="width:{100 * max(value, 0) / total:.2f}%;background:{colour}" title="{escape(name)}: '
        f'{value:.2f} nats"></i>'
        for name, value, colour in pieces
    ]
    said = ", ".join(f"{name} {value:.2f} nats" for name, value, _ in pieces)
    return f'<div class="elbo-stack" role="img" aria-label="{escape(said)}">{"".join(spans)}</div>'


def sentence(colour: str, name: str, value: str, said: str) -> str:
    value = value.replace("-", "−")
    words = f"<b>{escape(name)}</b> {escape(value)} nats: {escape(said)}"
    return f'<p><i style="background:{colour}"></i>{words}</p>'
