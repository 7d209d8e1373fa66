// What follows the hand, on the upper canvas: pin, pointer, the image beside it, the posterior and its draws.

import { fit, tilePainter } from "../../../vae_core/browser/images.js";
import { drawContours, drawRegions } from "../../../vae_core/browser/regions.js";
import { drawEllipse } from "./layers.js";

/** `map` as it is now; `here`: the place that is decoded; `image`: the image whose posterior is shown, or null. */
export function drawCursor(ctx, scene, map, here, image) {
  const { toX, toY, colours, plot } = scene, { pin, ghost, pointer, drawn, draws, layers } = map;
  if (image !== null && layers.has("ellipse")) {
    const found = image === pin?.image ? map.answer?.posterior : null;
    if (found) drawRegions(ctx, scene, found, found.levels, colours.truePosterior);
    if (found?.own) drawContours(ctx, scene, found.own, found.own.levels, { stroke: colours.ink });
    else drawEllipse(ctx, scene, map.plane.posterior(image));
  }
  ctx.fillStyle = colours.accent;
  for (const { x, y } of draws) {
    ctx.beginPath();
    ctx.arc(toX(x), toY(y), 2.4, 0, 2 * Math.PI);
    ctx.fill();
  }
  if (pin) cross(ctx, toX(pin.x), toY(pin.y), plot.small ? 4 : 7, colours);
  for (const place of [pointer, ghost, drawn]) {
    if (place) ring(ctx, toX(place.x), toY(place.y), plot.small ? 3 : 5, colours);
  }
  const beside = pointer ?? ghost ?? (map.dragging ? pin : null);
  if (beside && scene.decoder && layers.has("preview")) drawPreview(ctx, scene, toX(beside.x), toY(beside.y), here.z);
}

/** The decoded image beside the pointer, on whichever side there is room. */
function drawPreview(ctx, { plot, colours, decoder, remember }, px, py, z) {
  const box = plot.small ? 40 : 64, gap = plot.small ? 8 : 14, [w, h] = fit(decoder.image, box, box);
  const left = px + gap + w > plot.left + plot.width ? px - gap - w : px + gap;
  const top = py - gap - h < plot.top ? py + gap : py - gap - h;
  ctx.imageSmoothingEnabled = false;
  ctx.fillStyle = colours.paper;
  ctx.fillRect(left - 3, top - 3, w + 6, h + 6);
  ctx.drawImage(remember("preview", decoder.key, () => tilePainter(decoder))(z), left, top, w, h);
  ctx.strokeStyle = colours.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(left - 3, top - 3, w + 6, h + 6);
}

function cross(ctx, x, y, r, { paper, accent }) {
  for (const [style, width] of [[paper, 5], [accent, 2]]) {
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      ctx.moveTo(x + dx * (r - 2), y + dy * (r - 2));
      ctx.lineTo(x + dx * (r + 5), y + dy * (r + 5));
    }
    ctx.stroke();
  }
}

function ring(ctx, x, y, r, { paper, ink }) {
  for (const [style, width] of [[paper, 3.5], [ink, 1.5]]) {
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.stroke();
  }
}
