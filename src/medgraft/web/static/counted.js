// A number with its noun, as people write it.

/** The noun is in the plural where there is not one. */
export function counted(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
