// What is on the canvas: the image in its own pixels, the hatching over what is hidden, and the brush's ring.

import { markTheme } from "../browser/theme.js";

const STRIPES = 7; // CSS pixels from one stripe of the hatching to the next

/** Colours of the hatching, from the style sheet, which follows Streamlit's theme. */
export function readTheme(root) {
  const get = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  markTheme(root);
  return { veil: get("--veil"), stripe: get("--stripe"), edge: get("--edge") };
}

/** Grey levels or colours, uint8 [H, W] or [H, W, C], onto a canvas of as many pixels. */
export function showPixels(canvas, pixels, { width, height }, channels = 1) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const ctx = canvas.getContext("2d"), shown = ctx.createImageData(width, height);
  for (let k = 0; k < width * height; k++) {
    for (let c = 0; c < 3; c++) shown.data[4 * k + c] = pixels[k * channels + (channels >= 3 ? c : 0)];
    shown.data[4 * k + 3] = 255;
  }
  ctx.putImageData(shown, 0, 0);
}

/** Hatches the pixels that are 0 in `observed`, and outlines them; `ctx` covers the canvas in device pixels. */
export function drawHidden(ctx, observed, { width, height }, theme, density) {
  const { canvas } = ctx, sx = canvas.width / width, sy = canvas.height / height;
  if (!observed.includes(0)) return;
  const cells = new Path2D(), edges = new Path2D();
  const hidden = (row, column) => row >= 0 && column >= 0 && row < height && column < width && !observed[row * width + column];
  for (let row = 0; row < height; row++) {
    const y = Math.round(row * sy), below = Math.round((row + 1) * sy);
    for (let column = 0; column < width; column++) {
      if (!hidden(row, column)) continue;
      const x = Math.round(column * sx), right = Math.round((column + 1) * sx);
      cells.rect(x, y, right - x, below - y);
      for (const [dr, dc, ...line] of [[-1, 0, x, y, right, y], [1, 0, x, below, right, below], [0, -1, x, y, x, below], [0, 1, right, y, right, below]]) {
        if (hidden(row + dr, column + dc)) continue;
        edges.moveTo(line[0], line[1]);
        edges.lineTo(line[2], line[3]);
      }
    }
  }
  ctx.fillStyle = theme.veil;
  ctx.fill(cells);
  ctx.save();
  ctx.clip(cells);
  ctx.beginPath();
  for (let x = -canvas.height; x < canvas.width; x += STRIPES * density) {
    ctx.moveTo(x, canvas.height);
    ctx.lineTo(x + canvas.height, 0);
  }
  ctx.lineWidth = 1.5 * density;
  ctx.strokeStyle = theme.stripe;
  ctx.stroke();
  ctx.restore();
  ctx.lineWidth = 1.25 * density;
  ctx.strokeStyle = theme.edge;
  ctx.stroke(edges);
}

/** The brush where it is: a ring of its size, dark and light, so that it is seen on any image. */
export function drawRing(ctx, [x, y], radius, density, erasing) {
  for (const [colour, width] of [["rgb(0 0 0 / 0.75)", 3], ["#fff", 1.25]]) {
    ctx.beginPath();
    ctx.setLineDash(erasing ? [4 * density, 3 * density] : []);
    ctx.arc(x, y, Math.max(radius, 2.5 * density), 0, 2 * Math.PI);
    ctx.lineWidth = width * density;
    ctx.strokeStyle = colour;
    ctx.stroke();
  }
  ctx.setLineDash([]);
}
