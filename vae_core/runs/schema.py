"""What may lie in a run's folder: each file, how large it may be, and what must be in it.

Whoever reads, copies, exports or imports a run does so by this one list. A file that does not fit is
`Unfit`, a sentence; it takes nothing else with it, neither other files of the run nor other runs.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from vae_core.data.catalogue import CATALOGUE
from vae_core.runs import directions, disentanglement, files, frames, metrics, names, tensors, titles
from vae_core.runs.migrate import migrate
from vae_core.runs.reading import MOST_JSON, Unfit, opened, parse_json
from vae_core.runs.records import Anything, Card, Evaluation, Labels, Record, typed
from vae_core.runs.status import Status
from vae_core.sentences import quote, short
from vae_core.spec import Spec, SpecError

MIB = 2**20
MOST_WEIGHTS = 512 * MIB
MOST_CODES = 256 * MIB
MOST_FRAME = 16 * MIB

# (a binary file, its size, the run's Spec) -> what is in it. Raises Unfit.
Reader = Callable[[BinaryIO, int, Spec], Any]


@dataclass(frozen=True)
class Member:
    """A kind of file. most: bytes. read: what is in it. write: what `read` gave, as bytes again, for a file
    that came from elsewhere; None where its bytes are kept. check: of tensors, whether their header fits.
    travels: whether copies and exports have it."""

    most: int
    read: Reader
    write: Callable[[Any], bytes] | None = None
    check: tensors.Check | None = None
    travels: bool = True


# --- readers --------------------------------------------------------------------------------------


def read_spec(content: bytes) -> Spec:
    """The Spec in a run's `spec.json`, whichever version of the app wrote it.

    The one place where stored Specs are read; `migrate` brings older ones to today's form. No image is looked
    at: a run says itself how large its images are. Raises SpecError, a sentence.
    """
    try:
        spec = Spec.parse(migrate(parse_json(content, files.SPEC)))
    except Unfit as unfit:
        raise SpecError(str(unfit)) from None
    except SpecError as error:
        raise SpecError(f"Its {files.SPEC} does not fit: {error}") from None
    if not spec.resolved:
        raise SpecError(
            f"Its {files.SPEC} does not say how large its images are, or which classes they have."
        )
    info = CATALOGUE[spec.data.name]
    if info.image_shape not in (None, spec.data.shape):
        shape = " x ".join(map(str, spec.data.shape))
        raise SpecError(f"Its {files.SPEC} speaks of {info.title} of {shape} pixels, and there are none.")
    if spec.classes and info.classes and spec.classes != len(info.classes):
        raise SpecError(
            f"Its {files.SPEC} speaks of {spec.classes} classes, and {info.title} has {len(info.classes)}."
        )
    return spec


def _json(check: Callable[[Record, Spec], Any], name: str) -> Reader:
    return lambda file, size, spec: check(parse_json(file.read(size), name), spec)


def _plain(kind: Any, name: str) -> Reader:
    checked = typed(kind, name)
    return _json(lambda value, _: checked(value), name)


def _evaluation(value: Record, spec: Spec) -> Record:
    found = _typed_evaluation(value)
    kl = found.get("dimension_kl")
    if kl is not None and len(kl) != spec.latent:
        raise Unfit(f"{files.EVALUATION} does not fit: its dimension_kl is of another run.")
    return found


_typed_evaluation = typed(Evaluation, files.EVALUATION)


def _disentanglement(value: Record, spec: Spec) -> Record:
    found = disentanglement.parse(value)
    if len(found["mutual_information"][0]) != spec.latent:
        raise Unfit(f"{files.DISENTANGLEMENT} does not fit: it is of a run of other dimensions.")
    return found


def _reports(file: BinaryIO, size: int, spec: Spec) -> list[metrics.Report]:
    return metrics.parse_all(file.read(size))


def _arrays(name: str, most: int, check: tensors.Check, anew: bool = True) -> Member:
    def read(file: BinaryIO, size: int, spec: Spec) -> tensors.Arrays:
        return tensors.read(file, size, name, check, spec)

    return Member(most, read, frames.pack if anew else None, check)


def _picture(file: BinaryIO, size: int, spec: Spec) -> bytes:
    content = file.read(size)
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Unfit(f"{files.PICTURE} is no PNG.")
    return content


def _dump(value: Any) -> bytes:
    return files.to_json(value).encode()


def _lines(reports: list[metrics.Report]) -> bytes:
    return b"".join(_dump(report) + b"\n" for report in reports)


# --- the list -------------------------------------------------------------------------------------

_FRAME = _arrays(frames.LATEST, MOST_FRAME, tensors.check_frame)

MEMBERS = {
    files.SPEC: Member(
        MOST_JSON, lambda file, size, _: read_spec(file.read(size)), lambda spec: spec.to_json().encode()
    ),
    files.STATUS: Member(
        MOST_JSON,
        lambda file, size, _: Status.parse(file.read(size)),
        lambda status: _dump(status.to_dict()),
    ),
    files.METRICS: Member(metrics.MOST_BYTES, _reports, _lines),
    files.WEIGHTS: _arrays(files.WEIGHTS, MOST_WEIGHTS, tensors.check_weights, anew=False),
    files.STATE: _arrays(files.STATE, MOST_WEIGHTS, tensors.check_state, anew=False),
    files.POSTERIORS: _arrays(files.POSTERIORS, MOST_CODES, tensors.check_posteriors),
    files.UMAP: _arrays(files.UMAP, MOST_CODES, tensors.check_umap),
    files.EVALUATION: Member(MOST_JSON, _json(_evaluation, files.EVALUATION), _dump),
    files.NAMES: Member(
        MOST_JSON,
        _json(lambda value, spec: names.parse(value, spec.latent), files.NAMES),
        lambda found: _dump(names.to_dict(found)),
    ),
    files.TITLE: Member(MOST_JSON, _json(lambda value, _: titles.parse(value), files.TITLE), _dump),
    files.DIRECTIONS: Member(
        MOST_JSON,
        _json(lambda value, spec: directions.parse(value, spec.latent), files.DIRECTIONS),
        lambda found: _dump(directions.to_dict(found)),
    ),
    files.DISENTANGLEMENT: Member(MOST_JSON, _json(_disentanglement, files.DISENTANGLEMENT), _dump),
    files.SEEDS: Member(
        MOST_JSON, _json(lambda value, _: disentanglement.parse_seeds(value), files.SEEDS), _dump
    ),
    files.LABELS: Member(MOST_JSON, _plain(Labels, files.LABELS), _dump),
    files.GENERATION: Member(MOST_JSON, _plain(Anything, files.GENERATION), _dump),
    files.INPAINTING: Member(MOST_JSON, _plain(Anything, files.INPAINTING), _dump),
    f"{files.FRAMES}/{frames.LATEST}": _FRAME,
    f"{files.FRAMES}/{frames.PROBES}": _arrays(frames.PROBES, MOST_FRAME, tensors.check_probes),
    # The gallery's own, and the picture that every server draws anew.
    files.CARD: Member(MOST_JSON, _plain(Card, files.CARD), _dump, travels=False),
    files.PICTURE: Member(4 * MIB, _picture, travels=False),
}
NUMBERED = re.compile(rf"{files.FRAMES}/[0-9]{{8,12}}\.safetensors", re.ASCII)
MOST_MEMBERS = frames.MOST + len(MEMBERS)
# Of which `check` tells without torch, at every look at a run, whether they fit. Metrics tell while they are
# read on.
CHECKED = tuple(
    name for name in MEMBERS if name not in (files.SPEC, files.METRICS, files.WEIGHTS, files.STATE)
)


def member(name: str) -> Member | None:
    """The kind of file that a name in a run's folder stands for; None where it is no part of a run."""
    return _FRAME if NUMBERED.fullmatch(name) else MEMBERS.get(name)


def kind_of(name: str) -> Member:
    """Like `member`, of a name that is a part of a run. Raises Unfit where it is none."""
    found = member(name)
    if found is None:
        raise Unfit(f"{quote(name)} is no part of a run.")
    return found


def read(path: Path, name: str, spec: Spec) -> Any:
    """What is in a file of the run in folder `path`. Raises FileNotFoundError where there is none, and Unfit
    (or SpecError) where it does not fit."""
    found = kind_of(name)
    _check_parent(path / name, path)
    with opened(path / name, found.most) as (file, size):
        return found.read(file, size, spec)


def check(path: Path, name: str, spec: Spec) -> None:
    """Raises Unfit where a file of the run in folder `path` does not fit. Of tensors the header decides."""
    found = kind_of(name)
    try:
        _check_parent(path / name, path)
        with opened(path / name, found.most) as (file, size):
            if found.check is None:
                found.read(file, size, spec)
            else:
                found.check(tensors.read_header(file, size, name), spec)
    except FileNotFoundError:
        pass


def parse(content: bytes, name: str, spec: Spec) -> Any:
    """The same of bytes that lie in no folder yet."""
    return kind_of(name).read(io.BytesIO(content), len(content), spec)


def belongings(path: Path) -> list[str]:
    """The files in folder `path` that copies and exports of the run have: plain ones of the list."""
    there = [name for name in (*MEMBERS, *_numbered(path)) if (found := member(name)) and found.travels]
    return [name for name in there if _is_plain(path / name, path)]


def _numbered(path: Path) -> list[str]:
    return [f"{files.FRAMES}/{file.name}" for file in frames.numbered(path)]


def _is_plain(file: Path, path: Path) -> bool:
    try:
        _check_parent(file, path)
        with opened(file, MEMBERS[files.WEIGHTS].most):
            return True
    except (FileNotFoundError, Unfit):
        return False


def _check_parent(file: Path, path: Path) -> None:
    if file.parent != path and os.path.islink(file.parent):
        raise Unfit(f"{short(file.parent.name)} is a link, not a folder.")
