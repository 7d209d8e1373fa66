"""Paths between discrete codes, place by place."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core.analysis.discrete_path import by_difference, by_place, giving_way

pairs = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        *(st.lists(st.integers(0, 2), min_size=n, max_size=n) for _ in range(2)), st.permutations(range(n))
    )
)


@given(pairs)
def test_each_step_gives_one_place_more_to_b_in_the_order_that_is_asked_for(pair) -> None:
    a, b, order = map(torch.tensor, pair)
    path = giving_way(a, b, order)
    assert torch.equal(path.codes[0], a)
    assert torch.equal(path.codes[-1], b)
    assert path.places.tolist() == [place for place in order.tolist() if a[place] != b[place]]
    for step, place in enumerate(path.places.tolist()):
        before, after = path.codes[step], path.codes[step + 1]
        assert (before != after).nonzero().flatten().tolist() == [place]


def test_places_that_move_the_image_most_come_first() -> None:
    """An image of one pixel that is a weighted sum of the codes: each place moves it by its weight times the
    difference of its codes."""
    weight = torch.tensor([1.0, -3.0, 0.5, 2.0])
    a, b = torch.tensor([0, 1, 5, 2]), torch.tensor([4, 2, 0, 2])
    order = by_difference(lambda codes: (codes.float() @ weight)[:, None, None, None], a, b)
    assert order.tolist() == [0, 1, 2, 3]  # by 4, 3, 2.5 and 0
    assert giving_way(a, b, order).places.tolist() == [0, 1, 2]


def test_a_cell_gives_way_with_the_finer_cells_over_it() -> None:
    assert by_place([(2, 3)]).tolist() == list(range(6))
    # 1 x 2 cells, and 2 x 4 that count on from 2: 2 3 | 4 5 over 6 7 | 8 9.
    assert by_place([(1, 2), (2, 4)]).tolist() == [0, 2, 3, 6, 7, 1, 4, 5, 8, 9]
