"""Importing the app's modules once, before the first page that needs them.

Visitors are served by threads of their own. Where several of them import modules of one package at the same
moment, Python may hand one a module that another has only begun ("partially initialized").
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
import threading
from functools import cache

log = logging.getLogger(__name__)
_lock = threading.Lock()


def load(*packages: str) -> None:
    """Imports the packages with all their modules; whoever comes while another does so waits for it."""
    with _lock:
        _load(packages)


@cache
def _load(packages: tuple[str, ...]) -> None:
    for name in packages:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            try:
                importlib.import_module(module.name)
            except Exception:
                log.exception("%s cannot be imported.", module.name)  # the page that needs it will say so
