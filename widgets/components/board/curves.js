// Stacked panels over one axis of steps. panel: {title, colour, lines: [{name, values, colour, dash, width, alpha}]}.

import { brief, clipped, dot, line, ticks, write } from "../../../vae_core/browser/draw.js";

export function curveLayout([width, height], panels) {
  const left = 46, right = 8, bottom = 22, gap = 20, top = 14;
  const high = (height - top - bottom - gap * (panels - 1)) / panels;
  return { left, right, place: (k) => ({ x: left, y: top + k * (high + gap), w: width - left - right, h: high }) };
}

export function drawCurves(ctx, size, { colours, font }, { steps, panels, marks, cursor }, pointer) {
  const layout = curveLayout(size, panels.length), end = Math.max(steps.at(-1) ?? 1, 1);
  const label = { fill: colours.muted, size: 11, font, baseline: "alphabetic" };
  panels.forEach((panel, k) => {
    const b = layout.place(k), [low, high] = spread(panel.lines), bottom = b.y + b.h, right = b.x + b.w;
    const X = (s) => b.x + (s / end) * b.w, Y = (v) => b.y + (1 - (v - low) / (high - low)) * b.h;
    const across = (y, style) => line(ctx, [[b.x, y], [right, y]], style);
    const upright = (x, style) => line(ctx, [[x, b.y], [x, bottom]], style);
    for (const t of ticks(low, high, b.h / 20)) {
      across(Y(t), { stroke: colours.line, alpha: 0.55 });
      write(ctx, brief(t), b.x - 6, Y(t), { ...label, align: "right", baseline: "middle" });
    }
    clipped(ctx, { left: b.x, top: b.y - 1, width: b.w + 1, height: b.h + 2 }, () => {
      for (const { step } of marks) upright(X(step), { stroke: colours.p, dash: [3, 3] });
      if (cursor !== null) upright(X(cursor), { stroke: colours.accent, width: 1.5 });
      for (const { values, colour, width, dash, alpha } of panel.lines) for (const piece of pieces(steps, values)) {
        const points = piece.map((i) => [X(steps[i]), Y(values[i])]);
        line(ctx, points, { stroke: colour, width, dash, alpha });
        if (points.length === 1) dot(ctx, ...points[0], 2.2, { fill: colour });
      }
    });
    across(bottom, { stroke: colours.line });
    write(ctx, panel.title, b.x, b.y - 4, { ...label, fill: panel.colour ?? colours.ink, weight: 600, size: 12 });
    drawLegend(ctx, label, panel, b);
    if (k === 0) nameMarks(ctx, marks, X, b, { ...label, fill: colours.p, halo: colours.paper, weight: 600 });
    if (k === panels.length - 1) for (const t of ticks(0, end, b.w / 90)) {
      const align = t === 0 ? "left" : X(t) > right - 14 ? "right" : "center";
      write(ctx, brief(t), Math.min(X(t), right), bottom + 15, { ...label, align });
    }
    if (!pointer || !steps.length) return;
    const i = nearestStep(steps, ((pointer[0] - b.x) / b.w) * end);
    upright(X(steps[i]), { stroke: colours.muted });
    for (const { values, colour } of panel.lines) {
      if (Number.isFinite(values[i])) dot(ctx, X(steps[i]), Y(values[i]), 2.6, { fill: colour });
    }
  });
}

/** What was moved, at the foot of its line; of moves close together the last one is named. */
function nameMarks(ctx, marks, X, b, style) {
  marks.forEach(({ step, text }, i) => {
    const x = X(step), atEdge = x > b.x + b.w - 60;
    if (marks[i + 1] && X(marks[i + 1].step) - x < 34) return;
    write(ctx, text, x + (atEdge ? -3 : 3), b.y + b.h - 5, { ...style, align: atEdge ? "right" : "left" });
  });
}

/** Indices of the measured values, in pieces: over a stretch where none was measured no line may claim one. */
export function pieces(steps, values) {
  const there = [...steps.keys()].filter((i) => Number.isFinite(values[i])), found = [];
  const gaps = there.slice(1).map((i, k) => steps[i] - steps[there[k]]).sort((a, b) => a - b);
  const longest = 4 * (gaps[Math.floor((gaps.length - 1) / 2)] ?? 0);
  there.forEach((i, k) => {
    if (k && steps[i] - steps[there[k - 1]] <= longest) found.at(-1).push(i);
    else found.push([i]);
  });
  return found;
}

function drawLegend(ctx, label, { title, lines }, b) {
  let x = b.x + b.w;
  for (const { name, colour, dash, alpha } of [...lines].reverse()) {
    const wide = name.length * 6 + 4;
    if (x - wide - 18 < b.x + title.length * 7 + 8) return; // no room beside the title
    write(ctx, name, x, b.y - 4, { ...label, align: "right" });
    x -= wide;
    line(ctx, [[x - 16, b.y - 8], [x - 2, b.y - 8]], { stroke: colour, width: 2, dash, alpha });
    x -= 26;
  }
}

/** The range of the values, without the first plunge: its few huge numbers would flatten all the rest. */
function spread(lines) {
  const all = lines.flatMap(({ values }) => [...values].filter(Number.isFinite)).sort((a, b) => a - b);
  if (!all.length) return [0, 1];
  const at = (q) => all[Math.min(all.length - 1, Math.floor(q * all.length))];
  const [low, high] = all.length > 12 ? [at(0.06), at(0.985)] : [all[0], all.at(-1)];
  const pad = Math.max((high - low) * 0.08, Math.abs(high) * 0.01, 0.05);
  return [low - pad, high + pad];
}

/** Index of the step nearest to s. */
export function nearestStep(steps, s) {
  let low = 0, high = steps.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle] < s) low = middle;
    else high = middle;
  }
  return Math.abs(steps[low] - s) < Math.abs(steps[high] - s) ? low : high;
}
