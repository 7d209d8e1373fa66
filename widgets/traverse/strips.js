// The strips of images along each dimension, decoded in a thread of their own, so that they never hold up the
// hand. A strip lies along its dimension through the code on screen: it changes with all others' sliders.

import { makeDecoder, paint } from "../browser/decoder.js";

/**
 * Answers on a port. It takes {model, stops}, then {z, wanted, asked}: the code on screen, the dimensions whose
 * strips are in sight, and the question's number. Each strip that is not of that code comes back as
 * {model, dimension, tiles}, the RGBA of its images [K, H, W, 4]; {answered} follows the last. When the code moves
 * on meanwhile, the next strips are the new code's, and all take turns.
 */
export function decodeStrips(port) {
  const done = new Map(); // dimension -> the code its strip was decoded through
  const turn = new MessageChannel();
  let model = 0, decoder = null, stops = null, z = null, wanted = [], asked = 0, next = 0, busy = false;

  const fresh = (d) => done.get(d)?.every((v, i) => i === d || v === z[i]);

  function strip(d) {
    const [channels, height, width] = decoder.image, size = 4 * height * width;
    const K = stops.length / z.length, tiles = new Uint8ClampedArray(K * size), code = z.slice();
    for (let k = 0; k < K; k++) {
      code[d] = stops[d * K + k];
      paint(decoder.decode(code), channels, tiles.subarray(k * size, (k + 1) * size));
    }
    done.set(d, z);
    port.postMessage({ model, dimension: d, tiles }, [tiles.buffer]);
  }

  // One strip, then a look at what has come meanwhile.
  turn.port1.onmessage = () => {
    for (let tried = 0; tried < wanted.length; tried++) {
      const d = wanted[next++ % wanted.length];
      if (fresh(d)) continue;
      strip(d);
      return turn.port2.postMessage(null);
    }
    busy = false;
    port.postMessage({ answered: asked });
  };

  port.onmessage = ({ data }) => {
    if (data.model) {
      const arrays = data.model.arrays.map(([name, array, shape]) => [name, Object.assign(array, { shape })]);
      decoder = makeDecoder({ ...data.model, arrays: Object.fromEntries(arrays) });
      stops = data.stops;
      model += 1;
      wanted = [];
      done.clear();
      return;
    }
    ({ z, wanted, asked } = data);
    if (!busy) turn.port2.postMessage(null);
    busy = true;
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

  /** `decoder`: its unpacked parcel; stops [D, K]. */
  take(decoder, stops) {
    const { latent, image, layers, likelihood } = decoder;
    const arrays = Object.entries(decoder.arrays).map(([name, array]) => [name, array, array.shape]);
    this.models += 1;
    this.worker.postMessage({ model: { latent, image, layers, likelihood, arrays }, stops });
  }

  want(z, wanted) { this.worker.postMessage({ z, wanted, asked: ++this.asked }); }

  stop() { this.worker.terminate(); }
}
