"""The worker's doings, driven from inside: `progress` is called at every report, and may ask for things."""

import json
import time

import pytest
import torch
from safetensors.torch import load_file

from vae_core.runs import files, metrics
from vae_core.runs.reading import RunError
from vae_core.runs.run import create
from vae_core.workers import session, worker


def tensors(run, name=files.STATE):
    return load_file(run.path / name)


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


class Script:
    """Does one thing after another, each at the first report at which its condition holds."""

    def __init__(self, run, *acts):
        self.run, self.acts, self.seen = run, list(acts), []

    def __call__(self, now: dict) -> None:
        self.seen.append(now)
        if self.acts and self.acts[0][0](now):
            self.acts.pop(0)[1]()


def at_step(step):
    return lambda now: now["state"] == "running" and now["step"] >= step


def paused(now):
    return now["state"] == "paused"


@pytest.fixture(scope="module")
def straight(small, tmp_path_factory):
    """A run of 3,000 steps that nobody disturbed."""
    return worker.train(small(3000), tmp_path_factory.mktemp("straight") / "run")


def test_a_run_ends_at_its_last_step_with_everything_on_disk(small):
    run = worker.train(small(250), "mine")
    now = run.status
    assert (now.state, now.step, now.steps_total, now.pid, now.remaining) == (
        "finished",
        250,
        250,
        None,
        None,
    )
    assert run.metrics[-1]["step"] == 250
    assert run.frame()["step"] == [250]
    assert run.codes["step"] == [250]
    assert run.evaluation["step"] == 250
    assert int(tensors(run)["step"]) == 250
    assert not run.live
    assert {name: value for name, value in tensors(run).items() if name.startswith("model.")}.keys() == {
        f"model.{name}" for name in tensors(run, files.WEIGHTS)
    }


def test_a_run_that_was_stopped_and_resumed_has_the_weights_of_one_that_was_not(small, straight):
    run = create(small(3000), "stopped", by="process")
    script = Script(run, (at_step(50), run.stop))
    worker.work(run, script)
    while run.status.state == "stopped":
        assert 0 < run.status.step < 3000
        step = run.status.step
        assert run.metrics[-1]["step"] == run.codes["step"][0] == run.frame()["step"][0] == step
        script = Script(run, (at_step(step + 600), run.stop))
        worker.resume(run, script)
    assert run.status.state == "finished"
    assert len([now for now in script.seen if now["state"] == "running"]) > 0
    assert same(tensors(run), tensors(straight))
    assert same(tensors(run, files.WEIGHTS), tensors(straight, files.WEIGHTS))


def test_reporting_as_often_as_possible_changes_no_weight(small, straight, monkeypatch):
    for name in ("REPORT_EVERY", "LOOK_EVERY", "TEST_EVERY", "SAVE_EVERY", "CODES_EVERY"):
        monkeypatch.setattr(session, name, 0.02)
    for name in ("LOOK_SHARE", "TEST_SHARE", "SAVE_SHARE", "CODES_SHARE"):
        monkeypatch.setattr(session, name, 1.0)
    assert same(tensors(worker.train(small(3000), "chatty")), tensors(straight))


def test_pause_steps_and_play_change_no_weight(small, straight):
    run = create(small(3000), "paused", by="process")
    steps = []

    def step_then_go_on():
        steps.append(run.status.step)
        run.step() if len(steps) <= 3 else run.go_on()

    def look_on(now):
        if now["state"] == "paused":
            step_then_go_on()
        elif now["step"] >= 200 and not steps:
            run.pause()

    worker.work(run, look_on)
    # Paused once, then one step for each that was asked for.
    assert steps == [steps[0], steps[0] + 1, steps[0] + 2, steps[0] + 3]
    assert run.status.state == "finished"
    assert same(tensors(run), tensors(straight))


def test_a_pause_is_on_disk_before_it_waits_and_its_time_does_not_count(small, monkeypatch):
    run = create(small(100_000), "mine", by="process")
    waits = []

    def waiting(seconds):
        waits.append((run.status.state, run.status.step, int(tensors(run)["step"]), run.codes["step"][0]))
        waits.append(run.status.seconds)
        run.stop() if len(waits) > 6 else None

    monkeypatch.setattr(session.time, "sleep", waiting)
    worker.work(run, Script(run, (at_step(20), run.pause)))
    step = run.status.step
    assert set(waits[::2]) == {("paused", step, step, step)}
    assert len(set(waits[1::2])) == 1
    assert run.status.state == "stopped"


def test_a_run_may_begin_paused_and_go_step_by_step_to_its_end(small):
    run = create(small(3), "mine", by="process")
    run.pause()
    seen = []

    def look_on(now):
        if now["state"] == "paused":
            seen.append(now["step"])
            run.step()

    worker.work(run, look_on)
    assert seen == [0, 1, 2, 3] or seen == [0, 1, 2]
    assert [report["step"] for report in run.metrics] == [1, 2, 3]
    assert run.status.state == "finished"


def test_single_steps_asked_for_while_it_trains_are_not_made_up_for_later(small):
    run = create(small(100_000), "mine", by="process")
    run.step()
    run.go_on()
    seen = []

    def look_on(now):
        if now["state"] == "paused":
            seen.append(now["step"])
            run.stop()
        elif now["step"] >= 20:
            run.pause()

    worker.work(run, look_on)
    assert len(seen) == 1
    assert run.status.step == seen[0]


def test_a_new_beta_and_learning_rate_are_marked_where_they_began_and_kept_by_a_resume(small):
    run = create(small(100_000), "mine", by="process")

    def move():
        run.set_beta(4.0)
        run.set_learning_rate(3e-4)

    script = Script(run, (at_step(20), move), (lambda now: now["report"].get("beta") == 4.0, run.stop))
    worker.work(run, script)
    moves = [report for report in run.metrics if "moved" in report]
    assert [report["moved"] for report in moves] == [{"beta": 4.0, "learning_rate": pytest.approx(3e-4)}]
    assert run.metrics[-1]["beta"] == 4.0
    assert run.metrics[-1]["learning_rate"] == pytest.approx(3e-4)
    assert float(tensors(run)["objective.beta"]) == 4.0

    before = run.status.step
    worker.resume(run, Script(run, (at_step(before + 20), run.stop)))
    after = [report for report in run.metrics if report["step"] > before]
    assert after
    assert {report["beta"] for report in after} == {4.0}
    assert not any("moved" in report for report in after)


def test_what_was_asked_while_nobody_trained_is_done_first(small):
    run = create(small(200), "mine", by="process")
    run.set_learning_rate(5e-4)
    worker.work(run)
    assert run.metrics[0]["moved"] == {"learning_rate": pytest.approx(5e-4)}
    assert [report["learning_rate"] for report in run.metrics] == pytest.approx([5e-4] * len(run.metrics))


@pytest.mark.parametrize(
    "changes, advice",
    [
        ({"likelihood.variance": "fixed"}, "learning rate below 1."),
        ({"likelihood.variance": "learned"}, "fixed variance"),
        ({"likelihood.variance": "fixed", "objective.beta": 1000.0}, "smaller beta"),
    ],
)
def test_a_loss_that_is_no_number_ends_the_run_with_good_weights_and_advice(small, changes, advice):
    # Eight layers whose weights move by 1 a step overflow within a few steps.
    deep = {"net.widths": ",".join(["128"] * 8), "training.learning_rate": 1.0}
    grey = {"likelihood.kind": "gaussian", "data.binarisation": "none"}
    run = create(small(5000, **deep | grey | changes), "mine", by="process")
    status = worker.work(run)
    assert status.state == "diverged"
    assert "learning rate below 1" in status.message
    assert advice in status.message
    assert all(value.isfinite().all() for value in tensors(run, files.WEIGHTS).values())
    assert all(value.isfinite().all() for value in tensors(run).values() if value.is_floating_point())
    assert run.codes["step"] == tensors(run)["step"] == run.frame()["step"]
    assert torch.isfinite(run.posteriors.mean).all()


def test_a_weight_that_is_no_number_is_never_saved(small, monkeypatch):
    run = create(small(100_000), "mine", by="process")
    monkeypatch.setattr(session, "SAVE_EVERY", 0.1)

    def spoil(now):
        if now["step"] > 100:
            with torch.no_grad():
                next(trainers[0].model.parameters()).fill_(float("nan"))

    trainers, build = [], session.Trainer

    def remember(*arguments):
        trainers.append(build(*arguments))
        return trainers[0]

    monkeypatch.setattr(session, "Trainer", remember)
    assert worker.work(run, spoil).state == "diverged"
    assert all(value.isfinite().all() for value in tensors(run, files.WEIGHTS).values())


def test_seconds_are_counted_over_resumes(small):
    spec = small().change(**{"training.seconds": 1.0})
    run = create(spec, "mine", by="process")
    worker.work(run, Script(run, (lambda now: now["seconds"] > 0.4, run.stop)))
    first = run.status
    assert first.state == "stopped"
    assert 0.4 < first.seconds < 1.0
    began = time.monotonic()
    worker.resume(run)
    assert run.status.state == "finished"
    assert run.status.seconds == pytest.approx(1.0, abs=0.3)
    trained = run.metrics[-1]["seconds"] - first.seconds
    assert trained <= time.monotonic() - began


def test_reports_come_at_least_twice_and_at_most_ten_times_a_second(small):
    run = worker.train(small().change(**{"training.seconds": 2.0}), "mine")
    assert 4 <= len(run.metrics) <= 20
    times = [report["seconds"] for report in run.metrics]
    assert times == sorted(times)
    tested = [report["test"] for report in run.metrics if "test" in report]
    assert len(tested) >= len(run.metrics) / 3
    assert tested[-1]["elbo"] == pytest.approx(tested[-1]["reconstruction"] - tested[-1]["kl"], abs=1e-2)


def test_a_report_has_what_the_curves_show(small):
    run = worker.train(small(300, latent=3), "mine")
    line = run.metrics[-1]
    assert {"step", "epoch", "seconds", "images_per_second", "beta", "learning_rate", "test"} <= line.keys()
    assert {"loss", "elbo", "reconstruction", "kl", "beta_kl"} <= line["train"].keys()
    assert len(line["dimension_kl"]) == 3
    assert sum(line["dimension_kl"]) == pytest.approx(line["train"]["kl"], rel=1e-3)
    assert run.status.report["step"] == 300
    assert run.status.report["test"]["step"] == 300


def test_a_saved_state_that_fits_no_more_is_a_sentence(small):
    run = create(small(100_000), "mine", by="process")
    worker.work(run, Script(run, (at_step(10), run.stop)))
    (run.path / files.SPEC).write_text(small(100_000, latent=5).to_json())
    with pytest.raises(RunError, match="cannot go on"):
        worker.resume(run)
    assert run.status.state == "interrupted"
    assert "does not fit" in run.status.message


def test_what_a_resume_will_train_again_is_taken_out_of_the_curves(small):
    run = create(small(100_000), "mine", by="process")
    worker.work(run, Script(run, (at_step(100), run.stop)))
    saved = run.status.step
    with open(run.path / files.METRICS, "a") as file:
        for step in (saved + 10, saved + 20):
            file.write(json.dumps({"step": step, "seconds": 99.0, "lost": True}) + "\n")
        file.write('{"step": 12')
    worker.resume(run, Script(run, (at_step(saved + 100), run.stop)))
    assert not any("lost" in report for report in run.metrics)
    steps = [report["step"] for report in run.metrics]
    assert steps == sorted(set(steps))
    assert metrics.parse((run.path / files.METRICS).read_bytes().splitlines()[-1]) is not None


def test_where_images_are_to_be_waited_for_the_first_picture_comes_before_those_to_train_on(
    small, monkeypatch
):
    run = create(small(3), "waited")
    load, seen = session.data.load, []

    def slow(name, split, *, progress, **request):
        progress(0.5, f"Drawing the {split} images")
        seen.append((split, run.frame()))
        return load(name, split, progress=progress, **request)

    monkeypatch.setattr(session.data, "load", slow)
    worker.work(run)
    assert [split for split, _ in seen[:2]] == ["test", "train"]
    (_, nothing), (_, first) = seen[:2]
    assert nothing is None
    kept = run.frame(0)  # which training itself has made of the model that it began with
    assert first.keys() == kept.keys()
    assert all(first[name].tobytes() == kept[name].tobytes() for name in first)
