// What is large and already here, or on its way: the least recently used goes first once there is too much.
const MOST_BYTES = 384 * 2 ** 20;

export class Kept {
  #known = new Map();
  #bytes = 0;
  #sizeOf;

  /** sizeOf: bytes of what is kept. */
  constructor(sizeOf) {
    this.#sizeOf = sizeOf;
  }

  /** What is here for a key now, else undefined. */
  now(key) {
    return this.#known.get(key)?.value;
  }

  /** What a key stands for; `fetchIt()` gives it if it is neither here nor on its way. */
  get(key, fetchIt) {
    const entry = this.#known.get(key) ?? { value: undefined, coming: this.#fetch(key, fetchIt) };
    this.#known.delete(key);
    this.#known.set(key, entry);
    return entry.coming;
  }

  async #fetch(key, fetchIt) {
    try {
      const value = await fetchIt();
      this.#known.get(key).value = value;
      this.#bytes += this.#sizeOf(value);
      this.#sweep();
      return value;
    } catch (error) {
      this.#known.delete(key); // so that it is asked for again
      throw error;
    }
  }

  #sweep() {
    for (const [key, { value }] of this.#known) {
      if (this.#bytes <= MOST_BYTES) return;
      if (value === undefined) continue;
      this.#bytes -= this.#sizeOf(value);
      this.#known.delete(key);
    }
  }
}
