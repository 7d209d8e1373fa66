// The KL of each latent dimension, in nats; or the share of cells that each code of a codebook has.

import { box, brief, line, ticks, write } from "../../../vae_core/browser/draw.js";

const LEFT = 34, RIGHT = 4, BOTTOM = 20, TOP = 6;

/** names: of the values, or null for latent dimensions. */
export function drawBars(ctx, [width, height], { colours, font }, values, chosen, names = null) {
  const w = width - LEFT - RIGHT, h = height - TOP - BOTTOM, right = LEFT + w, foot = TOP + h;
  const high = Math.max(...values, 0.1) * 1.08, Y = (v) => TOP + (1 - v / high) * h;
  const label = { fill: colours.muted, size: 11, font };
  for (const t of ticks(0, high, h / 28)) {
    line(ctx, [[LEFT, Y(t)], [right, Y(t)]], { stroke: colours.line, alpha: 0.55 });
    write(ctx, brief(t), LEFT - 6, Y(t), { ...label, align: "right" });
  }
  const slot = w / values.length, wide = Math.max(1, Math.min(slot * 0.72, 46)), every = Math.ceil(26 / slot);
  values.forEach((v, k) => {
    const x = LEFT + slot * (k + 0.5), top = Y(Math.max(v, 0)), shown = names !== null || chosen.includes(k);
    box(ctx, x - wide / 2, top, wide, Math.max(foot - top, 1), { fill: colours.kl, alpha: shown ? 1 : 0.55 });
    if (k % every) return;
    const fill = shown ? colours.ink : colours.muted;
    write(ctx, names?.[k] ?? `z${k + 1}`, x, foot + 14, { ...label, align: "center", baseline: "alphabetic", fill });
  });
  line(ctx, [[LEFT, foot], [right, foot]], { stroke: colours.line });
}

/** Shares of 1, the largest first; the line is where all would be alike. */
export function drawUses(ctx, [width, height], { colours, font }, values) {
  const w = width - LEFT - RIGHT, h = height - TOP - BOTTOM, right = LEFT + w, foot = TOP + h;
  const high = 1.08 * Math.max(...values), Y = (v) => TOP + (1 - v / high) * h, slot = w / values.length;
  const label = { fill: colours.muted, size: 11, font };
  for (const t of ticks(0, 100 * high, h / 28)) {
    line(ctx, [[LEFT, Y(t / 100)], [right, Y(t / 100)]], { stroke: colours.line, alpha: 0.55 });
    write(ctx, `${brief(t)} %`, LEFT - 4, Y(t / 100), { ...label, align: "right" });
  }
  values.forEach((v, k) => box(ctx, LEFT + slot * k, Y(v), Math.max(1, slot - 1), foot - Y(v), { fill: colours.kl }));
  line(ctx, [[LEFT, Y(1 / values.length)], [right, Y(1 / values.length)]], { stroke: colours.ink, dash: [3, 3] });
  line(ctx, [[LEFT, foot], [right, foot]], { stroke: colours.line });
  write(ctx, "codes, the most used first", LEFT + w / 2, foot + 14, { ...label, align: "center", baseline: "alphabetic" });
}

/** Which of n bars is at x, or null. */
export function barAt(width, n, x) {
  const k = Math.floor((x - LEFT) / ((width - LEFT - RIGHT) / n));
  return k >= 0 && k < n ? k : null;
}
