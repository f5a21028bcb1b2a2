// The law of the anatomy along a stack: from base to apex the classes come in one order, so K of them need K - 1
// changes. A change is the number of slices on the base's side of it; two at one place leave out the class between.

/** Stored slice of each place from base to apex. A stack whose base is unknown is shown as stored. */
export function places(stack) {
  const stored = Array.from({ length: stack.slices }, (_, at) => at);
  return stack.base_first === false ? stored.reverse() : stored;
}

/** The middle one of three classes, which is marked by its first and its last slice; null for other tasks. */
export function innerCode(task) {
  return task.along_stack.length === 3 ? task.along_stack[1] : null;
}

/** Codes by place from the changes. */
export function codesOf(task, count, changes) {
  return Array.from({ length: count }, (_, place) => task.along_stack[rankAt(changes, place)]);
}

/** The changes among codes by place; null where a slice has no label, or the order is another. */
export function changesOf(task, codes) {
  const ranks = codes.map((code) => task.along_stack.indexOf(code));
  if (ranks.some((rank, at) => rank < (at ? ranks[at - 1] : 0))) return null;
  return task.along_stack.slice(1).map((_, before) => ranks.filter((rank) => rank <= before).length);
}

/** Changes of a stack that is all of one class: the inner one where there is one, else the first. */
export function wholeOf(task, count) {
  return task.along_stack.slice(1).map((_, at) => (innerCode(task) && at === 0 ? 0 : count));
}

/**
 * The changes after "first" or "last" was pressed at a place.
 *
 * With an inner class these are its first and last slice. Else "first" begins the next class at the place, again the
 * one after; "last" gives the place to the class before. So every change takes one key.
 */
export function marked(task, changes, count, end, place) {
  const now = changes ?? wholeOf(task, count);
  const edge = end === "first" ? place : place + 1;
  if (innerCode(task)) return withChange(task, now, count, end === "first" ? 0 : 1, edge);
  const index = rankAt(now, place) - (end === "first" ? 0 : 1);
  return index in now ? withChange(task, now, count, index, edge) : now;
}

/** The changes after one was moved to an edge between slices; the others move only where they must. */
export function withChange(task, changes, count, index, edge) {
  const least = innerCode(task) ? 1 : 0; // an inner class keeps a slice
  const to = Math.min(Math.max(edge, least * index), count - least * (changes.length - 1 - index));
  return changes.map((change, at) => {
    if (at === index) return to;
    return at < index ? Math.min(change, to - least * (index - at)) : Math.max(change, to + least * (at - index));
  });
}

function rankAt(changes, place) {
  return changes.filter((change) => change <= place).length;
}
