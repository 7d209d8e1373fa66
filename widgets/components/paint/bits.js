// Pixels as text: messages to Python are JSON, so bytes travel in base64, and masks as one bit per pixel.

export function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}

/** 0 or 1 per pixel as bits, the first pixel in the highest bit of the first byte, as np.packbits has them. */
export function packBits(pixels) {
  const bytes = new Uint8Array(Math.ceil(pixels.length / 8));
  pixels.forEach((pixel, k) => { if (pixel) bytes[k >> 3] |= 128 >> (k & 7); });
  return bytes;
}

export function unpackBits(bytes, count) {
  return Uint8Array.from({ length: count }, (_, k) => (bytes[k >> 3] >> (7 - (k & 7))) & 1);
}
