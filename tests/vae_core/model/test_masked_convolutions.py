"""Masked convolutions: what each cell may see, and that it sees all of that."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from vae_core.model.masked_convolutions import MaskedConvolutions

SIDE = 6


def awake(receptive_field: int, context: int = 0) -> MaskedConvolutions:
    """A stack, in float64, whose weights are all above 0: then every path is open and none cancels."""
    torch.manual_seed(0)
    net = MaskedConvolutions(2, 3, 4, receptive_field, context).double()
    for parameter in net.parameters():
        torch.nn.init.uniform_(parameter, 0.1, 0.5)
    return net


@pytest.mark.parametrize("reach", [1, 2, 6])
def test_a_cell_depends_on_all_cells_before_it_within_reach_and_on_no_other(reach: int) -> None:
    net, x = awake(reach), torch.rand(1, 2, SIDE, SIDE, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(net, x)  # [1, 3, H, W, 1, 2, H, W]
    depends = (jacobian != 0).sum((0, 1, 4, 5))  # [H, W] of outputs, [H, W] of inputs
    for i, j, k, m in product(range(SIDE), repeat=4):
        above = i - reach <= k < i and abs(m - j) <= reach
        left = k == i and j - reach <= m < j
        assert depends[i, j, k, m] == (6 if above or left else 0), (i, j, k, m)


@pytest.mark.parametrize("reach", [1, 6])
@pytest.mark.parametrize("context", [torch.eye(2), torch.linspace(0, 1, 144).view(2, 2, SIDE, SIDE), None])
def test_what_is_written_cell_by_cell_was_drawn_as_all_cells_together_say(
    reach: int, context: torch.Tensor | None
) -> None:
    net = awake(reach, context=0 if context is None else 2)
    context = None if context is None else context.double()
    seen = torch.empty(2, 3, SIDE, SIDE, dtype=torch.float64)
    values = torch.rand(2, 2, SIDE, SIDE, dtype=torch.float64)

    x = torch.full_like(values, 7.0)
    for row, column, given in net.walk(x, context):
        seen[..., row, column] = given
        x[..., row, column] = values[..., row, column]
    torch.testing.assert_close(seen, net(values, context))


def test_a_context_reaches_every_cell_and_a_new_stack_gives_zeros() -> None:
    net, x = awake(1, context=2), torch.rand(1, 2, SIDE, SIDE, dtype=torch.float64)
    one, other = (net(x, torch.full((1, 2), value, dtype=torch.float64)) for value in (0.0, 1.0))
    assert ((one - other).abs() > 0).all()
    assert not MaskedConvolutions(2, 3, 4, 2)(x.float()).any()


def test_a_stack_that_sees_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        MaskedConvolutions(1, 1, 4, 0)
