// The true posterior of one image and q over it, drawn: contours and ellipses on a plane, curves on a line.

import { dot, line, write } from "../../../vae_core/browser/draw.js";
import { drawAxes, drawGrid } from "../../../vae_core/browser/plane.js";
import { drawContours, drawRegions } from "../../../vae_core/browser/regions.js";

// Of a Gaussian of so many dimensions 50 and 90 % lie within so many deviations of its mean.
export const RADII = { 1: [0.67449, 1.64485], 2: [Math.sqrt(2 * Math.log(2)), Math.sqrt(2 * Math.log(10))] };
const GRIP = 5;
const HEIGHT = 0.8; // of the plot, at the highest point of a curve

/** Where the hand takes hold of q: of its centre, and of each deviation at the edge of 90 %. */
export function gripsOf({ mean, deviation }, scene) {
  const [, edge] = RADII[mean.length], [x, y] = mean, [a, b] = deviation.map((s) => s * edge);
  const at = (px, py, kind) => ({ x: scene.toX(px), y: mean.length > 1 ? scene.toY(py) : bottom(scene), kind });
  const grips = [at(x, y, "centre"), at(x + a, y, "across"), at(x - a, y, "across")];
  return mean.length > 1 ? [...grips, at(x, y + b, "up"), at(x, y - b, "up")] : grips;
}

const bottom = ({ plot }) => plot.top + plot.height - 12;

export function drawPosterior(ctx, scene, { q, encoder, gripped }) {
  const flat = q.mean.length > 1, draw = flat ? drawEllipses : drawCurve;
  if (flat) drawGrid(ctx, scene);
  if (flat) drawRegions(ctx, scene, scene.field.fine, scene.levels, scene.colours.truePosterior);
  else drawTrueCurve(ctx, scene);
  if (scene.own) return drawOwn(ctx, scene, { q, moved: Boolean(encoder), gripped });
  if (encoder) draw(ctx, scene, encoder, { stroke: scene.colours.muted, dash: [4, 4] });
  draw(ctx, scene, q, { stroke: scene.colours.ink });
  drawGrips(ctx, scene, q, gripped);
}

/** Of an encoder whose q is no Gaussian: its contours, and over them the Gaussian that the hand has made of it. */
function drawOwn(ctx, scene, { q, moved, gripped }) {
  const { own: { values, levels }, field: { fine }, colours } = scene;
  drawContours(ctx, scene, { ...fine, values }, levels, { stroke: moved ? colours.muted : colours.ink, dash: moved ? [4, 4] : [] });
  if (moved) drawEllipses(ctx, scene, q, { stroke: colours.ink });
  drawGrips(ctx, scene, q, gripped);
}

function drawGrips(ctx, scene, q, gripped) {
  for (const { x, y, kind } of gripsOf(q, scene)) {
    dot(ctx, x, y, kind === gripped ? GRIP + 2 : GRIP, { fill: scene.colours.paper, stroke: scene.colours.ink, width: 2 });
  }
}

function drawEllipses(ctx, { toX, toY, scale }, { mean: [x, y], deviation: [a, b] }, { stroke, dash = [] }) {
  ctx.strokeStyle = stroke;
  ctx.setLineDash(dash);
  RADII[2].forEach((r, k) => {
    ctx.lineWidth = k ? 1.4 : 2;
    ctx.beginPath();
    ctx.ellipse(toX(x), toY(y), r * a * scale, r * b * scale, 0, 0, 2 * Math.PI);
    ctx.stroke();
  });
  ctx.setLineDash([]);
}

/** p(z|x) of one dimension; the height of all curves is in its units. */
function drawTrueCurve(ctx, scene) {
  const { field: { fine }, colours, toX, logPx } = scene, base = bottom(scene), tall = unitOf(scene);
  const points = Array.from(fine.values, (v, k) => [toX(fine.from[0] + k * fine.side), base - tall * Math.exp(v - logPx)]);
  ctx.fillStyle = `rgb(${colours.truePosterior.join(" ")} / 0.25)`;
  ctx.beginPath();
  [[points[0][0], base], ...points, [points.at(-1)[0], base]].forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.fill();
  line(ctx, points, { stroke: `rgb(${colours.truePosterior.join(" ")})`, width: 1.6 });
}

function drawCurve(ctx, scene, { mean: [m], deviation: [s] }, { stroke, dash = [] }) {
  const { toX } = scene, base = bottom(scene), tall = unitOf(scene) / (s * Math.sqrt(2 * Math.PI));
  const points = Array.from({ length: 161 }, (_, k) => [toX(m + (k / 20 - 4) * s), base - tall * Math.exp(-((k / 20 - 4) ** 2) / 2)]);
  line(ctx, points, { stroke, width: 2, dash });
}

/** Pixels of a density of 1, so that p(z|x) fits the plot. */
function unitOf({ field: { fine }, logPx, plot }) {
  return (HEIGHT * plot.height) / Math.exp(fine.values.reduce((most, v) => Math.max(most, v), -Infinity) - logPx);
}

export function drawFrame(ctx, scene) {
  drawAxes(ctx, scene);
  const { plot: { left, top }, colours, font } = scene;
  const legend = [[`p(z|x)${scene.shares}`, `rgb(${colours.truePosterior.join(" ")})`, []], [`q${scene.shares}`, colours.ink, []], ["the encoder's q", colours.muted, [4, 4]]];
  legend.slice(0, scene.moved ? 3 : 2).forEach(([name, stroke, dash], k) => {
    const y = top + 14 + 18 * k;
    line(ctx, [[left + 10, y], [left + 32, y]], { stroke, width: 2, dash });
    write(ctx, name, left + 38, y, { fill: colours.ink, font, size: 12, halo: colours.paper });
  });
}
