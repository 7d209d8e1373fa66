"""A grid of codes: what it costs by hand, where images use a code, and what the prior writes."""

import math

import pytest
import torch

from vae_core.analysis import cells, code_map
from vae_core.model.vae import VAE
from vae_core.spec import Spec


def model(**changes: object) -> VAE:
    spec = Spec.parse(
        {
            "data": {"binarisation": "none", "image_shape": (1, 8, 12)},
            "latent": 2,
            "net": {"kind": "conv_grid", "hidden": 6, "blocks": 0},
            "posterior": {"kind": "vq", "codes": 5},
            "prior": {"kind": "autoregressive", "hidden": 4},
        }
    ).change(**changes)
    made = VAE(spec).eval().requires_grad_(False)
    with torch.no_grad():
        for parameter in made.prior.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return made


IMAGE = torch.rand(1, 8, 12, generator=torch.Generator().manual_seed(0)).round()


def test_of_the_encoders_codes_the_sum_is_the_elbo() -> None:
    vae = model()
    found = code_map.encode(vae, IMAGE)
    distances = torch.cdist(found.vectors, vae.posterior.codebook)
    assert torch.equal(found.codes, distances.argmin(-1))
    cost = code_map.cost(vae, IMAGE, found.codes)
    terms = vae(IMAGE[None])
    assert cost.joint == pytest.approx(terms.elbo().value.item(), abs=1e-3)
    assert cost.log_px == pytest.approx(terms.log_px.item(), abs=1e-3)


def test_under_a_uniform_prior_codes_cost_log_k_a_cell_and_pixels_are_those_decoded() -> None:
    vae, codes = model(**{"prior.kind": "uniform"}), torch.tensor([0, 4, 4, 1, 2, 3])
    cost = code_map.cost(vae, IMAGE, codes)
    assert cost.log_pz == pytest.approx(-6 * math.log(5), abs=1e-5)
    p = vae.decode_mean(vae.posterior.embed(codes.view(1, 2, 3)))[0]
    expected = torch.distributions.Bernoulli(p).log_prob(IMAGE).sum()
    assert cost.log_px == pytest.approx(float(expected), abs=1e-3)


def test_a_code_is_used_where_it_stands() -> None:
    codes = torch.tensor([[[0, 1], [1, 2]], [[1, 1], [1, 0]], [[2, 2], [2, 0]], [[1, 0], [0, 1]]])
    torch.testing.assert_close(code_map.use(codes, 1), torch.tensor([[0.5, 0.5], [0.5, 0.25]]))
    images, cells = code_map.most_using(codes, 1, 3)
    assert (images.tolist(), cells.tolist()) == ([1, 0, 3], [3, 2, 2])
    images, cells = code_map.most_using(codes, 2, 9)
    assert (images.tolist(), cells.tolist()) == ([2, 0], [3, 1])


def test_the_prior_writes_hidden_cells_and_no_others() -> None:
    vae, codes = model(), torch.tensor([0, 4, 4, 1, 2, 3])
    hidden = torch.tensor([False, True, False, True, True, True])
    many = cells.write(vae, codes.expand(40, -1), ~hidden, torch.Generator().manual_seed(0))
    assert (many[:, ~hidden] == codes[~hidden]).all()
    assert (many[:, hidden] != many[:1, hidden]).any(0).all()


def test_samples_are_of_the_classes_in_turn_and_priced_by_the_models_own_prior() -> None:
    told = {"data.classes": ("a", "b", "c"), "condition.kind": "class", "prior.of_class": True}
    vae, generator = model(**told), torch.Generator().manual_seed(0)
    drawn = code_map.sample(vae, 5, 1.0, generator, classes=(2, 0))
    assert drawn.y is not None
    assert drawn.y.tolist() == [2, 0, 2, 0, 2]
    given = vae.weights(drawn.y)
    of_each = [vae.prior.log_prob_of(one, y) for one, y in zip(drawn.codes, given, strict=True)]
    torch.testing.assert_close(drawn.nats, -torch.stack(of_each).detach())
    even = code_map.sample(vae, 4000, 1.0, generator, uniform=True)
    share = even.codes.flatten().bincount(minlength=5) / even.codes.numel()
    torch.testing.assert_close(share, torch.full((5,), 0.2), atol=0.02, rtol=0)
    assert code_map.sample(vae, 3, 0.0, generator, classes=(1,)).codes.unique(dim=0).shape[0] == 1


def test_of_two_levels_the_encoders_codes_are_those_of_both_and_cost_the_elbo() -> None:
    vae = model(**{"posterior.kind": "vq2", "posterior.bottom_codes": 3})
    found = code_map.encode(vae, IMAGE)
    top, bottom = vae.posterior.indices(vae.encode(IMAGE[None]))
    assert torch.equal(found.codes, torch.cat([top.flatten(), bottom.flatten()]))
    assert torch.equal(found.codes, cells.encode(vae, IMAGE[None])[0])
    for part, book in zip(found.vectors.split([6, 24]), vae.posterior.codebooks, strict=True):
        nearest = torch.cdist(part, book.codebook).argmin(-1)
        assert torch.equal(nearest, top.flatten() if book is vae.posterior.top else bottom.flatten())
    cost = code_map.cost(vae, IMAGE, found.codes)
    assert len(cost.of_levels) == 2
    assert cost.joint == pytest.approx(vae(IMAGE[None]).elbo().value.item(), abs=1e-3)
