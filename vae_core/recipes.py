"""Recipes: named Specs. Each states only what it changes, why, and what to notice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vae_core.sentences import quote
from vae_core.spec import Spec, SpecError


@dataclass(frozen=True)
class Recipe:
    name: str
    title: str
    why: str  # why these values
    notice: str  # what to look at while it trains
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        return Spec(recipe=self.name).change(**self.changes)


# The same for all five: a minute or so of one core. Six dimensions for five factors, as the little that an
# empty one tells counts in every metric that knows no scale.
SPRITES = {
    "data.name": "sprites",
    "latent": 6,
    "net.widths": (192, 128),
    "training.steps": 8000,
}

# The same for four likelihoods of grey pixels, so that bits per dimension compare: convolutions, because 256
# numbers for each pixel are 51 million weights of the usual network and half a million of these.
GREY = {"net.kind": "conv", "training.steps": 2000}

# The same for three sets that are no ink on paper. As the Gaussian's variance falls its gradients grow, and
# at the usual commitment of 0.25 the encoder runs away from its codebook.
VQ_GAUSSIAN = {
    "likelihood.kind": "gaussian",
    "posterior.kind": "vq",
    "posterior.codebook": "moving_average",
    "posterior.commitment": 16.0,
    "latent": 16,
    "training.epochs": 6,
    "training.schedule": "cosine",
}

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "vae-2d",
            "VAE, 2 dimensions",
            "Two dimensions, because the whole latent space then fits on one map.",
            "The classes start in one heap, drift apart, and settle into a round cloud under the prior.",
        ),
        Recipe(
            "autoencoder-2d",
            "Autoencoder, 2 dimensions",
            "beta 0 takes the KL away: nothing asks the codes to look like the prior.",
            "Reconstructions sharpen, the cloud leaves the prior, and prior samples stop being digits.",
            {"objective.beta": 0.0},
        ),
        Recipe(
            "autoencoder-2d-no-noise",
            "Autoencoder without noise, 2 dimensions",
            "Neither noise nor KL: the code is the encoder's mean, and nothing asks what lies between codes.",
            "Reconstructions are sharp, the cloud goes anywhere, and samples from the prior are no digits.",
            {"objective.beta": 0.0, "posterior.kind": "point"},
        ),
        Recipe(
            "vae-2d-no-noise",
            "VAE without noise, 2 dimensions",
            "KL without noise: of it only 1/2 |mu|^2 is left, a pull of every code towards 0.",
            "The cloud shrinks instead of filling the prior, and samples stay poor: the pull makes no VAE.",
            {"posterior.kind": "point"},
        ),
        Recipe(
            "vae-16d",
            "VAE, 16 dimensions",
            "More room than the digits need, so that the model chooses how many dimensions to use.",
            "KL per dimension: some dimensions carry several nats, others fall to zero and stay there.",
            {"latent": 16},
        ),
        Recipe(
            "beta-0.1",
            "VAE with beta 0.1",
            "A tenth of the KL: halfway between an autoencoder and a VAE.",
            "Sharper digits than with beta 1; the cloud is wider than the prior, with gaps between "
            "the classes.",
            {"objective.beta": 0.1},
        ),
        Recipe(
            "beta-4",
            "beta-VAE, beta 4",
            "A heavier KL (Higgins et al. 2017) buys order with reconstruction.",
            "The cloud fills the prior almost without holes, and the digits blur.",
            {"objective.beta": 4.0},
        ),
        Recipe(
            "warm-up",
            "KL warm-up",
            "beta rises from 0 to 1 over 2,000 steps (Bowman et al. 2016): the code is used before it costs.",
            "KL shoots up at first and is then pressed down; fewer dimensions collapse than without.",
            {"latent": 16, "objective.warm_up": 2000},
        ),
        Recipe(
            "capacity",
            "Capacity",
            "|KL - C| with C rising to 25 nats (Burgess et al. 2018) hands out information little by little.",
            "KL follows C like a shadow; dimensions open one after another.",
            {"latent": 10, "objective.kind": "capacity", "objective.capacity_steps": 5000},
        ),
        Recipe(
            "more-information",
            "More information in the code",
            "ELBO + (1 - omega) I(x; z) with omega 0.1: of the KL's parts the information costs a tenth, and "
            "how far q(z) is from the prior costs what it did (Chen et al. 2018 with alpha omega).",
            "I(x; z) on the board is of a batch, at most log 128 = 4.85 nats; the exact one, at most log N, "
            "stands under Latent map, What the KL is made of.",
            {"objective.kind": "beta_tc", "objective.alpha": 0.1, "objective.beta": 1.0, "latent": 16},
        ),
        Recipe(
            "info",
            "InfoVAE with MMD",
            "beta 0.1 lets every code tell more, and the MMD holds all codes together to the prior (Zhao et "
            "al. 2019).",
            "KL and reconstruction are those of beta 0.1, and the cloud lies closer to the prior: compare "
            "their hole mass.",
            {"objective.kind": "info"},
        ),
        Recipe(
            "kl-constraint",
            "The KL as a constraint",
            "The reconstruction is made as good as a KL of 10 nats allows; beta is no setting any more, it "
            "follows (dual ascent).",
            "beta rises while the KL is above 10 nats, falls while it is below, and settles at the weight of "
            "the beta-VAE that ends there.",
            {"objective.kind": "constraint", "latent": 16},
        ),
        Recipe(
            "lecture",
            "The lecture's VAE",
            "Linear(64, 256), LeakyReLU, Linear(256, 2d) and its mirror, whose last layer gives 17 numbers "
            "for each pixel of 8 by 8 digits: a softmax over its grey levels.",
            "It learns within seconds. After some 80 epochs the test ELBO turns while that of training "
            "rises on: 1,437 images are few.",
            {
                "data.name": "digits",
                "net.kind": "lecture",
                "likelihood.kind": "categorical",
                "likelihood.levels": 17,
                "latent": 16,
                "training.learning_rate": 1e-3,
                "training.epochs": 100.0,
            },
        ),
        Recipe(
            "conv-2d",
            "Convolutional VAE, 2 dimensions",
            "Convolutions share weights over the image: fewer numbers to learn, more work per step.",
            "Fewer images per second than the fully connected network, but each one teaches more.",
            {"net.kind": "conv"},
        ),
        Recipe(
            "likelihood-gaussian",
            "Grey pixels, Gaussian",
            "A density around the mean, of one learned variance for all pixels.",
            "Means are soft, draws are grainy all over: strokes and background have the same variance.",
            {**GREY, "likelihood.kind": "gaussian"},
        ),
        Recipe(
            "likelihood-laplace",
            "Grey pixels, Laplace",
            "It counts distances where a Gaussian counts squares, and so aims at the median of a pixel.",
            "The background is black at once, the median of a pixel that is mostly black; fine strokes fade.",
            {**GREY, "likelihood.kind": "laplace"},
        ),
        Recipe(
            "likelihood-continuous-bernoulli",
            "Grey pixels, continuous Bernoulli",
            "A density that falls or rises from end to end of [0, 1] (Loaiza-Ganem and Cunningham 2019).",
            "Most pixels are exactly black, and the density there grows without limit: bits per dimension "
            "sink below those of 256 levels, which are probabilities.",
            {**GREY, "likelihood.kind": "continuous_bernoulli"},
        ),
        Recipe(
            "likelihood-categorical",
            "Grey pixels, 256 levels",
            "A probability of each grey level, none nearer than another: a second of one core a step.",
            "Bits per dimension are those of probabilities: a density has fewer only where it stands on the "
            "levels themselves.",
            {**GREY, "likelihood.kind": "categorical"},
        ),
        Recipe(
            "perceptual",
            "Features in place of pixels",
            "What the reconstruction costs is how far it is from the image for a classifier that comes with "
            "the app (Hou et al. 2017): no likelihood, so there is no ELBO.",
            "Strokes are crisp where means of p(x|z) are soft, and full of specks: what the classifier does "
            "not see costs nothing.",
            {"likelihood.kind": "perceptual"},
        ),
        Recipe(
            "iaf-2d",
            "Flow posterior, 2 dimensions",
            "An inverse autoregressive flow (Kingma et al. 2016) bends each posterior out of its ellipse; at "
            "twice this learning rate its ELBO falls back by nats now and then.",
            "Where several readings of an image are possible q bends over them, and after as many steps the "
            "ELBO is above that of a Gaussian.",
            {"posterior.kind": "iaf", "training.learning_rate": 1e-3},
        ),
        Recipe(
            "masked-16d",
            "Masked VAE, 16 dimensions",
            "The encoder sees part of an image, hidden pixels as 0 and the mask; the decoder owes all of it.",
            "Probe images: from a half or a quarter of its pixels a digit is completed, to a likely one.",
            {"latent": 16, "mask.kind": "random"},
        ),
        Recipe(
            "denoise",
            "Denoising VAE, 16 dimensions",
            "The encoder sees up to half of all pixels black or white by chance, and the decoder owes the "
            "clean image (Im et al. 2017).",
            "Probe images: under salt and pepper, and decoded clean, now and then as another digit.",
            {"latent": 16, "noise.kind": "salt_and_pepper"},
        ),
        Recipe(
            "partial-conv",
            "Partial convolutions, 16 dimensions",
            "Convolutions over observed pixels alone, rescaled by how many there were (Liu et al. 2018).",
            "Where single pixels are hidden a window sees their neighbours: reconstructions hardly suffer.",
            {"latent": 16, "mask.kind": "random", "net.kind": "partial_conv"},
        ),
        Recipe(
            "linear",
            "Linear VAE (probabilistic PCA)",
            "One affine map each way, a Gaussian with one shared variance, and q(z|x) with the same "
            "variances for all images: its optimum has a closed form.",
            "The ELBO rises to the log likelihood of probabilistic PCA and no further (Lucas et al. 2019).",
            {
                "net.kind": "linear",
                "likelihood.kind": "gaussian",
                "likelihood.sigma": 1.0,
                "posterior.variance": "shared",
                "latent": 8,
                "training.batch_size": 256,
                "training.learning_rate": 5e-3,
                "training.schedule": "cosine",
                "training.epochs": 40.0,
            },
        ),
        Recipe(
            "cvae",
            "Conditional VAE",
            "Encoder and decoder are told the class (Sohn et al. 2015), so that the code need not say it.",
            "Samples come out class by class, and the cloud mixes all classes: what is left in z is style.",
            {"condition.kind": "class", "latent": 5},
        ),
        Recipe(
            "joint-vae",
            "Joint VAE with a classifier",
            "p(x, y): a conditional VAE, a learned prior of the classes, and q(y|x) beside them.",
            "Accuracy and ELBO rise side by side: the classifier shares no weights with the rest.",
            {
                "condition.kind": "class",
                "condition.class_prior": "learned",
                "objective.kind": "joint",
                "condition.classifier.kind": "conv",
                "latent": 5,
            },
        ),
        Recipe(
            "m2-100",
            "M2, 100 labels",
            "Ten labelled images of each class; of all others the class is summed out (Kingma et al. 2014).",
            "Accuracy on test images climbs long after all 100 labels are learned: the others teach.",
            {
                "condition.kind": "class",
                "condition.labels": 100,
                "condition.shift": 2,
                "objective.kind": "m2",
                "objective.alpha": 100.0,
                "objective.class_warm_up": 2000,
                "latent": 8,
                "net.widths": (256, 256),
                "training.batch_size": 100,
                "training.epochs": 10,
                "training.learning_rate": 1e-3,
            },
        ),
        Recipe(
            "supervised-100",
            "Supervised, 100 labels",
            "M2's classifier on the same 100 labelled images, and no others: what M2 is to be compared with.",
            "Accuracy stops where 100 images stop.",
            {
                "condition.kind": "class",
                "condition.labels": 100,
                "condition.shift": 2,
                "objective.kind": "joint",
                "latent": 8,
                "net.widths": (256, 256),
                "training.batch_size": 100,
                "training.learning_rate": 1e-3,
                "training.steps": 3000,
            },
        ),
        Recipe(
            "monte-carlo-kl",
            "Monte Carlo KL",
            "The KL estimated from one sample instead of in closed form: the same mean, more noise.",
            "The KL curve trembles, and the model still arrives at the same place.",
            {"objective.kl": "monte_carlo"},
        ),
        Recipe(
            "mixture-prior-2d",
            "Mixture prior, 2 dimensions",
            "The prior learns too: 30 Gaussians, so that p(z) can go to where the codes are.",
            "The prior's contours leave their circle and follow the classes; hole mass falls.",
            {"prior.kind": "mixture"},
        ),
        Recipe(
            "vamp-2d",
            "VampPrior, 2 dimensions",
            "The prior is the mixture of the encoder's posteriors at 50 learned images (Tomczak and Welling "
            "2018): the best prior would be the same of all images.",
            "The prior's contours follow the classes, and hole mass falls; the pseudo-inputs, below the "
            "latent map, begin as training images.",
            {"prior.kind": "vamp"},
        ),
        Recipe(
            "flow-prior-2d",
            "Flow prior, 2 dimensions",
            "N(0, I) is moved by eight invertible steps (RealNVP, Dinh et al. 2017): any shape, sampled and "
            "scored exactly.",
            "The prior's contours bend into arms around the classes, and stay in one piece.",
            {"prior.kind": "flow"},
        ),
        Recipe(
            "free-bits",
            "Free bits",
            "A quarter of a nat per dimension costs nothing (Kingma et al. 2016), so that none dies.",
            "KL per dimension: none stays below the free quarter of a nat for long.",
            {"latent": 16, "objective.kind": "free_bits"},
        ),
        Recipe(
            "gumbel",
            "Categories by Gumbel-softmax",
            "Twenty groups of ten categories: in each group one is chosen, softly in training (Jang et al. "
            "2017), the harder the lower the temperature.",
            "KL per group is at most log 10 = 2.3 nats. The ELBO of hard codes lies below the relaxed one "
            "and comes nearer as the temperature falls.",
            {"posterior.kind": "gumbel", "latent": 20, "training.learning_rate": 1e-3},
        ),
        Recipe(
            "collapse",
            "A decoder so strong that the code goes unused",
            "Each pixel is given by the code and, up to 7 pixels far, by those before it: what neighbours "
            "say costs no KL, so that at beta 1 the code falls silent (Chen et al. 2017).",
            "KL falls below half a nat while the ELBO rises past that of independent pixels, and what is "
            "drawn of a probe image is any digit. Choose free bits of 0.5 nats: KL comes back, to some 3.6.",
            {
                "net.kind": "pixel",
                "latent": 8,
                "data.binarisation": "static",
                "training.steps": 1000,
            },
        ),
        Recipe(
            "iwae-50",
            "IWAE, 50 codes per image",
            "Fifty codes of an image are weighed together (Burda et al. 2016): a bound nearer to log p(x).",
            "The bound lies nats above the ELBO, which may even fall: q need no longer be right by itself.",
            {"latent": 16, "objective.kind": "iwae", "objective.samples": 50},
        ),
        Recipe(
            "vq",
            "VQ-VAE",
            "A code is a grid of 7 x 7 cells, each with one of 64 vectors of a codebook (van den Oord et al. "
            "2017); a prior over the codes learns beside it, so that samples come from the same run.",
            "Reconstructions are sharp at once, and samples follow as the prior learns; what the codes cost "
            "falls away from the 203.8 nats of a uniform prior.",
            {
                "posterior.kind": "vq",
                "latent": 16,
                "training.epochs": 6,
                "training.schedule": "cosine",
            },
        ),
        Recipe(
            "vq-class",
            "VQ-VAE told the class",
            "The recipe vq, told the class everywhere: p(z|y) writes codes of a digit that is asked for.",
            "A digit asked for by its class is written cell by cell; and codes of one digit, decoded as "
            "another, keep the shape that they have.",
            {
                "posterior.kind": "vq",
                "latent": 16,
                "condition.kind": "class",
                "prior.of_class": True,
                "training.epochs": 8,
                "training.schedule": "cosine",
            },
        ),
        Recipe(
            "vq-fashion",
            "VQ-VAE, Fashion-MNIST",
            "Clothes are grey where digits are ink, so a Gaussian takes the place of the Bernoulli.",
            "What the codes cost, beside the 203.8 nats of a uniform prior: how much less is what the prior "
            "over the codes has learned.",
            {**VQ_GAUSSIAN, "data.name": "fashion_mnist"},
        ),
        Recipe(
            "vq-sprites-colour",
            "VQ-VAE, sprites in colour",
            "The recipe vq in colour: 8 x 8 cells of 4 x 4 pixels, most of which are black.",
            "Samples are sprites of one colour in one place, but not always squares, ellipses or hearts: "
            "what cells far apart must agree on is the last that the prior learns.",
            {**VQ_GAUSSIAN, "data.name": "sprites_colour"},
        ),
        Recipe(
            "vq-cifar10",
            "VQ-VAE, CIFAR-10",
            "Photographs have more kinds of patches than sprites: 256 codes and a wider network.",
            "What the codes cost, beside the 354.9 nats of a uniform prior: how much less is what the prior "
            "over the codes has learned.",
            {
                **VQ_GAUSSIAN,
                "data.name": "cifar10",
                "posterior.codes": 256,
                "latent": 32,
                "net.hidden": 64,
            },
        ),
        Recipe(
            "vq-2d",
            "VQ-VAE, codes in a plane",
            "Vectors of two numbers, so that the codebook can be seen: each code has the part of the plane "
            "that is nearer to it than to all others.",
            "The encoder's vectors move among the cells, and each code goes to the middle of those that "
            "choose it; a code that none chose for an epoch begins again elsewhere.",
            {
                "posterior.kind": "vq",
                "posterior.codes": 32,
                "training.epochs": 6,
                "training.schedule": "cosine",
            },
        ),
        Recipe(
            "vq-without-codebook",
            "VQ-VAE without its codebook",
            "The encoder and decoder of the recipe vq with 7 x 7 x 10 numbers between them, neither chosen "
            "from a codebook nor under noise.",
            "How much better it reconstructs than the recipe vq is what the codebook costs. Samples show "
            "what a codebook is for: here nothing says where codes lie.",
            {
                "net.kind": "conv_grid",
                "posterior.kind": "point",
                "objective.beta": 0.0,
                "latent": 490,
                "training.epochs": 6,
                "training.schedule": "cosine",
            },
        ),
        Recipe(
            "vq2",
            "VQ-VAE-2, two levels of codes",
            "A grid of 14 x 14 cells below one of 7 x 7, each with a codebook of its own (Razavi et al. "
            "2019). The bottom has four codes: with 64 it says everything, and the top is not needed.",
            "The bars: what the top costs, and the bottom given it. On Latent map, what either level alone "
            "makes of an image, and the top of one image with the bottom of another.",
            {
                "posterior.kind": "vq2",
                "posterior.bottom_codes": 4,
                "latent": 16,
                "prior.hidden": 32,
                "training.epochs": 6,
                "training.schedule": "cosine",
            },
        ),
        Recipe(
            "sprites-beta-1",
            "Sprites, beta 1",
            "The plain VAE on images whose factors are known: the other sprites recipes are held against it.",
            "Position and size are all coded, but spread over several dimensions each.",
            SPRITES,
        ),
        Recipe(
            "sprites-beta-4",
            "Sprites, beta 4",
            "A heavier KL (Higgins et al. 2017): few dimensions stay open, and each must earn its nats.",
            "Dimensions close one by one; those for x and y are the last to go.",
            {**SPRITES, "objective.beta": 4.0},
        ),
        Recipe(
            "sprites-capacity",
            "Sprites, capacity",
            "|KL - C| with C rising to 8 nats (Burgess et al. 2018): position first, size later.",
            "Dimensions open one after another, in the order of what they save in reconstruction.",
            {
                **SPRITES,
                "objective.kind": "capacity",
                "objective.capacity": 8.0,
                "objective.capacity_steps": 6000,
            },
        ),
        Recipe(
            "sprites-beta-tc",
            "Sprites, beta-TCVAE",
            "Total correlation is weighed by 6 (Chen et al. 2018), as the mixture of each batch has it: the "
            "stratified estimate would reward a code for having no neighbours in its batch.",
            "Three dimensions stay open, for x, y and size; mixed at first, they turn apart step by step.",
            {**SPRITES, "objective.kind": "beta_tc"},
        ),
        Recipe(
            "sprites-factor",
            "Sprites, FactorVAE",
            "A discriminator tells codes from codes with shuffled dimensions (Kim and Mnih 2018), and the "
            "encoder learns to fool it.",
            "The discriminator's loss creeps up to log 2 = 0.69, where it can only guess.",
            {
                **SPRITES,
                "objective.kind": "factor",
                "objective.gamma": 35.0,
                "objective.discriminator_rate": 1e-3,
            },
        ),
    )
}


def get(name: str) -> Spec:
    """The Spec of a recipe. Raises SpecError, a sentence that lists the recipes there are."""
    if name not in RECIPES:
        raise SpecError(f"{quote(name)} is no recipe; there are {', '.join(RECIPES)}.")
    return RECIPES[name].spec
