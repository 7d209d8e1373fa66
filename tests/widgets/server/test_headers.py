"""The policy that a page is sent with."""

import base64
import hashlib

import pytest

from widgets.server.headers import INDEX, policy


def rules(host: str = "localhost:8501", index: str = "<script>go()</script>") -> dict[str, list[str]]:
    parts = (rule.split() for rule in policy(host, index).split(";"))
    return {name: sources for name, *sources in parts}


def test_scripts_are_files_modules_made_here_and_those_of_streamlits_own_page() -> None:
    digest = base64.b64encode(hashlib.sha256(b"go()").digest()).decode()
    assert set(rules()["script-src"]) == {"'self'", "blob:", "'unsafe-eval'", f"'sha256-{digest}'"}


def test_no_rule_lets_in_another_host_or_a_text_run_as_a_script() -> None:
    for name, sources in rules(index=INDEX.read_text(encoding="utf-8")).items():
        assert not {"*", "http:", "https:"} & set(sources), name
        assert name == "script-src" or "'unsafe-eval'" not in sources, name
        if name != "style-src":
            assert "'unsafe-inline'" not in sources, name


@pytest.mark.parametrize("name", ["frame-ancestors", "object-src"])
def test_nothing_frames_the_app_and_nothing_is_embedded(name: str) -> None:
    assert rules()[name] == ["'none'"]


def test_the_websocket_of_the_pages_own_host_is_named() -> None:
    assert {"ws://localhost:8501", "wss://localhost:8501"} <= set(rules()["connect-src"])


@pytest.mark.parametrize("host", ["", "a; script-src *", "evil.example 'unsafe-eval'"])
def test_a_host_that_is_none_adds_nothing(host: str) -> None:
    assert rules(host) == rules("")
