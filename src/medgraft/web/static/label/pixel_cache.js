// Images already here, and those on their way: the least recently looked at go first once there is too much.
import { askPixels } from "./server.js";

const MOST_BYTES = 384 * 2 ** 20;

export class PixelCache {
  #images = new Map();
  #bytes = 0;

  phase(stack, phase) {
    return this.#get(`/stacks/${stack}/pixels/${phase}`);
  }

  cine(stack, slice) {
    return this.#get(`/stacks/${stack}/cine/${slice}`);
  }

  /** The images of a phase if they are here now, else undefined. */
  now(stack, phase) {
    return this.#images.get(`/stacks/${stack}/pixels/${phase}`)?.images;
  }

  /** Fetch the images of cards one after the other, as long as they are wanted. */
  async prefetch(cards, isWanted) {
    for (const { stack, phase } of cards) {
      if (!isWanted()) return;
      await this.phase(stack.id, phase).catch(() => {}); // asked for again once it is looked at
    }
  }

  #get(path) {
    const known = this.#images.get(path);
    if (known) {
      this.#images.delete(path);
      this.#images.set(path, known);
      return known.coming;
    }
    const entry = { images: undefined, coming: undefined };
    entry.coming = askPixels(path).then(
      (images) => {
        entry.images = images;
        this.#bytes += images.values.byteLength;
        this.#sweep();
        return images;
      },
      (error) => {
        this.#images.delete(path); // so that it is asked for again
        throw error;
      },
    );
    this.#images.set(path, entry);
    return entry.coming;
  }

  #sweep() {
    for (const [path, { images }] of this.#images) {
      if (this.#bytes <= MOST_BYTES) return;
      if (!images) continue;
      this.#bytes -= images.values.byteLength;
      this.#images.delete(path);
    }
  }
}
