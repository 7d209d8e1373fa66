"""A component between hand, session and link: who moves whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


@dataclass(frozen=True)
class Place:
    z: float

    def to_link(self) -> dict[str, str]:
        return {"z": f"{self.z:.3g}"} if self.z else {}

    @classmethod
    def from_link(cls, link: Mapping[str, str]) -> "Place":
        try:
            return cls(min(max(float(link.get("z", 0)), -9), 9))
        except ValueError:
            return cls(0)


@pytest.fixture
def page() -> Callable[..., AppTest]:
    """A page with such a component; `act` is done to it before it is read."""

    def script() -> None:
        import streamlit as st

        from tests.widgets.shell.test_component_state import Place
        from widgets.shell import links, url_state
        from widgets.shell.component_state import ComponentState

        component: ComponentState[Place] = ComponentState("there", {"z": links.Z})
        url_state.sync("latent_map")
        for act, z in st.session_state.get("acts", ()):
            getattr(component, act)(Place(z))
        state = component.read(Place.from_link)
        st.session_state["got"] = (state.z, component.revision, url_state.notes())
        url_state.flush()

    def open_page(**link: str) -> AppTest:
        at = AppTest.from_function(script)
        for name, value in link.items():
            at.query_params[name] = value
        return at.run()

    return open_page


def got(at: AppTest) -> Any:
    assert not at.exception
    return at.session_state["got"]


def do(at: AppTest, *acts: tuple[str, float]) -> Any:
    at.session_state["acts"] = acts
    found = got(at.run())
    at.session_state["acts"] = ()
    return found


def test_a_link_moves_the_component_and_the_hand_does_not(page: Callable[..., AppTest]) -> None:
    at = page(z="1.5")
    z, first, _ = got(at)
    assert z == 1.5
    assert do(at, ("hear", 2.25)) == (2.25, first, ())
    assert at.query_params["z"] == "2.25"
    assert do(at, ("move", 3.0)) == (3.0, first + 1, ())
    at.query_params["z"] = "4"  # as a link to the same page does
    assert got(at.run()) == (4.0, first + 2, ())


def test_the_session_keeps_the_digits_that_the_link_leaves_out(page: Callable[..., AppTest]) -> None:
    at = page()
    assert do(at, ("hear", 1.23456789))[0] == 1.23456789
    assert at.query_params["z"] == "1.23"
    assert got(at.run())[0] == 1.23456789


def test_what_makes_no_sense_or_is_clamped_is_said_and_other_digits_are_not(
    page: Callable[..., AppTest],
) -> None:
    assert got(page(z="1.23456"))[2] == ()
    assert got(page(z="<b>"))[2] == (
        "The link asks for code “\\<b\\>”; that does not fit this run. Shown: the default.",
    )
    at = page(z="77")
    assert got(at)[2] == ("The link asks for code 77; that does not fit this run. Shown: 9.",)
    assert at.query_params["z"] == "9"


def test_at_its_default_it_is_not_in_the_link(page: Callable[..., AppTest]) -> None:
    at = page(z="2")
    assert do(at, ("hear", 0.0))[0] == 0.0
    assert "z" not in at.query_params
