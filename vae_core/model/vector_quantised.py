"""VQ-VAE: of every cell of a grid the nearest vector of a codebook; van den Oord et al. 2017."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.model.posterior import Posterior
from vae_core.spec.settings import Settings

DECAY = 0.99  # of the moving averages: van den Oord et al. 2017, appendix A.1
STARTING = 128  # images among whose cells a codebook begins
LEAST = 1e-5  # cells of a code in its moving average, so that nothing is divided by 0


@dataclass(frozen=True)
class GridCodes:
    """The codes of a set of N images, as a run keeps them: indices [N, h, w] int64 of the codebook; labels
    [N] int64, or None where the dataset has no classes. Of two levels, `indices` are the top's and bottom
    [N, 2h, 2w] those of the other; None where there is one level."""

    indices: Tensor
    labels: Tensor | None = None
    bottom: Tensor | None = None

    def __post_init__(self) -> None:
        if self.indices.ndim != 3:
            raise ValueError(f"indices must be [N, h, w], not {[*self.indices.shape]}.")
        count, rows, columns = self.indices.shape
        if self.bottom is not None and self.bottom.shape != (count, 2 * rows, 2 * columns):
            raise ValueError(f"bottom must be {[count, 2 * rows, 2 * columns]}, not {[*self.bottom.shape]}.")
        if self.labels is not None and self.labels.shape != self.indices.shape[:1]:
            raise ValueError(f"labels must be [{len(self.indices)}], not {list(self.labels.shape)}.")

    def __len__(self) -> int:
        return len(self.indices)

    def arrays(self) -> dict[str, np.ndarray]:
        """What there is of them by name, for files; `of` reads it again."""
        indices = {"indices": self.indices, "bottom": self.bottom}
        found = {name: of.cpu().numpy().astype(np.int16) for name, of in indices.items() if of is not None}
        return found if self.labels is None else found | {"labels": self.labels.cpu().numpy()}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> GridCodes:
        """From arrays by these names. Labels below 0 are those of no class: then None."""
        found = {
            field.name: torch.from_numpy(np.ascontiguousarray(arrays[field.name])).long()
            for field in fields(cls)
            if field.name in arrays
        }
        labels = found.pop("labels", None)
        return cls(labels=None if labels is None or (labels < 0).any() else labels, **found)

    def first(self, count: int) -> GridCodes:
        """Those of the first `count` images."""
        there = {field.name: getattr(self, field.name) for field in fields(self)}
        return GridCodes(**{name: of[:count] for name, of in there.items() if of is not None})


class VectorQuantised(Posterior):
    """q(z|x) = 1 for the z whose every cell holds the vector e_k of the codebook nearest to the encoder's.

    van den Oord et al. 2017, eq. 1 to 3. params [B, D * h * w], channels first, are the encoder's vectors;
    so are codes z [..., D * h * w]. log q(z|x) = 0. The gradient of z reaches the encoder's vectors as if
    there were no codebook between (straight through). The codebook learns by the auxiliary loss, or as the
    moving average of the vectors that chose each code (appendix A.1).
    """

    codebook: Tensor  # [K, D]
    counts: Tensor  # cells that chose each code in this epoch of training so far [K]
    usage: Tensor  # in the last whole epoch; before its end, in the first so far [K]
    epochs: Tensor
    restarts: Tensor  # how many codes were restarted
    average_count: Tensor  # of cells of each code in a step [K]
    average_sum: Tensor  # of the vectors of these cells [K, D]

    def __init__(self, settings: Settings, latent: int, grid: tuple[int, int], codes: int) -> None:
        """latent: D. grid: (h, w). codes: K."""
        super().__init__(settings, latent)
        self.grid = grid
        self.count = codes
        start = torch.randn(self.count, latent)
        self.averages = self.settings.codebook == "moving_average"
        if self.averages:
            self.register_buffer("codebook", start)
            self.register_buffer("average_count", torch.ones(self.count))
            self.register_buffer("average_sum", start.clone())
        else:
            self.codebook = nn.Parameter(start)
        # Whole numbers: float16, in which weights may be kept, ends at 65,504.
        for name in ("counts", "usage"):
            self.register_buffer(name, torch.zeros(self.count, dtype=torch.long))
        for name in ("epochs", "restarts"):
            self.register_buffer(name, torch.zeros((), dtype=torch.long))

    @property
    def codebooks(self) -> tuple[VectorQuantised]:
        return (self,)

    @property
    def numbers(self) -> int:
        return self.latent * self.grid[0] * self.grid[1]

    # --- codes ---

    def vectors(self, params: Tensor) -> Tensor:
        """params [..., D * h * w] -> the vector of each cell [..., h, w, D]."""
        return params.unflatten(-1, (self.latent, *self.grid)).movedim(-3, -1)

    def nearest(self, vectors: Tensor) -> Tensor:
        """The code nearest to each vector [..., D], int64 [...]: eq. 1, by one matrix product."""
        rows = vectors.flatten(0, -2)
        # |v - e|^2 = |v|^2 - 2 v.e + |e|^2, and |v|^2 is the same for all codes.
        distance = torch.addmm(self.codebook.square().sum(-1), rows, self.codebook.T, alpha=-2)
        return distance.argmin(-1).unflatten(0, vectors.shape[:-1])

    @torch.no_grad()
    def indices(self, params: Tensor) -> Tensor:
        """The codes of images, or of z: params [..., D * h * w] -> int64 [..., h, w]."""
        return self.nearest(self.vectors(params))

    def embed(self, indices: Tensor) -> Tensor:
        """indices [..., h, w] -> z [..., D * h * w]."""
        return F.embedding(indices, self.codebook).movedim(-1, -3).flatten(-3)

    # --- what a posterior answers ---

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """The same z for every sample [S, B, D * h * w], and log q = 0 [S, B]."""
        z = self.embed(self.indices(params)).detach() + (params - params.detach())
        return z.expand(samples, *z.shape), params.new_zeros(samples, *params.shape[:-1])

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        same = (self.indices(z) == self.indices(params)).flatten(-2).all(-1)
        return torch.where(same, 0.0, -torch.inf)

    def location(self, params: Tensor) -> Tensor:
        return self.embed(self.indices(params))

    def codes(self, params: Tensor, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        """What a run keeps, by the names of `GridCodes`; B first."""
        return {"indices": self.indices(params)}

    # --- training ---

    def auxiliary_loss(self, params: Tensor) -> Tensor:
        """||sg[v] - e||^2 + commitment ||v - sg[e]||^2 of each image [B], summed over cells: eq. 3, whose
        first part is left out where moving averages take its place."""
        chosen = self.embed(self.indices(params))
        commitment = (params - chosen.detach()).square().sum(-1)
        if self.averages:
            return self.settings.commitment * commitment
        return (params.detach() - chosen).square().sum(-1) + self.settings.commitment * commitment

    @torch.no_grad()
    def learn(self, params: Tensor, epoch_ends: bool, generator: torch.Generator) -> None:
        """Counts which codes the step's images chose, moves the averages, and at the end of an epoch restarts
        codes that none of its images chose, each at the vector of some cell of this step."""
        vectors = self.vectors(params).flatten(0, -2)
        nearest = self.nearest(vectors)
        here = torch.zeros_like(self.counts).index_add_(0, nearest, torch.ones_like(nearest))
        self.counts += here
        if self.averages:
            of_code = torch.zeros_like(self.codebook).index_add_(0, nearest, vectors)
            self.average_count.lerp_(here.float(), 1 - DECAY)
            self.average_sum.lerp_(of_code, 1 - DECAY)
            self.codebook.copy_(self.average_sum / self.average_count.clamp(min=LEAST)[:, None])
        if epoch_ends:
            if self.settings.restart:
                self._restart(vectors, generator)
            self.usage.copy_(self.counts)
            self.counts.zero_()
            self.epochs += 1

    def start_from(self, params: Callable[[int], Tensor], generator: torch.Generator) -> None:
        """Every code becomes the vector of some cell of training images."""
        with torch.no_grad():
            self._restart(self.vectors(params(STARTING)).flatten(0, -2), generator)
            self.restarts.zero_()

    def _restart(self, vectors: Tensor, generator: torch.Generator) -> None:
        """Codes that were not used become some of these vectors [N, D], the more likely the farther a vector
        is from all codes: the seeding of k-means++, Arthur and Vassilvitskii 2007, section 2.2."""
        used = self.counts > 0
        distance = vectors.new_ones(len(vectors))
        if used.any():
            distance = torch.cdist(vectors, self.codebook[used]).amin(-1).square()
        for k in (~used).nonzero()[:, 0].tolist():
            at = torch.multinomial(distance.clamp(min=1e-12), 1, generator=generator)
            self.codebook[k] = vectors[at[0]]
            distance = torch.minimum(distance, (vectors - vectors[at]).square().sum(-1))
            if self.averages:
                self.average_sum[k] = vectors[at[0]]
                self.average_count[k] = 1.0
            self.restarts += 1

    @property
    def uses(self) -> Tensor:
        """How many cells chose each code in the last whole epoch of training, or in the first so far [K]."""
        return torch.where(self.epochs > 0, self.usage, self.counts)

    def logged(self) -> dict[str, Tensor]:
        used = (self.uses > 0).sum().float()
        return {"perplexity": perplexity(self.uses), "codes_used": used, "restarts": self.restarts.float()}


def perplexity(uses: Tensor) -> Tensor:
    """exp of the entropy in nats of how often each code is used [..., K]: from 1, where one is, to K, where
    all are alike."""
    share = uses / uses.sum(-1, keepdim=True).clamp(min=1)
    return torch.special.entr(share).sum(-1).exp()
