// node decode.mjs PARCEL CODES OUT: decodes float32 codes [N, D] and writes float32 images [N, H, W, C]. Under a
// condition, rows of CODES may go on with the weights of the classes, [N, D + K]: node decode.mjs ... weights. What is
// shown of p(x|z), means, modes or drawn, stands in the environment as PIXELS.
import { readFileSync, writeFileSync } from "node:fs";
import { makeDecoder } from "../../vae_core/browser/decoder.js";
import { unpack } from "../../vae_core/browser/parcel.js";

const [parcel, codes, out, told] = process.argv.slice(2);
const { latent, condition, decode } = makeDecoder(unpack(new Uint8Array(readFileSync(parcel)))).showing(process.env.PIXELS ?? "means");
const z = new Float32Array(new Uint8Array(readFileSync(codes)).buffer);
const images = [];
const row = latent + (told ? condition.classes : 0);
for (let i = 0; i < z.length; i += row) {
  const y = told ? z.subarray(i + latent, i + row) : undefined;
  images.push(decode(z.subarray(i, i + latent), y).slice());
}
writeFileSync(out, Buffer.concat(images.map((image) => Buffer.from(image.buffer))));
