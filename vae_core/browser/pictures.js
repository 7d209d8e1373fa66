// Rows of small pictures, uint8 [N, C, H, W] as the data has them.

const GAP = 3;

/** All of them on one canvas, side by side: one canvas per picture is slow. `old` is used again. */
export function sideBySide(pixels, old) {
  const [n, channels, height, width] = pixels.shape, plane = height * width;
  const canvas = old ?? new OffscreenCanvas(1, 1), ctx = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(canvas, { width: n * width, height });
  const image = ctx.createImageData(n * width, height), { data } = image, colour = channels >= 3;
  for (let k = 0; k < n; k++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const from = k * channels * plane + y * width + x, to = 4 * ((y * n + k) * width + x);
    for (let c = 0; c < 3; c++) data[to + c] = pixels[colour ? from + c * plane : from];
    data[to + 3] = 255;
  }
  ctx.putImageData(image, 0, 0);
  return canvas;
}

const cellOf = (width, columns) => Math.floor((width - GAP * (columns - 1)) / columns);

/** sets: [{shape: [N, C, H, W], canvas: of `sideBySide`}...], each from a new row on, `columns` to a row. */
export function drawPictures(ctx, width, sets, columns) {
  const cell = cellOf(width, columns);
  let top = 0;
  for (const { shape: [n, , h, w], canvas } of sets) {
    const high = Math.round((cell * h) / w), one = new OffscreenCanvas(w, h), inner = one.getContext("2d");
    ctx.imageSmoothingEnabled = false;
    for (let k = 0; k < n; k++) {
      inner.drawImage(canvas, k * w, 0, w, h, 0, 0, w, h);
      ctx.drawImage(one, (k % columns) * (cell + GAP), top + Math.floor(k / columns) * (high + GAP), cell, high);
    }
    top += Math.ceil(n / columns) * (high + GAP);
  }
}

export function picturesHeight(width, shapes, columns) {
  const cell = cellOf(width, columns);
  return shapes.reduce((sum, [n, , h, w]) => sum + Math.ceil(n / columns) * (Math.round((cell * h) / w) + GAP), 0);
}
