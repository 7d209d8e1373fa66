// Codes between two moments: they glide from one to the next, each with a short trail behind it.

const TRAIL = 0.5; // of the way from one moment to the next

/** Where {x, y} are after a share of the way from `from` to `to`, arrays of the same length. */
export function between(from, to, share) {
  const s = Math.min(1, Math.max(0, share)), mix = (a, b) => Float32Array.from(b, (v, i) => a[i] + s * (v - a[i]));
  return { x: mix(from.x, to.x), y: mix(from.y, to.y) };
}

/** Counts the share of the way, from 0 to 1 and on until the trails have caught up. */
export class Glide {
  /** draw: called for every picture. */
  constructor(draw) { Object.assign(this, { draw, share: 1 + TRAIL, frame: 0 }); }

  get moving() { return this.share < 1 + TRAIL; }

  /** Where the trails begin. */
  get tail() { return this.share - TRAIL; }

  /** Within so many milliseconds. */
  start(duration) {
    this.stop();
    if (!(duration > 0) || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.share = 0;
    const began = performance.now(), go = (time) => {
      this.share = Math.min(1 + TRAIL, Math.max(0, time - began) / duration);
      this.draw();
      if (this.moving) this.frame = requestAnimationFrame(go);
    };
    this.frame = requestAnimationFrame(go);
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.share = 1 + TRAIL;
  }
}
