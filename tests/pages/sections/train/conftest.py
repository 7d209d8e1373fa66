"""The page Train, and a hand on its slider of beta."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.train import beta
from tests.pages.sections.train.parts import Hand

App = Callable[..., AppTest]


@pytest.fixture
def page(app: App) -> AppTest:
    return app("train")


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    hand = Hand()
    monkeypatch.setattr(beta.log_slider, "log_slider", hand)
    return hand
