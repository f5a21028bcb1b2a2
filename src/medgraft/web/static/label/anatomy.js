// The law of the anatomy along a stack: from base to apex the classes come in one order.

/** Stored slice of each place from base to apex. A stack whose base is unknown is shown as stored. */
export function places(stack) {
  const stored = Array.from({ length: stack.slices }, (_, at) => at);
  return stack.base_first === false ? stored.reverse() : stored;
}

/** The code whose first and last slice are marked, where a task has one: the middle one of three. */
export function innerCode(task) {
  return task.along_stack.length === 3 ? task.along_stack[1] : null;
}

/** Codes by place from the first and last place of the inner class. */
export function codesOfRange(task, count, { first, last }) {
  const [before, inner, after] = task.along_stack;
  return Array.from({ length: count }, (_, place) => (place < first ? before : place > last ? after : inner));
}

/** First and last place of the inner class among codes by place; null if it is not there. */
export function rangeOfCodes(task, codes) {
  const inner = innerCode(task);
  const first = codes.indexOf(inner);
  return first < 0 ? null : { first, last: codes.lastIndexOf(inner) };
}

/** The range after its first or last place was set; the other end moves only where it must. */
export function withEnd(range, count, end, place) {
  const now = range ?? { first: 0, last: count - 1 };
  if (end === "first") return { first: place, last: Math.max(place, now.last) };
  return { first: Math.min(place, now.first), last: place };
}
