"""What every part's settings are, and what is said of those that cannot be."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from vae_core.sentences import quote, short


class SpecError(ValueError):
    """A Spec that cannot be; the message is a sentence for the user."""


class Settings(BaseModel):
    """What describes a part. Where a part has several kinds, each has a `kind`, and a title for people."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    title: ClassVar[str] = ""


def kinds(part: Any) -> dict[str, type[Settings]]:
    """The settings of a part by their kind, of the union of them all (`spec.Net`), in its order."""
    union = get_args(part)[0]
    return {each.model_fields["kind"].default: each for each in get_args(union) or (union,)}


def titles(part: Any) -> dict[str, str]:
    """What people call the kinds of a part, as `kinds` lists them."""
    return {kind: settings.title for kind, settings in kinds(part).items()}


def sentence(error: ValidationError) -> str:
    """The first fault, as a sentence naming the field, the value and what is allowed."""
    fault = error.errors(include_url=False)[0]
    # A union's location repeats the chosen kind after the part's name; users never typed it.
    path = [str(part) for at, part in enumerate(fault["loc"]) if at != 1 or part not in _kinds()]
    where = short(".".join(path))
    text = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    given = fault.get("input")
    if fault["type"] == "value_error":
        return f"{text}." if text.startswith(where) or not where else f"{where}: {text}."
    if fault["type"] == "extra_forbidden":
        return f"{where}: there is no such setting here."
    if fault["type"] == "union_tag_invalid":
        known = fault["ctx"]["expected_tags"]
        kind = given.get("kind") if isinstance(given, dict) else given
        return f"{where}.kind: {quote(kind)} is not known; it must be one of {known}."
    shown = given if isinstance(given, int | float | str | bool) or given is None else type(given).__name__
    return f"{where}: {quote(shown)} is not allowed; it {text}."


def _kinds() -> set[Any]:
    return {
        settings.model_fields["kind"].default
        for settings in all_settings()
        if "kind" in settings.model_fields
    }


def all_settings(of: type[Settings] = Settings) -> list[type[Settings]]:
    return [found for each in of.__subclasses__() for found in (each, *all_settings(each))]
