"""A run as one zip of JSON and safetensors, to download and to upload.

An uploaded file comes from anywhere. Its members are read under names we know and within sizes we know,
parsed as JSON or safetensors and nothing else, checked against the run's own Spec, and written anew under our
own names; only then does the run appear in the library. Nothing in it is executed or unpickled.
"""

from __future__ import annotations

import io
import json
import math
import re
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from vae_core.runs import directions, files, frames, metrics, names
from vae_core.runs.files import RunError, library
from vae_core.runs.run import Run, free_name, new_folder
from vae_core.runs.status import Status
from vae_core.spec import Spec, SpecError

MIB = 2**20
MOST_ZIP = 256 * MIB  # of an uploaded file
MOST_UNPACKED = 512 * MIB  # of all that comes out of it
MOST_JSON = 1 * MIB
MOST_METRICS = 64 * MIB
MOST_FRAME = 16 * MIB
MOST_MEMBERS = frames.MOST + 20
MOST_IMAGES = 1_000_000  # posteriors in one file

FRAME = re.compile(rf"{files.FRAMES}/([0-9]{{8,12}}|latest|probes)\.safetensors")
MOST = {
    files.SPEC: MOST_JSON,
    files.STATUS: MOST_JSON,
    files.EVALUATION: MOST_JSON,
    files.DIRECTIONS: MOST_JSON,
    files.NAMES: MOST_JSON,
    files.DISENTANGLEMENT: MOST_JSON,
    files.METRICS: MOST_METRICS,
    files.WEIGHTS: MOST_UNPACKED,
    files.STATE: MOST_UNPACKED,
    files.POSTERIORS: MOST_UNPACKED,
}


class _Refused(RunError):
    """The file is no run, or not one that we take in."""


def export_zip(run: Run) -> bytes:
    """The run as one file. Raises RunError, a sentence, where it cannot be read."""
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
            for file in _belongings(run):
                # Deflating weights saves a tenth of them and takes ten times as long.
                how = zipfile.ZIP_DEFLATED if file.suffix != ".safetensors" else zipfile.ZIP_STORED
                name = f"{run.name}/{file.relative_to(run.path).as_posix()}"
                try:
                    bundle.writestr(name, file.read_bytes(), how)
                except FileNotFoundError:  # a frame that was thinned out while we read
                    continue
    except OSError as error:
        raise RunError(f"{run.name} cannot be read: {error.strerror or error}.") from None
    return packed.getvalue()


def _belongings(run: Run) -> Iterable[Path]:
    yield from (run.path / name for name in MOST if (run.path / name).is_file())
    pictures = run.path / files.FRAMES
    yield from (
        file for file in sorted(pictures.glob("*.safetensors")) if FRAME.fullmatch(f"frames/{file.name}")
    )


def import_zip(content: bytes, name: str) -> Run:
    """The run in a zip as `export_zip` makes it, in the library as `name`, or `name-2` where that is taken.

    Raises RunError, a sentence, for anything else: then the library is as it was.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[: files.NAME_LENGTH - 8] or "run"
    members = _unpack(content)
    try:
        written = _checked(members)
    except RecursionError:
        raise _Refused("The file is refused: its JSON is nested too deeply.") from None
    try:
        library().mkdir(parents=True, exist_ok=True)
        with files.hold(library() / ".lock", wait=5.0):
            name = free_name(name, library())
            with new_folder(library(), name) as fresh:
                (fresh / files.FRAMES).mkdir()
                for member, data in written.items():
                    (fresh / member).write_bytes(data)
    except OSError as error:
        raise RunError(f"The run cannot be written to {library()}: {error.strerror or error}.") from None
    return Run(library() / name)


# --- the zip ------------------------------------------------------------------------------------


def _unpack(content: bytes) -> dict[str, bytes]:
    """The members by their known names. Never trusts a size or a name that the zip states."""
    if len(content) > MOST_ZIP:
        raise _Refused(f"The file is refused: it is larger than {MOST_ZIP // MIB} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            infos = [info for info in bundle.infolist() if not _is_folder(info)]
            if len(infos) > MOST_MEMBERS:
                raise _Refused(f"The file is refused: it holds more than {MOST_MEMBERS} files.")
            members: dict[str, bytes] = {}
            room = MOST_UNPACKED
            for info, member in zip(infos, _known_names(infos), strict=True):
                members[member] = _read(bundle, info, min(room, MOST.get(member, MOST_FRAME)))
                room -= len(members[member])
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise _Refused(f"The file is no zip that can be read ({error}).") from None


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.is_dir() and info.file_size == 0


def _known_names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """The names below the one folder that all share, if they share one."""
    names = [info.filename for info in infos]
    first = names[0].split("/")[0] + "/" if names else ""
    if first != f"{files.FRAMES}/" and all(name.startswith(first) for name in names):
        names = [name.removeprefix(first) for name in names]
    for info, name in zip(infos, names, strict=True):
        if name not in MOST and not FRAME.fullmatch(name):
            raise _Refused(f"The file is refused: {name[:80]!r} in it does not belong to a run.")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _Refused(f"The file is refused: {name!r} in it is a link or a device, not a file.")
        if info.flag_bits & 0x1:
            raise _Refused(f"The file is refused: {name!r} in it is encrypted.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _Refused(f"The file is refused: {name!r} in it is packed in an unusual way.")
    if len(set(names)) != len(names):
        raise _Refused("The file is refused: it holds two files of the same name.")
    return names


def _read(bundle: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """At most `most` bytes of a member, whatever the zip says of its size."""
    with bundle.open(info) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise _Refused(f"The file is refused: {info.filename[:80]!r} in it is too large.")
    return content


# --- what is in it ------------------------------------------------------------------------------


def _checked(members: dict[str, bytes]) -> dict[str, bytes]:
    """The files of the run, checked and written anew."""
    if files.SPEC not in members or files.WEIGHTS not in members:
        raise _Refused(
            f"The file is refused: a run has a {files.SPEC} and a {files.WEIGHTS}, and it has not."
        )
    spec, note = _spec(members[files.SPEC])
    written = {files.SPEC: spec.to_json().encode()}
    _check_weights(_tensors(members, files.WEIGHTS), spec)
    written[files.WEIGHTS] = members[files.WEIGHTS]
    if files.STATE in members:
        _check_state(_tensors(members, files.STATE), spec)
        written[files.STATE] = members[files.STATE]
    for member in members:
        if member == files.POSTERIORS or member.startswith(files.FRAMES):
            arrays = _tensors(members, member)
            _check_arrays(member, arrays, spec)
            written[member] = frames.pack(arrays)
    if files.METRICS in members:
        lines = members[files.METRICS].splitlines()
        reports = [report for line in lines if (report := metrics.parse(line)) is not None]
        written[files.METRICS] = b"".join(
            (files.to_json(_harmless(report)) + "\n").encode() for report in reports
        )
    for member in (files.EVALUATION, files.DISENTANGLEMENT):
        if member in members:
            numbers = _object(members[member], member)
            written[member] = files.to_json(_harmless(numbers)).encode()
    if files.NAMES in members:
        called = names.parse(_object(members[files.NAMES], files.NAMES), spec.latent)
        written[files.NAMES] = files.to_json(names.to_dict(called)).encode()
    if files.DIRECTIONS in members:
        saved = directions.parse(_object(members[files.DIRECTIONS], files.DIRECTIONS), spec.latent)
        written[files.DIRECTIONS] = files.to_json(directions.to_dict(saved)).encode()
    written[files.STATUS] = files.to_json(_status(members, note).to_dict()).encode()
    return written


def _spec(content: bytes) -> tuple[Spec, str]:
    """The Spec, without the path of somebody else's images, and a word on that."""
    value = _object(content, files.SPEC)
    source = value.get("data")
    # Without it the Spec would go and look at the images themselves.
    if not isinstance(source, dict) or not isinstance(source.get("image_shape"), list):
        raise _Refused(f"The file is refused: its {files.SPEC} does not say how large its images are.")
    note = " Its images stayed where it was trained." if source.get("path") is not None else ""
    try:
        return Spec.parse(value | {"data": source | {"path": None}}), note
    except SpecError as error:
        raise _Refused(f"The file is refused: its {files.SPEC} describes no run. {error}") from None


def _status(members: dict[str, bytes], note: str) -> Status:
    """What it was doing when it was downloaded, as far as that still holds here."""
    then = Status()
    if files.STATUS in members:
        then = Status.parse(_harmless(_object(members[files.STATUS], files.STATUS)))
    state = then.state if then.state in ("finished", "stopped", "diverged", "interrupted") else "stopped"
    return Status(
        state=state,
        message=f"Uploaded.{note}",
        step=max(0, then.step),
        steps_total=then.steps_total,
        epoch=then.epoch,
        seconds=then.seconds,
        report=then.report,
        created=time.time(),
    )


def _object(content: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _Refused(f"The file is refused: its {name} is no JSON object.")
    return value


def _harmless(value: Any, depth: int = 0) -> Any:
    """Numbers, short texts, and lists and objects of them; anything else becomes null."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 1e18 and math.isfinite(value) else None
    if isinstance(value, str):
        return value[:200]
    if depth > 4:
        return None
    if isinstance(value, list):
        return [_harmless(item, depth + 1) for item in value]
    return {str(key)[:80]: _harmless(item, depth + 1) for key, item in value.items()}


def _tensors(members: dict[str, bytes], name: str) -> dict[str, Any]:
    """The arrays of a safetensors member."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(members[name])
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise _Refused(f"The file is refused: {name} in it is no safetensors file ({error}).") from None


def _check_weights(weights: dict[str, Any], spec: Spec) -> None:
    """The very tensors that the Spec's model has, all of them finite."""
    _check_shapes(files.WEIGHTS, weights, _model_shapes(spec))


def _check_state(state: dict[str, Any], spec: Spec) -> None:
    """The tensors of model and objective, each Adam's two of each, and a few small ones."""
    expected: dict[str, tuple[int, ...]] = {}
    needed: set[str] = set()
    for whose, adam, shapes in (
        ("model", "adam", _model_shapes(spec)),
        ("objective", "objective_adam", _objective_shapes(spec)),
    ):
        needed |= {f"{whose}.{name}" for name in shapes}
        expected |= {f"{whose}.{name}": shape for name, shape in shapes.items()}
        expected |= {f"{adam}.{part}.{name}": shapes[name] for name in shapes for part in ("mean", "square")}
    large = {name: array for name, array in state.items() if name in expected}
    wanted = {name: shape for name, shape in expected.items() if name in large or name in needed}
    _check_shapes(files.STATE, large, wanted)
    for name, array in state.items():
        if name not in expected and array.size > 16_384:
            raise _Refused(f"The file is refused: {name[:80]!r} in its {files.STATE} is no part of the run.")


def _model_shapes(spec: Spec) -> dict[str, tuple[int, ...]]:
    import torch

    from vae_core.model.vae import VAE

    with torch.device("meta"):  # shapes only: nothing is allocated, however large the Spec
        return {name: tuple(value.shape) for name, value in VAE(spec).state_dict().items()}


def _objective_shapes(spec: Spec) -> dict[str, tuple[int, ...]]:
    import torch

    from vae_core import objectives

    with torch.device("meta"):
        objective = objectives.build(spec.objective, latent=spec.latent)
        return {name: tuple(value.shape) for name, value in objective.state_dict().items()}


def _check_shapes(file: str, given: dict[str, Any], wanted: dict[str, tuple[int, ...]]) -> None:
    import numpy as np

    if given.keys() != wanted.keys():
        odd = sorted(given.keys() ^ wanted.keys())[0]
        raise _Refused(f"The file is refused: its {file} is another model's ({odd[:80]!r} differs).")
    for name, shape in wanted.items():
        if given[name].shape != shape or given[name].dtype.kind != "f":
            raise _Refused(f"The file is refused: {name!r} in its {file} has the wrong size for its Spec.")
        if not np.isfinite(given[name]).all():
            raise _Refused(f"The file is refused: {name!r} in its {file} holds numbers that are not finite.")


def _check_arrays(member: str, arrays: dict[str, Any], spec: Spec) -> None:
    """Posteriors [N, D] with labels [N], pictures [n, C, H, W] and masks [n, 1, H, W]."""
    import numpy as np

    count = len(arrays["mean"]) if "mean" in arrays and arrays["mean"].ndim else 0
    pictures = (spec.data.shape, "u")
    fits: dict[str, Callable[[Any], bool]] = {
        name: lambda array: array.shape == (count, spec.latent) and array.dtype.kind == "f"
        for name in ("mean", "log_var")
    }
    fits |= {
        name: lambda array: (array.shape[1:], array.dtype.kind) == pictures and len(array) <= 64
        for name in ("reconstructions", "samples", "images")
    }
    fits["masks"] = lambda array: (
        array.shape[1:] == (1, *spec.data.shape[1:]) and array.dtype.kind == "u" and len(array) <= 64
    )
    fits["labels"] = lambda array: array.shape == (count,) and array.dtype.kind in "iu"
    fits["step"] = lambda array: array.shape == (1,) and array.dtype.kind == "i"
    for name, array in arrays.items():
        if name not in fits or not fits[name](array) or not np.isfinite(array).all() or count > MOST_IMAGES:
            raise _Refused(f"The file is refused: {name[:80]!r} in {member} does not fit its Spec.")
