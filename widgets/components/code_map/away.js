// What is taken away of a code map: image, map and decoded image as one picture, and the codes as a table.

import { box, write } from "../../../vae_core/browser/draw.js";
import { table } from "../../../vae_core/browser/figure.js";
import { pngFile } from "../../../vae_core/browser/files.js";
import { takeAwayMenu } from "../../../vae_core/browser/take_away.js";

const SIDE = 224, GAP_BETWEEN = 12, HEADING = 20; // pixels

/** one: the code map, whose state is asked for when a file is made. */
export const takeMapAway = (one) => takeAwayMenu(() => "code map", { png: (times) => picture(one, times), csv: () => numbers(one) });

function picture({ theme: { colours, font }, image, decoded, codes, hidden, columns, rows, pictures, tile: [w, h], decoder }, times) {
  const high = (SIDE * decoder.image[1]) / decoder.image[2], cell = [SIDE / columns, high / rows];
  const draw = (ctx) => {
    ctx.imageSmoothingEnabled = false;
    ["Image", "Code map", "Decoded"].forEach((name, k) => write(ctx, name, k * (SIDE + GAP_BETWEEN), HEADING / 2, { fill: colours.ink, font, size: 13, weight: 600 }));
    [image, null, decoded].forEach((panel, k) => panel && ctx.drawImage(panel.canvas, k * (SIDE + GAP_BETWEEN), HEADING, SIDE, high));
    codes.forEach((code, k) => {
      const x = SIDE + GAP_BETWEEN + (k % columns) * cell[0], y = HEADING + Math.floor(k / columns) * cell[1];
      if (hidden.has(k)) box(ctx, x, y, cell[0] - 1, cell[1] - 1, { fill: colours.line });
      else ctx.drawImage(pictures, code * w, 0, w, h, x, y, cell[0] - 1, cell[1] - 1);
    });
  };
  return pngFile([3 * SIDE + 2 * GAP_BETWEEN, HEADING + high], colours.paper, draw, times);
}

const numbers = ({ codes, encoder, hidden, columns }) => table(["row", "column", "code", "encoders_code", "hidden"],
  Array.from(codes, (code, k) => [Math.floor(k / columns) + 1, (k % columns) + 1, code, encoder[k], Number(hidden.has(k))]));
