// Cells in the place of pictures: each as full as q(z|x) finds its category probable, and below it the share of q(z)
// over the test images, with a tick where a uniform prior has it.

import { element } from "../../../vae_core/browser/dom.js";
import { box, line, write } from "../../../vae_core/browser/draw.js";
import { pngFile } from "../../../vae_core/browser/files.js";

const IMAGE_SIDE = 168, BETWEEN_PARTS = 16, BEFORE_ROW = 96; // pixels of a picture to take away
const CELL_SIZE = [26, 18], BAR_HEIGHT = 4, ROW_STEP = 30, COLUMN_STEP = 31;

export const cell = (probability) => element("i", { class: "cell", style: `--p: ${probability}` });

/** Image, decoded image and grid as one picture. one: the component. name(m): what stands before a row. */
export function cellsPicture({ theme: { colours, font }, dom, arrays, codes, decoder }, name, times) {
  const { order, probabilities, shares, holes } = arrays, [, K] = shares.shape, most = Math.max(...shares), [width, height] = CELL_SIZE;
  const high = (IMAGE_SIDE * decoder.image[1]) / decoder.image[2], grid = 2 * (IMAGE_SIDE + BETWEEN_PARTS), top = 20;
  const full = `rgb(${colours.q.join(",")})`, hole = `rgb(${colours.hole.join(",")})`;
  const draw = (ctx) => {
    ctx.imageSmoothingEnabled = false;
    [["Image", dom.image], ["Decoded", dom.live]].forEach(([title, canvas], k) => {
      write(ctx, title, k * (IMAGE_SIDE + BETWEEN_PARTS), top / 2, { fill: colours.ink, font, size: 13, weight: 600 });
      ctx.drawImage(canvas, k * (IMAGE_SIDE + BETWEEN_PARTS), top, IMAGE_SIDE, high);
    });
    order.forEach((m, row) => {
      const y = top + row * ROW_STEP;
      write(ctx, name(m), grid, y + height / 2, { fill: colours.ink, font, size: 12 });
      for (let k = 0; k < K; k++) {
        const x = grid + BEFORE_ROW + k * COLUMN_STEP, at = m * K + k;
        box(ctx, x, y, width, height, { fill: colours.line, alpha: 0.4 });
        box(ctx, x, y, width, height, { fill: full, alpha: probabilities[at] });
        if (codes[m] === k) box(ctx, x - 1.5, y - 1.5, width + 3, height + 3, { stroke: colours.accent, width: 2 });
        box(ctx, x, y + height + 3, width, BAR_HEIGHT, { fill: colours.line, alpha: 0.4 });
        box(ctx, x, y + height + 3, (width * shares[at]) / most, BAR_HEIGHT, { fill: colours.kl });
        if (holes?.[at]) box(ctx, x, y + height + 3, width, BAR_HEIGHT, { fill: hole, alpha: 0.45 });
        const tick = x + width / K / most;
        line(ctx, [[tick, y + height + 3], [tick, y + height + 3 + BAR_HEIGHT]], { stroke: colours.ink });
      }
    });
  };
  return pngFile([grid + BEFORE_ROW + K * COLUMN_STEP, top + Math.max(high, order.length * ROW_STEP)], colours.paper, draw, times);
}
