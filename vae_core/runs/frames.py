"""`frames/`: small pictures of the model over training, for the scrubber, and the newest one.

A frame is one safetensors file: mean and log_var [N, D] float16 and labels [N] int16 of test images, those of
the live numbers first,
kl [D] float32: of each dimension under the prior of then, their average in nats, what is needed to make that
prior again (`VAE.prior_state`), where it learns and that is not much,
reconstructions [10, C, H, W] uint8 of the probes, samples [16, C, H, W] uint8 from the prior, and step [1]:
means of p(x|z), and as reconstructions_modes, samples_drawn and so on its modes and draws, where means do not
say them.
Of a run with a codebook, in place of mean, log_var and kl: indices [N, h, w] int16, the code of each cell;
uses [K] float32, how many cells of the training images chose each code in the last whole epoch; restarts [1]
float32, of codes so far; tiles [K, C, 3 H / h, 3 W / w] uint8, the mean of the images about the cells that
chose a code. Where codes lie in a plane: codebook [K, 2] float32, and vectors [V, 2] float16 of the encoder.
Of two levels these are the top's, without the plane; bottom_uses, bottom_restarts and bottom_tiles are those
of the other, and kl [2] float32 is what the codes of each level cost under the prior of then.
Of a run whose codes are categories, in place of mean and log_var: shares [M, K] float32, the mean of q(z|x)
over these images.
Beside them lie the probes: images [10, C, H, W] and, where the encoder sees part of each, masks [10, 1, H, W]
uint8, 1 = observed, or, where it sees them under noise, noisy [10, C, H, W].
Imports no torch.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from vae_core.runs import files
from vae_core.runs.reading import RunError
from vae_core.sentences import short

LATEST = "latest.safetensors"
PROBES = "probes.safetensors"
NUMBERED = re.compile(r"([0-9]{8,12})\.safetensors", re.ASCII)
MOST = 200  # numbered frames of a run
MOST_BYTES = 64 * 2**20  # of all of them: a latent space of hundreds of dimensions keeps fewer

Arrays = dict[str, np.ndarray]


def numbered(path: Path) -> list[Path]:
    """The numbered frames in the run's folder, sorted by step; none where `frames/` leads out of it."""
    folder = path / files.FRAMES
    names = [] if os.path.islink(folder) else files.names_in(folder)
    found = [(int(match[1]), name) for name in names if (match := NUMBERED.fullmatch(name))]
    return [folder / name for _, name in sorted(found)]


def step_of(frame: Path) -> int:
    return int(frame.name.split(".")[0])


def pack(arrays: Arrays) -> bytes:
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


class Store:
    """The worker's album. When full it drops every second frame and doubles the spacing, in seconds."""

    def __init__(self, path: Path, upto: int, spacing: float = 0.0) -> None:
        """Opens the album for going on after step `upto`: later frames will be made again."""
        self.path = path
        self.spacing = spacing
        self.last: float | None = None  # training seconds of the last numbered frame
        if os.path.islink(path / files.FRAMES):  # what is thinned out there would be somebody else's
            raise RunError(f"{short(path.name)} cannot go on: its folder {files.FRAMES} is a link.")
        (path / files.FRAMES).mkdir(exist_ok=True)
        for frame in numbered(path):
            if step_of(frame) > upto:
                frame.unlink(missing_ok=True)

    def add(self, step: int, seconds: float, arrays: Arrays, keep: bool = False) -> None:
        """Makes it the newest frame, and a numbered one where the spacing allows or it is to be kept."""
        content = pack(arrays | {"step": np.array([step])})
        frames = self.path / files.FRAMES
        files.replace(frames / LATEST, content)
        if keep or self.last is None or seconds >= self.last + self.spacing:
            files.replace(frames / f"{step:08d}.safetensors", content)
            self.last = seconds
            self._thin(len(content), seconds)

    def _thin(self, size: int, seconds: float) -> None:
        frames = numbered(self.path)
        if len(frames) > max(4, min(MOST, MOST_BYTES // size)):
            for frame in frames[1:-1:2]:
                frame.unlink(missing_ok=True)
            self.spacing = max(2 * self.spacing, seconds / (len(frames) / 2))

    def write_probes(self, probes: Arrays) -> None:
        """The probe images, and their masks or what noise makes of them, uint8, once."""
        file = self.path / files.FRAMES / PROBES
        if not os.path.lexists(file):
            files.replace(file, pack(probes))
