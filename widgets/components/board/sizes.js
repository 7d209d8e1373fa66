// Where the parts of the board stand, and how large they are, so that all are seen without scrolling.

import { picturesHeight } from "../../../vae_core/browser/pictures.js";

const SPACE = 12, CAPTION = 26, SCRUBBER = 46;
export const AXES = { left: 42, right: 8, top: 4, bottom: 38 }; // beside the map
const TILE = 52; // height of one, with its line
const LEAST_HEIGHT = 430, LEAST_CURVES = 130;

/**
 * width, height: of the board, in pixels; sets: how many rows of probes; image: [height, width] of one.
 * Gives {shape, map, side, tiles: columns, mapHeight, curves, probes: columns, samples: {columns, count}, both};
 * heights are those of canvases. `both`: whether curves and KL bars are shown at once.
 */
export function sizesOf({ width, height, sets = 2, image = [28, 28] }) {
  if (width < 560) return stacked(width);
  const wide = width >= 840, figures = Math.max(LEAST_HEIGHT, height) - SCRUBBER;
  const top = wide ? 0 : 2 * TILE + SPACE, free = figures - top;
  const room = width - SPACE - AXES.left - AXES.right - (wide ? Math.max(300, 0.34 * width) : 0.3 * width);
  const plot = Math.floor(Math.min(free - CAPTION - AXES.top - AXES.bottom, room));
  const map = plot + AXES.left + AXES.right, side = width - SPACE - map;
  const columns = side >= 280 ? 10 : 5, shape = (n) => [n, 1, ...image];
  const probes = picturesHeight(side, Array(sets).fill(shape(columns)), columns) + CAPTION;
  const rest = free - (wide ? 3 * TILE + SPACE : 0) - probes - SPACE - CAPTION;
  const choices = side >= 520 ? [[16, 16]] : [[8, 16], [8, 8]];
  const left = ([across, count]) => rest - CAPTION - SPACE - picturesHeight(side, [shape(count)], across);
  const samples = choices.find((choice) => left(choice) >= LEAST_CURVES) ?? choices.at(-1);
  return {
    shape: wide ? "wide" : "narrow", map, side, tiles: wide ? 3 : 5, mapHeight: plot + AXES.top + AXES.bottom,
    curves: Math.max(LEAST_CURVES, left(samples)), probes: columns,
    samples: { columns: samples[0], count: samples[1] }, both: side >= 520,
  };
}

/** One below the other, for a phone: to be scrolled. */
function stacked(width) {
  return {
    shape: "stacked", map: width, side: width, tiles: width < 420 ? 2 : 3, curves: 300, both: true,
    mapHeight: width - AXES.left - AXES.right + AXES.top + AXES.bottom, probes: width < 340 ? 5 : 10,
    samples: { columns: 8, count: 16 },
  };
}
