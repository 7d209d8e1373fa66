// What the map shows, layer by layer, each drawn from a scene: the parcels, the frame of the replay, the
// colours and the transform from latent coordinates to pixels. A "ground" fills the plane: one at a time.

import { holeBadges, holeEdges, outlineHoles } from "../../../vae_core/browser/holes.js";
import { fit, tilePainter } from "../../../vae_core/browser/images.js";
import {
  clamp01, drawDensity, drawField, drawPoints, drawPrior, nameClasses, namePrior, NATS_OF_Q,
} from "../../../vae_core/browser/plane.js";

const GROUNDS = [
  {
    name: "posterior", label: "Data q(z)", draw: drawDensity,
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
    name: "points", label: "Images", draw: drawImages,
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
    hint: "One and two standard deviations of the image under the pointer or the pin; filled, 50 and 90 % of the pinned image's true posterior",
  }, {
    name: "preview", label: "Image at pointer", draw: null,
    hint: "The decoded image beside the pointer",
  },
];

export const NATS = { posterior: NATS_OF_Q, ratio: [-Math.log(100), Math.log(100)] }; // the same for every run

// --- grounds ---

function drawRatio(ctx, scene) {
  const { colours, rest, fields: { logP, drawn } } = scene, [, high] = NATS.ratio;
  drawField(ctx, scene, "ratio", drawn, (q, k) => {
    const t = Math.max(-1, Math.min(1, (logP[k] - q - rest) / high));
    // Where neither puts anything, their ratio says nothing: it fades out.
    const matters = clamp01((Math.max(logP[k], q) + 8) / 3);
    return [...(t > 0 ? colours.hole : colours.q), 225 * Math.abs(t) * matters];
  });
}

function drawManifold(ctx, { manifold, toX, toY, scale }) {
  ctx.imageSmoothingEnabled = false;
  for (const { canvas, left, top, width, height } of manifold) {
    ctx.drawImage(canvas, toX(left), toY(top), width * scale, height * scale);
  }
}

// --- what lies on the ground ---

function drawImages(ctx, scene) {
  const { points, manifold, plot } = scene;
  if (!points) return;
  const radius = plot.small ? 1 : 1.8;
  const alpha = plot.small ? 0.6 : manifold.length ? 0.3 : 0.75; // the decoded grid is to be seen through them
  drawPoints(ctx, scene, { radius, alpha });
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

/** What names the layers that are shown, over all of them, and no name over another. */
export function drawNames(ctx, scene, layers) {
  const { holes, points, plot } = scene;
  if (plot.small) return;
  const taken = layers.has("holes") && holes ? holeBadges(holes.list, scene).map(({ x, y }) => ({ x, y, width: 18, height: 18 })) : [];
  if (layers.has("points") && points) nameClasses(ctx, scene, taken);
  if (layers.has("prior")) namePrior(ctx, scene, taken);
}

function drawHoles(ctx, scene) {
  const { holes, fields: { logQ }, grid, remember } = scene;
  if (!holes) return;
  const edges = remember(`holes ${holes.mass} ${holes.ratio}`, holes.numbers ?? logQ, () => holeEdges(grid, holeField(scene)));
  outlineHoles(ctx, scene, edges, holes.list);
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
