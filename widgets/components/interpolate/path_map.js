// The path on the plane of two latent dimensions: density of the codes, some of them by class, the prior's
// regions, and the path over them, red where it crosses what is empty.

import { outlines } from "../../../vae_core/browser/contours.js";
import { kindOf } from "./path.js";

const LOW = -8, HIGH = -0.5; // nats of log q at no colour and at full colour
const MARGIN = { left: 26, bottom: 20, top: 4, right: 4 };

/** The density as a picture of its own, one pixel a cell, to be enlarged smoothly. */
function heat({ arrays: { log_q: q } }, [r, g, b]) {
  const size = q.shape[0], picture = new OffscreenCanvas(size, size), ctx = picture.getContext("2d");
  const pixels = ctx.createImageData(size, size);
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
    const share = Math.min(1, Math.max(0, (q[i * size + j] - LOW) / (HIGH - LOW)));
    pixels.data.set([r, g, b, 200 * share ** 1.5], 4 * ((size - 1 - j) * size + i));
  }
  ctx.putImageData(pixels, 0, 0);
  return picture;
}

export class Plan {
  constructor(canvas) {
    this.canvas = canvas;
    this.ground = new OffscreenCanvas(1, 1);
  }

  /** What stays while t moves. */
  take(plane, path, look) {
    Object.assign(this, { plane, path, look });
    const side = this.canvas.clientWidth, density = devicePixelRatio;
    if (!plane || !side) return;
    const size = Math.round(side * density);
    for (const each of [this.canvas, this.ground]) Object.assign(each, { width: size, height: size });
    this.density = density;
    const { left, bottom, top, right } = MARGIN, e = plane.extent;
    const inner = Math.min(side - left - right, side - top - bottom);
    this.box = { left, top, inner };
    this.X = (x) => left + ((x / e + 1) / 2) * inner;
    this.Y = (y) => top + ((1 - y / e) / 2) * inner;
    this.drawGround();
    this.draw(this.t ?? 0);
  }

  drawGround() {
    const { plane, path, look, box: { left, top, inner }, X, Y } = this, ctx = this.ground.getContext("2d");
    const { points, labels } = plane.arrays;
    ctx.setTransform(this.density, 0, 0, this.density, 0, 0);
    ctx.clearRect(0, 0, left + inner + 9, top + inner + 40);
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, inner, inner);
    ctx.clip();
    ctx.imageSmoothingEnabled = true;
    ctx.drawImage(heat(plane, look.q), left, top, inner, inner);
    ctx.globalAlpha = 0.55;
    for (let i = 0; i < points.length / 2; i++) {
      ctx.fillStyle = labels && labels[i] >= 0 ? look.classes[labels[i] % 10] : look.muted;
      ctx.fillRect(X(points[2 * i]) - 0.9, Y(points[2 * i + 1]) - 0.9, 1.8, 1.8);
    }
    ctx.globalAlpha = 1;
    ctx.strokeStyle = look.p;
    ctx.lineWidth = 1.2;
    for (const level of plane.regions) for (const line of outlines(plane.grid, plane.arrays.log_p, level)) {
      ctx.beginPath();
      for (const [x, y] of line) ctx.lineTo(X(x), Y(y));
      ctx.stroke();
    }
    this.drawPath(ctx, path);
    ctx.restore();
    ctx.strokeStyle = look.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(left + 0.5, top + 0.5, inner - 1, inner - 1);
    ctx.fillStyle = look.muted;
    ctx.font = `11px ${look.font}`;
    const text = (words, x, y, align, baseline) => {
      Object.assign(ctx, { textAlign: align, textBaseline: baseline });
      ctx.fillText(words, x, y);
    };
    const [x, y] = plane.dims.map((d) => `z${d + 1}`), edge = `${plane.extent}`;
    text(`\u2212${edge}`, left, top + inner + 4, "left", "top");
    text(edge, left + inner, top + inner + 4, "right", "top");
    text(x, left + inner / 2, top + inner + 4, "center", "top");
    text(edge, left - 4, top, "right", "top");
    text(`\u2212${edge}`, left - 4, top + inner, "right", "bottom");
    text(y, left - 4, top + inner / 2, "right", "middle");
  }

  drawPath(ctx, path) {
    const { look, X, Y, plane: { dims: [a, b] } } = this, { codes, log_q: q, log_p: p, hole } = path.arrays;
    const [T, D] = codes.shape, at = (k) => [X(codes[k * D + a]), Y(codes[k * D + b])];
    const t = (k) => path.first + (k / (T - 1)) * (path.last - path.first);
    const [from, to] = [path.marks[0][0], path.marks.at(-1)[0]], inside = (k) => t(k) >= from - 1e-6 && t(k) <= to + 1e-6;
    ctx.lineCap = "round";
    ctx.strokeStyle = look.paper;
    ctx.lineWidth = 5;
    ctx.globalAlpha = 0.75;
    ctx.beginPath();
    for (let k = 0; k < T; k++) if (inside(k)) ctx.lineTo(...at(k));
    ctx.stroke();
    ctx.globalAlpha = 1;
    for (let k = 0; k + 1 < T; k++) {
      const kind = q ? kindOf(q[k] - p[k], hole[k]) : "data", proper = inside(k) && inside(k + 1);
      ctx.strokeStyle = kind === "hole" || kind === "empty" ? look.holeColour : look.ink;
      ctx.globalAlpha = proper ? 1 : 0.45;
      ctx.lineWidth = proper ? 2.4 : 1.2;
      ctx.beginPath();
      ctx.moveTo(...at(k));
      ctx.lineTo(...at(k + 1));
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
    for (const [where, name] of path.marks) {
      const k = Math.round(((where - path.first) / (path.last - path.first)) * (T - 1)), [x, y] = at(k);
      ctx.fillStyle = look.ink;
      ctx.beginPath();
      ctx.arc(x, y, path.marks.length > 2 ? 2 : 3, 0, 2 * Math.PI);
      ctx.fill();
      if (name.length > 2 || path.marks.length > 2) continue;
      Object.assign(ctx, { font: `600 13px ${look.font}`, textAlign: "center", textBaseline: "bottom", lineWidth: 3, lineJoin: "round" });
      ctx.strokeStyle = look.paper;
      const high = y - 5 < this.box.top + 15 ? y + 20 : y - 5; // within the picture
      ctx.strokeText(name, x, high);
      ctx.fillText(name, x, high);
    }
  }

  /** The place of the code at t. */
  draw(t, code = null) {
    this.t = t;
    this.code = code ?? this.code;
    if (!this.plane || !this.box) return;
    const ctx = this.canvas.getContext("2d"), { look } = this, [a, b] = this.plane.dims;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.drawImage(this.ground, 0, 0);
    if (!this.code) return;
    ctx.setTransform(this.density, 0, 0, this.density, 0, 0);
    const { left, top, inner } = this.box, keep = (v, from) => Math.min(from + inner, Math.max(from, v));
    ctx.beginPath();
    ctx.arc(keep(this.X(this.code[a]), left), keep(this.Y(this.code[b]), top), 5.5, 0, 2 * Math.PI);
    Object.assign(ctx, { fillStyle: look.accent, strokeStyle: look.paper, lineWidth: 2 });
    ctx.fill();
    ctx.stroke();
  }
}
