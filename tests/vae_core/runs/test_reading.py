"""Files that anybody may have written: what is no plain file, too large or no JSON is a sentence, at once."""

import os
import time

import pytest

from vae_core.runs import reading
from vae_core.runs.reading import Unfit, content, opened, parse_json, read_json


@pytest.fixture(autouse=True)
def at_once():
    """What opens a pipe and waits for a writer waits for ever."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 5


def made(path, kind):
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a link":
        path.with_name("other").write_text("{}")
        path.symlink_to("other")
    else:
        path.symlink_to(path)


@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a link", "a link to itself"])
def test_only_plain_files_are_read(tmp_path, kind):
    path = tmp_path / "x.json"
    made(path, kind)
    with pytest.raises(Unfit, match=rf"^x\.json is {kind.removesuffix(' to itself')}, not a file\.$"):
        content(path, 100)
    assert read_json(path) is None


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="a system without /dev/zero")
def test_a_device_is_not_opened():
    with pytest.raises(Unfit, match="zero is a device, not a file"), opened(reading.Path("/dev/zero"), 100):
        pass


def test_a_file_that_is_not_there_is_missing_and_not_unfit(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "x.json", tmp_path / "file" / "x.json"):
        with pytest.raises(FileNotFoundError):
            content(path, 100)


def test_a_name_that_no_file_can_have_is_a_short_sentence(tmp_path):
    for name in ("x" * 3000, "a\0b"):
        with pytest.raises(Unfit, match=r"cannot be read: .*\.$") as refused:
            content(tmp_path / name, 100)
        assert len(str(refused.value)) < 300


def test_a_file_larger_than_it_may_be_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    with open(path, "wb") as file:
        file.truncate(2**40)  # a terabyte of nothing takes no room on the disk
    with pytest.raises(Unfit, match=r"is too large: 1,048,576\.0 MB, and at most 1 MB are read"):
        content(path, reading.MOST_JSON)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "cannot be read as JSON"),
        (b"[1, 2]", "holds no JSON object"),
        (b"\xff\xfe", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON: recursion limit"),
        (b'{"a":' * 13 + b"1" + b"}" * 13, "nested more than 12 deep"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "number out of range"),
        (b'{"a": 1' + b"0" * 4000 + b"}", "is too large a number"),
        (b'{"a": 9223372036854775808}', "9223372036854775808 is too large a number"),
        (b'{"a": NaN}', "cannot be read as JSON"),
        (b'{"a": 1e999}', "a number in it is not finite"),
        (b'{"a": "\\ud800"}', "cannot be read as JSON"),
    ],
)
def test_json_that_pages_could_not_show_or_reckon_with_is_unfit(text, words):
    with pytest.raises(Unfit, match=words) as refused:
        parse_json(text, "x.json")
    assert str(refused.value).startswith("x.json ")
    assert len(str(refused.value)) < 200


def test_what_is_written_for_a_run_is_read_again():
    text = '{"a": [1, 2.5, null, true, "é"], "b": {"c": 9223372036854775807}}'
    assert parse_json(text.encode(), "x") == {"a": [1, 2.5, None, True, "é"], "b": {"c": 2**63 - 1}}
