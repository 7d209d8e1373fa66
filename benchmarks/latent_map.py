"""How fast the latent map follows the hand: decode and redraw, in Chromium, over 300 moves of the pointer.

    python benchmarks/latent_map.py [RUN ...]     # by default every shipped run, and two large decoders

The component runs as in the app, 560 pixels square, with all its usual layers and 3,000 points, but on a bare
page: Streamlit has no part in a move. Timed is all that a move costs the page: the event, the decoder, both
images, the numbers, and drawing the canvas, which reading a pixel back forces to happen inside the timing.
The target: 8 ms at the median, 16 ms at the 95th percentile.
"""

from __future__ import annotations

import base64
import sys

import torch
from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import chromium as chromium_path
from vae_core.analysis import aggregate
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from vae_core.model.vae import VAE
from vae_core.runs.run import all_runs, load_run
from vae_core.spec import Spec
from vae_core.spec.capabilities import capabilities
from widgets.components import latent_map as lm

MOVES = 300
POINTS = 3000
NEEDED = {"plane", "continuous", "independent_pixels"}
LARGE = {"kind": "conv", "channels": (32, 64), "hidden": 256}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

MEASURE = """async ([css, script, parcels, data, moves]) => {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const component = (await import(address)).default;
  const sender = () => document.createElement("div");
  const host = document.body.appendChild(document.createElement("div"));
  host.style.width = "860px";
  const root = host.attachShadow({ mode: "open" });
  root.appendChild(document.createElement("style")).textContent = css;
  for (const bytes of parcels) {
    component({ data: Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)), parentElement: sender() });
  }
  const end = component({ data, parentElement: root, setStateValue: () => {} });
  const canvas = root.querySelector(".over"), image = root.querySelector(".decoded");
  const frame = () => new Promise(requestAnimationFrame);
  await new Promise((go) => setTimeout(go, 800));
  const box = canvas.getBoundingClientRect(), times = [], gaps = [];
  let last = await frame();
  for (let k = 0; k < moves; k++) {
    const t = (2 * Math.PI * k) / moves, at = (v, side) => side * (0.5 + 0.42 * v);
    const started = performance.now();
    canvas.dispatchEvent(new PointerEvent("pointermove", {
      clientX: box.left + at(Math.sin(3 * t), box.width),
      clientY: box.top + at(Math.cos(2 * t), box.height),
      pointerId: 1,
    }));
    const handled = performance.now() - started;
    // The map has asked for this frame before we did, so it has drawn by the time we come to it.
    const begun = await new Promise((go) => requestAnimationFrame((now) => go(now)));
    const drawn = performance.now();
    for (const each of [canvas, image]) each.getContext("2d").getImageData(0, 0, 1, 1);
    gaps.push(begun - last);
    last = begun;
    times.push(handled + window.spent + (performance.now() - drawn));
  }
  end();
  host.remove();
  return { times, gaps };
}"""

# Whatever runs in a frame is timed, by standing between the page and the browser.
SPY = """
window.spent = 0;
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => ask((now) => {
  const started = performance.now();
  draw(now);
  window.spent = Math.max(performance.now() - started, 0) + (window.frameOf === now ? window.spent : 0);
  window.frameOf = now;
});
"""


def main(paths: list[str]) -> None:
    torch.set_num_threads(1)
    print("| model | latent | decoder | decode + redraw, median | 95 % | frames late |")
    print("|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        page = chromium.new_page(viewport={"width": 960, "height": 800})
        page.add_init_script(SPY)
        page.goto("about:blank")
        for name, model, posteriors in subjects(paths):
            print(row(page, name, model, posteriors), flush=True)
        chromium.close()


def subjects(paths: list[str]):
    """(name, model, posteriors) of the runs asked for; or of the shipped ones, and of large decoders."""
    runs = [load_run(path) for path in paths] or [run for run in all_runs() if run.is_gallery]
    for run in runs:
        if capabilities(run.spec) >= NEEDED:
            yield run.name, run.model, run.posteriors
    if paths:
        return
    for shape in ((1, 64, 64), (3, 64, 64)):
        spec = Spec.parse(
            {"data": {"image_shape": shape, "binarisation": "none"}, "latent": 16, "net": LARGE}
        )
        model = VAE(spec).eval()
        mean = torch.randn(POINTS, model.latent, generator=torch.Generator().manual_seed(0))
        labels = torch.arange(POINTS) % 10
        title = "x".join(map(str, shape))
        yield f"{title}, untrained", model, Posteriors(mean, torch.full_like(mean, -3.0), labels)


def row(page: Page, name: str, model: VAE, posteriors: Posteriors) -> str:
    grid = aggregate.grid(posteriors)
    labels = posteriors.labels
    few = Posteriors(
        posteriors.mean[:POINTS], posteriors.log_var[:POINTS], None if labels is None else labels[:POINTS]
    )
    parcels = {
        "decoder": wire.decoder(model),
        "picture": lm.picture(grid, few, classes="0123456789"),
        "holes": lm.hole_parcel(grid, aggregate.holes(grid)),
    }
    data = {slot: wire.header(parcel)["id"] for slot, parcel in parcels.items()}
    data |= {
        "frames": None,
        "state": lm.MapState().to_browser(),
        "revision": 0,
        "answer": None,
        "answers": True,
    }
    data |= {"size": "full", "height": 560, "group": None, "label": "Latent map"}
    coded = [base64.b64encode(parcel).decode() for parcel in parcels.values()]
    found = page.evaluate(MEASURE, [lm.css(), lm.script(), coded, data, MOVES])
    times = torch.tensor(found["times"])
    late = sum(gap > 25 for gap in found["gaps"])
    size = f"{len(parcels['decoder']) / 1e6:.2f} MB"
    return (
        f"| {name} | {model.latent} | {model.spec.net.kind}, {size} | {times.median():.1f} ms "
        f"| {times.quantile(0.95):.1f} ms | {late} of {MOVES} |"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
