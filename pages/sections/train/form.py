"""The controls of the Train page. Each mirrors one field of the draft Spec and changes nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable

import streamlit as st

from pages.sections.train import details, draft, images, labels, objective_form
from pages.sections.train.fields import field, say, scale
from vae_core import recipes
from vae_core.data.catalogue import binary
from vae_core.runs.run import Run
from vae_core.spec import Spec, SpecError, resolve
from widgets.shell import url_state

TEMPERATURES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
RATES = (1e-5, 3e-5, 1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2, 0.1)
OWN = "own"
GROUPS: dict[str, Callable[[Spec], None]] = {
    "Network and distributions": details.network,
    "Objective": objective_form.objective,
    "Classes": objective_form.condition,
    "Length, batch, seed, device": details.training,
}


def controls(spec: Spec, run: Run | None) -> None:
    """All but beta. run: the one in training, whose learning rate follows its control; None otherwise."""
    _recipe(spec)
    images.picker(spec)
    field(
        "latent",
        spec.latent,
        st.number_input,
        min_value=1,
        max_value=512,
        step=1,
        help="How many numbers the encoder may use for one image. Two fit on one map. Starts a new run.",
    )
    scale(
        "training.learning_rate",
        spec,
        spec.training.learning_rate,
        RATES,
        (1e-5, 1e-4, 1e-3, 1e-2, 0.1),
        run,
        "The step size of Adam, on a logarithmic scale. Moves a run while it trains.",
    )
    if (temperature := getattr(spec.posterior, "temperature", None)) is not None:
        scale(
            "posterior.temperature",
            spec,
            temperature,
            TEMPERATURES,
            (0.05, 0.1, 0.5, 1, 5, 10),
            run,
            "Of the relaxed choice: near 0 it is hard, and its gradient noisy. A run starts here; moved "
            "while it trains, it stays where it is put.",
        )
    for name, show in GROUPS.items():
        # Two keys, as it opens and folds by itself when the model comes to know classes, or no longer does.
        opens = name == "Classes" and bool(spec.classes)
        group = st.expander(name, opens, key=f"group:{name}:{opens}", on_change="rerun")
        # Made once it is open: with all that is folded away, the page came half as late again.
        if group.open:
            with group:
                show(spec)


def _recipe(spec: Spec) -> None:
    name = spec.recipe if spec.recipe in recipes.RECIPES else None
    key = url_state.key_showing("set:recipe", name or OWN)

    def pick(chosen: str) -> None:
        if chosen in recipes.RECIPES:
            old = st.session_state[draft.DRAFT]
            # The images and how long to look at them stay: a recipe is about the model.
            try:
                draft.put(_keep_data(recipes.get(chosen), old))
            except SpecError as error:  # images without labels, for a model of classes
                draft.refuse("recipe", error)

    known = list(recipes.RECIPES) if name else [OWN, *recipes.RECIPES]
    st.selectbox(
        "Recipe",
        known,
        url_state.place(known, name),
        format_func=lambda key: recipes.RECIPES[key].title if key in recipes.RECIPES else "Your own settings",
        key=key,
        on_change=url_state.heard(key, pick),
        help="A named set of settings. Choosing one sets all controls below, and keeps the images "
        "unless it is about images of its own.",
    )
    say("recipe")
    if name:
        changed = [
            labels.of(text.split("=")[0])
            for text in draft.differences(recipes.get(name), spec)
            if not text.startswith(("data.", "training."))
        ]
        also = f" **Changed:** {', '.join(changed[:4])}{' …' if len(changed) > 4 else ''}." if changed else ""
        st.caption(recipes.RECIPES[name].why + also)


def _keep_data(spec: Spec, old: Spec) -> Spec:
    """The images stay: a recipe is about the model, but for one that names its images."""
    if spec.recipe is not None and "data.name" in recipes.RECIPES[spec.recipe].changes:
        return spec
    how = "none" if binary(old.data.name) else spec.data.binarisation
    same_images = old.data.model_copy(update={"binarisation": how, "classes": None})
    return resolve(Spec.parse(spec.model_dump(mode="json") | {"data": same_images.model_dump(mode="json")}))


def new_seed() -> int:
    return random.SystemRandom().randrange(1, 100_000)
