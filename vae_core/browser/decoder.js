// A decoder that runs where the hand is: turns a code z into an image. No dependencies; the same file runs in browsers
// and in Node.

import { shownPixels } from "./pixels.js";
import { countedRoom, inLoops, inVectors } from "./products.js";

// --- layers: each builder takes its description and what comes in, {size, shape: [C, H, W] once it is an
// image}, and returns {run, size, shape}. Buffers are made once. Images lie as [H, W, C] in memory. ---

/**
 * Those of `count` inputs that are not 0, half of what follows a relu, as {rows, values, n}: where their weights
 * begin, and what they are. Filled up with zeros to a multiple of four: sums of four products at a time take less
 * than half as long as one by one, for the outputs are read and written a fourth as often.
 */
function gatherer(room, count, outputs) {
  const rows = room.integers(count + 3), values = room.floats(count + 3), live = { rows, values, n: 0 };
  return (x, from) => {
    let n = 0;
    for (let i = 0; i < count; i++) if (x[from + i] !== 0) { rows[n] = i * outputs; values[n++] = x[from + i]; }
    while (n % 4) { rows[n] = 0; values[n++] = 0; }
    live.n = n;
    return live;
  };
}

/** Rows of outputs, [..., outputs], filled up with zeros to `width`. */
function widened(room, array, width) {
  const outputs = array.shape.at(-1), wide = room.floats(array.length / outputs * width);
  if (width === outputs) wide.set(array);
  else for (let i = 0, to = 0; i < array.length; i += outputs, to += width) for (let o = 0; o < outputs; o++) wide[to + o] = array[i + o];
  return wide;
}

const widthOf = (room, outputs) => Math.ceil(outputs / room.lanes) * room.lanes;

function linear(room, { weight, bias }) {
  const [inputs, outputs] = weight.shape, width = widthOf(room, outputs), wide = widened(room, weight, width);
  const row = room.floats(width), out = row.subarray(0, outputs), gather = gatherer(room, inputs, width);
  const run = (x) => {
    out.set(bias);
    room.add(row, 0, width, wide, 0, gather(x, 0));
    return out;
  };
  return { run, size: outputs, products: inputs * outputs };
}

function convTranspose(room, { weight, bias, condition }, { stride, padding, output_padding: extra }, { shape }) {
  const [inC, inH, inW] = shape, [kH, kW, , outC] = weight.shape, width = widthOf(room, outC);
  const outH = (inH - 1) * stride[0] - 2 * padding[0] + kH + extra[0];
  const outW = (inW - 1) * stride[1] - 2 * padding[1] + kW + extra[1];
  const wide = widened(room, weight, width), gather = gatherer(room, inC, width);
  const sums = room.floats(outH * outW * width), out = width === outC ? sums : new Float32Array(outH * outW * outC);
  const start = room.floats(width), join = condition && gatherer(room, condition.shape[0], width);
  const wideCondition = condition && widened(room, condition, width);
  start.set(bias);
  const run = (x, classes) => {
    if (condition) {
      start.set(bias);
      room.add(start, 0, width, wideCondition, 0, join(classes, 0));
    }
    for (let p = 0; p < sums.length; p += width) for (let o = 0; o < width; o++) sums[p + o] = start[o];
    for (let y = 0; y < inH; y++) for (let col = 0; col < inW; col++) {
      const live = gather(x, (y * inW + col) * inC);
      for (let ky = 0; ky < kH; ky++) {
        const oy = y * stride[0] - padding[0] + ky;
        if (oy < 0 || oy >= outH) continue;
        for (let kx = 0; kx < kW; kx++) {
          const ox = col * stride[1] - padding[1] + kx;
          if (ox < 0 || ox >= outW) continue;
          room.add(sums, (oy * outW + ox) * width, width, wide, (ky * kW + kx) * inC * width, live);
        }
      }
    }
    if (out !== sums) for (let p = 0, i = 0; p < sums.length; p += width) for (let o = 0; o < outC; o++) out[i++] = sums[p + o];
    return out;
  };
  return { run, size: outH * outW * outC, shape: [outC, outH, outW], products: inH * inW * kH * kW * inC * outC };
}

function unflatten({ shape }) {
  const [C, H, W] = shape, pixels = H * W, out = new Float32Array(C * pixels);
  const run = C === 1 ? (x) => x : (x) => {
    for (let c = 0, i = 0; c < C; c++) for (let p = 0, o = c; p < pixels; p++, i++, o += C) out[o] = x[i];
    return out;
  };
  return { run, size: out.length, shape };
}

function residual(room, { layers }, arrays, input) {
  const chain = buildAll(room, layers, arrays, input), out = new Float32Array(input.size);
  const run = (x, classes) => {
    out.set(x);
    const added = chain.reduce((values, layer) => layer.run(values, classes), x);
    for (let i = 0; i < out.length; i++) out[i] += added[i];
    return out;
  };
  return { ...input, run, products: productsOf(chain) };
}

function merge(room, { numbers, top, bottom }, arrays, input) {
  const chains = [top, bottom].map((layers) => buildAll(room, layers, arrays, input));
  const { size, shape } = chains[0].at(-1), out = new Float32Array(size);
  const run = (x, classes) => {
    const ends = [x, x.subarray(numbers)].map((of, i) => chains[i].reduce((values, layer) => layer.run(values, classes), of));
    for (let i = 0; i < size; i++) out[i] = ends[0][i] + ends[1][i];
    return out;
  };
  return { run, size, shape, products: productsOf(chains.flat()) };
}

const ACTIVATIONS = {
  relu: () => (x) => { for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0; return x; },
  leaky_relu: ({ slope }) => (x) => { for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] *= slope; return x; },
  silu: () => (x) => { for (let i = 0; i < x.length; i++) x[i] /= 1 + Math.exp(-x[i]); return x; },
  tanh: () => (x) => { for (let i = 0; i < x.length; i++) x[i] = Math.tanh(x[i]); return x; },
};

function build(room, layer, arrays, input) {
  const own = { weight: arrays[`${layer.arrays}.weight`], bias: arrays[`${layer.arrays}.bias`], condition: arrays[layer.condition] };
  if (layer.kind === "linear") return linear(room, own);
  if (layer.kind === "conv_transpose") return convTranspose(room, own, layer, input);
  if (layer.kind === "residual") return residual(room, layer, arrays, input);
  if (layer.kind === "merge") return merge(room, layer, arrays, input);
  if (layer.kind === "unflatten") return unflatten(layer);
  if (layer.kind in ACTIVATIONS) return { ...input, run: ACTIVATIONS[layer.kind](layer), products: 0 };
  throw new Error(`decoder.js knows no layer called ${layer.kind}`);
}

const buildAll = (room, layers, arrays, start) =>
  layers.reduce((built, layer) => [...built, build(room, layer, arrays, built.at(-1) ?? start)], []);
const productsOf = (chain) => chain.reduce((sum, { products = 0 }) => sum + products, 0);

// From so many products on, a memory of its own and the copies into it are worth it. A small decoder takes a fraction
// of a millisecond as it is, and while a model trains a new one comes several times a second.
const MANY = 1e6;

function chainOf(layers, arrays, start) {
  const small = buildAll(inLoops, layers, arrays, start);
  if (productsOf(small) < MANY) return small;
  const count = countedRoom();
  buildAll(count, layers, arrays, start);
  const room = inVectors(count.bytes);
  return room ? buildAll(room, layers, arrays, start) : small;
}

/**
 * From an unpacked parcel of kind "decoder" to {latent, image: [C, H, W], condition, key, decode, showing}.
 *
 * `decode(z)` gives the mean image as Float32Array [H, W, C] within [0, 1]; it lies in a buffer that the next call
 * writes to again. Under a condition {classes, names, weights} it is `decode(z, y)`, y a class's number, or weights of
 * them all; without y, those of the parcel. `showing(pixels)` is the same decoder whose images are "means", "modes" or
 * "drawn"; each has a `key` of its own, under which to remember what it made.
 */
export function makeDecoder({ latent, image, layers, arrays, condition = null, ...likelihood }) {
  const start = { size: latent + (condition?.classes ?? 0), shape: null };
  const chain = chainOf(layers, arrays, start);
  const weights = condition && new Float32Array(condition.classes);
  const out = new Float32Array(image[0] * image[1] * image[2]), made = {};
  const showing = (pixels) => {
    made[pixels] ??= decoderOf(shownPixels(likelihood, pixels));
    return made[pixels];
  };
  const decoderOf = (show) => ({ latent, image, condition, showing, key: new Uint8Array(1), decode: (z, y = condition?.weights) => {
    const code = new Float32Array(start.size);
    code.set(z);
    if (condition && typeof y === "number") weights.fill(0)[y] = 1;
    else if (condition) weights.set(y);
    if (condition) code.set(weights, latent);
    return show(chain.reduce((x, layer) => layer.run(x, weights), code), out, image[0], code);
  } });
  return showing("means");
}
