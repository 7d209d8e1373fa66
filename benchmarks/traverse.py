"""How fast the image follows a slider of the traverse board, in Chromium, over 300 moves of one slider.

    python benchmarks/traverse.py [RUN ...]     # by default shipped runs, and untrained models of sprites

The board runs as in the app, with all its rows, but on a bare page: Streamlit has no part in a move. Timed is
all that a move costs the page, from the slider's event to the pixels of the large image, which reading one
back forces to be there, while the strips of the other dimensions arrive. "Strips" is how long after the last
move the last strip in sight is that of the code on screen. The target: 16 ms at the 95th percentile.
"""

from __future__ import annotations

import base64
import sys

import numpy as np
import torch
from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import chromium as chromium_path
from benchmarks.latent_map import FLAGS, MOVES, SPY
from vae_core import Spec
from vae_core.analysis import kl_divergence
from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.runs.run import all_runs, load_run
from vae_core.spec.capabilities import capabilities
from widgets.components import traverse as tr

STOPS = np.linspace(-3, 3, 9)
NEEDED = {"vector", "continuous", "independent_pixels"}
SPRITES = ("mlp", "conv")

MEASURE = """async ([css, script, parcels, data, moves]) => {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const component = (await import(address)).default;
  const host = document.body.appendChild(document.createElement("div"));
  host.style.width = "980px";
  const root = host.attachShadow({ mode: "open" });
  root.appendChild(document.createElement("style")).textContent = css;
  for (const bytes of parcels) {
    const parcel = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
    component({ data: parcel, parentElement: document.createElement("div") });
  }
  const end = component({ data, parentElement: root, setStateValue: () => {}, setTriggerValue: () => {} });
  const boards = root.querySelectorAll(".board");
  const rested = () => [...boards].every((board) => board.dataset.decoded === "true");
  const frame = () => new Promise(requestAnimationFrame);
  while (!rested()) await frame();
  await new Promise((go) => setTimeout(go, 500));
  const slider = root.querySelector("input[type=range]"), images = root.querySelectorAll(".decoded");
  const times = [], gaps = [];
  let last = await frame();
  for (let k = 0; k < moves; k++) {
    slider.value = 0.5 + 0.45 * Math.sin((6 * Math.PI * k) / moves);
    const started = performance.now();
    slider.dispatchEvent(new Event("input"));
    const handled = performance.now() - started;
    // The board has asked for this frame before we did, so it has drawn by the time we come to it.
    const begun = await new Promise((go) => requestAnimationFrame((now) => go(now)));
    const drawn = performance.now();
    for (const image of images) image.getContext("2d").getImageData(0, 0, 1, 1);
    gaps.push(begun - last);
    last = begun;
    times.push(handled + window.spent + (performance.now() - drawn));
  }
  const finished = performance.now();
  while (!rested()) await frame();
  const strips = performance.now() - finished;
  end();
  host.remove();
  return { times, gaps, strips };
}"""


def main(paths: list[str]) -> None:
    torch.set_num_threads(1)
    print("| model | latent | image | decoder | slider to pixels, median | 95 % | frames late | strips |")
    print("|---|---|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(SPY)
        page.goto("about:blank")
        for name, models in subjects(paths):
            print(row(page, name, models), flush=True)
        chromium.close()


def subjects(paths: list[str]):
    """(name, [(model, kl)]) of the runs asked for; or of shipped ones, one pair, and untrained sprites."""
    shipped = (run for run in all_runs() if run.is_gallery and capabilities(run.spec) >= NEEDED)
    runs = [load_run(path) for path in paths] or list(shipped)
    trained = [
        (run.name, run.model, kl_divergence.dimensions(run.posteriors).mean(0).numpy()) for run in runs
    ]
    for name, model, kl in trained:
        yield name, [(model, kl)]
    if paths:
        return
    if len(trained) > 1:
        yield " beside ".join(name for name, *_ in trained[-2:]), [part for _, *part in trained[-2:]]
    for side in ("sprites", "sprites_64"):
        for net in SPRITES:
            model = VAE(Spec().change(**{"data.name": side, "latent": 10, "net.kind": net})).eval()
            yield f"{side} (untrained)", [(model, np.ones(10))]
    model = VAE(Spec().change(**{"data.name": "sprites", "latent": 512})).eval()
    yield "sprites (untrained)", [(model, np.ones(512))]


def row(page: Page, name: str, models) -> str:
    boards = [
        tr.Model(
            f"{name} {k}",
            name,
            wire.decoder(model),
            kl=kl,
            stops=np.tile(STOPS, (model.latent, 1)),
            ticks=[f"{v:g}" for v in STOPS],
            dead=kl < 0.01,
        )
        for k, (model, kl) in enumerate(models)
    ]
    parcels = [(board.decoder, board.parcel()) for board in boards]
    data = {
        "models": [[wire.header(part)["id"] for part in parts] for parts in parcels],
        "names": [[""] * board.latent for board in boards],
        "state": tr.TraverseState().to_browser(),
        "revision": 0,
        "height": 640,
        "label": name,
    }
    coded = [base64.b64encode(part).decode() for parts in parcels for part in parts]
    found = page.evaluate(MEASURE, [tr.css(), tr.script(), coded, data, MOVES])
    times = torch.tensor(found["times"])
    late = sum(gap > 25 for gap in found["gaps"])
    model = models[0][0]
    size = "×".join(map(str, model.image_shape))
    return (
        f"| {name} | {model.latent} | {size} | {model.spec.net.kind}, {len(boards[0].decoder) / 1e6:.2f} MB "
        f"| {times.median():.1f} ms | {times.quantile(0.95):.1f} ms | {late} of {MOVES} "
        f"| {found['strips']:.0f} ms |"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
