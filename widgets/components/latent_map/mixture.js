// The aggregated posterior itself, where the map shows the whole of latent space: exact between grid points too,
// so that posteriors narrower than a cell are read as narrow as they are.

const NEGLIGIBLE = 40; // nats below the largest term, from which on a term adds nothing to the sum

/** (1/N) sum of N(mean_i, exp(log_var_i)), from arrays [N, D]. */
export class Mixture {
  constructor(mean, logVar) {
    const [count, latent] = mean.shape, ofAll = Math.log(count) + (latent / 2) * Math.log(2 * Math.PI);
    Object.assign(this, { mean, count, latent, terms: new Float64Array(count) });
    this.precision = Float64Array.from(logVar, (v) => Math.exp(-v));
    this.weight = Float64Array.from({ length: count }, (_, i) => {
      let sum = 0;
      for (let d = 0; d < latent; d++) sum += logVar[i * latent + d];
      return -sum / 2 - ofAll;
    });
  }

  /** log q(z) in nats. */
  logDensity(z) {
    const { mean, precision, weight, terms, count, latent } = this;
    let most = -Infinity, sum = 0;
    for (let i = 0; i < count; i++) {
      let distance = 0;
      for (let d = 0, k = i * latent; d < latent; d++, k++) distance += (z[d] - mean[k]) ** 2 * precision[k];
      terms[i] = weight[i] - distance / 2;
      if (terms[i] > most) most = terms[i];
    }
    for (let i = 0; i < count; i++) if (terms[i] > most - NEGLIGIBLE) sum += Math.exp(terms[i] - most);
    return most + Math.log(sum);
  }
}
