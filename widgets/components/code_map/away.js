// What is taken away of a code map: image, map and decoded image as one picture, and the codes as a table.

import { box, write } from "../../../vae_core/browser/draw.js";
import { table } from "../../../vae_core/browser/figure.js";
import { pngFile } from "../../../vae_core/browser/files.js";
import { takeAwayMenu } from "../../../vae_core/browser/take_away.js";

const SIDE = 224, GAP_BETWEEN = 12, HEADING = 20; // pixels

/** one: the code map, whose state is asked for when a file is made. */
export const takeMapAway = (one) => takeAwayMenu(() => "code map", { png: (times) => picture(one, times), csv: () => numbers(one) });

function picture({ theme: { colours, font }, image, decoded, codes, hidden, levels, decoder }, times) {
  const high = (SIDE * decoder.image[1]) / decoder.image[2], panels = [image, ...levels, decoded];
  const draw = (ctx) => {
    ctx.imageSmoothingEnabled = false;
    panels.forEach((panel, n) => {
      const left = n * (SIDE + GAP_BETWEEN);
      write(ctx, (panel.map ?? panel).title, left, HEADING / 2, { fill: colours.ink, font, size: 13, weight: 600 });
      if (panel.map) drawLevel(ctx, panel, left, high);
      else ctx.drawImage(panel.canvas, left, HEADING, SIDE, high);
    });
  };
  const drawLevel = (ctx, { from, cells, rows, columns, pictures, tile: [w, h] }, left, height) => {
    const cell = [SIDE / columns, height / rows];
    for (let k = 0; k < cells; k++) {
      const x = left + (k % columns) * cell[0], y = HEADING + Math.floor(k / columns) * cell[1];
      if (hidden.has(from + k)) box(ctx, x, y, cell[0] - 1, cell[1] - 1, { fill: colours.line });
      else ctx.drawImage(pictures, codes[from + k] * w, 0, w, h, x, y, cell[0] - 1, cell[1] - 1);
    }
  };
  return pngFile([panels.length * (SIDE + GAP_BETWEEN) - GAP_BETWEEN, HEADING + high], colours.paper, draw, times);
}

/** Of two levels, each line begins with that of its cell. */
function numbers(one) {
  const { codes, encoder, hidden, levels } = one, two = levels.length > 1;
  const line = (code, k) => [...(two ? [["top", "bottom"][one.levelOf(k)]] : []), ...one.place(k).map((at) => at + 1), code, encoder[k], Number(hidden.has(k))];
  return table([...(two ? ["level"] : []), "row", "column", "code", "encoders_code", "hidden"], Array.from(codes, line));
}
