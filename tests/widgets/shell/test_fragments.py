"""Whatever fails in a fragment, a dialog or a callback is a sentence, and the page goes on."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from widgets.server.capacity import Capacity
from widgets.shell import fragments

ROOT = Path(__file__).parents[3]
FILES = [path for layer in ("pages", "widgets") for path in sorted((ROOT / layer).rglob("*.py"))]
FRAGMENTS = ROOT / "widgets" / "shell" / "fragments.py"
GUARDS = {"callback", "heard", "url_state.heard"}


def named(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def bare_fragments(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if named(node) in ("st.fragment", "st.dialog", "streamlit.fragment", "streamlit.dialog"):
            yield ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and node.module == "streamlit":
            yield from (alias.name for alias in node.names if alias.name in ("fragment", "dialog"))


def bare_callbacks(source: str) -> Iterator[str]:
    """Values of on_click and the like that are neither guarded nor one of Streamlit's own words."""
    tree = ast.parse(source)
    guarded = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and named(node.value.func) in GUARDS
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            value = keyword.value
            if not (keyword.arg or "").startswith("on_") or isinstance(value, ast.Constant):
                continue
            if isinstance(value, ast.Call) and named(value.func) in GUARDS:
                continue
            if isinstance(value, ast.Name) and value.id in guarded:
                continue
            yield f"{keyword.arg}={ast.unparse(value)}"


def test_every_fragment_and_dialog_is_made_where_the_boundary_stands_in_it() -> None:
    found = {path: list(bare_fragments(path.read_text())) for path in FILES if path != FRAGMENTS}
    assert {str(path): names for path, names in found.items() if names} == {}
    assert list(bare_fragments(FRAGMENTS.read_text())) == ["st.fragment", "st.dialog"]


def test_every_callback_of_a_page_is_guarded() -> None:
    """A component, or a dialog, hands on what its page gave it, and its page guarded that."""
    hands_on = ROOT / "widgets" / "components"
    files = [path for path in FILES if path.parent.parent != hands_on or path.parent.name == "picker"]
    found = {path: list(bare_callbacks(path.read_text())) for path in files if path != FRAGMENTS}
    assert {str(path): names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source", ["st.fragment(show)()", "@st.fragment\ndef f(): ...", "from streamlit import dialog"]
)
def test_the_look_for_bare_fragments_sees_them(source: str) -> None:
    assert list(bare_fragments(source))


@pytest.mark.parametrize("value", ["act", "lambda: act()", "module.act", "partial(act, 1)"])
def test_the_look_for_bare_callbacks_sees_them(value: str) -> None:
    assert list(bare_callbacks(f"st.button('Go', on_click={value})"))


# --- as a page has them ---------------------------------------------------------------------------


def page(body: Callable[[], None]) -> AppTest:
    return AppTest.from_function(body).run()


def sentences(at: AppTest) -> list[str]:
    assert not at.exception
    return [error.value for error in at.error]


def test_what_fails_in_a_fragment_is_said_there_and_the_rest_stays() -> None:
    def body() -> None:
        import streamlit as st

        from widgets.shell.fragments import fragment

        def part() -> None:
            st.write("before")
            raise KeyError("beta")

        fragment(part)
        st.write("after")

    at = page(body)
    (said,) = sentences(at)
    assert said.startswith("This part of the page failed (KeyError).")
    assert [text.value for text in at.markdown] == ["before", "after"]


def test_what_a_run_says_is_quoted_letter_by_letter() -> None:
    def body() -> None:
        from vae_core.runs.run import RunError
        from widgets.shell.fragments import fragment

        def part() -> None:
            raise RunError("Run ![x](http://evil.example/a) is https://evil.example full.")

        fragment(part)

    (said,) = sentences(page(body))
    assert said == r"Run \!\[x\](http\://evil.example/a) is https\://evil.example full."


def test_streamlits_own_refusals_are_sentences_too_and_reruns_are_none() -> None:
    def body() -> None:
        import streamlit as st

        from widgets.shell.fragments import fragment

        def part() -> None:
            if "again" not in st.session_state:
                st.session_state["again"] = True
                st.rerun()
            st.button("Go", key="one")
            st.button("Go", key="one")

        fragment(part)

    (said,) = sentences(page(body))
    assert "StreamlitDuplicateElementKey" in said


def test_what_fails_in_a_dialog_is_said_in_it() -> None:
    def body() -> None:
        from widgets.shell import fragments

        @fragments.dialog("Manage")
        def ask(what: str) -> None:
            raise ValueError(what)

        ask("no")

    (said,) = sentences(page(body))
    assert "failed: no." in said


def test_a_callback_that_fails_says_so_above_a_page_that_goes_on() -> None:
    def body() -> None:
        import streamlit as st

        from vae_core.runs.run import RunError
        from widgets.shell import error_boundary

        def act(how: str) -> None:
            if how == "badly":
                raise RunError("The run is busy.")

        error_boundary.show_fault()
        for how in ("badly", "well"):
            st.button(how, key=how, on_click=error_boundary.callback(act), args=(how,))
        st.write("the page")

    at = page(body)
    assert sentences(at) == []
    at.button("badly").click().run()
    assert sentences(at) == ["The run is busy."]
    assert at.markdown[0].value == "the page"
    at.run()
    assert sentences(at) == ["The run is busy."]  # a page that runs again while it loads wipes nothing away
    at.button("well").click().run()
    assert sentences(at) == []


def test_a_callback_that_fails_in_a_fragment_is_said_by_the_page() -> None:
    def body() -> None:
        import streamlit as st

        from widgets.shell import error_boundary
        from widgets.shell.fragments import fragment

        def act() -> None:
            raise TypeError("no")

        error_boundary.show_fault()
        fragment(lambda: st.button("Go", key="go", on_click=error_boundary.callback(act)))

    at = page(body)
    at.button("go").click().run()
    (said,) = sentences(at)
    assert said.startswith("What you asked for failed (TypeError).")


def test_a_run_that_is_gone_starts_the_page_over_once() -> None:
    def body() -> None:
        import streamlit as st

        from widgets.shell import error_boundary

        turn = st.session_state["turn"] = st.session_state.get("turn", 0) + 1
        if turn == 1:
            st.session_state[error_boundary.FOLDER] = "/no/such/run"
        with error_boundary.error_boundary():
            st.write(f"turn {turn}")
            raise FileNotFoundError(2, "No such file or directory")

    at = page(body)
    assert at.markdown[0].value == "turn 2"
    assert sentences(at) == ["A file could not be read or written: No such file or directory."]


@pytest.mark.parametrize(("visitors", "seconds"), [(1, 0.5), (10, 0.5), (40, 1.0), (1000, 5.0)])
def test_a_part_comes_again_less_often_where_many_look_on(
    monkeypatch: pytest.MonkeyPatch, visitors: int, seconds: float
) -> None:
    every = []
    monkeypatch.setattr(Capacity, "connected", visitors)
    monkeypatch.setattr(fragments.st, "fragment", lambda part, run_every: every.append(run_every) or part)
    fragments.fragment(lambda: None, run_every=0.5)
    fragments.fragment(lambda: None)
    assert every == [pytest.approx(seconds), None]
