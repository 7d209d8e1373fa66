// Reads parcels, blocks of bytes with named arrays; vae_core/browser/wire.py says how one is laid out.

const VIEWS = {
  float32: Float32Array, int32: Int32Array, int16: Int16Array, uint16: Uint16Array, uint8: Uint8Array,
};

/** Parcel bytes -> its header, with `arrays` replaced by {name: typed array, its `shape` beside it}. */
export function unpack(bytes) {
  // What a message hands over may start at any address, and typed arrays need aligned ones: copy once.
  const buffer = bytes.slice().buffer;
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  for (const [name, { dtype, shape, offset }] of Object.entries(header.arrays)) {
    const length = shape.reduce((a, b) => a * b, 1);
    const View = dtype === "float16" ? Uint16Array : VIEWS[dtype];
    const view = new View(buffer, 4 + size + offset, length);
    const array = dtype === "float16" ? fromHalf(view) : view;
    array.shape = shape;
    header.arrays[name] = array;
  }
  return header;
}

/** IEEE half precision, as bits, to Float32Array. */
function fromHalf(bits) {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const exponent = (bits[i] >> 10) & 31, fraction = bits[i] & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24
      : exponent === 31 ? (fraction ? NaN : Infinity)
      : (1 + fraction / 1024) * 2 ** (exponent - 15);
    out[i] = bits[i] & 0x8000 ? -size : size;
  }
  return out;
}
