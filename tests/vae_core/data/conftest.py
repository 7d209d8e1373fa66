"""Tests of data keep to folders of their own: nothing is read from or written to the user's cache."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, empty; VAE_DATA unset."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.delenv("VAE_DATA", raising=False)
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """VAE_DATA, empty."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("VAE_DATA", str(folder))
    return folder
