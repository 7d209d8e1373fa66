"""A run as one zip of JSON and safetensors, to download and to upload.

An uploaded file comes from anywhere. Its members are read under names we know and within sizes we know,
checked as `schema.py` says of every file of a run, and written anew under our own names; only then does the
run appear in the library. Nothing in it is executed or unpickled.
"""

from __future__ import annotations

import io
import re
import stat
import time
import zipfile
import zlib
from typing import Any

from vae_core.runs import files, folders, schema, titles
from vae_core.runs.files import library
from vae_core.runs.reading import RunError, Unfit, opened
from vae_core.runs.run import Run
from vae_core.runs.status import Status
from vae_core.sentences import quote, reason, short
from vae_core.spec import Spec, SpecError

MOST_ZIP = 256 * schema.MIB  # of an uploaded file
MOST_UNPACKED = 512 * schema.MIB  # of all that comes out of it


class _Refused(RunError):
    """The file is no run, or not one that we take in."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The file is refused: {why}")


def export_zip(run: Run) -> bytes:
    """The run as one file, with all that belongs to it. Raises RunError where it cannot be read."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        for name, source in run.belongings.items():
            # Deflating weights saves a tenth of them and takes ten times as long.
            how = zipfile.ZIP_STORED if name.endswith(".safetensors") else zipfile.ZIP_DEFLATED
            try:
                with opened(source, schema.MOST_WEIGHTS) as (file, _):
                    bundle.writestr(f"{run.name}/{name}", file.read(), how)
            except FileNotFoundError:  # a frame that was thinned out while we read
                continue
            except Unfit as unfit:
                raise RunError(f"{short(run.name)} cannot be read: {unfit}") from None
    return packed.getvalue()


def import_zip(content: bytes, name: str) -> Run:
    """The run in a zip as `export_zip` makes it, in the library as `name`, or `name-2` where that is taken.

    Raises RunError, a sentence, for anything else: then the library is as it was.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[: files.NAME_LENGTH - 8] or "run"
    written = _checked(_unpack(content))
    try:
        library().mkdir(parents=True, exist_ok=True)
        with files.hold(library() / ".lock", wait=5.0):
            name = folders.free_name(name, library())
            with folders.new_folder(library(), name) as fresh:
                (fresh / files.FRAMES).mkdir()
                for member, data in written.items():
                    (fresh / member).write_bytes(data)
                if title := titles.load(fresh):
                    titles.write(fresh, titles.free(title, titles.beside(library() / name)))
    except OSError as error:
        raise RunError(f"The run cannot be written to {short(library())}: {reason(error)}.") from None
    return Run(library() / name)


# --- the zip ------------------------------------------------------------------------------------


def _unpack(content: bytes) -> dict[str, bytes]:
    """The members by their known names. Never trusts a size or a name that the zip states."""
    if len(content) > MOST_ZIP:
        raise _Refused(f"it is larger than {MOST_ZIP // schema.MIB} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            infos = [info for info in bundle.infolist() if not _is_folder(info)]
            if len(infos) > schema.MOST_MEMBERS:
                raise _Refused(f"it holds more than {schema.MOST_MEMBERS} files.")
            members: dict[str, bytes] = {}
            room = MOST_UNPACKED
            for info, member in zip(infos, _known_names(infos), strict=True):
                members[member] = _read(bundle, info, min(room, schema.kind_of(member).most))
                room -= len(members[member])
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise RunError(f"The file is no zip that can be read ({short(error)}).") from None


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.is_dir() and info.file_size == 0


def _known_names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """The names below the one folder that all share, if they share one."""
    names = [info.filename for info in infos]
    first = names[0].split("/")[0] + "/" if names else ""
    if first != f"{files.FRAMES}/" and all(name.startswith(first) for name in names):
        names = [name.removeprefix(first) for name in names]
    for info, name in zip(infos, names, strict=True):
        if (found := schema.member(name)) is None or not found.travels:
            raise _Refused(f"{quote(name)} in it does not belong to a run.")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise _Refused(f"{quote(name)} in it is a link or a device, not a file.")
        if info.flag_bits & 0x1:
            raise _Refused(f"{quote(name)} in it is encrypted.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _Refused(f"{quote(name)} in it is packed in an unusual way.")
    if len(set(names)) != len(names):
        raise _Refused("it holds two files of the same name.")
    return names


def _read(bundle: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """At most `most` bytes of a member, whatever the zip says of its size."""
    with bundle.open(info) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise _Refused(f"{quote(info.filename)} in it is too large.")
    return content


# --- what is in it ------------------------------------------------------------------------------


def _checked(members: dict[str, bytes]) -> dict[str, bytes]:
    """The files of the run, checked and written anew."""
    if files.SPEC not in members or files.WEIGHTS not in members:
        raise _Refused(f"a run has a {files.SPEC} and a {files.WEIGHTS}, and it has not.")
    try:
        spec, note = _without_path(schema.read_spec(members[files.SPEC]))
    except SpecError as error:
        raise _Refused(str(error)) from None
    found: dict[str, Any] = {files.SPEC: spec, files.STATUS: Status()}
    try:
        for name, content in members.items():
            if name != files.SPEC:
                found[name] = schema.parse(content, name, spec)
    except Unfit as unfit:
        raise _Refused(str(unfit)) from None
    found[files.STATUS] = _arrived(found[files.STATUS], note)
    written = {}
    for name, value in found.items():
        write = schema.kind_of(name).write
        written[name] = members[name] if write is None else write(value)
    return written


def _without_path(spec: Spec) -> tuple[Spec, str]:
    """The Spec, without the path of somebody else's images, and a word on that."""
    if spec.data.path is None:
        return spec, ""
    source = spec.data.model_copy(update={"path": None})
    return spec.model_copy(update={"data": source}), " Its images stayed where it was trained."


def _arrived(then: Status, note: str) -> Status:
    """What it was doing when it was downloaded, as far as that still holds here."""
    state = then.state if then.state in ("finished", "stopped", "diverged", "interrupted") else "stopped"
    return Status(
        state=state,
        message=f"Uploaded.{note}",
        step=then.step,
        steps_total=then.steps_total,
        epoch=then.epoch,
        seconds=then.seconds,
        report=then.report,
        created=time.time(),
    )
