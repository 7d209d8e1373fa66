"""The state between session and address, and whose word counts."""

from collections.abc import Callable

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from widgets.shell import links, url_state


def test_of_a_widget_only_the_latest_is_heard_as_the_browser_may_still_speak_of_an_older_one() -> None:
    def script() -> None:
        import streamlit as st

        from widgets.shell import url_state

        heard: list[int] = []
        first = url_state.key_showing("n", 1)
        st.number_input("n", 0, 9, 1, key=first)
        url_state.heard(first, heard.append)()
        second = url_state.key_showing("n", 2)  # the script shows another value: another widget
        st.number_input("n", 0, 9, 2, key=second)
        url_state.heard(first, heard.append)()
        url_state.heard(second, heard.append)()
        st.session_state["heard"] = heard

    at = AppTest.from_function(script).run()
    assert not at.exception
    assert at.session_state["heard"] == [1, 2]


@pytest.fixture
def page() -> Callable[..., AppTest]:
    """A seed and a method on Inpaint, the temperature on Generate, and links to other pages."""

    def script() -> None:
        import streamlit as st

        from widgets.shell import links, url_state, url_widgets

        name = st.session_state.get("page", "inpaint")
        url_state.sync(name)
        if name == "inpaint":
            st.number_input("Seed", 0, 9999, **url_widgets.whole(links.SEED))
            methods = {"hmc": "Hamilton", "langevin": "Langevin"}
            st.selectbox(
                "Method", list(methods), **url_widgets.choice(links.METHOD, methods, "hmc", methods.get)
            )
        else:
            st.slider("Temperature", 0, 150, **url_widgets.whole(links.TEMPERATURE))
        st.session_state["notes"] = url_state.notes()
        st.session_state["back"] = url_state.link("inpaint", {})
        st.session_state["other run"] = url_state.link("latent_map", {links.RUN: "other"})
        url_state.flush()

    def open_page(page: str = "inpaint", **link: str) -> AppTest:
        at = AppTest.from_function(script)
        at.session_state["page"] = page
        for name, value in link.items():
            at.query_params[name] = value
        at.run()
        assert not at.exception
        return at

    return open_page


def address(at: AppTest) -> dict[str, str]:
    items = at.query_params.items()
    return {name: value[-1] if isinstance(value, list) else value for name, value in items}


def go(at: AppTest, page: str, link: dict[str, str] | None = None) -> AppTest:
    """As the browser does: another page, with the address of the link to it."""
    at.session_state["page"] = page
    at.query_params.clear()
    for name, value in (link or {}).items():
        at.query_params[name] = value
    return at.run()


def test_what_is_chosen_stands_in_the_link_and_the_default_does_not(page: Callable[..., AppTest]) -> None:
    at = page()
    at.number_input[0].set_value(7).run()
    at.selectbox[0].select("langevin").run()
    assert address(at) == {"method": "langevin", "seed": "7"}
    at.number_input[0].set_value(0).run()
    assert address(at) == {"method": "langevin"}


def test_an_address_that_the_app_has_replaced_is_not_taken_for_a_link(page: Callable[..., AppTest]) -> None:
    at = page(seed="3")
    at.number_input[0].set_value(7).run()
    at.query_params["seed"] = "3"  # the browser has not heard of the 7 yet
    at.run()
    assert at.number_input[0].value == 7
    assert address(at) == {"seed": "3"}  # what it holds; the 7 is on its way
    at.query_params["seed"] = "5"  # nobody but a link says that
    at.run()
    assert at.number_input[0].value == 5


def test_an_address_that_an_overtaken_run_could_not_send_is_sent_by_the_next(
    page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run ends where it sends something and the next one is asked for already."""
    at = page()
    send = QueryParamsProxy.from_dict

    def overtaken(*_: object) -> None:
        monkeypatch.setattr(QueryParamsProxy, "from_dict", send)
        raise StopException

    monkeypatch.setattr(QueryParamsProxy, "from_dict", overtaken)
    at.number_input[0].set_value(7).run()
    assert address(at) == {}
    at.run()
    assert address(at) == {"seed": "7"}


def test_after_a_moment_the_same_address_is_a_link_again(
    page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url_state, "MOMENT", 0.0)
    at = page(seed="3")
    at.number_input[0].set_value(7).run()
    at.query_params["seed"] = "3"
    at.run()
    assert at.number_input[0].value == 3


@pytest.mark.parametrize("seconds, shown", [(60.0, 5), (0.0, 3)])
def test_what_stood_there_before_a_link_may_still_come_for_a_moment(
    page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, seconds: float, shown: int
) -> None:
    """A part of the page that was under way when the link was pressed runs again with the old address."""
    monkeypatch.setattr(url_state, "AFTER_LINK", seconds)
    at = page(seed="3")
    at.query_params["seed"] = "5"  # a link to the same page
    at.run()
    assert at.number_input[0].value == 5
    at.query_params["seed"] = "3"
    at.run()
    assert at.number_input[0].value == shown


def test_a_page_is_as_it_was_left_and_the_link_to_it_says_so(page: Callable[..., AppTest]) -> None:
    at = page(seed="3")
    go(at, "generate")
    assert at.session_state["back"] == {"seed": ("3",)}
    go(at, "inpaint", {"seed": "3"})
    assert at.number_input[0].value == 3
    go(at, "generate")
    go(at, "inpaint")  # without any link
    assert at.number_input[0].value == 3


def test_a_link_without_a_parameter_means_its_default(page: Callable[..., AppTest]) -> None:
    at = page(seed="3", method="langevin")
    go(at, "generate")
    go(at, "inpaint", {"method": "langevin"})
    assert at.number_input[0].value == 0


def test_a_value_of_one_page_never_reaches_another(page: Callable[..., AppTest]) -> None:
    """Interpolate's t = 0.3 was once a temperature of 0 %."""
    at = page("interpolate", t="0.3")
    go(at, "generate", {"generate_t": "100"})
    assert at.slider[0].value == 100
    at = page("generate", t="30")  # of an older link to this page
    assert at.slider[0].value == 30
    assert address(at) == {"generate_t": "30"}


def test_what_does_not_fit_is_said_until_somebody_chooses(page: Callable[..., AppTest]) -> None:
    at = page(seed="123456", method="foo", zzz="1")
    assert at.session_state["notes"] == (
        "The link asks for seed 123456; the most is 9999. Shown: 9999.",
        "The link names “zzz”, which this page does not know.",
        "The link asks for method “foo”; that is none of the choices here. Shown: Hamilton.",
    )
    assert address(at) == {"seed": "9999"}
    at.run()
    assert len(at.session_state["notes"]) == 3
    at.number_input[0].set_value(1).run()
    assert at.session_state["notes"] == ()


@pytest.mark.parametrize("text", ["![x](http://evil)", "<script>", "**bold** [a](b)", "`" * 9, "\\" * 3])
def test_a_value_is_quoted_as_it_stands(page: Callable[..., AppTest], text: str) -> None:
    (note,) = page(method=text).session_state["notes"]
    assert note.replace("\\", "").startswith(f"The link asks for method “{text.replace(chr(92), '')}”;")
    assert not any(f" {sign}" in note or f"“{sign}" in note for sign in "![<*`")


def test_another_run_takes_along_what_is_its_own(page: Callable[..., AppTest]) -> None:
    at = page("latent_map", run="mine", z="1,2", image="7", frame="3")
    assert at.session_state["other run"] == {"run": ("other",), "z": ("1,2",)}
    assert links.PINNED.name in links.RUN.resets
