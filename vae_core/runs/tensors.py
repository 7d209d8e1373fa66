"""The safetensors files of a run: which tensors each may hold, of which type and shape, by the run's Spec.

A file's header says what is in it, so all of that is checked before anything is allocated: a small file may
promise terabytes, and a small Spec may describe a network of as many. Imports no torch but for weights.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, BinaryIO, Literal

import numpy as np
from pydantic import Field, TypeAdapter
from pydantic_core import from_json
from typing_extensions import TypedDict

from vae_core.runs.reading import Count, Unfit
from vae_core.sentences import quote, short
from vae_core.spec import Spec

Arrays = dict[str, np.ndarray]

MOST_HEADER = 2**20  # bytes
MOST_CODES = 1_000_000  # posteriors in one file
MOST_DRAWS = 64  # of one image's posterior
MOST_PICTURES = 64  # of one kind in a frame
OF_PRIOR = ("prior.", "class_prior.")  # what of a frame's tensors is the prior's
MOST_OF_PRIOR = 16_384  # numbers in a frame
MOST_SMALL = 16_384  # numbers of a tensor of the state that is no parameter
LARGEST_MEAN = 1e9  # of a code; with beta 0 they go far
LARGEST_LOG_VAR = 20.0  # the model holds them within 16

BYTES = {"F64": 8, "F32": 4, "F16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
FLOATS = ("F16", "F32", "F64")
WHOLE = ("I8", "I16", "I32", "I64", "U8")


class Tensor(TypedDict):
    """What a header says of one tensor."""

    dtype: Literal["F64", "F32", "F16", "I64", "I32", "I16", "I8", "U8", "BOOL"]
    shape: Annotated[tuple[Count, ...], Field(max_length=8)]
    data_offsets: tuple[Count, Count]


Header = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]
Check = Callable[[Header, Spec], None]

_HEADER = TypeAdapter(dict[str, Tensor])


def read_header(file: BinaryIO, size: int, name: str) -> Header:
    """What a safetensors file of `size` bytes holds, by its header. Raises Unfit."""
    length = struct.unpack("<Q", start)[0] if len(start := file.read(8)) == 8 else -1
    if not 0 < length <= min(size - 8, MOST_HEADER):
        raise Unfit(f"{name} is no safetensors file.")
    try:
        entries = from_json(file.read(length))
        if isinstance(entries, dict):
            entries.pop("__metadata__", None)
        header = _HEADER.validate_python(entries)
    except ValueError:
        raise Unfit(f"{name} is no safetensors file that can be read: its header is damaged.") from None
    for key, tensor in header.items():
        begin, end = tensor["data_offsets"]
        bytes_needed = math.prod(tensor["shape"]) * BYTES[tensor["dtype"]]
        if not (begin <= end <= size - 8 - length and bytes_needed == end - begin):
            raise Unfit(f"{name} is no safetensors file that can be read: {quote(key)} in it is damaged.")
    return header


def read(file: BinaryIO, size: int, name: str, check: Check, spec: Spec) -> Arrays:
    """The arrays of a safetensors file, once its header fits. Raises Unfit."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    check(read_header(file, size, name), spec)
    file.seek(0)
    try:
        arrays = load(file.read(size))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise Unfit(f"{name} is no safetensors file that can be read: {short(error)}.") from None
    for key, array in arrays.items():
        _check_values(name, key, array)
    for key, count in zip(("indices", "bottom"), spec.posterior.codebooks, strict=False):
        if key in arrays and not _within(arrays[key], count):
            raise Unfit(f"{name} does not fit: its indices are none of the run's codebook.")
    return arrays


def _within(indices: np.ndarray, count: int) -> bool:
    return not indices.size or (int(indices.min()) >= 0 and int(indices.max()) < count)


def _check_values(name: str, key: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f" or not array.size:
        return
    largest = {"mean": LARGEST_MEAN, "log_var": LARGEST_LOG_VAR}.get(key, math.inf)
    magnitude = _magnitude(array)
    if not math.isfinite(magnitude):
        raise Unfit(f"{name} does not fit: {quote(key)} in it holds numbers that are not finite.")
    if magnitude > largest:
        raise Unfit(f"{name} does not fit: {quote(key)} in it holds numbers beyond {largest:g}.")


def _magnitude(array: np.ndarray) -> float:
    """Of the number farthest from 0; not finite where one of them is not."""
    if array.dtype == np.float16:
        # NumPy compares halves one by one. Without their sign, their bits are in the order of their values.
        bits = (array.view(np.uint16) & np.uint16(0x7FFF)).max()
        return float(bits.view(np.float16))
    return max(-float(array.min()), float(array.max()))


# --- what each file may hold ----------------------------------------------------------------------

Fits = Callable[[Tensor], bool]


def _check(name: str, header: Header, fits: Mapping[str, Fits], needed: tuple[str, ...]) -> None:
    for key in needed:
        if key not in header:
            raise Unfit(f"{name} does not fit: it holds no {quote(key)}.")
    for key, tensor in header.items():
        if key not in fits or not fits[key](tensor):
            shape = " x ".join(map(str, tensor["shape"])) or "one number"
            raise Unfit(
                f"{name} does not fit its run: {quote(key)} in it is {short(shape, 40)} of {tensor['dtype']}."
            )


def _of(dtypes: tuple[str, ...], *shape: int) -> Fits:
    return lambda tensor: tensor["dtype"] in dtypes and tensor["shape"] == shape


def _moments(header: Header, spec: Spec) -> dict[str, Fits]:
    """Mean and log variance of q(z|x) of N images: mean, log_var [N, D], labels [N] where there are any, and
    step [1]."""
    count = next(iter(header.get("mean", {"shape": (0,)})["shape"]), 0)
    count = count if 0 < count <= MOST_CODES else 0
    vectors = _of(FLOATS, count, spec.latent)
    return {"mean": vectors, "log_var": vectors, "labels": _of(WHOLE, count), "step": _of(("I64",), 1)}


def _pictures(shape: tuple[int, ...]) -> Fits:
    return lambda tensor: (
        tensor["dtype"] == "U8" and tensor["shape"][1:] == shape and 1 <= tensor["shape"][0] <= MOST_PICTURES
        if tensor["shape"]
        else False
    )


def _indices(header: Header, spec: Spec) -> dict[str, Fits]:
    """The codes of N images by their index in a codebook: indices [N, h, w], of two levels also bottom
    [N, 2h, 2w], labels [N] where there are any, and step [1]."""
    count = next(iter(header.get("indices", {"shape": (0,)})["shape"]), 0)
    count = count if 0 < count <= MOST_CODES else 0
    of_levels = zip(("indices", "bottom"), spec.grids, strict=False)
    grids = {name: _of(("U8", "I16"), count, *grid) for name, grid in of_levels}
    return {**grids, "labels": _of(WHOLE, count), "step": _of(("I64",), 1)}


def _probabilities(header: Header, spec: Spec) -> dict[str, Fits]:
    """q(z|x) of N images whose codes are categories: probabilities [N, M, K], labels [N] where there are any,
    and step [1]."""
    count = next(iter(header.get("probabilities", {"shape": (0,)})["shape"]), 0)
    count = count if 0 < count <= MOST_CODES else 0
    groups = _of(FLOATS, count, spec.latent, spec.posterior.width)
    return {"probabilities": groups, "labels": _of(WHOLE, count), "step": _of(("I64",), 1)}


# What a run must keep of q(z|x), by the form that its posterior names.
FORMS: dict[str, tuple[str, ...]] = {
    "gaussian": ("mean", "log_var"),
    "draws": ("mean", "log_var", "draws", "log_q"),
    "indices": ("indices",),
    "levels": ("indices", "bottom"),
    "probabilities": ("probabilities",),
}


def _codes(header: Header, spec: Spec) -> dict[str, Fits]:
    """What says of each image what its code is."""
    return {"indices": _indices, "levels": _indices, "probabilities": _probabilities}.get(
        spec.posterior.form, _moments
    )(header, spec)


def check_posteriors(header: Header, spec: Spec) -> None:
    """The moments and, in the form of draws, S of each image: draws [N, S, D], log_q [N, S]; or the
    indices."""
    fits, needed = _codes(header, spec), FORMS[spec.posterior.form]
    if "draws" in needed and "mean" in header and "log_q" in header:
        (count, *_), each = header["mean"]["shape"] or (0,), header["log_q"]["shape"][-1:]
        each = each if each and 0 < each[0] <= MOST_DRAWS else (0,)
        fits |= {"draws": _of(FLOATS, count, *each, spec.latent), "log_q": _of(FLOATS, count, *each)}
    _check("posteriors.safetensors", header, fits, needed)


def check_umap(header: Header, spec: Spec) -> None:
    """xy [N, 2] of N codes."""
    count = next(iter(header.get("xy", {"shape": (0,)})["shape"]), 0)
    points = {"xy": _of(FLOATS, min(count, MOST_CODES), 2)}
    fits = points | {"labels": _of(WHOLE, count), "step": _of(("I64",), 1)}
    _check("umap.safetensors", header, fits, ("xy",))


def check_frame(header: Header, spec: Spec) -> None:
    pictures = _pictures(spec.data.shape)
    kinds = [f"{name}{way}" for name in ("reconstructions", "samples") for way in ("", "_modes", "_drawn")]
    fits = _codes(header, spec) | dict.fromkeys(kinds, pictures)
    needed: tuple[str, ...] = ("mean", "log_var")
    if spec.posterior.quantised:
        needed = ("indices", *_OF_LEVEL, *(f"bottom_{name}" for name in _OF_LEVEL * (len(spec.grids) - 1)))
        fits |= _of_codebooks(spec)
    elif spec.posterior.form == "probabilities":
        needed = ("kl", "shares")
        fits |= _of_groups(spec)
    else:
        fits["kl"] = _of(FLOATS, spec.latent)
    if any(name.startswith(OF_PRIOR) for name in header):
        shapes = _shapes_of_prior(spec)
        fits |= {name: _of(FLOATS, *shape) for name, shape in shapes.items()}
        if missing := sorted(shapes.keys() - header.keys()):
            raise Unfit(f"A frame does not fit its run: it holds a prior without {quote(missing[0])}.")
    _check("A frame", header, fits, (*needed, "reconstructions", "samples", "step"))


def _of_groups(spec: Spec) -> dict[str, Fits]:
    """What a frame holds of codes that are categories."""
    return {
        "kl": _of(FLOATS, spec.latent),
        "shares": _of(FLOATS, spec.latent, spec.posterior.width),
        "labels": lambda tensor: tensor["dtype"] in WHOLE and len(tensor["shape"]) == 1,
    }


_OF_LEVEL = ("uses", "restarts", "tiles")


def _of_codebooks(spec: Spec) -> dict[str, Fits]:
    """What a frame holds of the codebook of each level."""
    channels, height, width = spec.data.shape
    fits: dict[str, Fits] = {}
    for level, (rows, columns), count in zip(
        ("", "bottom_"), spec.grids, spec.posterior.codebooks, strict=False
    ):
        fits |= {
            f"{level}uses": _of(FLOATS, count),
            f"{level}restarts": _of(FLOATS, 1),
            f"{level}tiles": _of(("U8",), count, channels, 3 * height // rows, 3 * width // columns),
        }
    return fits | {
        "kl": _of(FLOATS, len(spec.grids)),
        "codebook": _of(FLOATS, spec.codes, spec.latent),
        "vectors": lambda tensor: (
            tensor["dtype"] in FLOATS and tensor["shape"][1:] == (spec.latent,) if tensor["shape"] else False
        ),
    }


@lru_cache(maxsize=64)  # more than the gallery has, whose frames every page of them holds against it
def _shapes_of_prior(spec: Spec) -> Shapes:
    import torch

    from vae_core.model.vae import VAE

    with torch.device("meta"), torch.inference_mode():
        return {name: tuple(value.shape) for name, value in VAE(spec).prior_state().items()}


def check_probes(header: Header, spec: Spec) -> None:
    pictures, masks = _pictures(spec.data.shape), _pictures((1, *spec.data.shape[1:]))
    same = len({tensor["shape"][:1] for tensor in header.values()}) == 1
    fits = {
        "images": pictures,
        "masks": lambda tensor: same and masks(tensor),
        "noisy": lambda tensor: same and pictures(tensor),
    }
    _check("probes.safetensors", header, fits, ("images",))


# --- weights --------------------------------------------------------------------------------------


def check_weights(header: Header, spec: Spec) -> None:
    """The very tensors that the Spec's model has. Raises Unfit before any of them is allocated."""
    _check_shapes("weights.safetensors", header, model_shapes(spec))


def check_state(header: Header, spec: Spec) -> None:
    """The tensors of model and objective, each Adam's two of each, and a few small ones."""
    known: Shapes = {}
    needed: set[str] = set()
    for whose, adam, shapes in (
        ("model", "adam", model_shapes(spec)),
        ("objective", "objective_adam", objective_shapes(spec)),
    ):
        needed |= {f"{whose}.{name}" for name in shapes}
        known |= {f"{whose}.{name}": shape for name, shape in shapes.items()}
        known |= {f"{adam}.{part}.{name}": shapes[name] for name in shapes for part in ("mean", "square")}
    large = {name: tensor for name, tensor in header.items() if name in known}
    wanted = {name: shape for name, shape in known.items() if name in large or name in needed}
    _check_shapes("state.safetensors", large, wanted)
    for name, tensor in header.items():
        if name not in known and math.prod(tensor["shape"]) > MOST_SMALL:
            raise Unfit(f"state.safetensors does not fit: {quote(name)} in it is no part of the run.")


def model_shapes(spec: Spec) -> Shapes:
    """Names and shapes of the model's tensors; nothing is allocated, however large the Spec."""
    import torch

    from vae_core.model.vae import VAE

    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in VAE(spec).state_dict().items()}


def objective_shapes(spec: Spec) -> Shapes:
    import torch

    from vae_core import objectives

    with torch.device("meta"):
        objective = objectives.build(spec.objective, latent=spec.code_size)
        return {name: tuple(value.shape) for name, value in objective.state_dict().items()}


def _check_shapes(file: str, header: Header, wanted: Shapes) -> None:
    if header.keys() != wanted.keys():
        odd = sorted(header.keys() ^ wanted.keys())[0]
        raise Unfit(f"{file} is another model's: {quote(odd)} differs.")
    for name, shape in wanted.items():
        if header[name]["shape"] != shape or header[name]["dtype"] not in (*FLOATS, "I64"):
            raise Unfit(f"{file} does not fit: {quote(name)} in it has the wrong size for its run.")
