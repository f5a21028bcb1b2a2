// Cine: phase after phase, about one heartbeat a second.

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export class Cine {
  #show;
  #turn = null;

  constructor(show) {
    this.#show = show;
  }

  get playing() {
    return this.#turn !== null;
  }

  play(phases, from) {
    const turn = (this.#turn = Symbol("cine"));
    const pause = 1000 / Math.min(Math.max(phases, 10), STILL.matches ? 10 : 30);
    const began = performance.now();
    let last = from;
    const step = (now) => {
      if (this.#turn !== turn) return;
      const passed = Math.max(now - began, 0); // a frame's time may lie before the key's
      const phase = (from + Math.floor(passed / pause)) % phases;
      if (phase !== last) this.#show((last = phase));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  stop() {
    this.#turn = null;
  }
}
