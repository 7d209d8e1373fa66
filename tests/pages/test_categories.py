"""A run whose codes are categories: what its training keeps, and what the pages show of it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch
from safetensors.numpy import load, save
from streamlit.testing.v1 import AppTest

from pages.sections.inpaint import compute
from tests.pages.shown import data_of, html, parcels, showing, until, words
from vae_core import data, recipes, train
from vae_core.analysis import inpaint
from vae_core.runs import files
from vae_core.runs.run import Run, create
from vae_core.workers import worker
from widgets.run_data.subject import Picked, Subject
from widgets.shell import words as shown

App = Callable[..., AppTest]
M, K = 4, 3


@pytest.fixture
def categories(own_runs: Path) -> Run:
    changes = {"data.name": "digits", "latent": M, "posterior.categories": K, "training.steps": 20}
    run = create(recipes.get("gumbel").change(**changes), path=own_runs / "categories", by="process")
    worker.work(run)
    return Run(run.path)


def test_training_keeps_probabilities_and_the_board_shows_the_groups(app: App, categories: Run) -> None:
    assert categories.status.state == "finished", categories.status.message
    assert categories.codes is not None
    assert categories.codes["probabilities"].shape[1:] == (M, K)
    np.testing.assert_allclose(categories.codes["probabilities"].astype(float).sum(-1), 1, atol=2e-3)
    board = app("train", run="categories")
    assert showing(board.select_slider, "set:posterior.temperature").value == 1.0
    noise = until(board, lambda at: len(at.dataframe)).dataframe[0].value
    assert list(noise["Estimator"]) == ["Relaxed", "Straight through", "Score function"]
    ((header, arrays),) = parcels(board, "board")
    assert header["grouped"]
    assert not header["quantised"]
    assert arrays["shares"].shape[-2:] == (M, K)
    assert arrays["kl"].shape[-1] == M
    assert np.isfinite(arrays["hard_elbo_test"]).any()
    at = app("compare", run="categories")
    assert not at.exception
    shows_the_grid_of_an_image(app, categories)
    names_holes(app, categories)
    completes_by_gibbs_and_refuses_gradients(app, categories)
    traverses_every_category(app, categories)
    goes_from_a_to_b_group_by_group(app, categories)
    samples = app("generate", run="categories")
    assert not samples.exception
    assert not samples.error
    assert html(samples).count('alt="Sample ') == 2 * 96
    assert "In each group every category is as likely" in words(samples)


@pytest.mark.parametrize("page", ["latent_map", "inpaint", "traverse", "interpolate"])
def test_a_decoder_that_sees_other_pixels_is_why_a_run_of_categories_is_refused(
    app: App, own_runs: Path, page: str
) -> None:
    changes = {"data.name": "digits", "latent": M, "posterior.categories": K, "training.steps": 3}
    changes |= {"net.kind": "pixel", "net.receptive_field": 1}
    train(recipes.get("gumbel").change(**changes), out=own_runs / "by-pixel")
    at = app(page, run="by-pixel")
    assert not at.exception
    assert "draws each pixel by those before it" in at.info[0].value


def shows_the_grid_of_an_image(app: App, run: Run) -> None:
    """A link flips a group: the start stays the encoder's, and the numbers are those of the new code."""
    pi = run.group_codes.probabilities[2]
    start, other = pi.argmax(1), int(pi[0].argmin())
    at = app("latent_map", run=run.name, a="2", codes=f"1-{other}", cell="3")
    assert not at.exception
    assert not at.error
    ((_, grid),) = parcels(at, "groups")
    np.testing.assert_allclose(grid["probabilities"], pi, atol=2e-3)
    np.testing.assert_allclose(grid["kl"], np.log(K) - scipy.stats.entropy(pi.numpy(), axis=1), atol=5e-3)
    np.testing.assert_array_equal(grid["start"], start)
    told = data_of(at, "groups")
    assert told["cells"] == "probabilities"
    assert told["state"] == {"changed": [[0, other]], "hidden": [], "cell": 2}
    chosen = start.clone()
    chosen[0] = other
    z = torch.nn.functional.one_hot(chosen, K).float().flatten()[None]
    p = run.model.decode_mean(z)[0]
    x = torch.from_numpy(grid["image"] / 255).float().permute(2, 0, 1)
    log_px = float(torch.distributions.Bernoulli(p).log_prob(x).sum())
    facts = {name: value for name, value, _, _ in told["facts"]}
    assert facts["log p(x|z)"] == shown.nats(log_px)
    assert facts["log p(x, z)"] == shown.nats(log_px - M * np.log(K))
    assert facts["KL"] == shown.nats(float(grid["kl"].sum()))
    category = int(chosen[2])
    share = 100 * float(run.group_codes.probabilities[:, 2, category].mean())
    assert f"**Which images use category {category + 1} of z3**: {share:.1f} % of q(z)" in words(at)
    bits = {
        name: value
        for name, value, _, _ in data_of(app("latent_map", run=run.name, a="2", unit="bits"), "groups")[
            "facts"
        ]
    }
    assert bits["KL"] == shown.nats(float(grid["kl"].sum()) / np.log(2))


def names_holes(app: App, run: Run) -> None:
    """A category that no test image takes is marked, and counted into what the prior draws of it."""
    assert "No category is a hole" in words(app("latent_map", run=run.name))
    path = run.path / files.POSTERIORS
    before = path.read_bytes()
    arrays = load(before)
    arrays["probabilities"] = arrays["probabilities"].copy()
    arrays["probabilities"][:, 1] = [0.4, 0.6, 0]
    path.write_bytes(save(arrays))
    at = app("latent_map", run=run.name)
    ((_, grid),) = parcels(at, "groups")
    assert np.argwhere(grid["holes"]).tolist() == [[1, 2]]
    assert f"**1 of {M * K} categories are holes**" in words(at)
    assert "33 % of its draws take one" in words(at)
    path.write_bytes(before)


def completes_by_gibbs_and_refuses_gradients(app: App, run: Run) -> None:
    at = app("inpaint", run="categories", length="50", k="4")
    assert not at.exception
    method = next(box for box in at.selectbox if box.label == "Method")
    assert method.value == "gibbs"
    assert "Hamiltonian Monte Carlo" not in method.options
    assert "Hamiltonian Monte Carlo and Langevin: not here. Each follows a gradient" in words(at)
    assert "so it is of runs whose codes are numbers" in words(at)

    def ended(at: AppTest) -> bool:
        for task in at.session_state["inpaint_tasks"]:
            task.future.exception(60)
        return bool([each for each, _ in parcels(at, "completions") if each["facts"]])

    at = until(at, ended)
    assert not at.exception
    assert not at.error
    ((header, board),) = parcels(at, "completions")
    assert header["title"] == "Gibbs sampling"
    groups = board["codes"].reshape(-1, M, K)
    assert (groups.sum(-1) == 1).all()
    assert "4 × 3 categories" in header["scene"]["caption"]
    picked = Picked(data.load("digits", "test").images[3].numpy(), None, 3, False, "image 3")
    subject = Subject.of(run, picked)
    observed = np.ones(subject.shape[1:], bool)
    observed[:, 4:] = False
    rows = compute.compare(
        str(run.path), None, subject, observed.tobytes(), None, 4, 0, 50, lambda *_: None, lambda: False
    )
    known = {row["Method"] for row in rows if row["log p, nats"] is not None}
    assert known == {compute.METHODS[name][0] for name in inpaint.OF_CATEGORIES}
    others = {row["Method"]: row["Verdict"] for row in rows if row["Method"] not in known}
    assert others == dict.fromkeys(("Hamiltonian Monte Carlo", "Langevin"), compute.NO_GRADIENT)
    other = app("inpaint", run="categories", method="hmc")
    assert next(box for box in other.selectbox if box.label == "Method").value == "gibbs"
    surprise = app("inpaint", run="categories", do="anomaly")
    assert not surprise.exception
    assert not surprise.error


def traverses_every_category(app: App, run: Run) -> None:
    """A row of pictures for each group, from an image's most probable categories, and from a draw."""
    at = app("traverse", run=run.name, start="2", codes="1-2")
    assert not at.exception
    ((_, groups),) = parcels(at, "groups")
    found = run.group_codes
    np.testing.assert_array_equal(groups["start"], found.probabilities[2].argmax(1))
    np.testing.assert_allclose(groups["shares"], found.probabilities.mean(0), atol=1e-3)
    # KL to a uniform choice: log K less the entropy, by SciPy, of each image, then the mean.
    entropies = scipy.stats.entropy(found.probabilities.double().numpy(), axis=2)
    np.testing.assert_allclose(groups["kl"], (np.log(K) - entropies).mean(0), atol=1e-3)
    told = [json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.json]
    assert [each["state"]["changed"] for each in told if "groups" in each] == [[[0, 2]]]
    drawn = set()
    for seed in "123":
        ((_, groups),) = parcels(app("traverse", run=run.name, **{"from": "prior", "seed": seed}), "groups")
        drawn.add(tuple(groups["start"].tolist()))
    assert len(drawn) > 1
    assert all(0 <= k < K for each in drawn for k in each)


def goes_from_a_to_b_group_by_group(app: App, run: Run) -> None:
    """The path of an interpolation begins at A's categories and ends at B's; groups of most KL come first."""
    chosen = run.group_codes.probabilities[[0, 1]].argmax(2)
    ((header, path),) = parcels(app("interpolate", run=run.name, a="0", b="1"), "path")
    np.testing.assert_array_equal(path["codes"][[0, -1]].reshape(2, M, K).argmax(2), chosen)
    order = np.argsort(-run.group_codes.kl.mean(0).numpy(), kind="stable")
    differ = (chosen[0] != chosen[1]).numpy()
    assert path["places"].tolist() == [m for m in order.tolist() if differ[m]]
    assert header["stepped"]["name"] == "groups"
