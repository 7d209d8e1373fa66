// Sums of products, which are nearly all of a decoder's work: by WebAssembly, four numbers at a time, or by plain loops.

// products.wat, assembled; a test holds the two together.
const PRODUCTS_WASM = Uint8Array.from(atob(
  "AGFzbQEAAAABCgFgBn9/f39/fwACDgECanMGbWVtb3J5AgABAwIBAAcQAQxhZGRfcHJvZHVjdHMAAAqJAgGGAgMDfwR7BH8gAUECdCEBIAQgBUEC" +
  "dGohBgJAA0AgBCAGTw0BIAT9CQIAIQkgBP0JAgQhCiAE/QkCCCELIAT9CQIMIQwgAiADKAIAQQJ0aiENIAIgAygCBEECdGohDiACIAMoAghBAnRq" +
  "IQ8gAiADKAIMQQJ0aiEQIAAhCCAAIAFqIQcDQCAIIAj9AAQAIAkgDf0ABAD95gEgCiAO/QAEAP3mAf3kASALIA/9AAQA/eYBIAwgEP0ABAD95gH9" +
  "5AH95AH95AH9CwQAIA1BEGohDSAOQRBqIQ4gD0EQaiEPIBBBEGohECAIQRBqIQggCCAHSQ0ACyADQRBqIQMgBEEQaiEEDAALCwsAcwRuYW1lAlQB" +
  "ABEAA291dAEHb3V0cHV0cwIGd2VpZ2h0AwRyb3dzBAZ2YWx1ZXMFAW4GA2VuZAcEc3RvcAgBbwkBYQoBYgsBYwwBZA0Cd2EOAndiDwJ3YxACd2QD" +
  "FgEAAwAEZG9uZQEEbmV4dAIFYWxvbmc="
), (character) => character.charCodeAt(0));

/**
 * Where a decoder's numbers lie, and its sums of products:
 *
 *     lanes                          the outputs of a sum lie in rows of a multiple of so many
 *     floats(n), integers(n)         room for numbers
 *     add(out, to, outputs, weight, base, {rows, values, n})
 *                                    out[to + o] += the sum of values times weight[base + row + o], for all `outputs`
 */
export const inLoops = {
  lanes: 1,
  floats: (n) => new Float32Array(n),
  integers: (n) => new Int32Array(n),
  add(out, to, outputs, weight, base, { rows, values, n }) {
    for (let k = 0; k < n; k += 4) {
      const a = values[k], b = values[k + 1], c = values[k + 2], d = values[k + 3];
      const wa = base + rows[k], wb = base + rows[k + 1], wc = base + rows[k + 2], wd = base + rows[k + 3];
      for (let o = 0; o < outputs; o++) {
        out[to + o] += a * weight[wa + o] + b * weight[wb + o] + c * weight[wc + o] + d * weight[wd + o];
      }
    }
  },
};

/** The same as `inLoops`, and counts in `bytes` how much room it gave. */
export function countedRoom() {
  const count = { ...inLoops, lanes: 4, bytes: 0 };
  const take = (make) => (n) => { count.bytes += 4 * n + 16; return make(n); };
  return Object.assign(count, { floats: take(inLoops.floats), integers: take(inLoops.integers) });
}

/** With room for so many bytes, in WebAssembly; null where a browser has no vectors, or no memory left for it. */
export function inVectors(bytes) {
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) + 1 });
    const { add_products } = new WebAssembly.Instance(new WebAssembly.Module(PRODUCTS_WASM), { js: { memory } }).exports;
    let next = 0;
    const take = (Kind) => (n) => {
      const found = new Kind(memory.buffer, next, n);
      next += 16 * Math.ceil(n / 4);
      return found;
    };
    const at = (array, index) => array.byteOffset + 4 * index;
    return {
      lanes: 4,
      floats: take(Float32Array),
      integers: take(Int32Array),
      add: (out, to, outputs, weight, base, { rows, values, n }) =>
        add_products(at(out, to), outputs, at(weight, base), rows.byteOffset, values.byteOffset, n),
    };
  } catch {
    return null;
  }
}
