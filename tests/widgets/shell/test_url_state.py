"""Settings in the address bar, and whose word counts."""

from streamlit.testing.v1 import AppTest


def test_of_a_widget_only_the_latest_is_heard_as_the_browser_may_still_speak_of_an_older_one() -> None:
    def script() -> None:
        import streamlit as st

        from widgets.shell import url_state

        said: list[int] = []
        first = url_state.key_showing("n", 1)
        url_state.heard(first, said.append)()
        second = url_state.key_showing("n", 2)  # the script shows another value: another widget
        url_state.heard(first, said.append)()
        url_state.heard(second, said.append)()
        st.session_state["said"] = said

    at = AppTest.from_function(script).run()
    assert not at.exception
    assert at.session_state["said"] == [1, 2]
