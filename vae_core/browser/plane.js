// The latent plane as every figure shows it: density, points by class, the prior's contours, names that do not cover
// one another, and axes. Each is drawn from a scene:
//   placed(plot, view)               where on the canvas the plane is; plot: {left, top, width, height, small}
//   font, colours                    of the theme
//   grid, fields: {logP, drawn}      nats of p(z) and q(z) on the grid {x: first, cell, size}
//   regions: [[mass, level]...]      of the prior
//   points: {x, y, labels, centres}, classes, axes: [name, name], or [name] of a line
//   remember                         of `remembering`

import { outlines } from "./contours.js";
import { line, write } from "./draw.js";

export const NATS_OF_Q = [-8, -0.5]; // at no colour and at full colour, the same for every run

/** The transform from the plane to the canvas; view: {x, y} in the middle, `half` the height that is shown. */
export function placed(plot, view) {
  const scale = plot.height / 2 / view.half, px = plot.left + plot.width / 2, py = plot.top + plot.height / 2;
  return { plot, view, scale, toX: (x) => px + (x - view.x) * scale, toY: (y) => py - (y - view.y) * scale };
}

/** remember(kind, array, make): what `make` gave, as long as it is made from the same array. */
export function remembering() {
  const known = new Map();
  return (kind, from, make) => {
    const last = known.get(kind);
    // A frame of a replay is a fresh view of one buffer: its offset tells it apart.
    if (last?.buffer === from.buffer && last.offset === from.byteOffset) return last.made;
    const made = make();
    known.set(kind, { buffer: from.buffer, offset: from.byteOffset, made });
    return made;
  };
}

/** Of points {x, y, labels}, each class's mean: [[class, [x, y]]...]. */
export function centresOf({ x, y, labels }) {
  const sums = new Map();
  for (let i = 0; labels && i < x.length; i++) {
    const [sx, sy, n] = sums.get(labels[i]) ?? [0, 0, 0];
    sums.set(labels[i], [sx + x[i], sy + y[i], n + 1]);
  }
  return [...sums].map(([c, [sx, sy, n]]) => [c, [sx / n, sy / n]]);
}

/** Index of the point nearest to (x, y) and no farther than `within`, or null; of the first `count` points. */
export function nearestPoint(points, x, y, within, count = points.x.length) {
  let best = null, least = within * within;
  for (let i = 0; i < count; i++) {
    const d = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
    if (d < least) [least, best] = [d, i];
  }
  return best;
}

// --- density ---

export function drawDensity(ctx, scene) {
  const { colours, fields: { drawn } } = scene, [low, high] = NATS_OF_Q;
  drawField(ctx, scene, "posterior", drawn, (v) => {
    const t = clamp01((v - low) / (high - low));
    return [...colours.q, 235 * t ** 1.25];
  });
}

/** A field as an image, made once per field and theme, and laid over the plane to scale. */
export function drawField(ctx, scene, kind, field, colour) {
  const { grid, toX, toY, scale, remember } = scene, { size, cell } = grid;
  const image = remember(`${kind} ground`, field, () => {
    const canvas = new OffscreenCanvas(size, size), inner = canvas.getContext("2d");
    const data = inner.createImageData(size, size);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
      const k = i * size + j;
      data.data.set(colour(field[k], k), 4 * ((size - 1 - j) * size + i));
    }
    inner.putImageData(data, 0, 0);
    return canvas;
  });
  ctx.imageSmoothingEnabled = true;
  const side = size * cell * scale, left = toX(grid.x - cell / 2), top = toY(grid.x + (size - 0.5) * cell);
  ctx.drawImage(image, left, top, side, side);
}

// --- points ---

/** Each code by its class; those without one are muted. */
export function drawPoints(ctx, { points, classes, colours, toX, toY, plot }, { radius, alpha }) {
  const { x, y, labels } = points, count = labels ? Math.max(1, classes.length) : 0;
  const chunks = 12, per = Math.ceil(x.length / chunks);
  ctx.globalAlpha = alpha;
  // One path per class is fast, and would bury the first class; so in chunks, one after the other.
  for (let from = 0; from < x.length; from += per) for (let c = 0; c <= count; c++) {
    ctx.fillStyle = c < count ? colours.classes[c % colours.classes.length] : colours.muted;
    ctx.beginPath();
    for (let i = from; i < Math.min(from + per, x.length); i++) {
      if (count && (labels[i] >= 0 && labels[i] < count ? labels[i] : count) !== c) continue;
      const px = toX(x[i]), py = toY(y[i]);
      if (px < plot.left - 3 || px > plot.left + plot.width + 3) continue;
      if (py < plot.top - 3 || py > plot.top + plot.height + 3) continue;
      ctx.moveTo(px + radius, py);
      ctx.arc(px, py, radius, 0, 2 * Math.PI);
    }
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/** Where each code came from: a line behind it, from {x, y} of the same codes. */
export function drawTrails(ctx, { points: { x, y, labels }, classes, colours, toX, toY }, from) {
  const count = labels ? Math.max(1, classes.length) : 0;
  Object.assign(ctx, { globalAlpha: 0.35, lineWidth: 1.4, lineCap: "round" });
  for (let c = 0; c <= count; c++) {
    ctx.strokeStyle = c < count ? colours.classes[c % colours.classes.length] : colours.muted;
    ctx.beginPath();
    for (let i = 0; i < x.length; i++) {
      if (count && (labels[i] >= 0 && labels[i] < count ? labels[i] : count) !== c) continue;
      ctx.moveTo(toX(from.x[i]), toY(from.y[i]));
      ctx.lineTo(toX(x[i]), toY(y[i]));
    }
    ctx.stroke();
  }
  Object.assign(ctx, { globalAlpha: 1, lineCap: "butt" });
}

// --- the prior ---

const contours = ({ grid, fields: { logP }, regions, remember }) =>
  remember("prior", logP, () => regions.map(([, level]) => outlines(grid, logP, level)));

export function drawPrior(ctx, scene) {
  ctx.strokeStyle = scene.colours.p;
  contours(scene).forEach((loops, k) => {
    ctx.lineWidth = scene.plot.small ? 1.2 : 1.6 - 0.25 * k;
    ctx.globalAlpha = 0.95 - 0.15 * k;
    trace(ctx, scene, loops);
    ctx.stroke();
  });
  ctx.globalAlpha = 1;
}

/** Lines of the plane as one path. */
export function trace(ctx, { toX, toY }, lines) {
  ctx.beginPath();
  for (const each of lines) each.forEach(([x, y], k) => (k ? ctx.lineTo(toX(x), toY(y)) : ctx.moveTo(toX(x), toY(y))));
}

// --- names; `taken` are the places of those that stand already ---

/** The prior's regions by their mass: at the top of what is seen of a line, or as near to it as there is room. */
export function namePrior(ctx, scene, taken) {
  const { colours, font, toX, toY, regions, plot: { left, top, width, height } } = scene;
  const seen = ([x, y]) => Math.abs(x - left - width / 2) < width / 2 - 17 && Math.abs(y - top - height / 2) < height / 2 - 8;
  contours(scene).forEach((loops, k) => {
    const along = loops.flat().sort((a, b) => b[1] - a[1]).map(([x, y]) => [toX(x), toY(y)]).filter(seen);
    const at = along.find((place) => claim(taken, place, 34, 15));
    if (!at) return;
    write(ctx, `${Math.round(100 * regions[k][0])} %`, ...at, { fill: colours.p, font, size: 11, align: "center", halo: colours.paper });
  });
}

const FARTHEST = 35; // pixels of a name from its class's centre

/** Classes by name, at their centres, or beside them where another label stands there already. */
export function nameClasses(ctx, { points, classes, colours, font, toX, toY }, taken) {
  for (const [c, [cx, cy]] of points.centres) {
    const name = classes[c] ?? "", wide = 10 * name.length + 6, [x, y] = [toX(cx), toY(cy)];
    if (!name) continue;
    const around = [[x, y]];
    for (let r = 10; r <= FARTHEST; r += 5) for (let k = 0; k < 16; k++) {
      const angle = (k * Math.PI) / 8;
      around.push([x + r * Math.cos(angle), y + r * Math.sin(angle)]);
    }
    const at = around.find((place) => claim(taken, place, wide, 18));
    // Farther off it would stand among another class's codes: better none, and the codes have their colour.
    if (at) write(ctx, name, ...at, { fill: colours.ink, font, size: 15, weight: 600, align: "center", halo: colours.paper });
  }
}

/** Whether a label of that size has room at a place; if so, the room is taken from now on. */
function claim(taken, [x, y], width, height) {
  if (taken.some((other) => Math.abs(other.x - x) < (other.width + width) / 2 && Math.abs(other.y - y) < (other.height + height) / 2)) return false;
  taken.push({ x, y, width, height });
  return true;
}

// --- axes ---

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];

/** Where the axes are marked, at least 44 pixels apart: {places, xs, ys}, `places` after the point. */
function marked({ plot, view, scale }) {
  const step = STEPS.find((s) => s * scale >= 44) ?? 1000, places = Math.max(0, -Math.floor(Math.log10(step)));
  const within = (centre, half) => {
    const first = Math.ceil((centre - half) / step - 1e-9), last = Math.floor((centre + half) / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
  };
  return { places, xs: within(view.x, plot.width / 2 / scale), ys: within(view.y, plot.height / 2 / scale) };
}

export function drawGrid(ctx, scene) {
  const { plot: { left, top, width, height }, colours, toX, toY } = scene, { xs, ys } = marked(scene);
  const style = (v) => ({ stroke: colours.line, alpha: Math.abs(v) < 1e-9 ? 0.9 : 0.4 });
  for (const x of xs) line(ctx, [[toX(x), top], [toX(x), top + height]], style(x));
  for (const y of ys) line(ctx, [[left, toY(y)], [left + width, toY(y)]], style(y));
}

export function drawAxes(ctx, scene) {
  const { plot, colours, axes, font, toX, toY } = scene, { places, xs, ys } = marked(scene);
  const text = (v) => (Math.abs(v) < 1e-9 ? "0" : v.toFixed(places).replace("-", "\u2212"));
  ctx.strokeStyle = colours.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(plot.left - 0.5, plot.top - 0.5, plot.width + 1, plot.height + 1);
  const bottom = plot.top + plot.height, digits = { fill: colours.muted, font, size: 11 };
  for (const v of xs) write(ctx, text(v), toX(v), bottom + 12, { ...digits, align: "center" });
  if (axes.length > 1) for (const v of ys) write(ctx, text(v), plot.left - 6, toY(v), { ...digits, align: "right" });
  const name = { fill: colours.ink, font, size: 13, weight: "italic", align: "center" };
  write(ctx, axes[0], plot.left + plot.width / 2, bottom + 27, name);
  if (axes.length < 2) return;
  ctx.save();
  ctx.translate(plot.left - 32, plot.top + plot.height / 2);
  ctx.rotate(-Math.PI / 2);
  write(ctx, axes[1], 0, 0, name);
  ctx.restore();
}

export const clamp01 = (v) => (v < 0 ? 0 : v > 1 ? 1 : v);
