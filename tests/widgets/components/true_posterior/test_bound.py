"""The arithmetic of q under the hand, in JavaScript, against closed forms of a Gaussian p(x, z)."""

import math

import numpy as np
import pytest

from widgets.components.true_posterior import NODES, QState

PRECISION = np.array([[30.0, 12.0], [12.0, 20.0]])
CENTRE = np.array([0.4, -0.3])
LOG_PX = -50.0
HEIGHT = LOG_PX + 0.5 * math.log(np.linalg.det(PRECISION)) - math.log(2 * math.pi)
# The same in JavaScript, as what a `Field` answers.
FIELD = f"{{at: ([x, y]) => {HEIGHT} - ({PRECISION[0, 0]} * (x - 0.4) ** 2 + "
FIELD += f"{2 * PRECISION[0, 1]} * (x - 0.4) * (y + 0.3) + {PRECISION[1, 1]} * (y + 0.3) ** 2) / 2}}"
AT, WEIGHT = np.polynomial.hermite_e.hermegauss(NODES)
RULE = {"nodes": AT.tolist(), "weights": (WEIGHT / WEIGHT.sum()).tolist()}


def log_joint(z: np.ndarray) -> np.ndarray:
    """log p(x, z) [N] of a true posterior N(CENTRE, PRECISION^-1) and log p(x) = -50; z [N, 2]."""
    away = z - CENTRE
    return HEIGHT - 0.5 * np.einsum("nd,de,ne->n", away, PRECISION, away)


def grid(low: tuple[float, float], side: float, size: int) -> dict:
    x, y = (start + side * np.arange(size) for start in low)
    z = np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2)
    return {"from": list(low), "side": side, "size": size, "values": log_joint(z).tolist()}


@pytest.fixture(scope="module")
def gap() -> dict:
    fine, coarse = grid((-0.8, -1.5), 0.02, 121), grid((-4.95, -4.95), 0.1, 100)
    arrays = {"fine": fine.pop("values"), "coarse": coarse.pop("values")}
    return {"latent": 2, "fine": fine, "coarse": coarse, "arrays": arrays}


def exact(mean: list[float], deviation: list[float]) -> float:
    """The ELBO: LOG_PX less KL(q || p), both Gaussian."""
    variance, away = np.square(deviation), np.array(mean) - CENTRE
    trace = float(np.diag(PRECISION) @ variance) + float(away @ PRECISION @ away)
    log_ratio = -math.log(np.linalg.det(PRECISION)) - float(np.log(variance).sum())
    return LOG_PX - 0.5 * (trace - 2 + log_ratio)


@pytest.mark.parametrize("z", [[0.413, -0.288], [-0.79, 0.8], [2.34, -3.21], [-4.9, 4.9]])
def test_between_the_points_of_both_grids_a_quadratic_is_met(javascript, gap: dict, z: list[float]) -> None:
    value = javascript("field.js", "new Field(gap).at(z)", "true_posterior", gap=gap, z=z)
    assert value == pytest.approx(float(log_joint(np.array([z]))[0]), abs=1e-6)


@pytest.mark.parametrize(
    "mean, deviation", [([0.4, -0.3], [0.2, 0.2]), ([0.1, 0.2], [0.1, 0.3]), ([1.5, -2.0], [0.05, 0.4])]
)
def test_the_elbo_is_log_px_less_the_divergence(
    javascript, mean: list[float], deviation: list[float]
) -> None:
    q = {"mean": mean, "deviation": deviation}
    found = javascript("bound.js", f"elboOf(q, {FIELD}, rule)", "true_posterior", q=q, rule=RULE)
    assert found == pytest.approx(exact(mean, deviation), abs=1e-9)


@pytest.mark.parametrize("mean, deviation", [([-0.5, 0.5], [0.1, 0.1]), ([2.0, 2.0], [0.5, 0.02])])
def test_fit_ends_at_the_best_diagonal_gaussian(
    javascript, mean: list[float], deviation: list[float]
) -> None:
    expression = """(() => {
        const ascent = new Ascent(q, (each) => elboOf(each, FIELD, rule));
        const way = [ascent.elbo];
        while (!ascent.done) { ascent.next(); way.push(ascent.elbo); }
        return { q: ascent.q, way };
    })()""".replace("FIELD", FIELD)
    q = {"mean": mean, "deviation": deviation}
    found = javascript("bound.js", expression, "true_posterior", q=q, rule=RULE)
    # The means of p, and the inverse of its precisions (Bishop 2006, section 10.1.2).
    assert found["q"]["mean"] == pytest.approx(CENTRE.tolist(), abs=1e-3)
    assert found["q"]["deviation"] == pytest.approx((1 / np.sqrt(np.diag(PRECISION))).tolist(), rel=0.01)
    assert np.all(np.diff(found["way"]) >= 0)
    assert found["way"][-1] == pytest.approx(exact(**found["q"]), abs=1e-6)
    assert len(found["way"]) < 200


@pytest.mark.parametrize("text", ["", "1,2", "a,b,c,d", "1,2,3,nan", "1,2,3,4,5"])
def test_a_link_that_makes_no_sense_is_the_encoders_q(text: str) -> None:
    assert QState.from_link({"q": text}, 2) == QState()


def test_a_link_is_read_as_it_was_written_and_kept_within_bounds() -> None:
    state = QState((0.5, -1.25, 0.1, 0.2))
    assert QState.from_link(state.to_link(), 2) == state
    assert QState.from_link({"q": "1e9,0,0,99"}, 2).q == (100.0, 0.0, 1e-3, 8.0)


def test_what_the_browser_tells_says_of_which_image_it_is() -> None:
    told = {"q": [0.5, -1.25, 0.1, 0.2], "about": "image 5"}
    assert QState.from_browser(told, 2) == QState((0.5, -1.25, 0.1, 0.2), "image 5")
    for none in ({"q": None, "about": "image 5"}, {"q": [1.0], "about": "image 5"}, [0.5], None):
        assert QState.from_browser(none, 2) == QState()
