// What is on the canvas: the image in its own pixels, the hatching over what is hidden, and the brush's ring.

import { markTheme } from "../../../vae_core/browser/theme.js";

const STRIPES = 7; // CSS pixels from one stripe of the hatching to the next

/** Colours of the hatching, from the style sheet, which follows Streamlit's theme. */
export function readHatching(root) {
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
  const line = (x0, y0, x1, y1) => { edges.moveTo(x0, y0); edges.lineTo(x1, y1); };
  for (let row = 0; row < height; row++) {
    const top = Math.round(row * sy), bottom = Math.round((row + 1) * sy);
    let first = 0; // of a run of hidden pixels in this row
    for (let column = 0; column < width; column++) {
      if (!hidden(row, column)) continue;
      const left = Math.round(column * sx), right = Math.round((column + 1) * sx);
      if (!hidden(row - 1, column)) line(left, top, right, top);
      if (!hidden(row + 1, column)) line(left, bottom, right, bottom);
      if (!hidden(row, column - 1)) {
        first = left;
        line(left, top, left, bottom);
      }
      if (!hidden(row, column + 1)) {
        cells.rect(first, top, right - first, bottom - top);
        line(right, top, right, bottom);
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
