// Masks of phases, by the digest of their content: what is here is right for good.

export class MaskCache {
  #masks = new Map();

  /** The mask of a phase as bytes, null where it has none. */
  async phase(stack, phase, digests) {
    const digest = digests[phase];
    if (!digest) return null;
    if (!this.#masks.has(digest)) this.#masks.set(digest, fetchMask(stack, phase, digest));
    try {
      return await this.#masks.get(digest);
    } catch (error) {
      this.#masks.delete(digest); // so that it is asked for again
      throw error;
    }
  }

  forget() {
    this.#masks.clear();
  }
}

async function fetchMask(stack, phase, digest) {
  const response = await fetch(`/api/v1/stacks/${stack}/masks/${phase}?digest=${digest}`);
  if (!response.ok) throw new Error(`The mask could not be fetched (${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}
