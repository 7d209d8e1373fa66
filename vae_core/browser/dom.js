// Small helpers that all components share: nodes, numbers, images on canvases, files.

import { paint } from "./decoder.js";

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made[name] = value;
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Numbers as a human reads them: a proper minus, no minus zero. */
export function number(value, digits = 2) {
  if (!Number.isFinite(value)) return "\u2013";
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A mean image, Float32Array [H, W, C] in [0, 1], onto a canvas of its own pixels. */
export function showImage(canvas, mean, [channels, height, width]) {
  if (canvas.width !== width || canvas.height !== height || !canvas.pixels) {
    Object.assign(canvas, { width, height });
    canvas.pixels = canvas.getContext("2d").createImageData(width, height);
    canvas.style.aspectRatio = `${width} / ${height}`;
  }
  paint(mean, channels, canvas.pixels.data);
  canvas.getContext("2d").putImageData(canvas.pixels, 0, 0);
}

/** Width and height of an image of shape [C, H, W] inside a box, its proportions kept. */
export function fit([, height, width], boxWidth, boxHeight) {
  const scale = Math.min(boxWidth / width, boxHeight / height);
  return [width * scale, height * scale];
}

/** z -> a canvas that holds its decoded image until the next call. */
export function tilePainter({ decode, image: [channels, height, width] }) {
  const canvas = new OffscreenCanvas(width, height), ctx = canvas.getContext("2d");
  const pixels = ctx.createImageData(width, height);
  return (z) => {
    paint(decode(z), channels, pixels.data);
    ctx.putImageData(pixels, 0, 0);
    return canvas;
  };
}

/** Gives a file to the user. */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
