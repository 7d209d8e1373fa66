// The decoded grid: images where the map would decode them, hundreds of them, so drawn in the background.

import { fit, tilePainter } from "../../../vae_core/browser/images.js";
import { normalQuantile } from "./density.js";


const AT_WORK = 6, AT_REST = 8; // ms, in turn, so that the hand goes first
const SETTLED = 120; // ms without change of view before a new grid begins

/** Keeps a grid for the view as it is; `canvases`, to be drawn in order, are the last one and what grows over it. */
export class Manifold {
  constructor() {
    this.canvases = [];
  }

  /** Begins anew where `key` has changed; calls `redraw` whenever there is more to see. */
  renew(key, scene, redraw) {
    if (this.key === key) return;
    this.key = key;
    this.stop();
    const old = this.canvases.slice(-1);
    const begin = () => {
      const job = grow(scene());
      this.canvases = [...old, job.next().value];
      const go = () => {
        const until = performance.now() + AT_WORK;
        let done = false;
        while (!done && performance.now() < until) done = job.next().done;
        if (done) this.canvases = this.canvases.slice(-1);
        else this.timer = setTimeout(go, AT_REST);
        redraw();
      };
      go();
    };
    this.timer = setTimeout(begin, old.length ? SETTLED : 0);
  }

  clear() {
    this.stop();
    this.canvases = [];
    this.key = null;
  }

  stop() { clearTimeout(this.timer); }
}

/** First yields {canvas, left, top, width, height}, its place on the plane; then after each tile drawn on it. */
function* grow({ decoder, view, plot, spacing, plane, scale, density }) {
  const count = Math.max(6, Math.min(21, Math.round(plot.width / 26)));
  const half = [plot.width / 2 / scale, plot.height / 2 / scale];
  const [xs, ys] = [view.x, view.y].map((centre, k) => Array.from({ length: count }, (_, n) => {
    const u = (n + 0.5) / count;
    return spacing === "quantile" ? normalQuantile(u) : centre + half[k] * (2 * u - 1);
  }));
  const left = view.x - half[0], top = view.y + half[1], tile = tilePainter(decoder);
  const canvas = new OffscreenCanvas(plot.width * density, plot.height * density), ctx = canvas.getContext("2d");
  ctx.imageSmoothingEnabled = false;
  yield { canvas, left, top, width: 2 * half[0], height: 2 * half[1] };
  const ex = edges(xs).map((x) => Math.round((x - left) * scale * density));
  const ey = edges(ys).map((y) => Math.round((top - y) * scale * density));
  // From the middle outwards, where the eye is.
  const away = (k) => Math.hypot(Math.floor(k / count) - (count - 1) / 2, (k % count) - (count - 1) / 2);
  for (const k of [...Array(count * count).keys()].sort((a, b) => away(a) - away(b))) {
    const i = Math.floor(k / count), j = k % count, width = ex[i + 1] - ex[i], height = ey[j] - ey[j + 1];
    // Cells are whole pixels, and as good as the image's shape: a seam of one pixel is no shape.
    const [w, h] = fit(decoder.image, width, height).map((side, k) => ([width, height][k] - side <= 2 ? [width, height][k] : side));
    ctx.drawImage(tile(plane.zAt(xs[i], ys[j])), ex[i] + (width - w) / 2, ey[j + 1] + (height - h) / 2, w, h);
    yield;
  }
}

/** A tile reaches half way to its neighbours; the outermost as far out as in. */
function edges(v) {
  const middles = v.slice(1).map((b, k) => (v[k] + b) / 2);
  return [2 * v[0] - middles[0], ...middles, 2 * v.at(-1) - middles.at(-1)];
}
