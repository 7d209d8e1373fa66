// Stacked panels over one axis of steps. panel: {title, lines: [{name, values, colour, dash, width}]}.

function curveLayout(width, height, panels) {
  const left = 46, right = 8, bottom = 22, gap = 20, top = 14;
  const high = (height - top - bottom - gap * (panels - 1)) / panels;
  return { left, right, high, box: (k) => ({ x: left, y: top + k * (high + gap), w: width - left - right, h: high }) };
}

function drawCurves(pen, theme, { steps, panels, marks, cursor }, pointer) {
  const layout = curveLayout(pen.width, pen.height, panels.length);
  const last = steps.length ? steps[steps.length - 1] : 1, end = Math.max(last, 1);
  const label = { fill: theme.faint, size: 11, font: theme.font };
  panels.forEach((panel, k) => {
    const b = layout.box(k), [low, high] = spread(panel.lines);
    const X = (s) => b.x + (s / end) * b.w, Y = (v) => b.y + (1 - (v - low) / (high - low)) * b.h;
    for (const t of ticks(low, high, b.h / 20)) {
      const y = Y(t);
      if (y < b.y - 1 || y > b.y + b.h + 1) continue;
      pen.line([[b.x, y], [b.x + b.w, y]], { stroke: theme.edge, alpha: 0.55 });
      pen.text(b.x - 6, y, short(t), { ...label, align: "right", baseline: "middle" });
    }
    pen.clip(b.x, b.y - 1, b.w + 1, b.h + 2, () => {
      for (const mark of marks) pen.line([[X(mark.step), b.y], [X(mark.step), b.y + b.h]], { stroke: theme.prior, width: 1, dash: [3, 3] });
      if (cursor != null) pen.line([[X(cursor), b.y], [X(cursor), b.y + b.h]], { stroke: theme.accent, width: 1.5 });
      for (const line of panel.lines) {
        for (const piece of pieces(steps, line.values)) {
          const points = piece.map((i) => [X(steps[i]), Y(line.values[i])]);
          pen.line(points, { stroke: line.colour, width: line.width ?? 1.8, dash: line.dash, alpha: line.alpha });
          if (points.length === 1) pen.circle(...points[0], 2.2, { fill: line.colour });
        }
      }
    });
    pen.line([[b.x, b.y + b.h], [b.x + b.w, b.y + b.h]], { stroke: theme.edge });
    pen.text(b.x, b.y - 4, panel.title, { ...label, fill: panel.colour ?? theme.ink, weight: 600, size: 12 });
    legend(pen, theme, panel, b);
    if (k === 0) marks.forEach((mark, i) => {
      const x = X(mark.step), right = x > b.x + b.w - 60;
      if (marks[i + 1] && X(marks[i + 1].step) - x < 34) return;  // of moves close together the last one is named
      pen.text(x + (right ? -3 : 3), b.y + b.h - 5, mark.text, { ...label, fill: theme.prior, align: right ? "right" : "left", halo: theme.paper, weight: 600 });
    });
    if (k === panels.length - 1) {
      const marks_ = ticks(0, end, b.w / 90);
      for (const t of marks_) pen.text(Math.min(X(t), b.x + b.w), b.y + b.h + 15, short(t), { ...label, align: t === 0 ? "left" : X(t) > b.x + b.w - 14 ? "right" : "center" });
    }
    if (pointer && steps.length) {
      const i = nearestStep(steps, ((pointer[0] - b.x) / b.w) * end), x = X(steps[i]);
      pen.line([[x, b.y], [x, b.y + b.h]], { stroke: theme.faint });
      for (const line of panel.lines) if (Number.isFinite(line.values[i])) pen.circle(x, Y(line.values[i]), 2.6, { fill: line.colour });
    }
  });
}

// Indices of the measured values, in pieces: over a stretch where none was measured no line may claim one.
function pieces(steps, values) {
  const there = [...steps.keys()].filter((i) => Number.isFinite(values[i])), found = [];
  const gaps = there.slice(1).map((i, k) => steps[i] - steps[there[k]]).sort((a, b) => a - b);
  const longest = 4 * (gaps[Math.floor((gaps.length - 1) / 2)] ?? 0);
  there.forEach((i, k) => {
    if (k && steps[i] - steps[there[k - 1]] <= longest) found.at(-1).push(i);
    else found.push([i]);
  });
  return found;
}

function legend(pen, theme, panel, b) {
  let x = b.x + b.w;
  for (const line of [...panel.lines].reverse()) {
    const wide = line.name.length * 6 + 4;
    if (x - wide - 18 < b.x + panel.title.length * 7 + 8) return;  // no room beside the title
    pen.text(x, b.y - 4, line.name, { fill: theme.faint, size: 11, font: theme.font, align: "right" });
    x -= wide;
    pen.line([[x - 16, b.y - 8], [x - 2, b.y - 8]], { stroke: line.colour, width: 2, dash: line.dash, alpha: line.alpha });
    x -= 26;
  }
}

// The range of the values, without the first plunge: its few huge numbers would flatten all the rest.
function spread(lines) {
  const all = lines.flatMap((line) => [...line.values].filter(Number.isFinite)).sort((a, b) => a - b);
  if (!all.length) return [0, 1];
  const at = (q) => all[Math.min(all.length - 1, Math.floor(q * all.length))];
  let low = all.length > 12 ? at(0.06) : all[0], high = all.length > 12 ? at(0.985) : all[all.length - 1];
  const pad = Math.max((high - low) * 0.08, Math.abs(high) * 0.01, 0.05);
  return [low - pad, high + pad];
}

function nearestStep(steps, s) {
  let low = 0, high = steps.length - 1;
  while (high - low > 1) { const m = (low + high) >> 1; if (steps[m] < s) low = m; else high = m; }
  return Math.abs(steps[low] - s) < Math.abs(steps[high] - s) ? low : high;
}

// Bars, one per latent dimension, in nats.
function drawBars(pen, theme, values, chosen, pointer) {
  const left = 34, bottom = 20, top = 6, w = pen.width - left - 4, h = pen.height - top - bottom, n = values.length;
  const high = Math.max(...values, 0.1) * 1.08, Y = (v) => top + (1 - v / high) * h;
  const label = { fill: theme.faint, size: 11, font: theme.font };
  for (const t of ticks(0, high, h / 28)) {
    pen.line([[left, Y(t)], [left + w, Y(t)]], { stroke: theme.edge, alpha: 0.55 });
    pen.text(left - 6, Y(t), short(t), { ...label, align: "right", baseline: "middle" });
  }
  const slot = w / n, wide = Math.max(1, Math.min(slot * 0.72, 46));
  values.forEach((v, k) => {
    const x = left + slot * (k + 0.5);
    pen.rect(x - wide / 2, Y(Math.max(v, 0)), wide, Math.max(top + h - Y(Math.max(v, 0)), 1), { fill: theme.kl, alpha: chosen.includes(k) ? 1 : 0.55 });
    const every = Math.ceil(26 / slot);
    if (k % every === 0) pen.text(x, top + h + 14, `z${k + 1}`, { ...label, align: "center", fill: chosen.includes(k) ? theme.ink : theme.faint });
  });
  pen.line([[left, top + h], [left + w, top + h]], { stroke: theme.edge });
}

function barAt(width, n, x) {
  const k = Math.floor((x - 34) / ((width - 38) / n));
  return k >= 0 && k < n ? k : -1;
}
