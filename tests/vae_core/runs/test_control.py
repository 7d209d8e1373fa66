import threading

import pytest

from vae_core import recipes
from vae_core.runs import control, files
from vae_core.runs.control import Control
from vae_core.runs.reading import RunError
from vae_core.spec import SpecError


def test_of_a_run_that_nobody_asked_anything_nothing_is_asked(tmp_path):
    assert control.read(tmp_path) == Control()


def test_asking_changes_what_is_named_and_keeps_the_rest(tmp_path):
    control.request(tmp_path, beta=4.0)
    control.request(tmp_path, paused=True)
    assert control.read(tmp_path) == Control(paused=True, beta=4.0)


def test_no_single_step_is_lost_when_several_ask_at_once(tmp_path):
    def ask() -> None:
        for _ in range(10):
            control.request(tmp_path, paused=True, more_steps=1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert control.read(tmp_path).steps == 40


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"paused": "yes", "stop": 1, "steps": -3, "beta": "4", "learning_rate": true}',
        b'{"steps": 1e400, "beta": -1, "learning_rate": NaN}',
        b'{"steps": 12345678901234567890123, "beta": 1e9}',
    ],
)
def test_nonsense_in_the_file_asks_nothing(tmp_path, content):
    (tmp_path / files.CONTROL).write_bytes(content)
    assert control.read(tmp_path) == Control()


@pytest.mark.parametrize("beta", [-1, 1001, float("nan"), float("inf"), "4", True])
def test_a_beta_that_cannot_be_is_refused_with_a_sentence(tmp_path, beta):
    with pytest.raises(RunError, match="beta must be"):
        control.request(tmp_path, beta=beta)


@pytest.mark.parametrize("rate", [0, -1e-3, 1.5, float("nan")])
def test_a_learning_rate_that_cannot_be_is_refused_with_a_sentence(tmp_path, rate):
    with pytest.raises(RunError, match="The learning rate must be"):
        control.request(tmp_path, learning_rate=rate)


def test_a_knob_has_the_bounds_of_its_setting_and_a_place_in_what_is_asked():
    for name, knob in control.KNOBS.items():
        spec = recipes.get("gumbel" if name == "temperature" else "vae-2d")
        assert getattr(Control(), name) is None
        assert spec.change(**{knob.setting: knob.least})
        assert spec.change(**{knob.setting: knob.most})
        with pytest.raises(SpecError):
            spec.change(**{knob.setting: 1.001 * knob.most})


def test_a_look_tells_of_a_change_once(tmp_path):
    watch = control.ControlReader(tmp_path)
    assert not watch.look()
    control.request(tmp_path, stop=True)
    assert watch.look()
    assert watch.requested.stop
    assert not watch.look()


def test_asking_the_same_again_is_no_change(tmp_path):
    control.request(tmp_path, beta=2.0)
    watch = control.ControlReader(tmp_path)
    control.request(tmp_path, beta=2.0)
    assert not watch.look()
