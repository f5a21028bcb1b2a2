// Acts on their way to the server: kept in this browser until it has answered, sent one after the other, again and
// again if need be. Every act has an id, so one that arrives twice is stored once.
import { ask, Refused } from "./server.js";

const PATIENCE = [500, 1000, 2000, 5000, 10000];

export class Outbox extends EventTarget {
  #name;
  #running = false;
  #wake = () => {};

  constructor(name) {
    super();
    // Browsers give locks and ids to safe pages alone; without them an act could be lost or stored twice.
    if (!isSecureContext) throw new Refused(0, `Expected an address with https, or this machine's own, got ${location.origin}. Do: put a proxy with TLS before the server.`);
    this.#name = `medgraft-outbox-${name}`;
    addEventListener("online", () => this.#wake());
  }

  get waiting() {
    return JSON.parse(localStorage.getItem(this.#name) ?? "[]");
  }

  /** Keep an act here, then send it. */
  post(path, body) {
    this.#keep([...this.waiting, { path, body }]);
    this.#tell("waiting", {});
    this.run();
  }

  /** Send what waits; one tab at a time does. */
  async run() {
    if (this.#running) return;
    this.#running = true;
    await navigator.locks.request(this.#name, () => this.#sendAll());
    this.#running = false;
    if (this.waiting.length) this.run();
  }

  async #sendAll() {
    for (let failures = 0; this.waiting.length; ) {
      const [act] = this.waiting;
      try {
        const answer = await ask(act.path, { body: act.body });
        this.#drop(act);
        this.#tell("saved", { act, answer });
        failures = 0;
      } catch (error) {
        if (isFinal(error)) {
          this.#drop(act);
          this.#tell("refused", { act, error });
          continue;
        }
        this.#tell("kept", { act, error, signedOut: error.status === 401 });
        await this.#pause(PATIENCE[Math.min(failures++, PATIENCE.length - 1)]);
      }
    }
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }

  #drop({ path, body }) {
    this.#keep(this.waiting.filter((act) => act.path !== path || act.body.act !== body.act));
  }

  #keep(acts) {
    localStorage.setItem(this.#name, JSON.stringify(acts));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Whether sending the same again cannot help: the server understood, and said no. */
function isFinal(error) {
  return error.status >= 400 && error.status < 500 && ![401, 408, 429].includes(error.status);
}
