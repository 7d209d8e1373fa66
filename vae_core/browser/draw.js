// What figures are drawn with, on a canvas's context or on the one of svg.js that writes. Lengths are CSS pixels.
// A style is {fill, stroke, width, dash, alpha}, a text's also {font, size, weight, align, baseline, halo}.

/** Fits a canvas to its size on screen and gives its context, cleared and scaled to CSS pixels. */
export function prepared(canvas, width, height) {
  const density = window.devicePixelRatio || 1, [w, h] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(density, 0, 0, density, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

function shade(ctx, { fill, stroke, width = 1, dash = [], alpha = 1 }) {
  ctx.globalAlpha = alpha;
  if (fill) {
    ctx.fillStyle = fill;
    ctx.fill();
  }
  if (stroke) {
    Object.assign(ctx, { strokeStyle: stroke, lineWidth: width, lineJoin: "round" });
    ctx.setLineDash(dash);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  ctx.globalAlpha = 1;
}

export function line(ctx, points, style) {
  ctx.beginPath();
  points.forEach(([x, y], k) => (k ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  shade(ctx, style);
}

export function box(ctx, x, y, width, height, style) {
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  shade(ctx, style);
}

export function dot(ctx, x, y, radius, style) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  shade(ctx, style);
}

/** A text; over its own outline in the colour `halo` it is legible on any ground. */
export function write(ctx, text, x, y, { fill, font, size = 12, weight = 400, align = "left", baseline = "middle", halo }) {
  ctx.font = `${weight} ${size}px ${font}`;
  Object.assign(ctx, { textAlign: align, textBaseline: baseline, fillStyle: fill });
  if (halo) {
    Object.assign(ctx, { strokeStyle: halo, lineWidth: 4, lineJoin: "round" });
    ctx.strokeText(text, x, y);
  }
  ctx.fillText(text, x, y);
}

/** Draws inside a rectangle only. */
export function clipped(ctx, { left, top, width, height }, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  draw(ctx);
  ctx.restore();
}

// --- numbers on axes ---

/** Round numbers from low to high, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 1);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step);
}

/** A number in few characters: 0.05, 12.5, −310, 28.1k. */
export function brief(value) {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return "\u2013";
  const text = size >= 1e6 ? `${+(value / 1e6).toFixed(1)}M`
    : size >= 1e4 ? `${+(value / 1e3).toFixed(1)}k`
    : size >= 100 || Number.isInteger(value) ? value.toFixed(0)
    : size >= 10 ? value.toFixed(1)
    : size > 0 && size < 0.01 ? value.toExponential(0) : String(+value.toFixed(2));
  return text.replace("-", "\u2212");
}
