"""Folders that failed disks, foreign versions and hostile neighbours make: no one of them takes anything else
with it. Each is a sentence, and can be deleted.

Hypothesis damages copies of real runs, and everything is asked of them that the app asks; one case in four
is also copied, exported and analysed, and one in a hundred is opened on a page. As many cases as ELBO_FUZZ
says, 800 without it. What it found at first stands in test_worst_folders.py.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pages.sections.home import gallery, manage, own_runs
from pages.sections.train import draft
from pages.sections.traverse import scores
from tests.pages.hostile import KINDS, PAGES, SLOW, damage, opened, unlink
from vae_core import recipes
from vae_core.runs import archive, directions, files, frames, names
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run, all_runs, load_run
from vae_core.spec import SpecError
from vae_core.workers import launch
from widgets.components.board import parcel
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.run_data import capabilities, library, manifold, usage
from widgets.run_data import codes as newest_codes
from widgets.shell import objective_words

CASES = int(os.environ.get("ELBO_FUZZ", "800"))
SHARES = 2  # of each kind's cases


def answers(ask: Callable[[], Any]) -> Any:
    """What comes back, or None for a sentence. Anything else that is raised is a fault of ours."""
    try:
        return ask()
    except (RunError, SpecError) as error:
        sentence = str(error)
        assert sentence.endswith("."), sentence
        assert len(sentence) < 500, sentence
        assert "\n" not in sentence
        return None


READERS = (
    "spec", "status", "live", "created", "is_gallery", "card", "evaluation", "disentanglement", "seeds",
    "labels", "metrics", "faults", "model", "codes", "posteriors", "umap", "frames", "probes", "probe_masks",
    "probe_noisy", "control", "picture",
)  # fmt: skip


def everything(run: Run) -> None:
    """All that listing, sidebar, Home and the pages ask before they draw."""
    answers(lambda: load_run(run.path))
    for name in READERS:
        answers(lambda name=name: getattr(run, name))
    answers(run.frame)
    for file in run.frames:
        answers(lambda file=file: run.frame(frames.step_of(file)))
    own_runs.facts(run)
    gallery.card(run)
    library.title(run)
    manage.metrics_csv(run.metrics)
    readable = run.status.state != "unreadable"
    assert not readable or answers(lambda: run.spec) is not None
    capabilities.has_codes(run)
    answers(lambda: manifold.draw(run) if manifold.missing(run) else None)
    if not readable:
        return
    assert library.note(run)
    objective_words.short(run.spec)
    answers(lambda: parcel.build(run, film=True))
    answers(lambda: parcel.build(run, film=False))
    answers(lambda: scores.rows([run], [scores.stored(run)]))
    answers(lambda: run.seeds and scores.seed_table(run.seeds, "x"))
    names.load(run.path, run.spec.latent)
    directions.load(run.path, run.spec.latent)
    for line in run.labels:
        assert 0 <= line["accuracy"] <= 1
    draft.differences(recipes.get(draft.DEFAULT), run.spec)


def analyses(run: Run) -> None:
    """What Traverse and the map work out of its codes."""
    codes = None if run.status.state == "unreadable" else newest_codes.newest(run)
    if codes is not None:
        answers(lambda: codes.posteriors)
        answers(lambda: usage.stops(codes, usage.QUANTILES))
        if run.spec.latent > 1:
            view = View(dims=(0, 1))
            answers(lambda: usage.most_informative(run))
            answers(lambda: densities.field(codes, view.place))
            answers(lambda: densities.film(codes, view, densities.pictures(codes)))


def check(path: Path, good: Path, secret: bytes, thorough: bool) -> None:
    """The whole of a library with one damaged run and a sound one. thorough: also what takes a while."""
    began = time.monotonic()
    assert {run.path for run in all_runs()} == {path, good}
    listed = {run.path: run for run in library.runs()}
    assert set(listed) == {path, good}
    everything(listed[path])
    assert listed[good].status.state == "finished"
    assert listed[good].faults == []
    launch.schedule(Nobody())
    assert listed[good].status.state == "finished"
    if thorough:
        analyses(listed[path])
        copies(listed[path], secret)
    if not listed[path].live:
        if listed[path].is_gallery:
            unlink(path / files.CARD)
        listed[path].delete()
        assert [run.path for run in all_runs()] == [good]
    assert time.monotonic() - began < SLOW


def copies(run: Run, secret: bytes) -> None:
    exported = answers(lambda: archive.export_zip(run))
    assert secret not in (exported or b"")
    copy = answers(lambda: run.duplicate("copy"))
    if copy is not None:
        assert not any(file.is_symlink() or secret in file.read_bytes() for file in copy.path.rglob("*.*"))
        copy.delete()
    arrived = answers(lambda: archive.import_zip(exported, "arrived")) if exported else None
    if arrived is not None:
        assert arrived.faults == []
        assert arrived.model is not None
        assert parcel.build(arrived, film=True)
        arrived.delete()


class Nobody:
    """A launcher that starts nothing."""

    def start(self, run: Run) -> None: ...

    def alive(self, run: Run) -> bool:
        return False


@pytest.fixture(scope="module")
def bench(sound: dict[str, Path]) -> Iterator[Path]:
    """A library that all cases share, with a folder beside it that is nobody's business. In memory, where
    there is such a place: each case copies and deletes some thirty files."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield furnished(Path(folder), sound)


def furnished(root: Path, sound: dict[str, Path]) -> Path:
    (root / "runs").mkdir()
    shutil.copytree(sound["plain"], root / "runs" / "good", ignore=shutil.ignore_patterns(files.CARD))
    (root / "outside").mkdir()
    (root / "outside" / "secret").write_bytes(b'{"secret": "of somebody else"}')
    (root / "outside" / frames.LATEST).write_bytes(b"secret of somebody else")
    return root


@pytest.mark.timeout(60 + CASES)
@pytest.mark.parametrize("kind, share", [(kind, share) for kind in sorted(KINDS) for share in range(SHARES)])
def test_whatever_lies_in_a_folder_is_a_sentence_and_takes_nothing_else_with_it(
    kind, share, sound, bench, monkeypatch, app
):
    """The cases come in shares, so that several processes can have theirs."""
    runs, bad = bench / "runs", bench / "runs" / "bad"
    monkeypatch.setenv("VAE_RUNS", str(runs))
    monkeypatch.setenv("VAE_GALLERY", str(runs))

    @settings(
        max_examples=-(-CASES // len(KINDS) // SHARES),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a case is small as it is
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(data=st.data(), times=st.integers(1, 3))
    def case(data, times):
        for entry in runs.iterdir():
            if entry.name not in ("good", ".lock"):
                unlink(entry)
        shutil.copytree(sound[kind], bad)
        for _ in range(times):
            damage(data.draw, bad, sound, bench / "outside")
        if data.draw(st.integers(0, 99)) == 50:  # hypothesis prefers the ends
            opened(app, data.draw(st.sampled_from(PAGES)), "bad")
        check(bad, runs / "good", b"somebody else", thorough=data.draw(st.integers(0, 3)) == 2)
        assert sorted(file.name for file in (bench / "outside").iterdir()) == [frames.LATEST, "secret"]

    # Without a seed, CI would give every share the same cases.
    (seed(zlib.crc32(f"{kind} {share}".encode()))(case) if settings().derandomize else case)()
