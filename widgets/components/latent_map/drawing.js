// What is on a map at this moment, and the drawing of its layers, on screen and into a file.

import { clipped, prepared, write } from "../../../vae_core/browser/draw.js";
import { pngFile, svgFile } from "../../../vae_core/browser/files.js";
import { drawAxes, placed } from "../../../vae_core/browser/plane.js";
import { drawCursor } from "./cursor.js";
import { drawNames, LAYERS } from "./layers.js";

/** What the layers are drawn from: the newest, or a frame of the replay. */
export function sceneOf(map) {
  const { view, picture, frames, frame, plane } = map;
  const { log_q: drawn, exact = drawn, log_p: logP = [] } = frame === null ? {} : map.replay.fields;
  const replayed = frame !== null && drawn, regions = frames?.regions?.[frame] ?? picture.regions;
  return {
    ...placed(view.plot, view), plane, density: map.density, ...map.theme, decoder: map.decoder,
    grid: replayed ? frames.grid : picture.grid, regions, axes: picture.axes, classes: picture.classes,
    fields: {
      // What is counted and read, and what is drawn of it: narrow posteriors one cell wide.
      logQ: replayed ? exact[frame] : picture.arrays.exact ?? picture.arrays.log_q,
      drawn: replayed ? drawn[frame] : picture.arrays.log_q,
      logP: replayed ? logP[frame] ?? frames.arrays.prior : picture.arrays.log_p,
    },
    // A frame's holes are found here, from its density; they have no numbers.
    holes: frame === null ? map.holes : replayed && map.holes && { ...map.holes, level: regions.find(([mass]) => mass === map.holes.mass)[1], numbers: null, list: [] },
    rest: frame === null ? picture.rest ?? 0 : 0, points: map.shown, samples: map.samples,
    manifold: map.manifold.canvases, spacing: spacingOf(map), remember: map.remember,
  };
}

/** Quantiles are those of N(0, I): under another prior the grid is evenly spaced. */
const spacingOf = ({ spacing, picture }) => (picture.standard ? spacing : "linear");

export function drawBase(map, scene) {
  if (map.layers.has("manifold") && map.decoder) {
    const { view, density, parcels: { decoder, picture } } = map;
    const key = JSON.stringify([view, spacingOf(map), density, decoder.id, map.data.pixels, picture.id]);
    map.manifold.renew(key, () => map.scene(), () => map.request(true));
  }
  const ctx = prepared(map.dom.base, ...map.size);
  clipped(ctx, scene.plot, () => drawLayers(map, ctx, scene));
  drawAxes(ctx, scene);
}

function drawLayers(map, ctx, scene) {
  for (const { name, draw } of LAYERS) if (draw && map.layers.has(name)) draw(ctx, scene);
  drawNames(ctx, scene, map.layers);
}

/** The map as a menu takes it away, by what it is drawn from: {png(times), svg()}; all maps, where it controls them. */
export function filesOf(map) {
  const drawn = () => (map.data.size === "controls" ? sideBySide(map.linked) : [map.size, (ctx) => drawWhole(ctx, map)]);
  const file = (make, ...rest) => {
    const [size, draw] = drawn();
    return make(size, map.theme.colours.paper, draw, ...rest);
  };
  return { png: (times) => file(pngFile, times), svg: () => file(svgFile) };
}

function drawWhole(ctx, map) {
  const scene = map.scene();
  clipped(ctx, scene.plot, () => {
    drawLayers(map, ctx, scene);
    drawCursor(ctx, scene, map, map.here, map.imageShown);
  });
  drawAxes(ctx, scene);
}

/** Size and drawing of maps in the order of the page, each below its name. */
function sideBySide(maps) {
  const ordered = maps.filter((map) => map.view.plot).map((map) => [map, map.dom.over.getBoundingClientRect()])
    .sort(([, a], [, b]) => a.top - b.top || a.left - b.left).map(([map]) => map);
  const widths = ordered.map(({ size }) => size[0]), lefts = widths.map((_, k) => total(widths.slice(0, k)));
  const draw = (ctx) => ordered.forEach((map, k) => {
    ctx.save();
    ctx.translate(lefts[k], 0);
    write(ctx, map.data.label, map.view.plot.left, NAME / 2, { fill: map.theme.colours.ink, font: map.theme.font, size: 12, weight: 600 });
    ctx.translate(0, NAME);
    drawWhole(ctx, map);
    ctx.restore();
  });
  return [[total(widths), NAME + Math.max(...ordered.map(({ size }) => size[1]))], draw];
}

const NAME = 24; // pixels above a map for its name
const total = (numbers) => numbers.reduce((a, b) => a + b, 0);
