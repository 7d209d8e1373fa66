"""Likelihoods, priors, networks, objectives and datasets of one's own: the modules that VAE_PARTS names.

    VAE_PARTS=my_priors,lab.datasets

They register their parts as they are imported. The app, the command line and every process of a run import
them before they read a Spec. Imports no torch itself.
"""

from __future__ import annotations

import importlib
import os
import threading

from vae_core.sentences import short
from vae_core.spec import SpecError

_one_at_a_time = threading.Lock()


def names() -> list[str]:
    return [name.strip() for name in os.environ.get("VAE_PARTS", "").split(",") if name.strip()]


def load() -> None:
    """Import what VAE_PARTS names; what was imported before stays as it is.

    Raises SpecError, a sentence that names the first module that cannot be imported, after all the others
    were.
    """
    faults = []
    with _one_at_a_time:
        for name in names():
            try:
                importlib.import_module(name)
            except (Exception, SystemExit) as error:  # noqa: BLE001 (it is somebody else's program)
                faults.append(_sentence(name, error))
    if faults:
        raise SpecError(faults[0])


def _sentence(name: str, error: BaseException) -> str:
    what = f"VAE_PARTS names the module {short(name)}, and it cannot be imported"
    if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
        return (
            f"{what}: Python does not find it. Write its name without .py; "
            "install it, or name its folder in PYTHONPATH."
        )
    return f"{what}: {type(error).__name__}: {short(str(error)) or 'it says no more'}."
