// Masks of phases, by the digest of their content: what is here is right for good.
import { Kept } from "../kept.js";

export class MaskCache {
  #kept = new Kept((mask) => mask.byteLength);

  /** The mask of a phase as bytes, null where it has none. */
  async phase(stack, phase, digests) {
    const digest = digests[phase];
    return digest ? this.#kept.get(digest, () => fetchMask(stack, phase, digest)) : null;
  }
}

async function fetchMask(stack, phase, digest) {
  const response = await fetch(`/api/v1/stacks/${stack}/masks/${phase}?digest=${digest}`);
  if (!response.ok) throw new Error(`The mask could not be fetched (${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}
