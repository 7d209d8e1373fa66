"""The map's own arithmetic, in JavaScript, against closed forms and Python's standard library."""

import math
from statistics import NormalDist

import numpy as np
import pytest
import torch

SIZE = 161
AXIS = np.linspace(-4, 4, SIZE)
GRID = {"x": -4.0, "cell": AXIS[1] - AXIS[0], "size": SIZE}
X, Y = np.meshgrid(AXIS, AXIS, indexing="ij")
LOG_P = (-0.5 * (X**2 + Y**2) - math.log(2 * math.pi)).ravel().tolist()


def test_between_grid_points_a_bilinear_function_is_met_exactly(javascript) -> None:
    field = (2 + 3 * X - Y + 0.5 * X * Y).ravel().tolist()
    for x, y in [(0.123, -1.7), (-4, -4), (4, 4), (3.99, -3.97)]:
        value = javascript("density.js", "valueAt(grid, field, x, y)", grid=GRID, field=field, x=x, y=y)
        assert value == pytest.approx(2 + 3 * x - y + 0.5 * x * y, abs=1e-9)


def test_outside_the_grid_there_is_no_density(javascript) -> None:
    value = javascript("density.js", "Number.isNaN(valueAt(grid, field, 4.01, 0))", grid=GRID, field=LOG_P)
    assert value is True


@pytest.mark.parametrize("u", [1e-6, 0.01, 1 / 3, 0.5, 0.77, 0.999])
def test_prior_quantiles_are_the_standard_normals(javascript, u: float) -> None:
    assert javascript("density.js", "normalQuantile(u)", u=u) == pytest.approx(
        NormalDist().inv_cdf(u), abs=1e-9
    )


@pytest.mark.parametrize(
    "difference, known, words",
    [
        (math.log(37), {"hole": 2}, "hole 2: the prior expects 37 times more mass here than the data put"),
        (math.log(37), {}, "a hole: the prior expects 37 times more mass here than the data put"),
        (math.log(3.04), {}, "the prior expects 3.0 times more mass here than the data put"),
        (math.log(1.1), {}, "prior and data agree here"),
        (-math.log(1.1), {}, "prior and data agree here"),
        (-math.log(6), {}, "the data put 6.0 times more mass here than the prior expects"),
        (math.log(123456), {}, "a hole: the prior expects 120,000 times more mass here than the data put"),
        (50.0, {}, "a hole: the prior expects more than a million times more mass here than the data put"),
        (
            math.log(500),
            {"floored": True},
            "a hole: the prior expects at least 500 times more mass here than the data put",
        ),
        (
            math.log(20),
            {"inside": False},
            "far out: the prior expects 20 times more mass here than the data put, and it expects hardly any",
        ),
    ],
)
def test_two_log_densities_say_how_many_times_more(
    javascript, difference: float, known: dict, words: str
) -> None:
    said = javascript("density.js", "inWords(p, q, known)", p=-2.0, q=-2.0 - difference, known=known)
    assert said == words


def test_off_the_map_no_density_is_claimed(javascript) -> None:
    assert javascript("density.js", "inWords(NaN, NaN)").startswith("off the map")


def plane(**arrays: object) -> str:
    """A plane of three-dimensional latent space, turned by 30 degrees in its first two coordinates."""
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    return (
        f"new Plane({{origin: [1, 0, 2], u: [{c}, {s}, 0], v: [{-s}, {c}, 0], "
        "images: 1, stride: 1, inverse: 1, "
        "arrays: {mean: new Float64Array([1, 1, 5]), log_var: new Float64Array([Math.log(0.04), 0, 3])}})"
    )


def test_a_place_on_the_plane_and_its_code_are_one_another(javascript) -> None:
    x, y = javascript("place.js", f"{plane()}.project({plane()}.zAt(0.3, -1.2))")
    assert (x, y) == (pytest.approx(0.3), pytest.approx(-1.2))


def test_the_posterior_on_a_turned_plane_is_its_projected_covariance(javascript) -> None:
    found = javascript("place.js", f"{plane()}.posterior(0)")
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    basis = np.array([[c, -s], [s, c], [0, 0]])
    covariance = basis.T @ np.diag([0.04, 1, math.exp(3)]) @ basis
    assert [[found["xx"], found["xy"]], [found["xy"], found["yy"]]] == pytest.approx(covariance)
    assert [found["x"], found["y"]] == pytest.approx(basis.T @ (np.array([1, 1, 5]) - [1, 0, 2]))


def test_draws_of_a_posterior_have_its_mean_and_standard_deviations(javascript) -> None:
    draws = np.array(javascript("place.js", f"Array.from({{length: 20000}}, () => {plane()}.draw(0))"))
    sigma = np.array([0.2, 1, math.exp(1.5)])
    np.testing.assert_allclose(draws.mean(0), [1, 1, 5], atol=4 * sigma.max() / math.sqrt(20000))
    np.testing.assert_allclose(draws.std(0), sigma, rtol=0.03)


VIEW = "Object.assign(new View(), {plot: {left: 10, top: 20, width: 400, height: 400}})"


def test_zooming_keeps_the_place_under_the_pointer(javascript) -> None:
    before, after = javascript(
        "view.js",
        f"((view, at = () => view.toPlane(300, 100)) => [at(), view.zoom(0.5, ...at()) && at()])({VIEW})",
    )
    assert after == pytest.approx(before)


def test_a_map_is_to_scale_in_both_directions_however_it_is_shaped(javascript) -> None:
    wide = VIEW.replace("width: 400", "width: 700")
    (x0, y0), (x1, y1) = javascript("view.js", f"[{wide}.toPlane(100, 100), {wide}.toPlane(150, 150)]")
    assert x1 - x0 == pytest.approx(y0 - y1)


def test_all_the_way_out_zooming_changes_nothing(javascript) -> None:
    assert javascript("view.js", f"((view) => [view.zoom(100, 0, 0), view.zoom(2, 0, 0)])({VIEW})") == [
        True,
        False,
    ]


def test_the_mixture_is_read_as_torch_computes_it_also_where_it_is_narrow(javascript) -> None:
    """Of variances down to those of an autoencoder, at the means and far from them."""
    generator = np.random.default_rng(0)
    mean, log_var = generator.normal(size=(200, 2)), generator.uniform(-16, 0.5, size=(200, 2))
    places = [[0.0, 0.0], mean[3].tolist(), [5.0, -7.0], [0.31, -1.2]]
    parts = torch.distributions.Independent(
        torch.distributions.Normal(torch.tensor(mean), torch.tensor(log_var).div(2).exp()), 1
    )
    equal = torch.distributions.Categorical(torch.ones(200, dtype=torch.float64))
    expected = torch.distributions.MixtureSameFamily(equal, parts).log_prob(
        torch.tensor(places, dtype=torch.float64)
    )
    shape = "Object.assign(new Float64Array(values.flat()), {shape: [200, 2]})"
    found = javascript(
        "mixture.js",
        "((array) => places.map((z) => new Mixture(array(mean), array(logVar)).logDensity(z)))"
        f"((values) => {shape})",
        mean=mean.tolist(),
        logVar=log_var.tolist(),
        places=places,
    )
    assert found == pytest.approx(expected.tolist(), rel=1e-9)
