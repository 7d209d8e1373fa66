// Decoded images on canvases.

/** Mean image [H, W, C] in [0, 1], grey, colour or with alpha, to `pixels` RGBA [H, W, 4], as ImageData has them. */
export function paint(mean, channels, pixels) {
  const colour = channels >= 3;
  for (let i = 0, p = 0; p < pixels.length; i += channels, p += 4) {
    pixels[p] = 255 * mean[i];
    pixels[p + 1] = 255 * mean[colour ? i + 1 : i];
    pixels[p + 2] = 255 * mean[colour ? i + 2 : i];
    pixels[p + 3] = channels === 4 ? 255 * mean[i + 3] : 255;
  }
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
