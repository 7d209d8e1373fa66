// The live map: codes by class on the plane of two dimensions, over the density of all codes with its holes, or over
// the images that the decoder makes of the plane, and the prior's contours.

import { number } from "../../../vae_core/browser/dom.js";
import { clipped } from "../../../vae_core/browser/draw.js";
import { Figure, table } from "../../../vae_core/browser/figure.js";
import { findHoles, holeBadges, holeEdges, outlineHoles } from "../../../vae_core/browser/holes.js";
import {
  centresOf, drawAxes, drawDensity, drawGrid, drawPoints, drawPrior, drawTrails, nameClasses, namePrior, nearestPoint,
  placed, remembering,
} from "../../../vae_core/browser/plane.js";
import { Manifold } from "../latent_map/manifold.js";
import { between, Glide } from "./glide.js";
import { AXES } from "./sizes.js";

const USUAL = 4; // standard deviations of the prior
const HOLES = 0.95; // of the prior's mass, the region in which holes are
const NAMED_HOLES = 6; // classes have names here too
const LEAST_HOLE = 0.001; // of the prior's mass, from which on a hole is numbered
const NOTHING = { x: [], y: [], labels: [], remember: remembering() };

export const GROUNDS = {
  codes: ["Codes", "Only the codes, each image at the mean of its posterior, over the prior"],
  density: ["Density", "The aggregated posterior q(z), and its holes: where the prior expects far more than the data put"],
  decoded: ["Decoded", "What the decoder makes of each place, by the run's last saved weights"],
};

export class Cloud extends Figure {
  /** height(): of the canvas; choose(name): what a press on a ground's button does. */
  constructor(parent, height, choose) {
    const help = `Widen the range until nearly every code is inside; the usual range is ${USUAL} standard deviations of the prior. A link does not hold it`;
    super(parent, {
      title: "Latent map", height,
      draw: (ctx, size, theme) => this.drawPlane(ctx, size, theme),
      hover: (px, py) => this.at(px, py),
      extra: [
        ...Object.entries(GROUNDS).map(([name, [label, hint]]) => [label, hint, () => choose(name)]),
        ["Fit", help, () => {
          this.pressed = !this.fit;
          this.widen();
          this.draw();
        }],
      ],
      csv: () => {
        const { x, y, labels } = this.moment;
        return table(["z_a", "z_b", "label"], [...x].map((v, i) => [v, y[i], labels[i]]));
      },
    });
    Object.assign(this, {
      pressed: null, extent: USUAL, remember: remembering(), moment: NOTHING, before: null, plane: {}, ground: "density",
      manifold: new Manifold(), decoder: null, glide: new Glide(() => this.draw()),
    });
  }

  /** Whether the range is widened: as was pressed, else where a learned prior lets codes go where they want. */
  get fit() { return this.pressed ?? this.plane.standard === false; }

  /** A moment of the film, before `lay`; plane: {axes, classes, note, chosen, latent, standard}, standard: whether the prior is N(0, I); duration: of the way there, in milliseconds. */
  take(moment, plane, duration = 0) {
    if (moment && moment === this.moment) duration = -1; // the same: a glide under way goes on
    this.before = duration > 0 && this.moment.x.length === moment?.x.length ? this.moment : duration < 0 ? this.before : null;
    this.moment = moment ?? NOTHING;
    this.plane = plane;
    if (duration >= 0) this.glide.start(this.before ? duration : 0);
  }

  /** ground: a name of GROUNDS; decoder: of decoder.js, or null; whether it is of the moment that is shown: `newest`. */
  lay(ground, decoder, newest) {
    Object.assign(this, { ground, decoder: newest ? decoder : null, stale: ground === "decoded" && !newest });
    for (const button of this.box.querySelectorAll(".extra")) {
      const name = Object.keys(GROUNDS).find((each) => GROUNDS[each][0] === button.textContent);
      if (name) button.setAttribute("aria-pressed", String(name === ground));
    }
    if (ground !== "decoded" || !this.decoder) this.manifold.clear();
    this.widen();
  }

  close() {
    this.glide.stop();
    this.manifold.stop();
    super.close();
  }

  widen() {
    const { x, y } = this.moment, far = Array.from(x, (v, i) => Math.max(Math.abs(v), Math.abs(y[i])));
    this.extent = USUAL;
    for (const button of this.box.querySelectorAll(".extra")) if (button.textContent === "Fit") button.classList.toggle("on", this.fit);
    if (this.fit && far.length) {
      const most = [...far].sort((a, b) => a - b)[Math.floor(0.99 * (far.length - 1))];
      while (this.extent < most && this.extent < 4096) this.extent *= Number.isInteger(Math.log2(this.extent)) ? 1.5 : 4 / 3;
    }
    const outside = far.filter((v) => v > this.extent).length;
    this.say(!far.length ? "" : this.stale ? "Images are of the newest moment only: this one shows its density" : outside ? `${outside} of ${far.length} codes outside the range` : this.plane.note);
  }

  scene([width, height], theme) {
    const { left, right, top, bottom } = AXES, { plane, moment, glide, before, remember } = this;
    const side = Math.max(10, Math.min(width - left - right, height - top - bottom));
    const plot = { left: left + Math.max(0, (width - left - right - side) / 2), top, width: side, height: side };
    const points = { labels: moment.labels, ...(before && glide.share < 1 ? between(before, moment, glide.share) : { x: moment.x, y: moment.y }) };
    points.centres = centresOf(points);
    const { grid, regions, logP } = moment.prior ?? {};
    return {
      ...placed(plot, { x: 0, y: 0, half: this.extent }), ...theme, points, remember, regions, fields: { logP },
      grid: grid ?? moment.grid, axes: plane.axes, classes: plane.classes,
    };
  }

  drawPlane(ctx, size, theme) {
    const scene = this.shown = this.scene(size, theme), { glide, before, moment } = this, taken = [];
    const decoded = this.ground === "decoded" && this.decoder, radius = Math.max(1.8, Math.min(3, scene.plot.width / 170));
    clipped(ctx, scene.plot, () => {
      if (decoded) this.drawDecoded(ctx, scene);
      else {
        if (this.ground !== "codes") this.drawDensities(ctx, scene);
        drawGrid(ctx, scene);
      }
      if (before && glide.moving) drawTrails(ctx, scene, between(before, moment, glide.tail));
      drawPoints(ctx, scene, { radius, alpha: decoded ? 0.55 : 0.85 });
      if (this.ground !== "codes") this.drawHoles(ctx, scene, taken);
      if (scene.regions) drawPrior(ctx, scene);
      nameClasses(ctx, scene, taken);
      if (scene.regions) namePrior(ctx, scene, taken);
    });
    drawAxes(ctx, scene);
  }

  /** That of the moment; on the way to it, it comes as that before it goes. */
  drawDensities(ctx, scene) {
    const share = this.before?.logQ ? Math.min(1, this.glide.share) : 1;
    for (const [moment, alpha] of [[this.before, 1 - share], [this.moment, share]]) {
      if (!moment?.logQ || alpha <= 0) continue;
      ctx.globalAlpha = alpha;
      drawDensity(ctx, { ...scene, grid: moment.grid, fields: { drawn: moment.logQ }, remember: moment.remember });
    }
    ctx.globalAlpha = 1;
  }

  drawHoles(ctx, scene, taken) {
    const { empty, grid, prior, remember } = this.moment;
    if (!empty) return;
    const { edges, list } = remember("holes", empty, () => {
      const [, level] = prior.regions.find(([mass]) => mass === HOLES);
      const field = Float32Array.from(empty, (v, k) => Math.min(v, prior.logP[k] - level));
      return { edges: holeEdges(grid, field), list: findHoles(grid, field, prior.logP).filter(({ mass }) => mass >= LEAST_HOLE).slice(0, NAMED_HOLES) };
    });
    outlineHoles(ctx, scene, edges, list);
    taken.push(...holeBadges(list, scene).map(({ x, y }) => ({ x, y, width: 18, height: 18 })));
  }

  drawDecoded(ctx, scene) {
    const { plot, view, scale, toX, toY } = scene, { decoder, plane } = this;
    const zAt = (x, y) => {
      const z = new Float32Array(plane.latent);
      z.set(decoder.held);
      z[plane.chosen[0]] = x;
      z[plane.chosen[1]] = y;
      return z;
    };
    const now = { decoder, view, plot, scale, spacing: "linear", plane: { zAt }, density: window.devicePixelRatio || 1 };
    this.manifold.renew(`${decoder.id} ${this.extent} ${plot.width}`, () => now, () => this.draw());
    ctx.imageSmoothingEnabled = false;
    for (const { canvas, left, top, width, height } of this.manifold.canvases) {
      ctx.drawImage(canvas, toX(left), toY(top), width * scale, height * scale);
    }
  }

  /** What is at a place of the canvas, in words. */
  at(px, py) {
    if (!this.shown || !this.moment.x.length) return null;
    const { toX, toY, scale, points } = this.shown, { extent } = this, x = (px - toX(0)) / scale, y = (toY(0) - py) / scale;
    if (Math.max(Math.abs(x), Math.abs(y)) > extent) return null;
    const i = nearestPoint(points, x, y, extent / 40), k = i === null ? null : points.labels[i];
    return `(${number(x)}, ${number(y)})` + (k === null || k >= 250 ? "" : ` · class ${this.plane.classes[k] ?? k}`);
  }
}
