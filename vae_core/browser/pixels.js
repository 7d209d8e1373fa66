// What is shown of p(x|z): its mean, its mode, or a draw, each pixel by itself. From the likelihood's parameters, K * C
// numbers per pixel, to C per pixel.

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

/** 1 / (1 - e^-a) - 1 / a; near 0, where that loses digits, its series. */
function continuousBernoulli(a) {
  return Math.abs(a) < 0.05 ? 0.5 + a / 12 - a ** 3 / 720 : -1 / Math.expm1(-a) - 1 / a;
}

const each = (f) => (params, out) => { for (let i = 0; i < out.length; i++) out[i] = f(params[i]); };

/** The locations: of a scale that is learned per pixel its logarithms come after them. */
function locations(params, out, C) {
  const K = params.length / out.length;
  for (let i = 0; i < out.length; i += C) for (let c = 0; c < C; c++) out[i + c] = params[i * K + c];
}

/** Grey levels: channel k * C + c is the logit of level k of channel c; `level(from)` of one pixel, 0 to K - 1. */
const levels = (level) => (params, out, C, random) => {
  const K = params.length / out.length;
  for (let i = 0; i < out.length; i++) out[i] = level(params, (i - (i % C)) * K + (i % C), K, C, random) / (K - 1);
};

function likeliest(params, first, K, C) {
  let best = 0;
  for (let k = 1; k < K; k++) if (params[first + k * C] > params[first + best * C]) best = k;
  return best;
}

function expected(params, first, K, C) {
  const top = params[first + likeliest(params, first, K, C) * C];
  let total = 0, sum = 0;
  for (let k = 0, p = first; k < K; k++, p += C) {
    const weight = Math.exp(params[p] - top);
    total += weight;
    sum += weight * k;
  }
  return sum / total;
}

function drawnLevel(params, first, K, C, random) {
  const top = params[first + likeliest(params, first, K, C) * C], weight = (k) => Math.exp(params[first + k * C] - top);
  let total = 0, k = 0;
  for (let j = 0; j < K; j++) total += weight(j);
  for (let left = random() * total - weight(0); left > 0 && k < K - 1; left -= weight(k)) k++;
  return k;
}

/** The inverse distribution function of a continuous Bernoulli of logit `a`, written so that no tail overflows. */
function quantile(a, u) {
  if (Math.abs(a) < 1e-3) return u;
  const far = Math.exp(-Math.abs(a));
  return a > 0 ? 1 + Math.log(u + (1 - u) * far) / a : Math.log(1 - u + u * far) / a;
}

/** Location plus scale times noise; `scale` is one number, or null where each pixel has its own logarithm. */
const noisy = (noise) => (params, out, C, random, scale) => {
  const K = params.length / out.length;
  locations(params, out, C);
  for (let i = 0; i < out.length; i++) {
    const log = scale ?? params[(i - (i % C)) * K + C + (i % C)];
    out[i] += (scale ?? Math.exp(Math.min(5, Math.max(Math.log(1e-3), log)))) * noise(random);
  }
};

const normal = (random) => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());

const SHOWN = {
  means: {
    sigmoid: each(sigmoid), continuous_bernoulli: each(continuousBernoulli), first: locations, expected_level: levels(expected),
  },
  modes: { white_or_black: each((a) => (a > 0 ? 1 : 0)), first: locations, likeliest_level: levels(likeliest) },
  drawn: {
    bernoulli: (params, out, C, random) => each((a) => (random() < sigmoid(a) ? 1 : 0))(params, out),
    continuous_bernoulli: (params, out, C, random) => each((a) => quantile(a, random()))(params, out),
    gaussian: noisy(normal),
    laplace: noisy((random) => Math.log(random()) - Math.log(random())),
    level: levels(drawnLevel),
  },
};

/** Uniform numbers within (0, 1), the same ones for the same numbers: FNV-1a of their bits seeds a mulberry32. */
function uniforms(numbers) {
  let state = 2166136261;
  for (const bits of new Uint32Array(numbers.buffer)) state = Math.imul(state ^ bits, 16777619) ^ (bits >>> 15);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

/**
 * How to show `pixels`, "means", "modes" or "drawn", by the names of a decoder's parcel: (params, out, C, code) writes
 * to `out`, within [0, 1]. Drawn pixels have noise of their own for each code, the same one whenever it comes back.
 * What the parcel has no name for is shown as means.
 */
export function shownPixels({ pixels: names, scale = null }, pixels) {
  const way = names[pixels] ? pixels : "means", show = SHOWN[way][names[way]];
  if (!show) throw new Error(`pixels.js knows no ${way} called ${names[way]}`);
  return (params, out, C, code) => {
    show(params, out, C, way === "drawn" ? uniforms(code) : null, scale);
    for (let i = 0; i < out.length; i++) out[i] = out[i] < 0 ? 0 : out[i] > 1 ? 1 : out[i];
    return out;
  };
}
