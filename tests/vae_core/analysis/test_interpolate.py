"""Paths whose shape and length are known: lines, arcs, great circles."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from vae_core import load_run
from vae_core.analysis import aggregate, interpolate
from vae_core.analysis.interpolate import geodesic, linear, spherical, times
from vae_core.analysis.progress import Cancelled
from vae_core.model.posteriors import Posteriors

T = times(31, until=1.5)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def as_images(points: Tensor) -> Tensor:
    """[N, K] as images of one row."""
    return points[:, None, None, :]


# --- straight and spherical ---------------------------------------------------------------------


def test_a_line_starts_at_a_reaches_b_and_goes_on_beyond() -> None:
    a, b = normal(2, 5)
    path = linear(a, b, torch.tensor([0.0, 0.5, 1.0, 1.5]))
    torch.testing.assert_close(path, torch.stack([a, (a + b) / 2, b, b + (b - a) / 2]))


@pytest.mark.parametrize("seed", range(5))
def test_slerp_keeps_the_radius_of_a_sphere_and_turns_evenly(seed: int) -> None:
    a, b = 3 * nn.functional.normalize(normal(2, 16, seed=seed))
    path = spherical(a, b, T)
    torch.testing.assert_close(path.norm(dim=1), torch.full((31,), 3.0))
    angle = math.acos(float(a @ b) / 9)
    turned = torch.acos((path[1:] * path[:-1]).sum(1).double() / 9)
    torch.testing.assert_close(turned, torch.full((30,), angle / 20).double(), rtol=0, atol=2e-3)
    torch.testing.assert_close(path[0], a)
    torch.testing.assert_close(path[20], b)


def test_slerp_between_codes_of_different_norm_changes_the_norm_evenly() -> None:
    path = spherical(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 4.0]), torch.tensor([0.5, 1.5]))
    half = math.sqrt(0.5)
    torch.testing.assert_close(path, torch.tensor([[3 * half, 3 * half], [-5 * half, 5 * half]]))


@pytest.mark.parametrize("pieces", [1, 2, 3, 6])
def test_a_path_through_codes_is_at_each_of_them_in_its_turn(pieces: int) -> None:
    codes = normal(pieces + 1, 4)
    parts = [partial(spherical, a, b) for a, b in pairwise(codes)]
    places = torch.linspace(0, 1, pieces + 1, dtype=torch.float64)
    torch.testing.assert_close(interpolate.through(parts, places), codes)
    # A quarter of the way along the second piece, and as far beyond the last code.
    if pieces > 1:
        t = torch.tensor([1.25, pieces + 0.25]) / pieces
        expected = [parts[1](torch.tensor([0.25])), parts[-1](torch.tensor([1.25]))]
        torch.testing.assert_close(interpolate.through(parts, t), torch.cat(expected))


def test_codes_between_four_corners_are_weighed_by_how_near_each_is() -> None:
    corners, across, down = normal(4, 3), torch.tensor([0.0, 0.25, 1.0]), torch.tensor([0.0, 0.4, 1.0])
    square = interpolate.bilinear(corners, across, down)
    torch.testing.assert_close(square[[0, 0, 2, 2], [0, 2, 0, 2]], corners)
    weights = torch.tensor([0.75 * 0.6, 0.25 * 0.6, 0.75 * 0.4, 0.25 * 0.4])
    torch.testing.assert_close(square[1, 1], weights @ corners)
    turned = interpolate.bilinear(corners, across, down, spherical)
    torch.testing.assert_close(turned[[0, 0, 2, 2], [0, 2, 0, 2]], corners)
    torch.testing.assert_close(turned[0], spherical(corners[0], corners[1], across))


@pytest.mark.parametrize("nearly", [0.0, 1e-9, 1e-6, 1e-4])
def test_slerp_of_parallel_and_of_opposite_codes_is_finite_and_keeps_the_norm(nearly: float) -> None:
    a = torch.tensor([1.0, 2.0, -2.0])
    off = nearly * torch.tensor([2.0, 1.0, 2.0])
    for b, t in ((a + off, T), (-a + off, T[:21])):
        path = spherical(a, b, t)
        torch.testing.assert_close(path.norm(dim=1), torch.full((len(t),), 3.0), rtol=1e-3, atol=0)
        torch.testing.assert_close(path[20], b, rtol=0, atol=1e-5)
        torch.testing.assert_close(path[0], a)
    assert float((spherical(a, a + off, T) - a).norm(dim=1).max()) < 10 * nearly + 1e-5
    assert abs(float(spherical(a, -a, torch.tensor([0.5]))[0] @ a)) < 1e-5


def test_slerp_from_or_to_the_origin_and_in_one_dimension_is_the_line() -> None:
    a, zero = normal(4), torch.zeros(4)
    for start, end in ((a, zero), (zero, a), (zero, zero), (normal(1), normal(1, seed=1))):
        torch.testing.assert_close(spherical(start, end, T), linear(start, end, T))


def test_a_path_of_points_is_followed_between_them_and_on_beyond_both_ends() -> None:
    path = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    found = interpolate.along(path, torch.tensor([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5]))
    wanted = [[-1, 0], [0, 0], [0.5, 0], [1, 0], [1, 1], [1, 2], [1, 4]]
    torch.testing.assert_close(found, torch.tensor(wanted).float())


# --- geodesics ----------------------------------------------------------------------------------


def test_under_a_linear_decoder_it_is_the_straight_line_of_its_length() -> None:
    a, b, w = normal(3), normal(3, seed=1), normal(7, 3, seed=2)
    found = geodesic(lambda z: as_images(z @ w.T), a, b, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(found.path, linear(a, b, times(64)), rtol=0, atol=1e-2)
    length = interpolate.length_pixels(lambda z: as_images(z @ w.T), linear(a, b, times(64)))
    assert length == pytest.approx(float((w @ (b - a)).norm()), rel=1e-5)
    assert float(found.energy[-1]) == pytest.approx(length**2, rel=1e-5)
    torch.testing.assert_close(found.at(torch.tensor([1.5]))[0], b + (b - a) / 2, rtol=0, atol=0.05)


def test_on_a_sphere_it_is_the_great_circle() -> None:
    """Longitude and latitude: the line between two places at 60 degrees north is a parallel, not shortest."""

    def sphere(z: Tensor) -> Tensor:
        longitude, latitude = z.T
        flat = torch.stack([longitude.cos(), longitude.sin()], 1) * latitude.cos()[:, None]
        return as_images(5 * torch.cat([flat, latitude.sin()[:, None]], 1))

    a, b = (torch.tensor([side * math.pi / 3, math.pi / 3], dtype=torch.float64) for side in (-1, 1))
    found = geodesic(sphere, a, b, stiffness=0)
    ends = sphere(torch.stack([a, b])).flatten(1) / 5
    exact = 5 * math.acos(float(ends[0] @ ends[1]))
    assert interpolate.length_pixels(sphere, found.path) == pytest.approx(exact, rel=1e-3)
    assert interpolate.length_pixels(sphere, linear(a, b, times(64))) > 1.1 * exact
    assert math.sqrt(float(found.energy[-1])) == pytest.approx(exact, rel=1e-3)
    # Every point lies in the plane of the ends and the centre, and the pace is even.
    across = nn.functional.normalize(torch.linalg.cross(ends[0], ends[1]), dim=0)
    images = sphere(found.path).flatten(1)
    assert float((images @ across).abs().max()) < 0.05
    pace = (images[1:] - images[:-1]).norm(dim=1)
    torch.testing.assert_close(pace, pace.mean().expand(63), rtol=0.05, atol=0)


def test_on_a_cylinder_whose_height_is_stretched_it_is_the_helix() -> None:
    """A cylinder unrolls to a plane, however unevenly the code measures its height."""

    def cylinder(z: Tensor) -> Tensor:
        angle, height = z[:, 0], z[:, 1].sinh()
        return as_images(torch.stack([2 * angle.cos(), 2 * angle.sin(), height], 1))

    a, b = torch.tensor([0.0, -2.0]), torch.tensor([2.5, 2.0])
    found = geodesic(cylinder, a, b)
    exact = math.hypot(2 * 2.5, 2 * math.sinh(2))
    assert interpolate.length_pixels(cylinder, found.path) == pytest.approx(exact, rel=5e-3)
    middle = found.path[32] / 2 + found.path[31] / 2
    torch.testing.assert_close(middle, torch.tensor([1.25, 0.0]), rtol=0, atol=0.05)


def test_symmetry_gives_way_with_a_generator() -> None:
    """Over the top of a bell it is farther than around it; the straight line leads over the very top."""

    def bell(z: Tensor) -> Tensor:
        return as_images(torch.cat([z, 4 * torch.exp(-z.square().sum(1, keepdim=True))], 1))

    a, b = torch.tensor([-2.0, 0.0]), torch.tensor([2.0, 0.0])
    stuck = geodesic(bell, a, b, stiffness=0)
    free = geodesic(bell, a, b, stiffness=0, generator=torch.Generator().manual_seed(0))
    assert float(free.energy[-1]) < 0.8 * float(stuck.energy[-1])
    assert float(free.path[:, 1].abs().max()) > 1


def network(seed: int) -> nn.Sequential:
    """A decoder 20, 400, 784 with weights large enough to bend."""
    net = nn.Sequential(
        nn.Linear(20, 400), nn.Tanh(), nn.Linear(400, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
    )
    for i, parameter in enumerate(net.parameters()):
        scale = 3 / math.sqrt(parameter.shape[-1])
        parameter.data = scale * normal(*parameter.shape, seed=10 * seed + i)
    return net.requires_grad_(False)


@pytest.mark.parametrize("seed", range(3))
def test_its_energy_never_rises_and_never_exceeds_the_straight_lines(seed: int) -> None:
    decode, (a, b) = network(seed), normal(2, 20, seed=seed)
    found = geodesic(decode, a, b, points=32, generator=torch.Generator().manual_seed(seed))
    pictures = decode(linear(a, b, times(32)))
    line = 31 * float((pictures[1:] - pictures[:-1]).square().sum())
    assert float(found.energy[0]) == pytest.approx(line, rel=1e-5)
    assert bool((found.energy <= found.energy[0]).all())
    pictures = decode(found.path)
    energy = 31 * float((pictures[1:] - pictures[:-1]).square().sum())
    assert float(found.energy[-1]) == pytest.approx(energy, rel=1e-4)
    assert energy < 0.99 * line
    assert found.path[0].equal(a)
    torch.testing.assert_close(found.path[-1], b)


@pytest.mark.parametrize(("first", "second"), [(5346, 7204), (1785, 7223)])
def test_it_is_never_longer_than_the_line_which_is_said_to_be_the_best_then(first: int, second: int) -> None:
    # Between these codes of the shipped autoencoder a path of less energy than the line's was longer: 41.7
    # for 41.5, and 19.9 for 19.6.
    run = load_run(Path(__file__).parents[3] / "checkpoints" / "autoencoder-2d-mnist")
    decode, (a, b) = interpolate.mean_decoder(run.model), run.posteriors.mean[[first, second]]
    found = geodesic(decode, a, b)
    between = torch.linspace(0, 1, 101, dtype=torch.float64)
    longer = interpolate.length_pixels(decode, found.at(between).float())
    direct = interpolate.length_pixels(decode, linear(a, b, between))
    assert longer == pytest.approx(direct, rel=1e-6)
    assert found.straight
    assert found.path.equal(linear(a, b, times(64)))
    assert float(found.energy[-1]) == float(found.energy[0])


@pytest.mark.parametrize("seed", range(3))
def test_where_a_shorter_path_is_found_it_is_shorter(seed: int) -> None:
    decode, (a, b) = network(seed), normal(2, 20, seed=seed)
    found = geodesic(decode, a, b, points=32)
    between = torch.linspace(0, 1, 101, dtype=torch.float64)
    assert not found.straight
    longer = interpolate.length_pixels(decode, found.at(between).float())
    assert longer < interpolate.length_pixels(decode, linear(a, b, between))


def test_a_dimension_that_the_decoder_ignores_stays_as_on_the_line() -> None:
    decode = network(0)
    a, b = normal(2, 21)
    found = geodesic(lambda z: decode(z[:, :20]), a, b, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(found.path[:, 20], linear(a, b, times(64))[:, 20], rtol=0, atol=0.1)


def test_nothing_to_find_between_a_code_and_itself_or_with_two_points() -> None:
    a, b = normal(2, 20)
    assert geodesic(network(0), a, a, points=5).path.equal(a.repeat(5, 1))
    assert geodesic(network(0), a, b, points=2).path.shape == (2, 20)
    with pytest.raises(ValueError, match="at least 2 points"):
        geodesic(network(0), a, b, points=1)


def test_it_says_how_far_it_is_and_can_be_cancelled() -> None:
    a, b = normal(2, 20)
    said: list[float] = []
    geodesic(network(0), a, b, points=16, progress=lambda fraction, sentence: said.append(fraction))
    assert said == sorted(said)
    assert said[-1] == 1
    calls: list[int] = []
    with pytest.raises(Cancelled):
        geodesic(network(0), a, b, points=16, cancelled=lambda: bool(calls.append(1)) or len(calls) > 3)
    assert len(calls) == 4


# --- what a path passes -------------------------------------------------------------------------


def test_lengths_are_those_of_an_arc() -> None:
    angle = torch.linspace(0, math.pi, 1001)
    arc = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    assert interpolate.length_latent(arc) == pytest.approx(2 * math.pi, rel=1e-4)
    assert interpolate.length_pixels(lambda z: as_images(3 * z), arc) == pytest.approx(6 * math.pi, rel=1e-4)


def test_a_path_through_the_middle_of_a_ring_crosses_a_hole() -> None:
    angle = torch.arange(200) * (2 * math.pi / 200)
    ring = Posteriors(2 * torch.stack([angle.cos(), angle.sin()], 1), torch.full((200, 2), 2 * math.log(0.2)))
    path = linear(torch.tensor([-2.0, 0.0]), torch.tensor([2.0, 0.0]), times(41, until=1.5))
    found = interpolate.log_q_along(ring, path)
    expected = aggregate.log_density(ring, path) - aggregate.log_prior(path)
    torch.testing.assert_close(found.log_ratio, expected)
    # 2.45 bounds the prior's region of 95 %; beyond it nothing is a hole, however empty.
    radius = path.norm(dim=1)
    assert found.hole.tolist() == ((expected < math.log(0.1)) & (radius < 2.4477)).tolist()
    middle, end = int(radius.argmin()), int(path[:, 0].argmax())
    assert (bool(found.hole[0]), bool(found.hole[middle]), bool(found.hole[end])) == (False, True, False)


def test_a_cross_fade_mixes_pixels() -> None:
    a, b = torch.rand(2, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    faded = interpolate.fade(a, b, torch.tensor([0.0, 0.25, 1.0, 1.5]))
    torch.testing.assert_close(faded[:3], torch.stack([a, 0.75 * a + 0.25 * b, b]))
    torch.testing.assert_close(faded[3], (1.5 * b - 0.5 * a).clamp(0, 1))
