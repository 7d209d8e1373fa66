"""Priors over the codes of a codebook, held against a Markov chain whose entropy is known."""

import itertools
import math
from dataclasses import dataclass, field

import pytest
import torch

from vae_core.model import priors
from vae_core.model.priors import AutoregressiveCodes, ClassPrior
from vae_core.spec import AutoregressivePrior, UniformPrior

GRID = (3, 4)
CELLS = 12
# p(code | the code before it in raster order), of two classes; and of the first cell.
STEP = torch.tensor([[[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]], [[0.1, 0.1, 0.8]] * 3])
FIRST = torch.tensor([0.5, 0.3, 0.2])


@dataclass
class Codebook:
    """Code k is k + 1 in every cell, of one number."""

    codebook: torch.Tensor = field(default_factory=lambda: torch.tensor([[1.0], [2.0], [3.0]]))
    count: int = 3
    grid: tuple[int, int] = GRID
    numbers: int = CELLS

    def indices(self, z: torch.Tensor) -> torch.Tensor:
        return z.round().long().unflatten(-1, self.grid) - 1

    def embed(self, indices: torch.Tensor) -> torch.Tensor:
        return indices.flatten(-2) + 1.0


def chain(count: int, seed: int, y: int = 0) -> torch.Tensor:
    """Codes [count, h, w] of which each cell depends on that before it, row by row."""
    generator = torch.Generator().manual_seed(seed)
    cells = [torch.multinomial(FIRST.expand(count, -1), 1, generator=generator)[:, 0]]
    for _ in range(CELLS - 1):
        cells.append(torch.multinomial(STEP[y][cells[-1]], 1, generator=generator)[:, 0])
    return torch.stack(cells, -1).unflatten(-1, GRID)


def entropy(y: int = 0) -> float:
    """H of a whole grid in nats: that of the first cell and of every step."""

    def of(p: torch.Tensor) -> torch.Tensor:
        return torch.special.entr(p).sum(-1)

    now, total = FIRST, of(FIRST)
    for _ in range(CELLS - 1):
        total = total + now @ of(STEP[y])
        now = now @ STEP[y]
    return float(total)


def autoregressive(of_class: bool = False, **settings_of: bool) -> AutoregressiveCodes:
    torch.manual_seed(0)
    settings = AutoregressivePrior(hidden=16, of_class=of_class, **settings_of)
    found = priors.build(settings, 1, ClassPrior(2, False) if of_class else None, (Codebook(),))
    assert isinstance(found, AutoregressiveCodes)
    return found


def learned(of_class: bool = False, steps: int = 150) -> AutoregressiveCodes:
    prior = autoregressive(of_class)
    adam = torch.optim.Adam(prior.parameters())
    indices = torch.cat([chain(64 * steps, 0), chain(64 * steps, 1, int(of_class))])
    y = torch.eye(2).repeat_interleave(64 * steps, 0)
    order = torch.randperm(len(indices), generator=torch.Generator().manual_seed(0))
    for step, batch in enumerate(order.split(128)):
        adam.param_groups[0]["lr"] = 1e-2 * (1 - step / steps)
        loss = -prior.log_prob_of(indices[batch], y[batch] if of_class else None).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return prior.eval()


@pytest.fixture(scope="module")
def of_chain() -> AutoregressiveCodes:
    return learned()


def test_a_new_prior_and_a_uniform_one_cost_log_k_a_cell() -> None:
    indices = chain(5, 0)
    uniform = priors.build(UniformPrior(), 1, None, (Codebook(),))
    for prior in (autoregressive(), uniform):
        expected = torch.full((2, 5), -CELLS * math.log(3))
        torch.testing.assert_close(prior.log_prob(Codebook().embed(indices).expand(2, 5, -1)), expected)
    share = uniform.sample_codes(4000, torch.Generator().manual_seed(0)).flatten().bincount() / 48_000
    torch.testing.assert_close(share, torch.full((3,), 1 / 3), atol=0.01, rtol=0)


def test_it_reaches_the_entropy_of_a_known_markov_chain(of_chain) -> None:
    log_p = of_chain.log_prob_of(chain(4000, 10**6)).detach()
    error = float(log_p.std()) / 4000**0.5
    assert -float(log_p.mean()) == pytest.approx(entropy(), abs=0.06 + 3 * error)


def test_its_samples_have_the_pairs_of_the_chain(of_chain) -> None:
    cells = of_chain.sample_codes(2000, torch.Generator().manual_seed(0)).flatten(1)
    torch.testing.assert_close(cells[:, 0].bincount() / 2000, FIRST, atol=0.05, rtol=0)
    pairs = torch.zeros(3, 3).index_put_(
        (cells[:, :-1].flatten(), cells[:, 1:].flatten()), torch.tensor(1.0), accumulate=True
    )
    torch.testing.assert_close(pairs / pairs.sum(-1, keepdim=True), STEP[0], atol=0.05, rtol=0)


def test_it_is_written_cell_by_cell_and_known_cells_stay(of_chain) -> None:
    known, fixed = chain(6, 3), torch.zeros(GRID, dtype=torch.bool)
    fixed[0] = True
    seen = [each.clone() for each in of_chain.write(6, torch.Generator().manual_seed(1), None, known, fixed)]
    assert len(seen) == 8 + 1  # each of two rows of four, and the whole
    for before, after in itertools.pairwise(seen):
        assert (before != after).any(0).sum() <= 1
    assert torch.equal(seen[-1][:, 0], known[:, 0])
    # The cell after the known ones follows the last of them, as the chain does.
    many = of_chain.sample_codes(
        3000, torch.Generator().manual_seed(2), None, known[:1].expand(3000, -1, -1), fixed
    )
    share = many[:, 1, 0].bincount(minlength=3) / 3000
    torch.testing.assert_close(share, STEP[0][known[0, 0, -1]], atol=0.08, rtol=0)


@pytest.mark.parametrize("in_cells", [True, False])
def test_it_is_written_by_the_very_probabilities_that_it_gives_of_each_class(in_cells: bool) -> None:
    prior = autoregressive(of_class=True, class_in_cells=in_cells)
    torch.nn.init.normal_(prior.net.out.weight)  # new, it is uniform
    indices, y = chain(6, 0), torch.eye(2).repeat(3, 1)
    whole = prior.logits(indices, y).detach()
    for row, column, logits in prior.walk(indices, y):
        torch.testing.assert_close(logits, whole[:, :, row, column])
    other = prior.logits(indices, y.flip(1)).detach()
    # Every cell depends on the class, the first one too.
    assert (whole - other).abs().amax((0, 1)).min() > 0.01
    assert any(name.startswith("of_class") for name in prior.state_dict()) == in_cells


def test_temperature_0_takes_the_most_probable_code(of_chain) -> None:
    cells = of_chain.sample_codes(2, temperature=0.0).flatten(1)
    expected = [int(FIRST.argmax())]
    for _ in range(CELLS - 1):
        expected.append(int(STEP[0][expected[-1]].argmax()))
    assert cells.tolist() == [expected] * 2


def test_of_each_class_it_learns_a_chain_of_its_own_and_without_one_their_mixture() -> None:
    prior = learned(of_class=True)
    indices = torch.stack([chain(500, 10**6), chain(500, 10**6 + 1, 1)])
    of_class = [prior.log_prob_of(each, y).detach() for each, y in zip(indices, torch.eye(2), strict=True)]
    for y in (0, 1):
        error = float(of_class[y].std()) / 500**0.5
        assert -float(of_class[y].mean()) == pytest.approx(entropy(y), abs=0.15 + 3 * error)
    both = torch.stack([prior.log_prob_of(indices[0], y) for y in torch.eye(2)])
    torch.testing.assert_close(prior.log_prob_of(indices[0]), both.logsumexp(0) - math.log(2))
    second = prior.sample_codes(400, torch.Generator().manual_seed(0), torch.tensor([0.0, 1.0]))
    assert float((second.flatten(1)[:, 1:] == 2).float().mean()) == pytest.approx(0.8, abs=0.05)
