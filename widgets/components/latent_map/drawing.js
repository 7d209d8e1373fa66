// What is on a map at this moment, and the drawing of its layers, on screen and into a file.

import { clipped, prepared } from "../../../vae_core/browser/draw.js";
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

/** The map as a menu takes it away, by what it is drawn from: {png(times), svg()}. */
export function filesOf(map) {
  const draw = (ctx) => {
    const scene = map.scene();
    clipped(ctx, scene.plot, () => {
      drawLayers(map, ctx, scene);
      drawCursor(ctx, scene, map, map.here, map.imageShown);
    });
    drawAxes(ctx, scene);
  };
  const paper = () => map.scene().colours.paper;
  return { png: (times) => pngFile(map.size, paper(), draw, times), svg: () => svgFile(map.size, paper(), draw) };
}
