"""Finds the test images whose hidden half may be several digits, for the Inpaint page to open on.

    VAE_DATA=... .venv/bin/python scripts/find_ambiguous.py RUN [RUN ...]

Of all test images under the page's first mask, completions by importance sampling are read by the independent
classifier. The images whose readings vary most, where each of them is sure, are completed again by
Hamiltonian Monte Carlo. An image is chosen where the chains mix, so that the page opens on a result that
holds. The numbers found stand in `pages/sections/inpaint/opening.py`.
"""

from __future__ import annotations

import sys

import torch
from torch import Tensor

from vae_core import data
from vae_core.analysis import inpaint
from vae_core.analysis.inpaint.importance import resample, weighted
from vae_core.analysis.inpaint.problem import Problem
from vae_core.model import oracle_classifier
from vae_core.runs.run import find
from vae_core.training.process import quick_arithmetic
from widgets.shell import links

CODES, KEPT, CANDIDATES, BLOCK = 400, 32, 40, 25
SURE = 0.8  # of the classifier, in a reading that counts


def ambiguity(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Of readings [K, B, C]: their entropy in nats times the share of sure ones [B], and shares [B, C]."""
    sure = (probabilities.max(-1).values > SURE).double().mean(0)
    counts = torch.nn.functional.one_hot(probabilities.argmax(-1), probabilities.shape[-1]).double().mean(0)
    return torch.special.entr(counts).sum(-1) * sure, counts


def main(names: list[str]) -> None:
    for name in names:
        run = find(name)
        model, source = run.model, run.spec.data
        split = data.load(source.name, "test")
        images = data.binarised_once(split, source.binarisation)
        mask = inpaint.preset(str(links.HIDE.default), *source.shape[1:])
        classifier, generator = oracle_classifier.load(source.name), torch.Generator().manual_seed(0)
        found = []
        for block in images.split(BLOCK):
            problem = Problem(model, block, mask, generator)
            z = resample(*weighted(problem, CODES), KEPT, generator)
            completed = problem.completions("importance", z, z[:, None]).images
            read = classifier.read(completed.flatten(0, 1)).unflatten(0, completed.shape[:2])
            found.append(ambiguity(read)[0])
        candidates = torch.cat(found).topk(CANDIDATES).indices.tolist()
        lines = []
        for number in candidates:
            done = inpaint.METHODS["hmc"](model, images[number], mask, 16, generator=generator)
            codes = done.codes[:, ::5].flatten(0, 1)[:, None]
            problem = Problem(model, images[number : number + 1], mask)
            read = classifier.read(problem.completions("hmc", codes, codes[:, None]).images[:, 0])
            score, shares = ambiguity(read[:, None])
            mixed, sentence = inpaint.verdict(done.r_hat, done.ess)
            counts = {c: round(100 * share) for c, share in enumerate(shares[0].tolist()) if share > 0.03}
            lines.append((mixed, float(score), number, counts, sentence))
        print(f"{name}, {source.name}, {links.HIDE.default} hidden")
        for _, score, number, counts, sentence in sorted(lines, reverse=True)[:12]:
            print(f"  image {number}: {score:.2f}, read as {counts} per cent, {sentence}")


if __name__ == "__main__":
    with quick_arithmetic():
        main(sys.argv[1:])
