// Images of stacks, by phase and by slice.
import { Kept } from "../kept.js";
import { askPixels } from "./server.js";

export class PixelCache {
  #kept = new Kept((images) => images.values.byteLength);

  phase(stack, phase) {
    return this.#get(`/stacks/${stack}/pixels/${phase}`);
  }

  cine(stack, slice) {
    return this.#get(`/stacks/${stack}/cine/${slice}`);
  }

  /** The images of a phase if they are here now, else undefined. */
  now(stack, phase) {
    return this.#kept.now(`/stacks/${stack}/pixels/${phase}`);
  }

  /** Fetch the images of cards one after the other, as long as they are wanted. */
  async prefetch(cards, isWanted) {
    for (const { stack, phase } of cards) {
      if (!isWanted()) return;
      await this.phase(stack.id, phase).catch(() => {}); // asked for again once it is looked at
    }
  }

  #get(path) {
    return this.#kept.get(path, () => askPixels(path));
  }
}
