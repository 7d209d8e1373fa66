// node decode.mjs PARCEL CODES OUT: decodes float32 codes [N, D] and writes float32 images [N, H, W, C].
import { readFileSync, writeFileSync } from "node:fs";
import { makeDecoder, unpack } from "../../widgets/browser/decoder.js";

const [parcel, codes, out] = process.argv.slice(2);
const { latent, decode } = makeDecoder(unpack(new Uint8Array(readFileSync(parcel))));
const z = new Float32Array(new Uint8Array(readFileSync(codes)).buffer);
const images = [];
for (let i = 0; i < z.length; i += latent) images.push(decode(z.subarray(i, i + latent)).slice());
writeFileSync(out, Buffer.concat(images.map((image) => Buffer.from(image.buffer))));
