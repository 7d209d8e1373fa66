"""Parcels: what is packed comes out again, and says what it is."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.spec import Spec


def small(gain: float = 1.0, **net: object) -> VAE:
    data = {"binarisation": "none", "image_shape": (1, 6, 5)}
    vae = VAE(Spec.parse({"data": data, "net": net or {"kind": "mlp", "widths": [7]}})).eval()
    with torch.no_grad():
        for parameter in vae.decoder.parameters():
            parameter *= gain
    return vae


@given(
    arrays.arrays(
        st.sampled_from([np.dtype(name) for name in wire.DTYPES]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0),
    )
)
def test_what_is_packed_comes_out_bit_for_bit(array: np.ndarray) -> None:
    first = np.arange(3, dtype=np.uint8)  # an odd length, so that the next must be aligned
    said, found = wire.unpack(wire.pack({"kind": "test"}, {"first": first, "second": array}))
    assert said["kind"] == "test"
    assert found["second"].dtype == array.dtype
    assert found["second"].shape == array.shape
    assert found["second"].tobytes() == array.tobytes()
    np.testing.assert_array_equal(found["first"], first)


def test_every_array_starts_at_a_multiple_of_eight_bytes() -> None:
    parcel = wire.pack({"kind": "x" * 3}, {name: np.ones(5, np.uint8) for name in "abc"})
    size = int.from_bytes(parcel[:4], "little")
    offsets = [entry["offset"] for entry in wire.header(parcel)["arrays"].values()]
    assert (4 + size) % 8 == 0
    assert offsets == [0, 8, 16]


def test_the_id_follows_the_contents_and_nothing_else() -> None:
    one = {"a": np.zeros(4, np.float32)}
    same, other = {"a": np.zeros(4, np.float32)}, {"a": np.ones(4, np.float32)}
    name = wire.header(wire.pack({"kind": "test"}, one))["id"]
    assert wire.header(wire.pack({"kind": "test"}, same))["id"] == name
    assert wire.header(wire.pack({"kind": "test"}, other))["id"] != name
    assert wire.header(wire.pack({"kind": "another"}, one))["id"] != name


def test_a_dtype_that_browsers_lack_is_refused() -> None:
    with pytest.raises(TypeError, match="a parcel holds"):
        wire.pack({}, {"a": np.zeros(2, np.complex64)})


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\xff\xff\xff\xff{}", b"\x02\x00\x00\x00{}"])
def test_bytes_that_are_no_parcel_are_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="no parcel"):
        wire.unpack(junk)


def test_a_decoder_lists_its_layers_in_order_with_outputs_innermost() -> None:
    vae = small(kind="conv", channels=[3, 4], hidden=9, activation="tanh")
    said, found = wire.unpack(wire.decoder(vae, "float32", label={"run": "r", "step": 3}))
    assert [layer["kind"] for layer in said["layers"]] == [
        "linear", "tanh", "linear", "tanh", "unflatten", "conv_transpose", "tanh", "conv_transpose",
    ]  # fmt: skip
    assert said["latent"] == 2
    assert said["image"] == [1, 6, 5]
    assert said["pixels"]["means"] == "sigmoid"
    assert said["label"] == {"run": "r", "step": 3}
    assert found["0.weight"].shape == (2, 9)
    assert found["5.weight"].shape == (3, 3, 4, 3)  # kernel, kernel, from 4 channels, to 3
    torch.testing.assert_close(
        torch.tensor(found["5.weight"][1, 2]), vae.decoder[5].weight[:, :, 1, 2].detach()
    )


def test_half_precision_is_taken_where_pixels_allow_it() -> None:
    _, found = wire.unpack(wire.decoder(small()))
    assert found["0.weight"].dtype == np.float16


def test_weights_too_steep_for_half_precision_stay_single() -> None:
    # Logits of a thousand turn a rounding of one part in 2,000 into a visible change of a pixel.
    _, found = wire.unpack(wire.decoder(small(gain=40.0)))
    assert found["0.weight"].dtype == np.float32


def test_weights_beyond_the_range_of_half_precision_stay_single() -> None:
    _, found = wire.unpack(wire.decoder(small(gain=1e6)))
    assert found["0.weight"].dtype == np.float32


def test_a_layer_that_the_browser_does_not_know_is_named() -> None:
    vae = small()
    vae.decoder.append(torch.nn.Softplus())
    with pytest.raises(TypeError, match="Softplus"):
        wire.decoder(vae)


def test_exporting_leaves_the_model_as_it_was() -> None:
    vae = small()
    before = {name: value.clone() for name, value in vae.state_dict().items()}
    wire.decoder(vae)
    for name, value in vae.state_dict().items():
        assert torch.equal(value, before[name])
