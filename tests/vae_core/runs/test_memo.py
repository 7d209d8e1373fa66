"""Within a scope the first answer holds, until something is written."""

from pathlib import Path

import pytest

from vae_core.runs import contents, files, memo
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


def test_what_came_with_the_app_is_looked_at_from_time_to_time_and_what_did_not_each_time(
    tmp_path: Path, gallery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "SETTLED", 3600.0)
    for folder in (gallery / "shipped", tmp_path / "own"):
        folder.mkdir()
        files.write_json(folder / files.CARD, {})
    shipped, own = Run(gallery / "shipped"), Run(tmp_path / "own")
    assert shipped.is_gallery
    assert not own.is_gallery
    seen = [run.stamp(files.TITLE) for run in (shipped, own)]
    assert seen == [None, None]
    for run in (shipped, own):
        (run.path / files.TITLE).write_text("{}")
    assert shipped.stamp(files.TITLE) is None
    assert own.stamp(files.TITLE) is not None
    shipped.notes.mkdir(parents=True)
    assert shipped.stamp(files.PICTURE) is None
    (shipped.notes / files.PICTURE).write_bytes(b"")  # worked out here: it is the user's
    assert shipped.stamp(files.PICTURE) is not None
    monkeypatch.setattr(contents, "SETTLED", 0.0)
    assert shipped.stamp(files.TITLE) is not None
