"""How the pages speak of each objective: what beta weighs in it, what it subtracts, equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vae_core.spec import Spec
from widgets.shell import words


@dataclass(frozen=True)
class Wording:
    penalty: str  # what it takes away from the reconstruction, short
    weighs: str  # what beta is the weight of
    equation: str  # what training makes as large as it can, as LaTeX

    @property
    def beta_help(self) -> str:
        return BETA_HELP if self.weighs == KL else "Moves a run while it trains."


KL = "the KL"
BETA_HELP = (
    "0 is an autoencoder, 1 the ELBO, more presses codes towards the prior. Moves a run while it trains."
)

_RECONSTRUCTION = r"\mathbb{E}_{q(z|x)}\left[\log p(x|z)\right]"
_KL = r"\mathrm{KL}\left(q(z|x)\,\|\,p(z)\right)"
_TC = r"\mathrm{KL}\left(q(z)\,\big\|\,\textstyle\prod_d q(z_d)\right)"

OBJECTIVES = {
    "elbo": Wording(
        "β × KL",
        KL,
        rf"\mathcal{{L}}_\beta(x) = \underbrace{{{_RECONSTRUCTION}}}_{{\text{{reconstruction}}}}"
        rf" - \beta\,\underbrace{{{_KL}}}_{{\text{{KL}}}}",
    ),
    "iwae": Wording(
        "Reconstruction − bound",
        "the KL in each weight",
        r"\mathbb{E}_{z_1 \ldots z_k \sim q(z|x)}\left[\log \frac{1}{k} \sum_{i=1}^{k}"
        r" p(x|z_i) \left(\frac{p(z_i)}{q(z_i|x)}\right)^{\beta}\right]",
    ),
    "capacity": Wording(
        "β |KL − C|",
        "the distance from C",
        rf"{_RECONSTRUCTION} - \beta\,\left|{_KL} - C\right|",
    ),
    "free_bits": Wording(
        "β KL, free bits",
        KL,
        rf"{_RECONSTRUCTION} - \beta \sum_d \max\left(\lambda,"
        r"\mathbb{E}_x\,\mathrm{KL}\left(q(z_d|x)\,\|\,p(z_d)\right)\right)",
    ),
    "beta_tc": Wording(
        "Weighted KL",
        "total correlation",
        rf"\begin{{aligned}} & {_RECONSTRUCTION} - \alpha\,\underbrace{{I(x; z)}}_{{\text{{MI}}}}"
        rf" - \beta\,\underbrace{{{_TC}}}_{{\text{{total correlation}}}}"
        r" \\ & - \gamma\,\underbrace{\textstyle\sum_d \mathrm{KL}\left(q(z_d)\,\|\,p(z_d)\right)}"
        r"_{\text{dimension-wise KL}} \end{aligned}",
    ),
    "factor": Wording(
        "β KL + γ TC",
        KL,
        rf"{_RECONSTRUCTION} - \beta\,{_KL}"
        rf" - \gamma\,{_TC}",
    ),
    "info": Wording(
        "β KL + λ MMD",
        KL,
        rf"{_RECONSTRUCTION} - \beta\,{_KL}"
        r" - \lambda\,\mathrm{MMD}^2\left(q(z), \mathcal{N}(0, I)\right)",
    ),
    "constraint": Wording(
        "β (KL − limit)",
        "the distance from the limit",
        rf"\max\; {_RECONSTRUCTION} \;\text{{ subject to }}\; {_KL} \le C, \quad"
        r" \beta \leftarrow \max\left(0,\, \beta + \rho\,(\mathrm{KL} - C)\right)",
    ),
    "joint": Wording(
        "β KL + α class",
        KL,
        r"\mathbb{E}_{q(z|x,y)}\left[\log p(x|z,y)\right]"
        r" - \beta\,\mathrm{KL}\left(q(z|x,y)\,\|\,p(z)\right) + \log p(y) + \alpha \log q(y|x)",
    ),
    "m2": Wording(
        "β KL + α class",
        KL,
        r"\begin{aligned} & \underbrace{\lambda\,\mathcal{L}(x, y) + \alpha \log q(y|x)}_{\text{labelled}}"
        r" \\ & + (1 - \lambda) \underbrace{\left[\textstyle\sum_y q(y|x)\,\mathcal{L}(x, y)"
        r" + \mathcal{H}(q(y|x))\right]}_{\text{others}}"
        r" \\ & \mathcal{L}(x, y) \le \log p(x, y) \end{aligned}",
    ),
}


CODEBOOK = Wording(
    "Codes",
    KL,
    r"\begin{aligned} & \underbrace{\log p(x|z_q(x))}_{\text{reconstruction}}"
    r" + \underbrace{\log p(z_q(x))}_{\text{codes}}"
    r" \\ & - \underbrace{\lVert \mathrm{sg}[z_e(x)] - e \rVert^2}_{\text{codebook}}"
    r" - \lambda\,\underbrace{\lVert z_e(x) - \mathrm{sg}[e] \rVert^2}_{\text{commitment}} \end{aligned}",
)
UNKNOWN = Wording("What is subtracted", KL, rf"{_RECONSTRUCTION} - \cdots")


def of(spec: Spec) -> Wording:
    """An objective that nobody wrote words for has those that are true of all. Over the codes of a codebook
    it has the codebook's losses, too."""
    if spec.posterior.quantised:
        return CODEBOOK
    return OBJECTIVES.get(spec.objective.kind, UNKNOWN)


def bound(spec: Spec) -> str:
    """What the bound is called of an objective that weighs several codes together."""
    return f"Bound, k = {spec.objective.samples}"


def beta(spec: Spec, moves: Sequence[tuple[int, float]] = ()) -> str:
    """The value of beta: 1; or, where training moved it, 1 → 10 at step 8,500. moves: as `Run.beta_moves`.

    The step is that of the last move. Between the first and the last value at most one more is named.
    """
    values = [words.number(value) for value in (spec.objective.beta, *(value for _, value in moves))]
    if not moves:
        return values[0]
    path = values if len(values) <= 3 else [values[0], "…", values[-1]]
    return f"{' → '.join(path)} at step {words.count(moves[-1][0])}"


def short(spec: Spec, moves: Sequence[tuple[int, float]] = ()) -> str:
    """What tells runs apart in a line: β 4; β-TCVAE, β 6; FactorVAE, γ 10, and beta wherever it was moved."""
    now = spec.objective
    weight = f"β {beta(spec, moves)}"
    match now.kind:
        case "elbo":
            return weight
        case "iwae":
            own = f"IWAE, k {now.samples}"
        case "capacity":
            own = f"capacity {words.number(now.capacity)} nats"
        case "free_bits":
            own = f"{words.number(now.free_bits)} free nats"
        case "info":
            own = f"InfoVAE, λ {words.number(now.weight)}"
        case "constraint":
            return f"KL at most {words.number(now.limit)} nats, {weight}"
        case "beta_tc":
            return f"β-TCVAE, {weight}"
        case "factor":
            own = f"FactorVAE, γ {words.number(now.gamma)}"
        case other:
            return f"{'M2' if other == 'm2' else other}, {weight}"
    return f"{own}, {weight}" if moves else own
