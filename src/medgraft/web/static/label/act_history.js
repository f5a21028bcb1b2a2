// Acts of this browser that can be taken back, the latest last.
const MOST = 200;

export class ActHistory {
  #name;

  constructor(name) {
    this.#name = `medgraft-acts-${name}`;
  }

  push(act) {
    this.#keep([...this.#acts, act]);
  }

  /** The latest act, which is no longer here; undefined where there is none. */
  pop() {
    const acts = this.#acts;
    const last = acts.pop();
    this.#keep(acts);
    return last;
  }

  get #acts() {
    return JSON.parse(localStorage.getItem(this.#name) ?? "[]");
  }

  #keep(acts) {
    localStorage.setItem(this.#name, JSON.stringify(acts.slice(-MOST)));
  }
}
