// The latent plane: equal aspect, the same range across runs, the prior's contours, points by class.
// picture: {extent, axes: [name, name], x: Float32Array, y, labels, classes: [names], heat: canvas | undefined,
//           contours: [[mass, radius]...], points: bool, names: bool, pin: [x, y] | undefined}

const PRIOR_CONTOURS = [0.5, 0.9, 0.95, 0.99].map((mass) => [mass, Math.sqrt(-2 * Math.log(1 - mass))]);  // of N(0, I) in two dimensions

function planeBox(width, height) {
  const left = 34, bottom = 30, top = 4, right = 4;
  const side = Math.max(10, Math.min(width - left - right, height - top - bottom));
  return { left: left + Math.max(0, (width - left - right - side) / 2), top, side };
}

function planeHeight(width, most) { return Math.min(width - 38, most) + 34; }

function fromPlane(box, extent, px, py) {
  return [((px - box.left) / box.side * 2 - 1) * extent, (1 - (py - box.top) / box.side * 2) * extent];
}

function drawPlane(pen, theme, p) {
  const box = planeBox(pen.width, pen.height), { left, top, side } = box, e = p.extent;
  const X = (x) => left + ((x / e + 1) / 2) * side, Y = (y) => top + ((1 - y / e) / 2) * side;
  const label = { fill: theme.faint, size: 11, font: theme.font };
  pen.rect(left, top, side, side, { fill: theme.dark ? "#191d23" : "#ffffff" });
  pen.clip(left, top, side, side, () => {
    if (p.heat) pen.image(p.heat, left, top, side, side, true);
    const step = e > 4 ? e / 4 : 1;
    if (!p.heat) for (let t = -e + step; t < e; t += step) {
      const grid = { stroke: theme.edge, width: 1, alpha: t === 0 ? 0.9 : 0.4 };
      pen.line([[X(t), top], [X(t), top + side]], grid);
      pen.line([[left, Y(t)], [left + side, Y(t)]], grid);
    }
    const halo = p.heat ? (theme.dark ? "#14171c" : "#fcfbf8") : null;
    for (const [, r] of p.contours) {
      if (halo) pen.circle(X(0), Y(0), (r / e) * side / 2, { stroke: halo, width: 3, alpha: 0.5 });
      pen.circle(X(0), Y(0), (r / e) * side / 2, { stroke: theme.prior, width: 1.4, alpha: 0.95 });
    }
    if (p.points && p.x) {
      const many = p.x.length > 1000, r = many ? 1.5 : Math.max(1.6, Math.min(3, side / 160)), alpha = many ? 0.6 : 0.8;
      for (let i = 0; i < p.x.length; i++) {
        const x = X(p.x[i]), y = Y(p.y[i]);
        if (x < left - 4 || x > left + side + 4 || y < top - 4 || y > top + side + 4) continue;
        pen.circle(x, y, r, { fill: classColour(theme, p.labels[i]), alpha });
      }
    }
    for (const [mass, r] of p.contours) {
      const at = (r / e) * side / 2;
      if (at < 26 || (mass === 0.95 && side / e < 70)) continue;
      pen.text(X(0) + at * Math.SQRT1_2, Y(0) - at * Math.SQRT1_2, `${Math.round(mass * 100)} %`,
        { fill: theme.prior, size: 10, font: theme.font, align: "center", baseline: "middle", halo: theme.paper, weight: 600 });
    }
    if (p.names && p.x) for (const [name, x, y, k] of apart(centres(p).filter(([, x, y]) => Math.max(Math.abs(x), Math.abs(y)) <= e)
      .map(([name, x, y, k]) => [name, X(x), Y(y), k]))) {
      pen.text(x, y, name, { fill: p.heat || !theme.dark ? shade(theme.classes[k % 10], theme.dark ? 0.2 : -0.35) : shade(theme.classes[k % 10], 0.35),
        size: name.length > 2 ? 12 : 15, weight: 700, font: theme.font, align: "center", baseline: "middle", halo: theme.paper });
    }
    if (p.pin) {
      const [x, y] = [X(p.pin[0]), Y(p.pin[1])];
      pen.circle(x, y, 7, { stroke: theme.paper, width: 4 });
      pen.circle(x, y, 7, { stroke: theme.accent, width: 2 });
      pen.circle(x, y, 1.6, { fill: theme.accent });
    }
  });
  pen.rect(left, top, side, side, { stroke: theme.edge });
  const step = e > 4 ? e / 2 : side < 260 ? 2 : 1;
  for (let t = -e; t <= e + 1e-9; t += step) {
    const edge = t === -e ? "left" : t === e ? "right" : "center";
    pen.text(X(t), top + side + 14, minus(String(t)), { ...label, align: edge });
    pen.text(left - 6, Y(t) + (t === -e ? -4 : t === e ? 6 : 0), minus(String(t)), { ...label, align: "right", baseline: "middle" });
  }
  const axis = { ...label, fill: theme.ink, size: 12, weight: 600 };
  pen.text(X(0), top + side + 27, p.axes[0], { ...axis, align: "center" });
  pen.text(left - 33, Y(0) - 14, p.axes[1], { ...axis, baseline: "middle" });
  return box;
}

// The middle of each class: a mean, which a few stray points move little at these sizes.
function centres(p) {
  const sums = new Map();
  for (let i = 0; i < p.x.length; i++) {
    const k = p.labels[i];
    if (k > 250 || k < 0) continue;
    const s = sums.get(k) ?? [0, 0, 0];
    s[0] += p.x[i]; s[1] += p.y[i]; s[2] += 1; sums.set(k, s);
  }
  return [...sums].map(([k, [x, y, n]]) => [p.classes[k] ?? String(k), x / n, y / n, k]);
}

// Names that would cover each other are pushed apart, a few pixels at a time.
function apart(names) {
  for (let turn = 0; turn < 40; turn++) for (let i = 0; i < names.length; i++) for (let j = 0; j < i; j++) {
    const a = names[i], b = names[j], wide = 7 + 3.2 * Math.max(a[0].length, b[0].length), dx = a[1] - b[1] || 0.1, dy = a[2] - b[2] || 0.1;
    const near = Math.hypot(dx / wide, dy / 13);
    if (near >= 1) continue;
    const push = (1 - near) * 0.25;
    a[1] += dx * push + Math.sign(dx) * 0.2; b[1] -= dx * push + Math.sign(dx) * 0.2; a[2] += dy * push + Math.sign(dy) * 0.2; b[2] -= dy * push + Math.sign(dy) * 0.2;
  }
  return names;
}

function outside(p) {
  let n = 0;
  for (let i = 0; i < p.x.length; i++) if (Math.abs(p.x[i]) > p.extent || Math.abs(p.y[i]) > p.extent) n++;
  return n;
}

function nearest(p, x, y, within) {
  let best = -1, least = within * within;
  for (let i = 0; i < p.x.length; i++) {
    const d = (p.x[i] - x) ** 2 + (p.y[i] - y) ** 2;
    if (d < least) { least = d; best = i; }
  }
  return best;
}

function shade(colour, amount) {  // -1 black ... 1 white
  return `rgb(${rgb(colour).map((v) => Math.round(amount < 0 ? v * (1 + amount) : v + (255 - v) * amount)).join(",")})`;
}
