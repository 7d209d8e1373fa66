"""The settings of the next run: a Spec in the session, and in the address bar what it changes of its recipe.

A link says `?recipe=vae-2d&set=latent=8&set=objective.beta=4`; the Spec itself checks what it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.sections.train import availability, labels
from vae_core import recipes
from vae_core.data import own_sets
from vae_core.data.catalogue import CATALOGUE
from vae_core.runs.control import KNOBS
from vae_core.runs.run import Run
from vae_core.spec import Spec, SpecError, resolve
from widgets.shell import links, url_state

DRAFT, OF, FAULTS = "draft", "draft_of", "draft_faults"
REPLACED = "draft_replaced"  # the images that could not be had
DEFAULT = "vae-2d"
LIVE = {knob.setting: name for name, knob in KNOBS.items()}  # what may be moved while a run trains
MOST_CHANGES = 40  # in a link
FEW_STEPS, USUAL_STEPS = 1000, 3000  # of a run on few images
LINK = "link"  # where a fault of the link stands among those of the fields


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field: a sentence in the form's words.

    wanted: (what its widget shows, the changes that cannot be), which hold back Play until they are mended;
    None where the form went back to what it was.
    """

    sentence: str
    wanted: tuple[Any, dict[str, Any]] | None = None


def current(run: Run | None) -> Spec:
    """The link's settings at first, then those of the run in use, then what the user made of them."""
    name = run.name if run else None
    before: Spec | None = st.session_state.get(DRAFT)
    linked = url_state.read(links.RECIPE), url_state.read_all(links.SET)
    if any(linked) and (before is None or linked != link_of(before)):  # a link was opened, or Back pressed
        spec, fault = from_link(*linked)
        _begin(spec or before or _of(run) or recipes.get(DEFAULT), chosen=spec is not None)
        st.session_state[OF] = name
        if fault is not None:
            faults()[LINK] = Fault(fault)
    elif before is None or st.session_state.get(OF) != name:
        st.session_state[OF] = name
        spec = _of(run)
        if spec is not None or before is None:
            _begin(spec or recipes.get(DEFAULT), chosen=False)
    for field in (links.RECIPE, links.SET):
        url_state.accepted(field, "the settings below")
    found: Spec = st.session_state[DRAFT]
    availability.ahead(found.data.name)
    to_link(found)
    return found


def _begin(spec: Spec, chosen: bool) -> None:
    """The form shows these settings, with images that can be had unless a link chose these."""
    put(spec)
    if not availability.may_be_had(spec.data.name) and not chosen:
        replace_images()


def _of(run: Run | None) -> Spec | None:
    try:
        return run.spec if run is not None else None
    except SpecError:
        return None


def put(spec: Spec) -> None:
    st.session_state[DRAFT] = spec
    st.session_state[FAULTS] = {}
    st.session_state[REPLACED] = None
    to_link(spec)


def replaced() -> str | None:
    """The dataset in whose place the draft has one that needs no network, if it has."""
    name: str | None = st.session_state.get(REPLACED)
    return name if st.session_state[DRAFT].data.name == availability.INSTEAD else None


def belongs_to(run: Run) -> None:
    """The run was started from the draft: it stays as it is when that run comes into use."""
    st.session_state[OF] = run.name


# --- changes, for callbacks -----------------------------------------------------------------------


def faults() -> dict[str, Fault]:
    found: dict[str, Fault] = st.session_state.setdefault(FAULTS, {})
    return found


def waiting() -> list[str]:
    """The fields that hold what cannot be."""
    return [name for name, fault in faults().items() if fault.wanted is not None]


def shown(name: str, value: Any) -> Any:
    """What the field's widget shows: what its user wanted, also where it cannot be."""
    fault = faults().get(name)
    return value if fault is None or fault.wanted is None else fault.wanted[0]


def propose(name: str, value: Any, changes: dict[str, Any]) -> None:
    """The field's user wants these changes. What cannot be stays in its widget, with a sentence.

    Others that could not be are tried again: two changes may fit only together.
    """
    others = {other: fault.wanted for other, fault in faults().items() if fault.wanted and other != name}
    _settle(st.session_state[DRAFT], {name: (value, changes), **others}, name)


def change(**changes: Any) -> bool:
    """A change that is made whole or not at all; why not stands at its first field."""
    try:
        spec = resolve(st.session_state[DRAFT].change(**changes))
    except SpecError as error:
        refuse(next(iter(changes)), error)
        return False
    _settle(spec, {name: fault.wanted for name, fault in faults().items() if fault.wanted})
    return True


def _settle(spec: Spec, wanted: dict[str, tuple[Any, dict[str, Any]]], named: str = "") -> None:
    """The draft is the Spec with all that is wanted of it, or with what can be had one by one."""
    found: dict[str, Fault] = {}
    try:
        together = {field: to for _, each in wanted.values() for field, to in each.items()}
        spec = resolve(spec.change(**together))
    except SpecError:
        for name, (shows, each) in wanted.items():
            try:
                spec = resolve(spec.change(**each))
            except SpecError as error:
                # A field goes with the kind that had it; what was wanted of it then goes too.
                if name == named or each.keys() <= flat(spec).keys():
                    found[name] = Fault(sentence(name, error), (shows, each))
    st.session_state[DRAFT], st.session_state[FAULTS] = spec, found
    to_link(spec)


def sentence(name: str, error: SpecError) -> str:
    """The error as it is said at the field of that name."""
    about, text = labels.in_words(str(error))
    return text if about in (None, name) else f"{labels.of(about)}: {text}"


def refuse(name: str, error: SpecError) -> None:
    faults().pop(LINK, None)
    faults()[name] = Fault(sentence(name, error))


def replace_images() -> bool:
    """Images that need no network take the place of the draft's; whether its other settings allow it."""
    name = st.session_state[DRAFT].data.name
    if not change(**{"data.name": availability.INSTEAD}):
        return False
    st.session_state[REPLACED] = name
    return True


def use_dataset(name: str) -> None:
    """The dataset of that name; where its images are in colour, a Gaussian in place of a Bernoulli."""
    shape, changes = CATALOGUE[name].image_shape, {"data.name": name}
    if shape is not None and shape[0] > 1 and st.session_state[DRAFT].likelihood.two_valued:
        changes |= {"likelihood.kind": "gaussian", "data.binarisation": "none"}
    change(**changes)


def use_own(name: str) -> None:
    """The set of own images of that name, with likelihood and binarisation as its pixels suggest.

    Where so few images make epochs of hardly a step, training is as long as steps say. Raises Refusal.
    """
    about, training = own_sets.about(name), st.session_state[DRAFT].training
    changes: dict[str, Any] = {
        "data.name": "own",
        "data.path": name,
        "likelihood.kind": about.likelihood,
        "data.binarisation": about.binarisation,
    }
    if training.epochs is not None and training.epochs * about.count / training.batch_size < FEW_STEPS:
        changes["training.steps"] = USUAL_STEPS
    change(**changes)


def reread(name: str) -> None:
    """The set has changed, by a drawing more or less: where it is the draft's, its classes may be others."""
    data = st.session_state[DRAFT].data
    if (data.name, data.path) == ("own", name):
        change(**{"data.path": name})


# --- the address bar ------------------------------------------------------------------------------


def from_link(name: str | None, changes: tuple[str, ...]) -> tuple[Spec | None, str | None]:
    """(the Spec of the link, a sentence on its faults)."""
    try:
        if len(changes) > MOST_CHANGES:
            raise SpecError("it holds too many settings.")
        spec = recipes.get((name or DEFAULT)[:80]).change_text([text[:500] for text in changes])
        if spec.data.path is not None and spec.data.name != "own":
            # Reading a file because somebody sent a link is no good idea.
            raise SpecError("it names files of this machine; choose them under Images.")
        return resolve(spec), None
    except SpecError as error:
        why = sentence("", error)
        return None, f"The link's settings cannot be used: {why} Shown instead: the usual ones."


def to_link(spec: Spec) -> None:
    recipe, changes = link_of(spec)
    url_state.write_all({links.RECIPE: recipe, links.SET: changes})


def link_of(spec: Spec) -> tuple[str, tuple[str, ...]]:
    """Its recipe, and what it changes of it."""
    name = spec.recipe if spec.recipe in recipes.RECIPES else DEFAULT
    assert name is not None
    own = spec.data.path is not None and spec.data.name != "own"
    wanted = differences(recipes.get(name), spec)
    return name, tuple(text for text in wanted if not (own and text.startswith("data.")))


def differences(before: Spec, after: Spec) -> list[str]:
    """The settings in which they differ, as `change_text` takes them."""
    old, new = flat(before), flat(after)
    return [
        f"{name}={_text(value)}"
        for name, value in new.items()
        if name != "recipe"
        and (name not in old or old[name] != value)
        and (value is not None or name == "condition.labels")  # None is all of them
    ]


def same_but_live(one: Spec, other: Spec) -> list[str]:
    """The settings, beside those that may move while training, in which they differ."""
    old, new = flat(one), flat(other)
    return sorted(
        name
        for name in old.keys() | new.keys()
        if name not in ("recipe", *LIVE) and old.get(name) != new.get(name)
    )


def flat(spec: Spec) -> dict[str, Any]:
    out: dict[str, Any] = {}

    def walk(tree: dict[str, Any], prefix: str) -> None:
        for name, value in tree.items():
            if isinstance(value, dict):
                walk(value, f"{prefix}{name}.")
            elif name not in ("image_shape", "classes"):  # what the dataset says, not the user
                out[prefix + name] = value

    walk(spec.model_dump(mode="json"), "")
    return out


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
