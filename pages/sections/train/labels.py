"""What the form calls each field of a Spec and each choice of one, and a Spec's sentences in these words."""

from __future__ import annotations

import re

from vae_core.data.catalogue import CATALOGUE
from vae_core.spec import Condition, Likelihood, Mask, Net, Objective, Prior, Spec, titles
from widgets.shell import objective_words

CLASSIFYING = ("joint", "m2")

LABELS = {
    "recipe": "Recipe",
    "latent": "Latent dimensions",
    "data.name": "Images",
    "data.path": "Your own images",
    "data.height": "Size in pixels",
    "data.width": "Size in pixels",
    "data.binarisation": "Binarisation",
    "net.kind": "Network",
    "net.widths": "Widths of the layers",
    "net.channels": "Channels",
    "net.hidden": "Hidden units",
    "mask.kind": "The encoder sees",
    "likelihood.kind": "Likelihood p(x|z)",
    "likelihood.variance": "Variance",
    "likelihood.sigma": "Standard deviation",
    "objective.kind": "What is maximised",
    "objective.beta": "β",
    "objective.warm_up": "Warm-up, steps",
    "objective.capacity": "Capacity C, nats",
    "objective.capacity_steps": "Steps until C",
    "objective.free_bits": "Free nats per dimension",
    "objective.alpha": "α, the weight of the mutual information",
    "objective.gamma": "γ, the weight of the dimension-wise KL",
    "objective.labelled_share": "Share of labelled images in the bound",
    "objective.class_warm_up": "Steps until q(y|x) heeds the bound",
    "objective.sampling": "q(z) from a batch",
    "objective.widths": "Widths of the discriminator",
    "objective.discriminator_rate": "Its learning rate",
    "objective.kl": "KL",
    "objective.samples": "Samples per image",
    "condition.kind": "What the model is told",
    "condition.labels": "Images with a label",
    "condition.encoder": "The encoder sees the class",
    "condition.class_prior": "Prior of the class p(y)",
    "condition.classifier": "Classifier q(y|x)",
    "condition.classifier.kind": "Classifier q(y|x)",
    "condition.shift": "Labelled images shifted by up to, pixels",
    "prior.kind": "Prior of z",
    "training.learning_rate": "Learning rate",
    "training.end": "Until",
    "training.epochs": "Epochs",
    "training.steps": "Steps",
    "training.seconds": "Seconds",
    "training.batch_size": "Batch",
    "training.seed": "Seed",
    "training.device": "Device",
}
# Where an objective means something else by a name.
OWN = {
    **dict.fromkeys([(kind, "objective.alpha") for kind in CLASSIFYING], "α, the weight of the classifier"),
    ("factor", "objective.gamma"): "γ, the weight of the total correlation",
}
CHOICES = {
    "data.name": {name: info.title for name, info in CATALOGUE.items()},
    "net.kind": titles(Net),
    "mask.kind": titles(Mask),
    "likelihood.kind": titles(Likelihood),
    "objective.kind": titles(Objective),
    "objective.kl": {"analytic": "In closed form", "monte_carlo": "Monte Carlo"},
    "condition.kind": titles(Condition),
    "condition.classifier.kind": titles(Net),
    "prior.kind": titles(Prior),
    "training.end": {"epochs": "Epochs", "steps": "Steps", "seconds": "Seconds"},
}
# How pydantic puts it, and how a person does.
PLAIN = {
    "should be a valid integer, unable to parse string as an integer": "must be a whole number",
    "should be a valid integer, got a number with a fractional part": "must be a whole number",
    "should be a valid number, unable to parse string as a number": "must be a number",
    "should be a finite number": "must be a finite number",
    "should be greater than or equal to": "must be at least",
    "should be less than or equal to": "must be at most",
    "should be greater than": "must be more than",
    "should be less than": "must be less than",
}
COUNT = re.compile(
    r"'(?:list|tuple|str)' is not allowed; it Tuple should have (at least|at most) (\d+) items? "
    r"after validation, not \d+"
)
FIELD = re.compile(r"[a-z_]+(?:\.[a-z_]+)*(?:\.\d+)*")
# A field, and what it is said to be: net.kind=conv.
SETTING = re.compile(r"\b([a-z_]+(?:\.[a-z_]+)+)(?:\.\d+)*(?:=(\w+))?")


def of(name: str, spec: Spec | None = None) -> str:
    """What the form calls the field, under that Spec's objective where it matters."""
    if spec is not None and name == "objective.beta":
        return f"β, the weight of {objective_words.of(spec).weighs}"
    own = OWN.get((spec.objective.kind, name)) if spec is not None else None
    return own or LABELS.get(name) or name.rpartition(".")[2].replace("_", " ")


def in_words(sentence: str) -> tuple[str | None, str]:
    """(the field that a SpecError is about, the sentence in the form's words without that field's name).

    The field is None where the sentence names none that the form shows.
    """
    where, colon, rest = sentence.partition(": ")
    first = re.sub(r"(\.\d+)+$", "", where.split(", ")[0])
    if not colon or not FIELD.fullmatch(first) or first not in LABELS:
        return None, _plain(sentence)
    return first, _plain(rest)


def _plain(text: str) -> str:
    text = COUNT.sub(r"There must be \1 \2 of them", text)
    for theirs, ours in PLAIN.items():
        text = text.replace(theirs, ours)
    return SETTING.sub(_setting, text)


def _setting(found: re.Match[str]) -> str:
    name, value = found.groups()
    if name not in LABELS:
        return found.group()
    if value is None:
        return f"“{LABELS[name]}”"
    return f"“{LABELS[name]}: {CHOICES.get(name, {}).get(value, value)}”"
