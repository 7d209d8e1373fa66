"""What a hand has done on a code map, between browser, page and link; and the arithmetic of its script."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core.model.posteriors import TwoLevelQuantised, VectorQuantised
from vae_core.spec import Vq2Posterior, VqPosterior
from widgets.components.code_map import CodeMapState

CELLS, CODES = 12, 7
EACH = (CODES,) * CELLS
cells, codes = st.integers(0, CELLS - 1), st.integers(0, CODES - 1)
states = st.builds(
    CodeMapState,
    st.dictionaries(cells, codes).map(lambda found: tuple(sorted(found.items()))),
    st.sets(cells).map(lambda found: tuple(sorted(found))),
    st.none() | cells,
)


@given(states)
def test_a_link_and_the_browser_say_what_was_on_the_map(state: CodeMapState) -> None:
    assert CodeMapState.from_link(state.to_link(), EACH) == state
    assert CodeMapState.from_browser(state.to_browser(), EACH) == state


def test_a_link_is_short() -> None:
    state = CodeMapState(((2, 6), (9, 0)), (0, 4, 5, 6, 7), 3)
    assert state.to_link() == {"changed": "3-6_10-0", "hidden": "1_5-8", "cell": "4"}
    assert CodeMapState().to_link() == {}


@pytest.mark.parametrize(
    "link",
    [
        {"changed": "13-1_0-1_1-7_1--1_-_x_1e1-2", "hidden": "13_0_5-4_x-y_-", "cell": "13"},
        {"changed": "9999999999-1", "hidden": "5-", "cell": "²"},
    ],
)
def test_what_makes_no_sense_is_left_out(link: dict[str, str]) -> None:
    found = CodeMapState.from_link(link, EACH)
    assert (found.changed, found.cell) == ((), None)
    assert set(found.hidden) <= {4}
    for value in (None, [], {"changed": 3, "hidden": "x"}, {"changed": [[1], [1, 99], [True, 1], "ab"]}):
        state = CodeMapState.from_browser(value, EACH)
        assert state in (None, CodeMapState())


def test_each_cell_takes_codes_of_its_own_levels_codebook() -> None:
    of_levels = (7, *(3,) * 4)
    found = CodeMapState.from_link({"changed": "1-6_2-6_5-2_6-1", "hidden": "1-9", "cell": "5"}, of_levels)
    assert found == CodeMapState(((0, 6), (4, 2)), (0, 1, 2, 3, 4), 4)
    browser = {"changed": [[1, 3], [1, 2]], "hidden": [4, 5], "cell": 5}
    assert CodeMapState.from_browser(browser, of_levels) == CodeMapState(((1, 2),), (4,))


def test_changed_codes_stand_in_for_the_encoders() -> None:
    encoder = np.arange(6, dtype=np.int16).reshape(2, 3)
    state = CodeMapState(((1, 5), (4, 0)), cell=4)
    now = state.codes(encoder)
    assert now.tolist() == [[0, 5, 2], [3, 0, 5]]
    assert encoder[0, 1] == 1
    assert CodeMapState(hidden=(2,), cell=4).with_codes(now, encoder) == state
    assert (state.chosen((2, 3)), CodeMapState().chosen((7, 7)), CodeMapState().chosen((2, 2))) == (4, 24, 3)


def test_the_browser_embeds_codes_as_the_model_does(javascript: Callable[..., Any]) -> None:
    posterior = VectorQuantised(VqPosterior(codes=CODES), 3, (2, 4), CODES)
    grid = torch.randint(CODES, (2, 4), generator=torch.Generator().manual_seed(0))
    z = javascript(
        "codes.js",
        "[...embedded(codes, Object.assign(vectors.flat(), { shape: [vectors.length, 3] }))]",
        folder="../../vae_core/browser",
        codes=grid.flatten().tolist(),
        vectors=posterior.codebook.tolist(),
    )
    torch.testing.assert_close(torch.tensor(z), posterior.embed(grid).detach())


def test_the_browser_embeds_codes_of_two_levels_as_the_model_does(javascript: Callable[..., Any]) -> None:
    posterior = TwoLevelQuantised(Vq2Posterior(codes=CODES, bottom_codes=3), 3, ((1, 2), (2, 4)))
    generator = torch.Generator().manual_seed(0)
    top, bottom = (torch.randint(n, grid, generator=generator) for n, grid in ((CODES, (1, 2)), (3, (2, 4))))
    z = javascript(
        "codes.js",
        "[...embeddedLevels(Int16Array.from(codes), books.map(([vectors, cells]) => "
        "({ cells, vectors: Object.assign(vectors.flat(), { shape: [vectors.length, 3] }) })))]",
        folder="../../vae_core/browser",
        codes=[*top.flatten().tolist(), *bottom.flatten().tolist()],
        books=[
            [book.codebook.tolist(), len(of.flatten())]
            for book, of in zip(posterior.codebooks, (top, bottom), strict=True)
        ],
    )
    torch.testing.assert_close(torch.tensor(z), posterior.embed(top, bottom).detach())


@pytest.mark.parametrize(
    ("count", "size"), [(64, [200, 200]), (24, [300, 120]), (1, [50, 80]), (512, [225, 225])]
)
def test_tiles_are_as_large_as_all_of_them_fit(
    javascript: Callable[..., Any], count: int, size: list[int]
) -> None:
    found = javascript(
        "codes.js", "tiled(count, size, 3)", folder="../../vae_core/browser", count=count, size=size
    )

    def fits(side: float) -> bool:
        across, down = (int((length + 3) // (side + 3)) for length in size)
        return across * down >= count

    assert fits(found["side"] - 1e-6)
    assert not fits(found["side"] + 1e-6)
