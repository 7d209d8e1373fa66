"""What rounding the factors of training's products to bfloat16 costs: test ELBO, paired over seeds.

    .venv/bin/python benchmarks/rounded_products.py [--net dense|conv|vq] [--seeds 8] [--epochs 5]

Each seed trains twice, once with training.products=float32 and once with bfloat16, which start from the same
weights and see the same batches and noise; on MNIST, or on strokes where that is not here. Printed are both
ELBOs on the 10,000 test images, dynamically binarised in training and binarised once for the test, in nats
per image, and the mean difference with its standard error over seeds.
"""

from __future__ import annotations

import argparse
import itertools
from statistics import mean, stdev

from vae_core import data, recipes
from vae_core.training.loop import Trainer
from vae_core.training.process import quick_arithmetic

NETS = {
    "dense": recipes.get("vae-2d").change(**{"net.widths": [400], "latent": 20}),
    "conv": recipes.get("vae-2d").change(**{"net.kind": "conv"}),
    "vq": recipes.get("vq"),
}


def images_here() -> str:
    try:
        data.load("mnist")
    except data.Unavailable:
        return "strokes"
    return "mnist"


def elbo(net: str, name: str, products: str, seed: int, epochs: float) -> float:
    changes = {"products": products, "seed": seed, "epochs": epochs}
    spec = NETS[net].change(
        **{"data.name": name}, **{f"training.{each}": value for each, value in changes.items()}
    )
    trainer = Trainer(spec, data.load(name))
    for _ in itertools.islice(trainer, trainer.steps_total):
        pass
    test = data.binarised_once(data.load(name, "test"), "static")
    return float(trainer.evaluate(test)["elbo"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--net", choices=NETS, default="dense")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=float, default=5)
    chosen = parser.parse_args()
    differences, name = [], images_here()
    with quick_arithmetic():
        for seed in range(chosen.seeds):
            exact, rounded = (
                elbo(chosen.net, name, kind, seed, chosen.epochs) for kind in ("float32", "bfloat16")
            )
            differences.append(rounded - exact)
            print(f"seed {seed}: float32 {exact:.2f}, bfloat16 {rounded:.2f}", flush=True)
    print(f"bfloat16 less float32: {mean(differences):+.3f} nats", end="")
    if len(differences) > 1:
        print(f", standard error {stdev(differences) / len(differences) ** 0.5:.3f}", end="")
    print(f", {len(differences)} seeds, {chosen.epochs:g} epochs of {name}")


if __name__ == "__main__":
    main()
