"""VAE: assembles the parts that a Spec names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import repeat

import torch
from torch import Tensor, nn

from vae_core.model import likelihoods, nets, posteriors, priors
from vae_core.model.feature_distance import FeatureDistance
from vae_core.model.one_hot import one_hot
from vae_core.model.posteriors import GridCodes, GroupCodes, Posteriors, VectorQuantised
from vae_core.model.terms import Terms
from vae_core.pixels import unit
from vae_core.spec import Spec

BLOCK = 512  # images at a time where a whole set passes through


class VAE(nn.Module):
    """Encoder, posterior, prior, decoder and likelihood of one Spec.

    Under a condition (`classes` K > 0) also p(y) and, where the Spec has one, a classifier q(y|x). A
    condition y is passed as labels, int64 [B], or as weights of the classes, float32 [..., B, K]: one-hot, or
    a blend.
    """

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        channels, height, width = spec.data.shape
        self.image_shape = (channels, height, width)
        self.latent = spec.code_size
        self.likelihood = likelihoods.build(spec.likelihood)
        if isinstance(self.likelihood, FeatureDistance):
            self.likelihood.of(spec.data.name)
        self.posterior = posteriors.build(spec.posterior, spec.latent, spec.grid)
        self.classes = spec.classes
        self.class_prior: priors.ClassPrior | None = None
        if spec.condition.kind == "class":
            self.class_prior = priors.ClassPrior(spec.classes, spec.condition.class_prior == "learned")
        codebook = self.posterior if isinstance(self.posterior, VectorQuantised) else None
        self.prior = priors.build(spec.prior, self.latent, self.class_prior, codebook)
        self.encoder, self.decoder = nets.build(
            spec.net,
            image=(channels + spec.masked, height, width),
            outputs=self.posterior.numbers,
            latent=self.latent,
            pixels=(self.likelihood.numbers * channels, height, width),
            encoder_condition=spec.classes if spec.encoder_sees_class else 0,
            decoder_condition=spec.classes,
        )
        self.neighbours = nets.neighbours(spec.net, channels, self.likelihood.numbers * channels)
        self.classifier: nets.Net | None = None
        if spec.condition.kind == "class" and spec.condition.classifier is not None:
            self.classifier = nets.encoder(spec.condition.classifier, self.image_shape, spec.classes)
        self.prior.attach(self._moments, self.image_shape)

    def _moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance [B, D] of q(z|x), of whole images x [B, C, H, W] without a class."""
        return self.posterior.moments(self.encode(x))

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def weights(self, y: Tensor) -> Tensor:
        """Labels int64 [B] as one-hot [B, K]; weights of classes [..., K] as they are. On the model's device.

        Raises ValueError where this model has no classes or another number of them.
        """
        y = y.to(self.device)
        if not self.classes:
            raise ValueError("This model has no classes: it takes no condition.")
        if y.is_floating_point():
            if y.shape[-1] != self.classes:
                raise ValueError(f"A condition here is weights of {self.classes} classes, not {y.shape[-1]}.")
            return y
        return one_hot(y, self.classes)

    def encode(self, x: Tensor, y: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, C, H, W] in [0, 1] -> the posterior's params [B, P]; [S, B, P] for y [S, B, K].

        An encoder that sees y and is not told it gets `guess(x)`.
        mask: [B, 1, H, W], 1 = observed, or None where all is. Hidden pixels are 0 to the encoder, and only
        a masked model is told which those are.
        """
        x = seen = x if mask is None else x * mask
        if self.spec.masked:
            seen = torch.cat([x, torch.ones_like(x[:, :1]) if mask is None else mask.to(x.dtype)], dim=1)
        if not self.spec.encoder_sees_class:
            return self.encoder(seen)
        return self.encoder(seen, self.guess(x) if y is None else self.weights(y))

    def decode(self, z: Tensor, y: Tensor | None = None, x: Tensor | None = None) -> Tensor:
        """z [..., D] -> the likelihood's params [..., K * C, H, W]; y is broadcast to the leading axes of z.

        Under a condition and without y: the blend of all classes by p(y).
        x [..., C, H, W] in [0, 1], broadcast likewise: the images whose likelihood is asked for. Where pixels
        depend on those before them the params of each are those given z and these pixels of x; elsewhere x
        counts for nothing. Raises ValueError where it is needed and missing.
        """
        params = self.of_code(z, y)
        if self.neighbours is None:
            return params
        if x is None:
            raise ValueError("Pixels depend on those before them here: no code alone says what they are.")
        seen = x.expand(*z.shape[:-1], *self.image_shape).flatten(0, -4)
        return params + self.neighbours(seen, params.flatten(0, -4)).view_as(params)

    def of_code(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """What the code says of every pixel, [..., K * C, H, W]: params, but for what `neighbours` adds."""
        if not self.classes:
            return self.decoder(z.flatten(0, -2)).unflatten(0, z.shape[:-1])
        assert self.class_prior is not None
        weights = self.class_prior.log_probs.exp() if y is None else self.weights(y)
        weights = weights.expand(*z.shape[:-1], self.classes)
        return self.decoder(z.flatten(0, -2), weights.flatten(0, -2)).unflatten(0, z.shape[:-1])

    def forward(
        self,
        x: Tensor,
        samples: int = 1,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
        mask: Tensor | None = None,
        seen: Tensor | None = None,
    ) -> Terms:
        """x [B, C, H, W] in [0, 1] -> Terms with S = samples.

        y: labels [B] or weights [B, K]. Under a condition and without y, the class is summed out: see Terms.
        mask: what the encoder sees, as in `encode`. The likelihood is that of all pixels: q(z|x * mask) is
        one more approximate posterior, and the ELBO under it bounds log p(x) like any other.
        seen: x under noise, which the encoder gets in its place; the likelihood is that of x. The ELBO is one
        under q(z|seen), and its mean over the noise bounds log p(x) too (Im et al. 2017).
        """
        seen = x if seen is None else seen
        if not self.classes:
            return self._terms(x, seen, samples, generator, None if y is None else self.weights(y), mask)
        assert self.class_prior is not None
        log_qy = None if self.classifier is None else self.classifier(x).log_softmax(-1)
        if y is None:
            every = torch.eye(self.classes, device=x.device)
            terms = self._terms(x, seen, samples, generator, every[:, None].expand(-1, len(x), -1), mask)
        else:
            y = self.weights(y)
            terms = self._terms(x, seen, samples, generator, y, mask)
        joint = self.spec.objective.classifying
        return replace(terms, y=y, log_py=self.class_prior.log_probs, log_qy=log_qy, joint=joint)

    def _terms(
        self,
        x: Tensor,
        seen: Tensor,
        samples: int,
        generator: torch.Generator | None,
        y: Tensor | None,
        mask: Tensor | None,
    ) -> Terms:
        """y [B, K], or [K, B, K]: under every class."""
        params = self.encode(seen, y, mask)
        z, log_qz = self.posterior.sample(params, samples, generator)
        kl = self.posterior.kl(params, self.prior, y)
        if y is None or y.ndim == 2:
            of_one = z[None]  # whoever follows the gradient to the codes finds all of it here
            log_px = self.likelihood.log_prob(self.decode(of_one[0], y, x), x)
            return Terms(
                log_px=self.posterior.estimated(log_px, log_qz)[None],
                log_pz=self.prior.log_prob(of_one[0], y)[None],
                log_qz=log_qz[None],
                kl=None if kl is None else kl[None],
                z=of_one,
                auxiliary=self.posterior.auxiliary_loss(params),
                params=params.detach(),
                held_log_qz=partial(self._held_log_prob, params, of_one),
                pairwise=partial(self.posterior.pairwise, params, z)
                if self.spec.posterior.independent
                else None,
            )
        if params.ndim == 2:  # one posterior for all classes
            z, log_qz = z[None].expand(self.classes, -1, -1, -1), log_qz[None].expand(self.classes, -1, -1)
        else:  # the posterior puts its samples first
            z, log_qz = z.transpose(0, 1), log_qz.transpose(0, 1)
        pixels = self.decode(z, y[:, None], x)
        log_px = self.likelihood.log_prob(pixels.flatten(0, 1), x).unflatten(0, (self.classes, samples))
        kl = None if kl is None else kl.expand(self.classes, -1, -1)
        return Terms(log_px, self.prior.log_prob(z, y[:, None]), log_qz, kl, z, summed=True)

    def _held_log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        """log q(z|x) [1, S, B] of codes [1, S, B, D], with a gradient in z alone: its value, and its slope
        there times what z moves by."""
        here = z[0].detach().requires_grad_()
        log_q = self.posterior.log_prob(params.detach(), here)
        (slope,) = torch.autograd.grad(log_q.sum(), here)
        return (log_q.detach() + (slope * (z[0] - here.detach())).sum(-1))[None]

    def prior_state(self) -> dict[str, Tensor]:
        """The tensors by which `priors.of_state` makes p(z) and p(y) of this moment again."""
        parts = {"prior": self.prior.kept()}
        if self.class_prior is not None:
            parts["class_prior"] = self.class_prior.state_dict()
        return {f"{part}.{name}": value for part, kept in parts.items() for name, value in kept.items()}

    @torch.inference_mode()
    def classify(self, images: Tensor) -> Tensor:
        """q(y|x) [N, K] of images [N, C, H, W], uint8 or float in [0, 1]; on the CPU.

        Raises ValueError where the model has no classifier.
        """
        if self.classifier is None:
            raise ValueError("This model has no classifier q(y|x).")
        return torch.cat([self.classifier(block).softmax(-1).cpu() for block in self._blocks(images)])

    def guess(self, x: Tensor) -> Tensor:
        """What stands for a class that is not known [B, K].

        The most probable one under q(y|x), one-hot; without a classifier, the blend of all by p(y).
        """
        if self.classifier is not None:
            return one_hot(self.classifier(x).argmax(-1), self.classes)
        assert self.class_prior is not None
        return self.class_prior.log_probs.exp().expand(len(x), -1)

    @torch.inference_mode()
    def posteriors(self, images: Tensor, labels: Tensor | None = None) -> Posteriors:
        """q(z|x) of images [N, C, H, W], uint8 or float in [0, 1]; on the CPU.

        Of an encoder that sees the class, q(z|x, y) with y the true class, as labels [N] say.
        """
        return Posteriors(labels=None if labels is None else labels.cpu(), **self._codes(images, labels))

    @torch.inference_mode()
    def grid_codes(self, images: Tensor, labels: Tensor | None = None) -> GridCodes:
        """As `posteriors`, of a model whose codes are grids of a codebook's."""
        return GridCodes(labels=None if labels is None else labels.cpu(), **self._codes(images, labels))

    @torch.inference_mode()
    def group_codes(self, images: Tensor, labels: Tensor | None = None) -> GroupCodes:
        """As `posteriors`, of a model whose codes are categories."""
        return GroupCodes(labels=None if labels is None else labels.cpu(), **self._codes(images, labels))

    def encoded(self, images: Tensor, labels: Tensor | None = None) -> Posteriors | GridCodes | GroupCodes:
        """What a run keeps of images, in the form of its posterior."""
        match self.spec.posterior.form:
            case "indices":
                return self.grid_codes(images, labels)
            case "probabilities":
                return self.group_codes(images, labels)
        return self.posteriors(images, labels)

    def _codes(self, images: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """What the posterior keeps of images, by name [N, ...]; on the CPU."""
        given = labels.split(BLOCK) if labels is not None and self.classes else repeat(None)
        generator = torch.Generator(self.device).manual_seed(0)
        parts = [
            self.posterior.codes(self.encode(block, y), generator)
            for block, y in zip(self._blocks(images), given, strict=False)
        ]
        return {name: torch.cat([part[name] for part in parts]).cpu() for name in parts[0]}

    @torch.inference_mode()
    def decode_mean(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """E[x|z] or E[x|z, y] of z [N, D], [N, C, H, W] within [0, 1].

        y: labels [N], or weights [N, K] or [K] for all; without, the blend of all classes by p(y).
        """
        z = z.to(self.device)
        given = repeat(None) if y is None else self.weights(y).expand(len(z), -1).split(BLOCK)
        means = [
            self.likelihood.mean(self.decode(block, weights)[None])[0]
            for block, weights in zip(z.split(BLOCK), given, strict=False)
        ]
        return torch.cat(means).clamp(0, 1)

    def _blocks(self, images: Tensor) -> Iterator[Tensor]:
        for block in images.split(BLOCK):
            yield unit(block.to(self.device))
