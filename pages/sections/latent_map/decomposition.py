"""What the ELBO and its KL are made of, a sentence for each part, and the KL of each dimension."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.latent_map import charts, pull_and_push
from vae_core.model import variance_bound
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.latent_map.map_view import View
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.codes import Codes
from widgets.shell import palette, tasks, units, words
from widgets.shell.downloads import csv_table

if TYPE_CHECKING:
    from vae_core.analysis.kl_divergence import Kl
    from vae_core.analysis.prior_density import Estimate
    from vae_core.analysis.surgery import ElboSurgery

CLOSE, FAR = 0.05, 0.5  # nats between the bounds on the mutual information, to be told and to be warned of
# Nats within which a dimension counts as collapsed, and shares of images that need not be.
EPSILONS = tuple(float(e) for e in np.geomspace(1e-3, 1, 121))
DELTAS = (0.01, 0.05, 0.2)
POINTS = 4_000  # draws of q(z) that the parts are averages over
# What the class costs in a bound of what.
CLASS_KL = {
    "log p(x, y)": "−log p(y): what it costs to name the class of an image.",
    "log p(x)": "KL(q(y|x) || p(y)): how far what the classifier reads is from the classes' shares.",
}


def show(run: Run, codes: Codes, view: View) -> None:
    """Under the run's own prior, whichever the map shows: it is the ELBO that is taken apart."""
    codes = replace(codes, own_prior=True)
    tasks.when_done(
        tasks.start(surgery, codes), "Taking the KL apart", lambda found: parts(run, codes, found)
    )
    pull_and_push.show(run, codes, view)


@dataclass(frozen=True, eq=False)
class Decomposition:
    parts: ElboSurgery
    kl: Kl
    entropy: Estimate  # of q(z|x)
    collapsed: list[bool]
    fractions: dict[float, list[float]]  # of collapsed dimensions, by delta, for every epsilon
    active: int  # dimensions


def surgery(codes: Codes) -> Decomposition:
    import torch

    from vae_core.analysis import collapse, kl_divergence
    from vae_core.analysis.surgery import decompose

    posteriors, prior = codes.posteriors, codes.prior
    return Decomposition(
        decompose(posteriors, points=POINTS, prior=prior),
        kl_divergence.average(posteriors, prior),
        kl_divergence.entropy(posteriors),
        collapse.collapsed(posteriors, prior=prior).tolist(),
        {
            delta: collapse.collapsed_fractions(posteriors, torch.tensor(EPSILONS), delta, prior).tolist()
            for delta in DELTAS
        },
        collapse.active_units(posteriors, prior=prior),
    )


def evaluated(codes: Codes) -> dict[str, float] | None:
    """ELBO, reconstruction and KL of the same images as `evaluate` gives them; None where there are none."""
    if not codes.whole or codes.run.status.active:
        return None
    found = codes.run.evaluation or {}
    names = ("elbo", "reconstruction", "kl")
    numbers = {name: found[name] for name in names if isinstance(found.get(name), float)}
    if len(numbers) < len(names):
        return None
    # Of a model of classes the KL is that of code and class together.
    of_code = found.get("dimension_kl")
    if codes.run.spec.bound_of in CLASS_KL and codes.run.spec.classes and isinstance(of_code, list):
        numbers["class_kl"] = numbers["kl"] - sum(of_code)
    return numbers


def parts(run: Run, codes: Codes, found: Decomposition) -> None:
    split, collapsed, kl = found.parts, found.collapsed, found.kl
    undefined = variance_bound.undefined_kl(codes.posteriors.log_var)
    left, right = st.columns([3, 2], gap="large")
    with left:
        numbers = evaluated(codes)
        if undefined is not None:
            st.warning(f"**{undefined}** {variance_bound.WHY}", icon=":material/block:")
            if numbers is not None:
                st.html(f'<div class="elbo-parts">{reconstruction(numbers["reconstruction"])}</div>')
            return
        bars = elbo(numbers, run.spec.bound_of) + cross_entropy(kl, found.entropy)
        bars += surgery_of(split, run.spec.classes > 0, len(codes.posteriors), run.spec.latent)
        st.html(f'<div class="elbo-parts">{bars}</div>')
    with right:
        st.markdown(
            f"**KL of each dimension**: {sum(collapsed)} of {len(collapsed)} collapsed, {found.active} "
            "active.",
            help="Grey: collapsed, within 0.01 nats of the prior for 99 % of the images (Lucas et al. "
            "2019). Active: the variance of its posterior means is above 0.01 (Burda et al. 2016).",
        )
        st.plotly_chart(
            charts.dimensions(kl.dimension.tolist(), collapsed), key="dimension-kl", config=palette.PLAIN
        )
        moments = "" if codes.gaussian else " Each is that of the Gaussian of the same mean and variance."
        st.caption(
            f"In nats per image; {summed(kl)}{moments} A grey dimension ignores the image. "
            + units.size_of_code(run.spec, split.kl)
        )
        rows = [[d + 1, value, int(collapsed[d])] for d, value in enumerate(kl.dimension.tolist())]
        take_away.menu(
            "kl",
            f"{run.name} KL",
            {"run": library.title(run)},
            [File("csv", lambda: csv_table(["dimension", "kl_nats", "collapsed"], rows))],
        )
        if run.spec.latent > 2:
            over_epsilon(found.fractions)


def over_epsilon(fractions: dict[float, list[float]]) -> None:
    st.markdown(
        "**Collapsed dimensions against ε**",
        help="Share of the dimensions whose q(z_d|x) lies within ε nats of the prior for all images but a "
        "share δ (Lucas et al. 2019). Where a line is flat the count does not hang on the choice of ε.",
    )
    st.plotly_chart(charts.collapse(EPSILONS, fractions), key="collapse-epsilon", config=palette.PLAIN)


def summed(kl: Kl) -> str:
    """What the KL of all dimensions is to the whole."""
    if not kl.dependence.error:
        return "they sum to the KL."
    return (
        f"their sum is {float(kl.dimension.sum()):.2f}. The KL is {kl.total:.2f} ± "
        f"{kl.dependence.error:.2f}, as dimensions depend on one another."
    )


def elbo(numbers: dict[str, float] | None, bound_of: str) -> str:
    """The bar −ELBO = −reconstruction + KL, of the numbers that `evaluate` gave; empty without them."""
    if numbers is None:
        return ""
    loss, kl = -numbers["reconstruction"], numbers["kl"]
    of_class = numbers.get("class_kl", 0.0)
    pieces = [("−reconstruction", loss, palette.RECONSTRUCTION), ("KL", kl, palette.KL)]
    if of_class:
        pieces[1:] = [
            ("KL of the code", kl - of_class, palette.KL),
            ("KL of the class", of_class, palette.CLASS_KL),
        ]
    of = "" if bound_of == "log p(x)" else f", of {bound_of}"
    out = f"<h5>−ELBO: {words.nats(-numbers['elbo'])} nats per image{of}</h5>"
    # A density's reconstruction may be negative: a stacked bar shows lengths only.
    out += bar(pieces) if loss > 0 else ""
    out += reconstruction(numbers["reconstruction"])
    if of_class:
        out += sentence(palette.CLASS_KL, "KL of the class", f"{of_class:.2f}", CLASS_KL[bound_of])
    return out


def reconstruction(value: float) -> str:
    return sentence(palette.RECONSTRUCTION, "Reconstruction", words.nats(value),
                    "how well the decoder gives the image back from its code: E log p(x|z).")  # fmt: skip


def cross_entropy(kl: Kl, entropy: Estimate) -> str:
    """The KL as what the prior asks of the codes, less what their width gives back."""
    cross, error = kl.total + entropy.value, kl.dependence.error
    about = f" ± {error:.2f}" if error else ""
    less = f"({entropy.value:.2f})" if entropy.value < 0 else f"{entropy.value:.2f}"
    difference = f"{kl.total:.2f} = {cross:.2f} − {less}".replace("-", "−")
    pieces = [
        ("cross-entropy", cross, palette.CROSS_ENTROPY),
        ("−entropy", -entropy.value, palette.ENTROPY),
    ]
    return (
        f"<h5>KL of the code = cross-entropy − entropy: {difference} nats</h5>"
        + (bar(pieces) if min(cross, -entropy.value) > 0 else "")
        + sentence(palette.CROSS_ENTROPY, "Cross-entropy −E log p(z)", f"{cross:.2f}{about}",
                   "what the codes cost under the prior. It pulls them to where the prior is dense, and "
                   "makes each posterior narrow.")
        + sentence(palette.ENTROPY, "Entropy of q(z|x)", f"{entropy.value:.2f}",
                   "how wide the posteriors are, below 0 for narrow ones. It grows with log σ without bound, "
                   "and pushes against the cross-entropy.")
    )  # fmt: skip


def surgery_of(split: Any, of_classes: bool, images: int, latent: int) -> str:
    """The KL of the code alone, taken apart, drawn larger."""
    out = [f"<h5>KL{' of the code' * of_classes}: {split.kl:.2f} nats per image, taken apart</h5>"]
    dimension, error = float(split.dimension_kl.sum()), float(split.dimension_kl_error.norm())
    colours = palette.PARTS
    pieces = [
        ("mutual information", split.mutual_information, colours["mutual_information"]),
        ("total correlation", split.total_correlation, colours["total_correlation"]),
        ("dimension-wise KL", dimension, colours["dimension_kl"]),
    ]
    if split.dependence_error:
        pieces.append(("dependence of the prior", split.dependence, palette.DEPENDENCE))
    out.append(bar(pieces))
    out.append(
        sentence(colours["mutual_information"], "Mutual information I(x; z)",
                 f"{split.mutual_information:.2f} ± {split.mutual_information_error:.2f}",
                 information_in_words(split, images, latent))
        + sentence(colours["total_correlation"], "Total correlation",
                   f"{split.total_correlation:.2f} ± {split.total_correlation_error:.2f}",
                   "how far the dimensions of q(z) depend on one another; 0 if they were independent.")
        + sentence(colours["dimension_kl"], "Dimension-wise KL", f"{dimension:.2f} ± {error:.2f}",
                   "how far each dimension of q(z), taken alone, is from the prior.")
    )  # fmt: skip
    together = "The last two together are"
    if split.dependence_error:
        together = "The last three together are"
        out.append(
            sentence(palette.DEPENDENCE, "Dependence of the prior",
                     f"{split.dependence:.2f} ± {split.dependence_error:.2f}",
                     "what the prior knows of the dimensions together beyond each alone; below 0 where codes "
                     "follow it.")
        )  # fmt: skip
    if split.given_class:
        together = f"All of it within classes, whose priors differ. {together}"
    out.append(
        f"<p class='elbo-sum'>{together} the marginal KL of q(z) from the prior, "
        f"{split.marginal_kl:.2f} nats: what makes holes. After Hoffman and Johnson 2016, Chen et al. 2018, "
        f"equation 2; exact mixture over all images, averaged over {words.count(POINTS)} draws or more.</p>"
    )
    return "".join(out)


def information_in_words(split: Any, images: int, latent: int) -> str:
    """What the mutual information is of, and how far it speaks of the number of images and dimensions."""
    low, high = split.mutual_information, split.mutual_information_upper
    text = (
        f"what a code tells about its image, among these {words.count(images)}; at most log N = "
        f"{split.log_n:.2f}."
    )
    if high - low < CLOSE:
        return text
    text += f" Among all images that there may be it is between {low:.1f} and {high:.1f}."
    if high - low < FAR:
        return text
    return (
        f"{text} {words.count(images)} images do not cover {words.dimensions(latent)}: the number speaks of "
        "how many there are, and the two below are too high by as much as it is too low."
    )


def bar(pieces: list[tuple[str, float, str]]) -> str:
    total = sum(max(value, 0) for _, value, _ in pieces) or 1
    spans = [
        f'<i style="width:{100 * max(value, 0) / total:.2f}%;background:{colour}" title="{escape(name)}: '
        f'{value:.2f} nats"></i>'
        for name, value, colour in pieces
    ]
    text = ", ".join(f"{name} {value:.2f} nats" for name, value, _ in pieces)
    return f'<div class="elbo-stack" role="img" aria-label="{escape(text)}">{"".join(spans)}</div>'


def sentence(colour: str, name: str, value: str, text: str) -> str:
    value = value.replace("-", "−")
    words = f"<b>{escape(name)}</b> {escape(value)} nats: {escape(text)}"
    return f'<p><i style="background:{colour}"></i>{words}</p>'
