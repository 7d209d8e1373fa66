// The strips of images along each dimension, decoded in a thread of their own, so that they never hold up the
// hand. A strip lies along its dimension through the code on screen: it changes with all others' sliders.

import { makeDecoder } from "../../../vae_core/browser/decoder.js";
import { paint } from "../../../vae_core/browser/images.js";

const SLICE = 6; // ms of work for each code, while they come one after another: the hand needs the processor more
const REST = 40; // ms without a new code, after which there is no more restraint

/**
 * Answers on a port. It takes {model, pixels, stops}, then {z, wanted, asked}: the code on screen, the dimensions whose
 * strips are in sight, and the question's number. Each strip that is not of that code comes back as
 * {model, dimension, tiles}, the RGBA of its images [K, H, W, 4]; {answered} follows the last. When the code moves
 * on meanwhile, the next strips are the new code's, and all take turns.
 */
export function decodeStrips(port) {
  const done = new Map(); // dimension -> the code its strip was decoded through
  const again = new MessageChannel();
  let model = 0, decoder = null, stops = null, z = null, wanted = [], asked = 0;
  let strip = null, turn = 0, heard = 0, timer = 0, busy = false;

  const isFresh = (d) => done.get(d)?.every((v, i) => i === d || v === z[i]);

  function begin() {
    for (let tried = 0; tried < wanted.length; tried++) {
      const d = wanted[turn++ % wanted.length];
      if (isFresh(d)) continue;
      const [, height, width] = decoder.image, size = 4 * height * width, K = stops.length / z.length;
      return { d, z, code: z.slice(), k: 0, K, size, tiles: new Uint8ClampedArray(K * size) };
    }
    return null;
  }

  /** One image more; false where all strips are as they should be. */
  function step() {
    strip ??= begin();
    if (!strip) return false;
    const { d, code, K, size, tiles } = strip, k = strip.k++;
    code[d] = stops[d * K + k];
    paint(decoder.decode(code), decoder.image[0], tiles.subarray(k * size, (k + 1) * size));
    if (strip.k < K) return true;
    done.set(d, strip.z);
    strip = null;
    port.postMessage({ model, dimension: d, tiles }, [tiles.buffer]);
    return true;
  }

  function work() {
    busy = true;
    timer = 0;
    const started = performance.now();
    while (performance.now() - started < SLICE) {
      if (step()) continue;
      busy = false;
      return port.postMessage({ answered: asked });
    }
    if (performance.now() - heard > REST) again.port2.postMessage(null); // after a look at what has come
    else timer = setTimeout(work, REST);
  }
  again.port1.onmessage = work;

  port.onmessage = ({ data }) => {
    if (data.model) {
      const arrays = data.model.arrays.map(([name, array, shape]) => [name, Object.assign(array, { shape })]);
      decoder = makeDecoder({ ...data.model, arrays: Object.fromEntries(arrays) }).showing(data.pixels);
      stops = data.stops;
      model += 1;
      wanted = [];
      strip = null;
      done.clear();
      return;
    }
    ({ z, wanted, asked } = data);
    heard = performance.now();
    if (busy && !timer) return; // it comes to it
    clearTimeout(timer);
    work();
  };
}

/** The other end: a worker that runs the above, and tells `arrived(dimension, tiles)`, and `rested(whether nothing is left to do)`. */
export class Strips {
  constructor(source, arrived, rested) {
    // A worker cannot run this very module, whose address Streamlit keeps to itself.
    const address = URL.createObjectURL(new Blob([source, "decodeStrips(self);"], { type: "text/javascript" }));
    this.worker = new Worker(address);
    URL.revokeObjectURL(address);
    this.worker.onmessage = ({ data }) => {
      if (data.answered) rested(data.answered === this.asked);
      // What is still on its way when another model comes is of no use.
      else if (data.model === this.models) arrived(data.dimension, data.tiles);
    };
    this.models = this.asked = 0;
  }

  /** `decoder`: its unpacked parcel; `pixels`: what it shows of p(x|z); stops [D, K]. */
  take(decoder, pixels, stops) {
    const { made, arrays: known, ...rest } = decoder; // what is made of functions cannot travel, nor can shapes
    const arrays = Object.entries(known).map(([name, array]) => [name, array, array.shape]);
    this.models += 1;
    this.worker.postMessage({ model: { ...rest, arrays }, pixels, stops });
  }

  want(z, wanted) { this.worker.postMessage({ z, wanted, asked: ++this.asked }); }

  stop() { this.worker.terminate(); }
}
