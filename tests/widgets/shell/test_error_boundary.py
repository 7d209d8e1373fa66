"""What a page says of a fault: the library's own sentence, where it has one."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from streamlit.testing.v1 import AppTest

from vae_core.analysis import disentangle
from widgets.shell import tasks, words


def failing() -> None:
    import numpy as np

    from vae_core.analysis import disentangle
    from widgets.shell.error_boundary import error_boundary

    with error_boundary():
        disentangle.mig(np.zeros((3, 2)), np.zeros((4, 1)))


def of_the_library() -> ValueError:
    import numpy as np

    with pytest.raises(ValueError, match="the same N") as refusal:
        disentangle.mig(np.zeros((3, 2)), np.zeros((4, 1)))
    return refusal.value


def test_a_page_says_what_the_library_said_and_not_only_what_kind_of_fault_it_was() -> None:
    at = AppTest.from_function(failing).run()
    (error,) = at.error
    assert words.literal(str(of_the_library())) in error.value
    assert "ValueError" not in error.value
    assert not at.exception


def test_so_does_what_is_computed_beside_it() -> None:
    fault = of_the_library()
    assert tasks.sentence(fault) == f"This could not be computed: {words.literal(str(fault))}"
    assert "(KeyError)" in tasks.sentence(KeyError("x"))
    assert "(ValueError)" in tasks.sentence(ValueError())
    future: Future[None] = Future()
    future.set_exception(fault)
    assert tasks.sentence(tasks.Task(future).exception()) == tasks.sentence(fault)


def test_a_faults_own_words_are_no_markdown_and_no_more_than_a_line() -> None:
    said = words.of_fault(ValueError("![x](http://example.com/a.png) " + "long " * 200 + "\nsecond line"))
    assert said is not None
    assert said.startswith(r"\!\[x\]")
    assert len(said) < 700
    assert "second" not in said
