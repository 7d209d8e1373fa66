"""Within a scope the first answer holds, until something is written."""

import pytest

from vae_core.runs import files, memo
from vae_core.runs.run import Run


def test_outside_of_a_scope_every_question_is_asked_anew() -> None:
    answers = iter("ab")
    assert [memo.remember("key", lambda: next(answers)) for _ in range(2)] == ["a", "b"]


def test_within_a_scope_and_those_in_it_a_question_is_asked_once() -> None:
    answers = iter("abc")

    def ask() -> str:
        return memo.remember("key", lambda: next(answers))

    with memo.scope():
        assert ask() == "a"
        with memo.scope():
            assert ask() == "a"
        assert ask() == "a"
    with memo.scope():
        assert ask() == "b"


def test_what_fails_is_asked_again() -> None:
    with memo.scope():
        with pytest.raises(KeyError):
            memo.remember("key", lambda: {}["nothing"])
        assert memo.remember("key", lambda: 1) == 1


def test_a_page_sees_a_run_as_it_was_and_its_own_writing_at_once(tmp_path) -> None:
    run, file = Run(tmp_path), tmp_path / files.TITLE
    files.write_json(tmp_path / files.SPEC, {})
    file.write_text('{"title": "one"}')
    with memo.scope():
        before = run.is_gallery, run._fresh(files.TITLE, file.read_text, by_spec=False)
        file.write_text('{"title": "another"}')  # somebody else's
        assert (run.is_gallery, run._fresh(files.TITLE, file.read_text, by_spec=False)) == before
        files.replace(file, b'{"title": "ours"}')
        assert run._fresh(files.TITLE, file.read_text, by_spec=False) == '{"title": "ours"}'
