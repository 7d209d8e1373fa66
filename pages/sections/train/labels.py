"""What the form calls each field of a Spec and each choice of one, and a Spec's sentences in these words.

The words stand at the fields themselves, in `vae_core/spec/`; here, where a form has more to say.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic.fields import FieldInfo

from vae_core.data.catalogue import CATALOGUE
from vae_core.spec import Spec, titles
from vae_core.spec.settings import kinds
from vae_core.spec.whole import PARTS
from widgets.shell import objective_words

END = "training.end"  # no setting itself: which of three ends a run
CHOICES = {
    "net.activation": {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "silu": "SiLU", "tanh": "tanh"},
    "posterior.variance": {"image": "Of each image", "shared": "The same for all images"},
    "objective.kl": {"analytic": "In closed form", "monte_carlo": "Monte Carlo"},
    "training.schedule": {"constant": "Constant", "cosine": "Falls to 0, as a cosine"},
    END: {"epochs": "Epochs", "steps": "Steps", "seconds": "Seconds"},
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


def setting(name: str, spec: Spec | None = None) -> FieldInfo | None:
    """What the Spec says of the field of that dotted name; without a Spec, what the first kind that has it
    says."""
    *path, last = name.split(".")
    here: Any = spec if spec is not None else Spec
    for part in path:
        if spec is not None:
            here = getattr(here, part, None)
        elif part in PARTS:
            known = kinds(PARTS[part]).values()
            here = next((each for each in known if last in each.model_fields), None)
        else:
            here = Spec.model_fields[part].annotation if part in Spec.model_fields else None
    fields = getattr(here if isinstance(here, type) else type(here), "model_fields", {})
    found: FieldInfo | None = fields.get(last)
    if found is not None and found.title is None and spec is not None:
        return setting(name) or found
    return found


def title(name: str, spec: Spec | None = None) -> str | None:
    """What a field that the form shows is called there."""
    if name == END:
        return "Until"
    found = setting(name.removesuffix(".kind"), spec)
    return None if found is None else found.title


def of(name: str, spec: Spec | None = None) -> str:
    """What the form calls the field, under that Spec's objective where it matters."""
    if spec is not None and name == "objective.beta":
        return f"β, the weight of {objective_words.of(spec).weighs}"
    return title(name, spec) or name.rpartition(".")[2].replace("_", " ").capitalize()


def choices(name: str) -> dict[str, str]:
    """What may be chosen of a field with few values, and what each is called."""
    if name == "data.name":
        return {name: info.title for name, info in CATALOGUE.items()}
    *_, part, field = name.split(".")
    return titles(PARTS[part]) if field == "kind" else CHOICES.get(name, {})


def in_words(sentence: str) -> tuple[str | None, str]:
    """(the field that a SpecError is about, the sentence in the form's words without that field's name).

    The field is None where the sentence names none that the form shows.
    """
    where, colon, rest = sentence.partition(": ")
    first = re.sub(r"(\.\d+)+$", "", where.split(", ")[0])
    if not colon or not FIELD.fullmatch(first) or title(first) is None:
        return None, _plain(sentence)
    return first, _plain(rest)


def _plain(text: str) -> str:
    text = COUNT.sub(r"There must be \1 \2 of them", text)
    for theirs, ours in PLAIN.items():
        text = text.replace(theirs, ours)
    return SETTING.sub(_setting, text)


def _setting(found: re.Match[str]) -> str:
    name, value = found.groups()
    label = title(name)
    if label is None:
        return found.group()
    if value is None:
        return f"“{label}”"
    return f"“{label}: {choices(name).get(value, value)}”"
