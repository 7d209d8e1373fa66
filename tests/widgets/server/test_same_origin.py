"""Which pages may speak to the server."""

import pytest

from widgets.server.same_origin import allowed


@pytest.mark.parametrize(
    "origin", ["http://localhost:8501", "https://localhost:8501", "http://LOCALHOST:8501", None]
)
def test_the_apps_own_pages_and_programs_may_ask(origin: str | None) -> None:
    assert allowed(origin, "localhost:8501", [])


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8502",
        "http://127.0.0.1:8501",
        "http://localhost",
        "http://localhost:8501.evil.example",
        "http://evil.example",
        "null",
        "",
        "file://",
    ],
)
def test_a_page_of_another_origin_may_not(origin: str) -> None:
    assert not allowed(origin, "localhost:8501", [])


def test_an_origin_without_a_host_is_not_that_of_a_request_without_one() -> None:
    assert not allowed("null", "", [])


def test_whom_the_owner_lets_in_may_ask() -> None:
    assert allowed("https://lab.example", "10.0.0.3:8501", ["https://lab.example"])
