// The categories of a run whose codes choose one in each of several groups: how often test images choose each.

import { box, write } from "../../../vae_core/browser/draw.js";
import { Figure, table } from "../../../vae_core/browser/figure.js";

const NAMES_WIDE = 34, KL_WIDE = 64, HEAD = 16, CELL_GAP = 2; // pixels: names of groups, their KL, numbers of categories
const LARGEST_CELL = 56;

export class Groups extends Figure {
  /** height(): of the canvas. */
  constructor(parent, height) {
    super(parent, {
      title: "Categories", height,
      draw: (ctx, size, theme) => this.drawShares(ctx, size, theme),
      hover: (px, py) => this.at(px, py),
      csv: () => table(["group", "category", "share"], this.rows().flatMap((row, m) => row.map((share, k) => [m + 1, k + 1, share]))),
    });
    this.moment = null;
  }

  /** A moment of the film; note: what stands beside the title. */
  take(moment, note) {
    if (!moment?.shares) return;
    this.moment = moment;
    this.say(note);
  }

  /** Shares [M][K]. */
  rows() {
    if (!this.moment) return [];
    const { shares, kl } = this.moment, K = shares.length / kl.length;
    return Array.from(kl, (_, m) => [...shares.subarray(m * K, (m + 1) * K)]);
  }

  /** Width and height of a cell. */
  cell([width, height]) {
    const rows = this.rows(), fits = (room, count) => Math.max(2, Math.min(LARGEST_CELL, room / count));
    return [fits(width - NAMES_WIDE - KL_WIDE, rows[0].length), fits(height - HEAD, rows.length)];
  }

  drawShares(ctx, size, { colours, font }) {
    const rows = this.rows();
    if (!rows.length) return;
    const [wide, high] = this.cell(size), label = { fill: colours.muted, size: Math.min(11, high), font };
    const right = NAMES_WIDE + wide * rows[0].length, most = Math.max(...rows.flat());
    if (wide > 12) rows[0].forEach((_, k) => write(ctx, String(k + 1), NAMES_WIDE + wide * (k + 0.5), HEAD - 5, { ...label, align: "center", baseline: "alphabetic" }));
    rows.forEach((row, m) => {
      const y = HEAD + high * m;
      if (high > 6) write(ctx, `z${m + 1}`, NAMES_WIDE - 5, y + high / 2, { ...label, align: "right" });
      row.forEach((share, k) => {
        const x = NAMES_WIDE + wide * k;
        box(ctx, x, y, wide - CELL_GAP, high - CELL_GAP, { fill: colours.line, alpha: 0.5 });
        box(ctx, x, y, wide - CELL_GAP, high - CELL_GAP, { fill: colours.kl, alpha: share / most });
      });
      if (high > 6) write(ctx, `${this.moment.kl[m].toFixed(2)} nats`, right + 6, y + high / 2, { ...label, align: "left" });
    });
  }

  /** What is at a place of the canvas, in words. */
  at(px, py) {
    const rows = this.rows();
    if (!rows.length) return null;
    const [wide, high] = this.cell(this.size), m = Math.floor((py - HEAD) / high), k = Math.floor((px - NAMES_WIDE) / wide);
    const share = rows[m]?.[k];
    return share === undefined ? null : `group ${m + 1}, category ${k + 1}: ${(100 * share).toFixed(1)} % of test images`;
  }
}
