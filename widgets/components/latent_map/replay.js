// The replay: which frame of training is on screen, and the clock that moves it on.

const WHOLE = 8000, QUICKEST = 50, SLOWEST = 400; // ms for the whole of a replay, and for each of its frames

// Each frame's own part of every field there is. Made once: what is drawn of a field is remembered by it.
function fieldsOf({ steps, arrays }) {
  const found = {};
  for (const name of ["log_q", "exact", "log_p"]) {
    const cells = (arrays[name]?.length ?? 0) / steps.length;
    if (cells) found[name] = steps.map((_, k) => arrays[name].subarray(k * cells, (k + 1) * cells));
  }
  return found;
}

export class Replay {
  /** `changed()` is called whenever another frame is on screen; `frame` null is now. */
  constructor(changed) {
    Object.assign(this, { changed, frames: null, frame: null, wished: null, playing: false });
  }

  get last() { return this.frames ? this.frames.steps.length - 1 : null; }

  take(frames) {
    this.frames = frames;
    this.fields = frames ? fieldsOf(frames) : {};
    this.show(this.wished ?? this.frame);
  }

  /** Plays on, or pauses; from the beginning where it stands at the end. */
  toggle() {
    if (!this.frames) return;
    this.playing = !this.playing;
    if (this.playing && this.frame === null) this.frame = -1;
    this.tick();
  }

  tick() {
    clearTimeout(this.timer);
    if (!this.playing) return this.changed();
    this.go(this.frame + 1);
    if (this.frame === null) this.playing = false;
    this.changed();
    this.timer = setTimeout(() => this.tick(), Math.max(QUICKEST, Math.min(SLOWEST, WHOLE / this.last)));
  }

  show(frame) {
    this.stop();
    this.wished = this.frames ? null : frame; // until there are frames
    this.go(frame);
  }

  // The last frame is now: its map is the exact one, with holes and images.
  go(frame) { this.frame = !this.frames || frame === null || frame >= this.last ? null : frame; }

  /** The frame whose step is nearest to the given one. */
  nearest(step) {
    const away = (this.frames?.steps ?? []).map((each) => Math.abs(each - step));
    return away.length ? away.indexOf(Math.min(...away)) : null;
  }

  stop() {
    this.playing = false;
    clearTimeout(this.timer);
  }
}
