"""ZIP files of runs, taken apart and put together again with something else in them."""

import io
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load, save

from vae_core.runs import files
from vae_core.runs.archive import import_zip
from vae_core.runs.run import RunError, all_runs


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return {name.split("/", 1)[1]: bundle.read(name) for name in bundle.namelist()}


def packed(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return content.getvalue()


def changed(content: bytes, **arrays: np.ndarray) -> bytes:
    return save(load(content) | arrays)


def refused(content: bytes, words: str) -> None:
    with pytest.raises(RunError, match=words):
        import_zip(content, "evil")
    assert all_runs() == []
    assert [entry.name for entry in files.library().iterdir() if entry.name != ".lock"] == []
