"""The controls of the Train page. Each mirrors one field of the draft Spec and changes nothing else."""

from __future__ import annotations

import base64
import io
import random
from typing import Any

import streamlit as st

from vae_core import data, recipes
from vae_core.data.catalogue import CATALOGUE
from vae_core.spec import Spec
from vae_core.training.run import Run, RunError
from widgets import address, draft, words

BETAS = (
    0.0,
    0.01,
    0.03,
    0.1,
    0.2,
    0.3,
    0.5,
    0.7,
    1.0,
    1.5,
    2.0,
    3.0,
    4.0,
    6.0,
    8.0,
    10.0,
    20.0,
    30.0,
    50.0,
    100.0,
)
RATES = (1e-5, 3e-5, 1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2, 0.1)
NETS = {"lecture": "Lecture", "mlp": "Fully connected", "conv": "Convolutional", "linear": "Linear"}
LIKELIHOODS = {
    "bernoulli": "Bernoulli",
    "continuous_bernoulli": "Continuous Bernoulli",
    "gaussian": "Gaussian",
    "categorical": "256 grey levels",
}
OWN = "own"
ENDS = {"epochs": "Epochs", "steps": "Steps", "seconds": "Seconds"}


def controls(spec: Spec, run: Run | None) -> None:
    """run: the one in training, whose beta and learning rate follow the controls; None otherwise."""
    _recipe(spec)
    _dataset(spec)
    _field(
        "latent",
        spec.latent,
        st.number_input,
        "Latent dimensions",
        min_value=1,
        max_value=512,
        step=1,
        help="How many numbers the encoder may use for one image. Two fit on one map. Starts a new run.",
    )
    _scale(
        "objective.beta",
        spec.objective.beta,
        BETAS,
        (0.0, 0.1, 1.0, 10.0, 100.0),
        "β, the weight of the KL",
        run,
        "0 is an autoencoder, 1 the ELBO, more presses codes towards the prior. Moves a run while it trains.",
    )
    _scale(
        "training.learning_rate",
        spec.training.learning_rate,
        RATES,
        (1e-5, 1e-4, 1e-3, 1e-2, 0.1),
        "Learning rate",
        run,
        "The step size of Adam, on a logarithmic scale. Moves a run while it trains.",
    )
    with st.expander("Network and likelihood"):
        _network(spec)
        _likelihood(spec)
    with st.expander("Objective"):
        _objective(spec)
    with st.expander("Length, batch, seed, device"):
        _training(spec)


def _recipe(spec: Spec) -> None:
    name = spec.recipe if spec.recipe in recipes.RECIPES else None
    key = address.key_showing("set:recipe", name or OWN)

    def pick() -> None:
        chosen = st.session_state[key]
        if chosen in recipes.RECIPES:
            old = st.session_state[draft.DRAFT]
            # The images and how long to look at them stay: a recipe is about the model.
            draft.put(_keep_data(recipes.get(chosen), old))

    st.selectbox(
        "Recipe",
        list(recipes.RECIPES) if name else [OWN, *recipes.RECIPES],
        format_func=lambda key: recipes.RECIPES[key].title if key in recipes.RECIPES else "Your own settings",
        key=key,
        on_change=pick,
        help="A named set of settings. Choosing one sets all controls below, and keeps the images.",
    )
    if name:
        changed = [
            text.split("=")[0].split(".")[-1].replace("_", " ")
            for text in draft.differences(recipes.get(name), spec)
            if not text.startswith(("data.", "training."))
        ]
        also = f" **Changed:** {', '.join(changed[:4])}{' …' if len(changed) > 4 else ''}." if changed else ""
        st.caption(recipes.RECIPES[name].why + also)


def _keep_data(spec: Spec, old: Spec) -> Spec:
    kept = old.data.model_copy(update={"binarisation": spec.data.binarisation})
    return Spec.parse(spec.model_dump(mode="json") | {"data": kept.model_dump(mode="json")})


# --- data -----------------------------------------------------------------------------------------


@st.cache_data(max_entries=32, show_spinner=False, ttl=60)
def strip(name: str) -> str | None:
    """A few of the dataset's images side by side as a PNG, base64; None where the data are not there yet."""
    picture = data.thumbnail(name)
    if picture is None:
        return None
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _strip_html(name: str) -> str:
    png = strip(name)
    if png is None:
        return '<div class="elbo-strip none">downloaded on first use</div>'
    alt = f"Images of {CATALOGUE[name].title}"
    return f'<div class="elbo-strip"><img alt="{alt}" src="data:image/png;base64,{png}"></div>'


def _dataset(spec: Spec) -> None:
    own = CATALOGUE[spec.data.name].image_shape is None
    with st.popover(
        f"Images: {CATALOGUE[spec.data.name].title}", width="stretch", help="What the model learns to draw."
    ):
        st.caption("Choose the images to learn from. Another set starts a new run.")
        for name, info in CATALOGUE.items():
            if info.image_shape is None:
                continue
            with st.container(key=f"dataset-{name}", border=True, gap="xxsmall"):
                st.html(f'<div class="elbo-dataset"><b>{info.title}</b>{_strip_html(name)}</div>')
                st.button(
                    f"Use {info.title}",
                    key=f"use-{name}",
                    on_click=draft.change,
                    kwargs={"data.name": name},
                    help=info.sentence,
                    width="stretch",
                )
        _own_images()
    if not own:
        st.html(_strip_html(spec.data.name))
    else:
        st.caption(f"{spec.data.path} · {' × '.join(map(str, spec.data.shape))}")


def _own_images() -> None:
    with st.expander("Your own images"):
        path = st.text_input(
            "Where they lie",
            placeholder="/home/me/pictures, set.zip, set.npz",
            max_chars=1000,
            help="A folder or zip of images (names of sub-folders become classes), or an .npy or .npz file.",
        )
        size = st.number_input(
            "Size in pixels", 8, 128, 28, help="Images are brought to this height and width."
        )
        if st.button("Use these images", disabled=not path.strip()):
            kind = "array" if path.strip().lower().endswith((".npy", ".npz")) else "folder"
            if draft.change(
                **{"data.name": kind, "data.path": path.strip(), "data.height": size, "data.width": size}
            ):
                st.rerun()
            st.error(draft.fault())


# --- beta and learning rate -----------------------------------------------------------------------


def _scale(
    field: str,
    value: float,
    usual: tuple[float, ...],
    ticks: tuple[float, ...],
    label: str,
    run: Run | None,
    help: str,
) -> None:
    """A slider over a logarithmic scale; a value between two stops, as from a link, becomes a stop."""
    now = value
    if run is not None:
        asked = run.control.beta if field == "objective.beta" else run.control.learning_rate
        now = value if asked is None else asked
    stops = sorted({*usual, now})
    key = address.key_showing(f"set:{field}", now)

    def move() -> None:
        to = st.session_state[key]
        if run is not None and run.status.active:
            try:
                (run.set_beta if field == "objective.beta" else run.set_learning_rate)(to)
            except RunError as error:
                st.session_state[draft.FAULT] = str(error)
                return
        draft.change(**{field: to})

    st.select_slider(label, stops, key=key, format_func=words.number, on_change=move, help=help)
    marks = "".join(
        f'<span style="left:{100 * stops.index(at) / (len(stops) - 1):.2f}%">{words.number(at)}</span>'
        for at in ticks
    )
    st.html(f'<div class="elbo-ticks">{marks}</div>')


# --- the folded groups ----------------------------------------------------------------------------


def _network(spec: Spec) -> None:
    net = spec.net
    _field(
        "net.kind",
        net.kind,
        st.selectbox,
        "Network",
        options=list(NETS),
        format_func=NETS.__getitem__,
        help="Encoder and decoder mirror each other. Starts a new run.",
    )
    if net.kind == "mlp":
        _field(
            "net.widths",
            ", ".join(map(str, net.widths)),
            st.text_input,
            "Widths of the layers",
            help="Of the encoder, from the image to the code, with commas. Starts a new run.",
        )
    if net.kind == "conv":
        _field(
            "net.channels",
            ", ".join(map(str, net.channels)),
            st.text_input,
            "Channels",
            help="Of each convolution of stride 2. Starts a new run.",
        )
        _field(
            "net.hidden",
            net.hidden,
            st.number_input,
            "Hidden units",
            min_value=1,
            max_value=4096,
            step=1,
            help="Of the layer between convolutions and code. Starts a new run.",
        )


def _likelihood(spec: Spec) -> None:
    likelihood = spec.likelihood

    def pick() -> None:
        kind = st.session_state[key]
        changes = {"likelihood.kind": kind}
        # Which pixels a likelihood is one of: binary ones for Bernoulli, grey ones for all others.
        changes["data.binarisation"] = "dynamic" if kind == "bernoulli" else "none"
        draft.change(**changes)

    key = address.key_showing("set:likelihood.kind", likelihood.kind)
    st.selectbox(
        "Likelihood p(x|z)",
        list(LIKELIHOODS),
        format_func=LIKELIHOODS.__getitem__,
        key=key,
        on_change=pick,
        help="What a pixel is: black or white, grey between 0 and 1, a real number, one of 256 levels. "
        "Starts a new run.",
    )
    if likelihood.kind == "gaussian":
        _field(
            "likelihood.variance",
            likelihood.variance,
            st.selectbox,
            "Variance",
            options=["fixed", "shared", "learned"],
            help="Fixed, one learned number for all pixels, or learned for each. Starts a new run.",
        )
        _field(
            "likelihood.sigma",
            likelihood.sigma,
            st.number_input,
            "Standard deviation",
            min_value=0.0011,
            max_value=10.0,
            step=0.01,
            format="%.3f",
            help="On pixels from 0 to 1: the value where fixed, the start where shared.",
        )
    if likelihood.kind != "categorical":
        _field(
            "data.binarisation",
            spec.data.binarisation,
            st.selectbox,
            "Binarisation",
            options=["dynamic", "static", "none"],
            help="Grey pixels drawn as black or white at each look (dynamic), once (static), or left grey. "
            "A Bernoulli is a likelihood of binary pixels only.",
        )
    if likelihood.kind == "bernoulli" and spec.data.binarisation == "none":
        st.caption(":orange[Grey pixels under a Bernoulli: the numbers are cross entropies, no likelihoods.]")


def _objective(spec: Spec) -> None:
    objective = spec.objective
    _field(
        "objective.kind",
        objective.kind,
        st.selectbox,
        "What is maximised",
        options=["elbo", "capacity"],
        format_func={"elbo": "ELBO with β", "capacity": "Capacity"}.__getitem__,
        help="Reconstruction minus β times the KL, or minus β times its distance from a rising capacity C.",
    )
    if objective.kind == "elbo":
        _field(
            "objective.warm_up",
            objective.warm_up,
            st.number_input,
            "Warm-up, steps",
            min_value=0,
            max_value=10_000_000,
            step=500,
            help="β rises from 0 over this many steps; 0 for none. Starts a new run.",
        )
    else:
        _field(
            "objective.capacity",
            objective.capacity,
            st.number_input,
            "Capacity C, nats",
            min_value=0.0,
            max_value=1000.0,
            step=1.0,
            help="What the KL may reach in the end. Starts a new run.",
        )
        _field(
            "objective.capacity_steps",
            objective.capacity_steps,
            st.number_input,
            "Steps until C",
            min_value=0,
            max_value=10_000_000,
            step=500,
            help="Over how many steps C rises from 0. Starts a new run.",
        )
    _field(
        "objective.kl",
        objective.kl,
        st.selectbox,
        "KL",
        options=["analytic", "monte_carlo"],
        format_func={"analytic": "In closed form", "monte_carlo": "Monte Carlo"}.__getitem__,
        help="Exact for two Gaussians, or estimated from the samples. Starts a new run.",
    )
    _field(
        "objective.samples",
        objective.samples,
        st.number_input,
        "Samples per image",
        min_value=1,
        max_value=64,
        step=1,
        help="Codes drawn from q(z|x) for each image and step. Starts a new run.",
    )


def _training(spec: Spec) -> None:
    training = spec.training
    end = next(name for name in ENDS if getattr(training, name) is not None)
    left, right = st.columns(2)
    with left:
        key = address.key_showing("set:end", end)
        usual: dict[str, Any] = {"epochs": 20.0, "steps": 5000, "seconds": 60.0}
        st.selectbox(
            "Until",
            list(ENDS),
            format_func=ENDS.__getitem__,
            key=key,
            on_change=lambda: draft.change(**{f"training.{(name := st.session_state[key])}": usual[name]}),
            help="What ends the run. Starts a new run.",
        )
    with right:
        value = getattr(training, end)
        _field(
            f"training.{end}",
            value,
            st.number_input,
            ENDS[end],
            min_value=1 if end == "steps" else 0.1,
            max_value=100_000_000 if end == "steps" else 100_000.0,
            step=1 if end == "steps" else 1.0,
            help="How long the run trains. Starts a new run.",
            **({} if end == "steps" else {"format": "%g"}),
        )
    with left:
        _field(
            "training.batch_size",
            training.batch_size,
            st.number_input,
            "Batch",
            min_value=1,
            max_value=8192,
            step=32,
            help="Images per optimiser step. Starts a new run.",
        )
    with right:
        _field(
            "training.seed",
            training.seed,
            st.number_input,
            "Seed",
            min_value=0,
            max_value=2**53 - 1,
            step=1,
            help="The same seed on the same device gives the same weights, bit for bit on a CPU.",
        )
    _field(
        "training.device",
        training.device,
        st.selectbox,
        "Device",
        options=["auto", "cpu", "cuda", "mps"],
        help="Auto takes a graphics card where there is one.",
    )


def _field(field: str, value: Any, widget: Any, label: str, **options: Any) -> None:
    """A widget that shows the draft's field and, when moved, changes it."""
    key = address.key_showing(f"set:{field}", value)
    widget(label, key=key, on_change=lambda: draft.change(**{field: st.session_state[key]}), **options)


def new_seed() -> int:
    return random.SystemRandom().randrange(1, 100_000)
