"""Adam against torch.optim.Adam."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from vae_core.training.adam import Adam


def net() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))


def test_it_takes_the_steps_of_torch_optim_adam_also_when_the_learning_rate_moves():
    ours, theirs = net(), net()
    rate = torch.tensor(1e-2)
    mine = Adam(ours.named_parameters(), rate)
    reference = torch.optim.Adam(theirs.parameters(), lr=1e-2)
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
    for step in range(30):
        if step == 15:
            rate.fill_(3e-3)
            reference.param_groups[0]["lr"] = 3e-3
        ours(x).square().sum().backward()
        theirs(x).square().sum().backward()
        mine.step()
        reference.step()
        reference.zero_grad()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
        assert a.grad is None


def test_a_parameter_without_a_gradient_waits_as_in_torch_optim_adam():
    ours, theirs = net(), net()
    mine, reference = (
        Adam(ours.named_parameters(), torch.tensor(1e-2)),
        torch.optim.Adam(theirs.parameters(), 1e-2),
    )
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
    for step in range(12):
        for model in (ours, theirs):
            # The last layer is frozen at first, the first one later on; at one step nothing has a gradient.
            model[2].requires_grad_(step > 3)
            model[0].requires_grad_(step < 8)
            if step != 5:
                model(x).square().sum().backward()
        mine.step()
        reference.step()
        reference.zero_grad()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_a_parameter_that_never_has_a_gradient_stays_bit_for_bit_and_resuming_is_exact():
    """A codebook that is moved by averages, or a frozen part, through a break in the middle."""

    def model() -> nn.Module:
        found = net()
        found.register_parameter("codebook", nn.Parameter(torch.ones(3)))
        return found

    def loss(of: nn.Module, step: int) -> torch.Tensor:
        of[0].weight.requires_grad_(step % 3 != 1)
        return of(x).square().sum()

    ours, theirs = model(), model()
    mine = Adam(ours.named_parameters(), torch.tensor(1e-2))
    reference = torch.optim.Adam(theirs.parameters(), 1e-2)
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(1))
    for step in range(20):
        if step == 10:
            kept = {name: value.clone() for name, value in mine.state().items()}
            resumed = model()
            resumed.load_state_dict(ours.state_dict())
            again = Adam(resumed.named_parameters(), torch.tensor(1e-2))
            again.restore(kept)
        if step >= 10:
            loss(resumed, step).backward()
            again.step()
        loss(ours, step).backward()
        mine.step()
        reference.zero_grad()
        loss(theirs, step).backward()
        reference.step()
    assert ours.codebook.tolist() == [1.0] * 3
    for name, value in ours.named_parameters():
        torch.testing.assert_close(value, theirs.get_parameter(name), rtol=1e-4, atol=1e-6)
        assert torch.equal(value, resumed.get_parameter(name)), name
    assert all(torch.equal(value, again.state()[name]) for name, value in mine.state().items())
    counts = dict(zip(mine.mean, mine.count.tolist(), strict=True))
    assert counts == {"0.weight": 13, "codebook": 0} | dict.fromkeys(("0.bias", "2.weight", "2.bias"), 20)


def test_a_state_with_one_count_for_all_parameters_is_taken_up():
    ours = Adam(net().named_parameters(), torch.tensor(0.1))
    state = ours.state() | {"count": torch.tensor(7.0)}
    ours.restore(state)
    assert ours.count.tolist() == [7.0] * 4


def test_the_state_of_another_model_is_refused():
    state = Adam(net().named_parameters(), torch.tensor(0.1)).state()
    other = Adam(nn.Linear(2, 2).named_parameters(), torch.tensor(0.1))
    with pytest.raises((KeyError, RuntimeError)):
        other.restore(state)
