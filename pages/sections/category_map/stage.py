"""The grid itself and what it says in nats, in a fragment of their own: the hand is answered without the rest
of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.category_map import uses
from vae_core.runs.run import Run
from widgets.components.categories import categories, parcel
from widgets.components.code_map import CodeMapState
from widgets.run_data import group_codes, library, usage
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.run_data.subject import Subject
from widgets.shell import links
from widgets.shell.component_state import ComponentState
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment
from widgets.shell.units import Unit

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.category_map import Bound, Cost

LIVE = 1.5  # seconds between two looks at a run in training
HEIGHT = "700px"
Fact = tuple[str, str, str, str]
GRID: ComponentState[CodeMapState] = ComponentState(
    "category-map", {"changed": links.CHANGED_CODES, "cell": links.CELL}
)


def show(run: Run, subject: Subject, pixels: str, unit: Unit) -> None:
    """pixels: what is shown of p(x|z)."""

    def part() -> None:
        one_grid(run, subject, pixels, unit)

    fragment(part, run_every=LIVE if run.status.active else None)


def one_grid(run: Run, subject: Subject, pixels: str, unit: Unit) -> None:
    found = group_codes.probabilities(run, subject)
    use = group_codes.use(usage.codes(run))
    categories_of = [found.shape[1]] * len(found)
    start = found.argmax(1)
    state = GRID.read(lambda link: CodeMapState.from_link(link, categories_of))
    group = int(use.order[0]) if state.cell is None else state.cell

    def receive() -> None:
        said = (st.session_state.get(GRID.key) or {}).get("state")
        now = CodeMapState.from_browser(said, categories_of)
        if now is not None:
            GRID.hear(now)

    categories(
        GRID.key,
        decoder=usage.decoder(run, None),
        groups=parcel(
            start, use.shares, group_codes.kl(found), subject.image, found, order=use.order, holes=use.holes
        ),
        state=replace(state, cell=group),
        revision=GRID.revision,
        y=usage.condition(run, subject),
        pixels=pixels,
        cells="probabilities",
        unit=unit.name,
        facts=numbers(run, subject, state, unit),
        height=HEIGHT,
        label=f"Category map of {library.title(run)}",
        on_change=callback(receive),
    )
    aggregated(run, use, unit)
    uses.show(run, group, int(state.codes(start)[group]))


# --- numbers --------------------------------------------------------------------------------------


def numbers(run: Run, subject: Subject, state: CodeMapState, unit: Unit) -> list[Fact]:
    """What the code under the hand costs, beside the encoder's choice, and the image under all of q(z|x)."""
    path, version = str(run.path), weights(run)
    own, here = (cost(path, version, subject, each.changed) for each in (CodeMapState(), state))
    whole = bound(path, version, subject)
    groups, each = run.spec.latent, run.spec.posterior.width
    most = groups * float(np.log(each))
    lines = [
        ("log p(x|z)", here.log_px, own.log_px, "of the image, by the code on the grid"),
        (
            "log p(x, z)",
            here.joint,
            own.joint,
            f"less {f'{groups} ' if groups > 1 else ''}log {each} = {unit.text(most)}, as much for any code",
        ),
        ("log q(z|x)", here.log_qz, own.log_qz, "how probable the encoder finds the code"),
        (
            "Reconstruction",
            whole.reconstruction,
            whole.reconstruction,
            f"mean of log p(x|z) over q(z|x), ± {whole.error * unit.per_nat:.1f}",
        ),
        ("KL", whole.kl, whole.kl, f"of q(z|x) to p(z), all rows; at most {unit.text(most)}"),
        ("ELBO", whole.elbo, whole.elbo, "reconstruction less KL"),
    ]
    return [
        (title, unit.text(value), f"encoder’s {unit.text(usual)}" if value != usual else "", note)
        for title, value, usual, note in lines
    ]


def aggregated(run: Run, use: group_codes.Use, unit: Unit) -> None:
    """How q(z), group by group, compares with the uniform prior."""
    each = run.spec.posterior.width
    most, holes = use.shares.max(), int(use.holes.sum())
    said = (
        f"**{holes} of {use.holes.size} categories are holes**, which the prior takes over 10 times as often "
        f"as q(z): {100 * use.prior_in_holes:.0f} % of its draws take one."
        if holes
        else "No category is a hole, which the prior takes over 10 times as often as q(z)."
        + " What samples of the prior lack, then, is in how groups go together." * (run.spec.latent > 1)
    )
    st.caption(
        f"Filled: q(z|x) of this image; outlined: what is decoded; in grey: the encoder’s choice. Bars: "
        f"q(z), the share of the test images, the longest {100 * most:.0f} %; ticks: the prior, "
        f"1/{each}. {said} The KL of q(z) to the prior, row by row, sums to "
        f"{unit.text(float(use.marginal_kl.sum()))} {unit.name}."
    )


@st.cache_data(max_entries=512, show_spinner=False)
def cost(path: str, version: Any, subject: Subject, changed: tuple[tuple[int, int], ...]) -> Cost:
    """Of the encoder's choice with these changes; version: that of the weights."""
    import torch

    from vae_core.analysis import category_map

    run = open_run(path)
    start = group_codes.probabilities(run, subject).argmax(1)
    chosen = torch.from_numpy(CodeMapState(changed).codes(start)).long()
    return category_map.cost(run.model, subject.tensor(), chosen, class_of(run, subject))


@st.cache_data(max_entries=256, show_spinner=False)
def bound(path: str, version: Any, subject: Subject) -> Bound:
    """version: that of the weights."""
    from vae_core.analysis import category_map

    run = open_run(path)
    return category_map.bound(run.model, subject.tensor(), class_of(run, subject))


def class_of(run: Run, subject: Subject) -> Tensor | None:
    """int64 [1]: the class under which the image is coded; None of a model without classes."""
    import torch

    y = usage.condition(run, subject)
    return None if y is None else torch.tensor([y])
