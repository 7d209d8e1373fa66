// What the map shows, layer by layer, each drawn from a scene: the parcels, the frame of the replay, the
// colours and the transform from latent coordinates to pixels. A "ground" fills the plane: one at a time.

import { fit, tilePainter } from "../../../vae_core/browser/dom.js";
import { outlines } from "../../../vae_core/browser/contours.js";

const GROUNDS = [
  {
    name: "posterior", label: "Data q(z)", draw: drawPosterior,
    hint: "Aggregated posterior: where the encoder puts the data",
  }, {
    name: "ratio", label: "log p/q", draw: drawRatio,
    hint: "Log of prior over aggregated posterior: red where the prior expects more than the data put",
  }, {
    name: "manifold", label: "Decoded grid", draw: drawManifold,
    hint: "What the decoder makes of each place on the map",
  },
];

export const LAYERS = [
  ...GROUNDS.map((layer) => ({ ...layer, ground: true })),
  {
    name: "points", label: "Images", draw: drawPoints,
    hint: "Each image at the mean of its posterior, coloured by class",
  }, {
    name: "prior", label: "Prior p(z)", draw: drawPrior,
    hint: "The smallest regions that hold 50, 90, 95 and 99 % of the prior",
  }, {
    name: "holes", label: "Holes", draw: drawHoles,
    hint: "Regions where the data put far less than the prior expects",
  }, {
    name: "samples", label: "Prior samples", draw: drawSamples,
    hint: "Fresh draws of the prior, decoded; N for new ones",
  }, {
    name: "ellipse", label: "Posterior q(z|x)", draw: null,
    hint: "One and two standard deviations of the image under the pointer or the pin",
  }, {
    name: "preview", label: "Image at pointer", draw: null,
    hint: "The decoded image beside the pointer",
  },
];

const BADGES = 12;
const BUSY = 4000; // points of all holes' outlines
export const NATS = { posterior: [-8, -0.5], ratio: [-Math.log(100), Math.log(100)] }; // the same for every run

// --- grounds ---

function drawPosterior(ctx, scene) {
  const { colours, fields: { drawn } } = scene, [low, high] = NATS.posterior;
  drawField(ctx, scene, "posterior", drawn, (v) => {
    const t = clamp01((v - low) / (high - low));
    return [...colours.q, 235 * t ** 1.25];
  });
}

function drawRatio(ctx, scene) {
  const { colours, rest, fields: { logP, drawn } } = scene, [, high] = NATS.ratio;
  drawField(ctx, scene, "ratio", drawn, (q, k) => {
    const t = Math.max(-1, Math.min(1, (logP[k] - q - rest) / high));
    // Where neither puts anything, their ratio says nothing: it fades out.
    const matters = clamp01((Math.max(logP[k], q) + 8) / 3);
    return [...(t > 0 ? colours.hole : colours.q), 225 * Math.abs(t) * matters];
  });
}

/** A field as an image, made once per field and theme, and laid over the plane to scale. */
function drawField(ctx, scene, kind, field, colour) {
  const { grid, toX, toY, scale, cache } = scene, { size, cell } = grid;
  const image = cache(`${kind} ground`, field, () => {
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

function drawManifold(ctx, { manifold, toX, toY, scale }) {
  ctx.imageSmoothingEnabled = false;
  for (const { canvas, left, top, width, height } of manifold) {
    ctx.drawImage(canvas, toX(left), toY(top), width * scale, height * scale);
  }
}

// --- what lies on the ground ---

function drawPoints(ctx, scene) {
  const { points, classes, colours, toX, toY, plot } = scene;
  if (!points) return;
  const { x, y, labels } = points, radius = plot.small ? 1 : x.length > 4000 ? 1.4 : 1.8;
  const count = Math.max(1, classes.length), chunks = 12, per = Math.ceil(x.length / chunks);
  ctx.globalAlpha = plot.small ? 0.6 : scene.manifold.length ? 0.3 : 0.75; // the decoded grid is to be seen through them
  // One path per class is fast, and would bury the first class; so in chunks, one after the other.
  for (let from = 0; from < x.length; from += per) for (let c = 0; c < count; c++) {
    ctx.fillStyle = labels ? colours.classes[c % colours.classes.length] : colours.muted;
    ctx.beginPath();
    for (let i = from; i < Math.min(from + per, x.length); i++) {
      if (labels && labels[i] !== c) continue;
      const px = toX(x[i]), py = toY(y[i]);
      if (px < plot.left - 3 || px > plot.left + plot.width + 3) continue;
      if (py < plot.top - 3 || py > plot.top + plot.height + 3) continue;
      ctx.moveTo(px + radius, py);
      ctx.arc(px, py, radius, 0, 2 * Math.PI);
    }
    ctx.fill();
  }
  ctx.globalAlpha = 1;
  drawPaths(ctx, scene);
}

/** During a replay, arrows along which the class centres came. */
function drawPaths(ctx, { points, colours, toX, toY }) {
  for (const [c, path] of points.paths ?? []) {
    const pixels = ([x, y]) => [toX(x), toY(y)], [fx, fy] = pixels(path[0]), [tx, ty] = pixels(path.at(-1));
    if (Math.hypot(tx - fx, ty - fy) < 12) continue; // it hardly moved
    ctx.strokeStyle = ctx.fillStyle = colours.classes[c % colours.classes.length];
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    path.forEach(([x, y], k) => (k ? ctx.lineTo(toX(x), toY(y)) : ctx.moveTo(toX(x), toY(y))));
    ctx.stroke();
    const angle = Math.atan2(ty - fy, tx - fx);
    ctx.beginPath();
    ctx.moveTo(tx, ty);
    for (const side of [2.6, -2.6]) ctx.lineTo(tx + 9 * Math.cos(angle + side), ty + 9 * Math.sin(angle + side));
    ctx.fill();
  }
}

function drawPrior(ctx, scene) {
  const { grid, fields: { logP }, colours, cache, plot, regions } = scene;
  const lines = cache("prior", logP, () => regions.map(([, level]) => outlines(grid, logP, level)));
  ctx.strokeStyle = colours.p;
  lines.forEach((loops, k) => {
    ctx.lineWidth = plot.small ? 1 : 1.6 - 0.25 * k;
    ctx.globalAlpha = 0.95 - 0.15 * k;
    trace(ctx, scene, loops);
    ctx.stroke();
  });
  ctx.globalAlpha = 1;
}

/** The prior's regions by their mass: at the top of a line, or as near to it as there is room. */
function namePrior(ctx, scene, taken) {
  const { grid, fields: { logP }, colours, cache, toX, toY, regions } = scene;
  const lines = cache("prior", logP, () => regions.map(([, level]) => outlines(grid, logP, level)));
  lines.forEach((loops, k) => {
    const along = loops.flat().sort((a, b) => b[1] - a[1]).map(([x, y]) => [toX(x), toY(y)]);
    const at = along.find((place) => claim(taken, place, 34, 15));
    if (at) halo(ctx, scene, `${Math.round(100 * regions[k][0])} %`, ...at, "11px", colours.p);
  });
}

/** Classes by name, at their centres, or beside them where another label stands there already. */
function nameClasses(ctx, scene, taken) {
  const { points, classes, toX, toY } = scene;
  for (const [c, [cx, cy]] of points.centres) {
    const name = classes[c] ?? "", wide = 10 * name.length + 6, [x, y] = [toX(cx), toY(cy)];
    const around = [[x, y]];
    for (let r = 10; r <= 60; r += 5) for (let k = 0; k < 16; k++) {
      const angle = (k * Math.PI) / 8;
      around.push([x + r * Math.cos(angle), y + r * Math.sin(angle)]);
    }
    const at = around.find((place) => claim(taken, place, wide, 18)) ?? [x, y];
    halo(ctx, scene, name, ...at, "600 15px");
  }
}

/** Whether a label of that size has room at a place; if so, the room is taken from now on. */
function claim(taken, [x, y], width, height) {
  if (taken.some((other) => Math.abs(other.x - x) < (other.width + width) / 2 && Math.abs(other.y - y) < (other.height + height) / 2)) return false;
  taken.push({ x, y, width, height });
  return true;
}

/** What names the layers that are shown, over all of them, and no name over another. */
export function drawNames(ctx, scene, layers) {
  const { holes, points, plot, toX, toY } = scene;
  if (plot.small) return;
  const badges = layers.has("holes") && holes ? holes.list.slice(0, BADGES) : [];
  const taken = badges.map(({ center: [x, y] }) => ({ x: toX(x), y: toY(y), width: 18, height: 18 }));
  if (layers.has("points") && points) nameClasses(ctx, scene, taken);
  if (layers.has("prior")) namePrior(ctx, scene, taken);
}

function drawHoles(ctx, scene) {
  const { holes, fields: { logQ }, grid, colours, cache, toX, toY, plot } = scene;
  if (!holes) return;
  const edges = cache(`holes ${holes.mass} ${holes.ratio}`, holes.numbers ?? logQ, () => outlines(grid, holeField(scene), 0));
  const [r, g, b] = colours.hole;
  ctx.lineJoin = "round";
  trace(ctx, scene, edges);
  ctx.fillStyle = `rgb(${r} ${g} ${b} / 0.12)`;
  ctx.fill("evenodd");
  const red = `rgb(${r} ${g} ${b})`;
  // Holes between scattered points are all edge: a bold line would hide them.
  const thin = edges.reduce((points, line) => points + line.length, 0) > BUSY;
  for (const [style, width] of plot.small ? [[red, 1]] : thin ? [[red, 0.7]] : [[colours.paper, 3], [red, 1.6]]) {
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.stroke();
  }
  if (plot.small) return;
  // The largest hole's badge on top. The smallest holes have their outline alone.
  for (const { number, center: [x, y] } of holes.list.slice(0, BADGES).reverse()) {
    ctx.beginPath();
    ctx.arc(toX(x), toY(y), 8, 0, 2 * Math.PI);
    ctx.fillStyle = red;
    ctx.fill();
    ctx.strokeStyle = colours.paper;
    ctx.lineWidth = 1.5;
    ctx.stroke();
    ctx.fillStyle = colours["on-hole"];
    write(ctx, scene, String(number), toX(x), toY(y) + 0.5, "600 10.5px");
  }
}

/** Above 0 inside the holes: how far, in nats, a place is from leaving the prior's region or from having data. */
function holeField({ grid, rest, holes: { numbers, level, ratio }, fields: { logP, logQ } }) {
  const { size } = grid, field = new Float32Array(logP.length).fill(-1);
  const around = [0, 1, -1, size, -size, size + 1, size - 1, 1 - size, -1 - size];
  for (let k = 0; k < field.length; k++) {
    // A cell beyond each hole belongs to it, for the outline to run between the two.
    if (numbers && !around.some((step) => numbers[k + step] > 0)) continue;
    field[k] = Math.min(logP[k] - logQ[k] - rest - Math.log(ratio), logP[k] - level);
  }
  return field;
}

function drawSamples(ctx, scene) {
  const { samples, decoder, colours, toX, toY, plane, plot } = scene;
  if (!decoder) return;
  const tile = tilePainter(decoder), side = plot.small ? 12 : 26;
  ctx.imageSmoothingEnabled = false;
  for (const z of samples) {
    const [x, y] = plane.project(z), [w, h] = fit(decoder.image, side, side);
    const left = toX(x) - w / 2, top = toY(y) - h / 2;
    ctx.drawImage(tile(z), left, top, w, h);
    ctx.strokeStyle = colours.p;
    ctx.lineWidth = 1.2;
    ctx.strokeRect(left - 0.5, top - 0.5, w + 1, h + 1);
  }
}

// --- axes, frame, and the colour scale of the ground ---

export function drawAxes(ctx, scene) {
  const { plot, view, colours, axes, toX, toY, scale } = scene;
  if (plot.small) return;
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5].find((s) => s * scale >= 44) ?? 10;
  const places = Math.max(0, -Math.floor(Math.log10(step))), half = [plot.width / 2 / scale, plot.height / 2 / scale];
  const ticks = (centre, h) => {
    const first = Math.ceil((centre - h) / step), last = Math.floor((centre + h) / step);
    return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
  };
  const text = (v) => (Math.abs(v) < 1e-9 ? "0" : v.toFixed(places).replace("-", "\u2212"));
  ctx.strokeStyle = colours.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(plot.left - 0.5, plot.top - 0.5, plot.width + 1, plot.height + 1);
  ctx.fillStyle = colours.muted;
  const bottom = plot.top + plot.height;
  for (const v of ticks(view.x, half[0])) write(ctx, scene, text(v), toX(v), bottom + 12, "11px");
  for (const v of ticks(view.y, half[1])) write(ctx, scene, text(v), plot.left - 6, toY(v), "11px", "right");
  ctx.fillStyle = colours.ink;
  write(ctx, scene, axes[0], plot.left + plot.width / 2, bottom + 27, "italic 13px");
  ctx.save();
  ctx.translate(10, plot.top + plot.height / 2);
  ctx.rotate(-Math.PI / 2);
  write(ctx, scene, axes[1], 0, 0, "italic 13px");
  ctx.restore();
}

/** The ellipse of q(z|x) on the plane, at one and two standard deviations. */
export function drawEllipse(ctx, { toX, toY, scale, colours }, { x, y, xx, xy, yy }) {
  const middle = (xx + yy) / 2, radius = Math.hypot((xx - yy) / 2, xy), angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const a = Math.sqrt(middle + radius), b = Math.sqrt(Math.max(0, middle - radius));
  ctx.strokeStyle = colours.ink;
  for (const k of [1, 2]) {
    ctx.lineWidth = k === 1 ? 1.8 : 1.1;
    ctx.beginPath();
    ctx.ellipse(toX(x), toY(y), k * a * scale, k * b * scale, -angle, 0, 2 * Math.PI);
    ctx.stroke();
  }
}

// --- helpers ---

const clamp01 = (v) => (v < 0 ? 0 : v > 1 ? 1 : v);

function trace(ctx, { toX, toY }, lines) {
  ctx.beginPath();
  for (const line of lines) line.forEach(([x, y], k) => (k ? ctx.lineTo(toX(x), toY(y)) : ctx.moveTo(toX(x), toY(y))));
}

function write(ctx, { font }, text, x, y, size, align = "center") {
  ctx.font = `${size} ${font}`;
  ctx.textAlign = align;
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y);
}

/** Text legible on any ground: drawn over its own outline in the colour of the paper. */
function halo(ctx, scene, text, x, y, size, colour = scene.colours.ink) {
  ctx.strokeStyle = scene.colours.paper;
  ctx.lineWidth = 4;
  ctx.lineJoin = "round";
  ctx.font = `${size} ${scene.font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}
