"""A parcel reaches the browser as it was packed: the JSON header, and arrays where typed arrays can lie."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from widgets.components.board.pack import KINDS, pack, unpack


@given(
    st.dictionaries(st.text(max_size=8), st.one_of(st.integers(-9, 9), st.text(max_size=9)), max_size=4),
    st.lists(
        st.sampled_from(KINDS).flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_side=0)))
    ),
)
def test_what_is_packed_comes_out_again(header: dict[str, object], values: list[np.ndarray]) -> None:
    named = {f"array {i}": value for i, value in enumerate(values)}
    header = {f"h {name}": value for name, value in header.items()}
    out = unpack(pack(header, named))
    assert {name: out[name] for name in header} == header
    for name, value in named.items():
        np.testing.assert_array_equal(out[name], value)
        assert out[name].dtype == value.dtype


def test_arrays_begin_where_eight_byte_numbers_may() -> None:
    parcel = pack({"a": "β"}, {"odd": np.zeros(3, np.uint8), "wide": np.zeros(2, np.float64)})
    (size,) = struct.unpack_from("<I", parcel)
    places = json.loads(parcel[4 : 4 + size])["arrays"]
    assert [place["offset"] % 8 for place in places.values()] == [0, 0]


def test_a_header_that_javascript_could_not_read_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack({"a": float("nan")}, {})


def test_kinds_that_javascript_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="int64"):
        pack({}, {"a": np.zeros(1, np.int64)})
