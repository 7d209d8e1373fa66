"""What every part's settings are, and what is said of those that cannot be."""

from __future__ import annotations

from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core.core_schema import CoreSchema, tagged_union_schema

from vae_core.sentences import quote, short


class SpecError(ValueError):
    """A Spec that cannot be; the message is a sentence for the user."""


class Settings(BaseModel):
    """What describes a part. Where a part has several kinds, each has a `kind`, and a title for people.

    A form shows its fields by what `Field` says of them: title and description, limits and, in
    `json_schema_extra`, the step of a number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    title: ClassVar[str] = ""


class Kinds:
    """Which settings a part may have, told apart by their `kind`: Net = Annotated[MlpNet | ConvNet, Kinds()].

    The union names what the library brings; `added` holds what others registered (`whole.register`).
    """

    def __init__(self) -> None:
        self.added: list[type[Settings]] = []

    def __get_pydantic_core_schema__(self, union: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        every = (*(get_args(union) or (union,)), *self.added)
        return tagged_union_schema(
            {kind_of(each): handler.generate_schema(each) for each in every}, discriminator="kind"
        )


def kind_of(settings: type[Settings]) -> str:
    """The `kind` by which a part's settings are told from others."""
    kind: str = settings.model_fields["kind"].default
    return kind


def kinds(part: Any) -> dict[str, type[Settings]]:
    """The settings of a part (`spec.Net`) by their kind: the library's in their order, then added ones."""
    union, marker = get_args(part)
    return {kind_of(each): each for each in (*(get_args(union) or (union,)), *marker.added)}


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
    return {kind_of(settings) for settings in all_settings() if "kind" in settings.model_fields}


def all_settings(of: type[Settings] = Settings) -> list[type[Settings]]:
    return [found for each in of.__subclasses__() for found in (each, *all_settings(each))]
