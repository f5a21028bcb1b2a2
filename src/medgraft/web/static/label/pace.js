// How long a stack takes, pauses left out.
const RECENT = 20;
const LONGEST_PAUSE = 300;

export class Pace {
  #times = [];
  #began = performance.now();

  begin() {
    this.#began = performance.now();
  }

  end() {
    const seconds = (performance.now() - this.#began) / 1000;
    if (seconds < LONGEST_PAUSE) this.#times.push(seconds);
  }

  /** Seconds that the last ones took, the median; null before the first. */
  get seconds() {
    const recent = this.#times.slice(-RECENT).sort((a, b) => a - b);
    return recent[Math.floor(recent.length / 2)] ?? null;
  }
}
