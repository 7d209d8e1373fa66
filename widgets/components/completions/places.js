// Where completions lie: decoded thumbnails as marks, over the posterior where it is known and the faint codes of
// test images.

import { clipped, prepared } from "../../../vae_core/browser/draw.js";
import { clamp01, drawAxes, drawField, drawGrid, drawPoints, placed, remembering } from "../../../vae_core/browser/plane.js";

const AXES = { left: 40, right: 6, top: 6, bottom: 36 };
const MARK = 22, LIT = 40; // pixels a side, of a mark and of that under the pointer
const NATS = 9; // below the highest density, where its colour ends

export class Places {
  constructor(canvas, light) {
    Object.assign(this, { canvas, light, remember: remembering(), at: 0, lit: 0, pictures: [] });
    canvas.addEventListener("pointermove", (event) => this.over(event));
  }

  take(found, look) {
    if (found !== this.found) this.remember = remembering();
    Object.assign(this, { found, look });
  }

  show(at, lit, pictures) {
    Object.assign(this, { at, lit, pictures });
    this.draw();
  }

  /** Places [K] of the completions at the moment that is shown. */
  places() {
    const { codes, axes, centre } = this.found.arrays, [, count, latent] = codes.shape;
    return Array.from({ length: count }, (_, k) => {
      const from = (this.at * count + k) * latent;
      let x = 0, y = 0;
      for (let d = 0; d < latent; d++) {
        const v = codes[from + d] - centre[d];
        x += v * axes[2 * d];
        y += v * axes[2 * d + 1];
      }
      return [x, y];
    });
  }

  scene(width, height) {
    const { scene: { view: [x, y, half], field: [, , reach], names }, arrays: { rest, labels, log_posterior: field }, classes } = this.found, { left, right, top, bottom } = AXES;
    const side = Math.max(20, Math.min(width - left - right, height - top - bottom));
    const plot = { left: left + (width - left - right - side) / 2, top, width: side, height: side, small: true };
    const points = this.remember("rest", rest, () => ({
      x: Float32Array.from({ length: rest.shape[0] }, (_, i) => rest[2 * i]),
      y: Float32Array.from({ length: rest.shape[0] }, (_, i) => rest[2 * i + 1]), labels,
    }));
    const size = field?.shape[0], grid = field && { x: -reach, cell: (2 * reach) / (size - 1), size };
    return { ...placed(plot, { x, y, half }), ...this.look, points, classes, axes: names, grid, remember: this.remember };
  }

  draw() {
    const { canvas, found, pictures, lit } = this, width = Math.floor(canvas.getBoundingClientRect().width);
    if (!found?.scene || width < 40) return;
    const ctx = prepared(canvas, width, width), scene = this.scene(width, width), { colours, toX, toY, plot } = scene;
    const marks = this.marks = this.places().map(([x, y]) => [toX(x), toY(y)]), field = found.arrays.log_posterior;
    clipped(ctx, plot, () => {
      if (field) {
        const most = field.reduce((a, b) => Math.max(a, b), -Infinity);
        const [mx, my] = found.scene.field, about = { ...scene, toX: (x) => toX(x + mx), toY: (y) => toY(y + my) };
        drawField(ctx, about, "given", field, (v) => [...colours.q, 215 * clamp01(1 + (v - most) / NATS) ** 1.5]);
      }
      drawGrid(ctx, scene);
      drawPoints(ctx, scene, { radius: 1.6, alpha: field ? 0.2 : 0.28 });
      ctx.imageSmoothingEnabled = false;
      pictures.forEach((picture, k) => { if (k !== lit) mark(ctx, picture, marks[k], MARK, colours.line, 1); });
      if (pictures[lit]) mark(ctx, pictures[lit], marks[lit], LIT, colours.accent, 3);
    });
    drawAxes(ctx, scene);
  }

  over({ clientX, clientY }) {
    if (!this.marks) return;
    const { left, top } = this.canvas.getBoundingClientRect(), [x, y] = [clientX - left, clientY - top];
    let best = null, least = MARK;
    this.marks.forEach(([mx, my], k) => {
      const d = Math.hypot(mx - x, my - y);
      if (d < least) [best, least] = [k, d];
    });
    if (best !== null) this.light(best);
  }
}

function mark(ctx, picture, [x, y], side, colour, width) {
  ctx.drawImage(picture, x - side / 2, y - side / 2, side, side);
  Object.assign(ctx, { strokeStyle: colour, lineWidth: width });
  ctx.strokeRect(x - side / 2, y - side / 2, side, side);
}
