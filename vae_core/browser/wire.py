"""What leaves the library: arrays and decoders as parcels, single blocks of bytes that a browser can read.

A parcel, all little-endian:

    uint32 n | n bytes of JSON | the arrays

n is such that the arrays start at a multiple of 8 bytes of the parcel; each begins at a multiple of 8 bytes
of their part. The JSON is an object: what the sender says (`kind` at least), `id`, a hash of the
contents, and `arrays`, {name: {"dtype", "shape", "offset"}} with offsets in bytes from the arrays' start.
Readers: `unpack` here, `unpack` in `parcel.js`.

A parcel of kind "decoder" also holds `latent` D, `image` [C, H, W], `pixels`, how the likelihood's parameters
become means, modes and draws, `scale`, that of all pixels where draws need one, and `layers`, to be applied
in order. Arrays are laid out for plain loops with the outputs innermost:

    linear              weight [inputs, outputs], bias [outputs]
    conv_transpose      weight [kernel h, kernel w, input channels, output channels], bias; stride, padding,
                        output: each (height, width)
                        condition, where it has one: array [classes, outputs], what each class adds
    residual            layers, whose output is added to what comes in
    merge               the layers `top` take the first `numbers` of what comes in, the layers `bottom` the
                        rest, and what they give is added
    unflatten           shape [C, H, W] of what so far was flat
    relu, leaky_relu (slope), silu, tanh

Under a condition there is also `condition`: `classes` K, their `names`, and `weights` [K], which are what is
decoded under where no class is named. A first linear layer then takes D + K numbers, z and such weights.

Importing this imports no torch.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from torch import nn

    from vae_core.model.vae import VAE

ALIGNMENT = 8
DTYPES = ("float32", "float16", "int32", "int16", "uint16", "uint8")
HALF_TOLERANCE = 2e-3  # on pixels in [0, 1]: half a grey level


def pack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """A parcel of named arrays and what is to be known about them.

    Raises TypeError where a dtype is none of DTYPES.
    """
    body = bytearray()
    listed = {}
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise TypeError(f"{name} is {array.dtype}; a parcel holds {', '.join(DTYPES)}")
        body += bytes(-len(body) % ALIGNMENT)
        listed[name] = {"dtype": array.dtype.name, "shape": list(array.shape), "offset": len(body)}
        body += np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    listing = {**header, "arrays": listed}
    text = json.dumps(listing, separators=(",", ":"), allow_nan=False)
    digest = hashlib.blake2b(text.encode(), digest_size=12)
    digest.update(body)
    head = json.dumps({"id": digest.hexdigest(), **listing}, separators=(",", ":"), allow_nan=False).encode()
    head += b" " * (-(4 + len(head)) % ALIGNMENT)
    return struct.pack("<I", len(head)) + head + bytes(body)


def header(parcel: bytes) -> dict[str, Any]:
    """What a parcel says about itself, its `id` included. Raises ValueError where it is no parcel."""
    if len(parcel) < 4 or 4 + (size := struct.unpack_from("<I", parcel)[0]) > len(parcel):
        raise ValueError("these bytes are no parcel: they end before their header does")
    listing = json.loads(parcel[4 : 4 + size])
    if not isinstance(listing, dict) or "arrays" not in listing:
        raise ValueError("these bytes are no parcel: their header lists no arrays")
    return listing


def unpack(parcel: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(header, arrays) of a parcel; the arrays are read-only views. Raises ValueError where it is none."""
    listing = header(parcel)
    start = 4 + struct.unpack_from("<I", parcel)[0]
    arrays = {}
    for name, entry in listing["arrays"].items():
        if entry["dtype"] not in DTYPES:
            raise ValueError(f"{name} is {entry['dtype']}; a parcel holds {', '.join(DTYPES)}")
        dtype = np.dtype(entry["dtype"]).newbyteorder("<")
        count = int(np.prod(entry["shape"]))
        array = np.frombuffer(parcel, dtype, count, start + entry["offset"])
        arrays[name] = array.reshape(entry["shape"])
    return listing, arrays


def decoder(
    model: VAE,
    dtype: Literal["auto", "float32", "float16"] = "auto",
    label: dict[str, Any] | None = None,
    y: int | Sequence[float] | None = None,
) -> bytes:
    """The parcel that decodes as `model.decode_mean` does, within 1e-4 on pixels in float32.

    y: under a condition, the class, or weights of the classes, that `decode(z)` takes where the browser names
    none; without, the blend of all classes by p(y).

    "auto" takes float16 where that keeps every pixel within 2e-3, for draws of the prior and for codes three
    times as far out, or for codes of a codebook drawn uniformly. `label` is carried along in the header, say
    a run's name and step.
    Raises TypeError where the decoder holds a layer that the browser does not know, or the likelihood a mean.
    """
    if model.neighbours is not None:
        raise TypeError("no code alone says what pixels are: each depends on those before it")
    layers, arrays = _layers(model.decoder)
    pixels = model.likelihood.browser_pixels
    if "means" not in pixels:
        raise TypeError(f"the mean of a {model.spec.likelihood.title} likelihood is not known there")
    listing = {
        "kind": "decoder",
        "latent": model.latent,
        "image": list(model.image_shape),
        "pixels": pixels,
        "scale": model.likelihood.browser_scale,
        "layers": layers,
        "label": label or {},
    }
    if model.classes:
        listing["condition"] = _condition(model, y)
    if dtype == "auto":
        dtype = "float16" if _half_precision_error(model) <= HALF_TOLERANCE else "float32"
    return pack(listing, {name: array.astype(dtype) for name, array in arrays.items()})


def _condition(model: VAE, y: int | Sequence[float] | None) -> dict[str, Any]:
    import torch

    if y is None:
        assert model.class_prior is not None
        weights = model.class_prior.log_probs.exp()
    else:
        weights = model.weights(torch.tensor(y))
    names = model.spec.data.classes
    return {"classes": model.classes, "names": list(names or ()), "weights": weights.tolist()}


def _layers(decoder: nn.Sequential, within: str = "") -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    from torch import nn

    from vae_core.model.grid_layers import JoinedGrid, Merge, Residual

    layers: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for k, layer in enumerate(decoder):
        i = f"{within}{k}"
        if isinstance(layer, Residual):
            inner, of_inner = _layers(layer, f"{i}.")
            layers.append({"kind": "residual", "layers": inner})
            arrays |= of_inner
        elif isinstance(layer, Merge):
            top, of_top = _layers(layer.top, f"{i}.top.")
            bottom, of_bottom = _layers(layer.bottom, f"{i}.bottom.")
            layers.append({"kind": "merge", "numbers": layer.numbers, "top": top, "bottom": bottom})
            arrays |= of_top | of_bottom
        elif isinstance(layer, JoinedGrid):
            (of_grid,), of_inner = _layers(nn.Sequential(layer.convolution), f"{i}.")
            layers.append(of_grid | {"condition": f"{i}.condition"})
            arrays |= of_inner | {
                f"{i}.condition": layer.of_condition.weight.T.detach().cpu().contiguous().numpy()
            }
        elif isinstance(layer, nn.Linear):
            _store(arrays, i, layer.weight.T, layer.bias)
            layers.append({"kind": "linear", "arrays": i})
        elif isinstance(layer, nn.ConvTranspose2d):
            if layer.groups != 1 or layer.dilation != (1, 1):
                raise TypeError("transposed convolutions with groups or dilation do not run in the browser")
            _store(arrays, i, layer.weight.permute(2, 3, 0, 1), layer.bias)
            layers.append(
                {
                    "kind": "conv_transpose",
                    "arrays": i,
                    "stride": list(layer.stride),
                    "padding": list(layer.padding),
                    "output_padding": list(layer.output_padding),
                }
            )
        elif isinstance(layer, nn.Unflatten):
            layers.append({"kind": "unflatten", "shape": list(layer.unflattened_size)})
        elif isinstance(layer, nn.LeakyReLU):
            layers.append({"kind": "leaky_relu", "slope": layer.negative_slope})
        elif type(layer) in (nn.ReLU, nn.SiLU, nn.Tanh):
            layers.append({"kind": type(layer).__name__.lower()})
        else:
            raise TypeError(f"{type(layer).__name__} does not run in the browser; teach decoder.js about it")
    return layers, arrays


def _store(arrays: dict[str, np.ndarray], i: str, weight: Any, bias: Any) -> None:
    arrays[f"{i}.weight"] = weight.detach().cpu().contiguous().numpy()
    arrays[f"{i}.bias"] = (
        np.zeros(weight.shape[-1], np.float32) if bias is None else bias.detach().cpu().numpy()
    )


def _half_precision_error(model: VAE) -> float:
    """The largest change of a pixel when the decoder's weights are rounded to float16; inf on overflow."""
    import copy

    import torch

    half = copy.deepcopy(model)
    for parameter in half.decoder.parameters():
        rounded = parameter.data.half().float()
        if not torch.isfinite(rounded).all():
            return float("inf")
        parameter.data = rounded
    generator = torch.Generator().manual_seed(0)
    if books := model.posterior.codebooks:
        drawn = [torch.randint(book.count, (256, *book.grid), generator=generator) for book in books]
        z = torch.cat([book.embed(codes) for book, codes in zip(books, drawn, strict=True)], -1)
    else:
        z = torch.randn(256, model.latent, generator=generator)
        z[128:] *= 3
    y = torch.arange(256) % model.classes if model.classes else None
    return float((half.decode_mean(z, y) - model.decode_mean(z, y)).abs().max())
