// The range bar: a stack from base to apex in the colours of its classes, with a handle at either end of IN.
import { withEnd } from "./anatomy.js";

export class RangeBar {
  #root;
  #track;
  #handles;
  #range = null;
  #count = 0;

  constructor(root, onChange) {
    this.#root = root;
    this.#track = root.querySelector(".track");
    this.#handles = { first: root.querySelector("[data-end=first]"), last: root.querySelector("[data-end=last]") };
    for (const [end, handle] of Object.entries(this.#handles)) {
      handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
      handle.addEventListener("pointermove", (event) => {
        if (handle.hasPointerCapture(event.pointerId)) onChange(withEnd(this.#range, this.#count, end, this.#at(event, end)));
      });
      handle.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step) return;
        event.stopPropagation();
        event.preventDefault();
        const place = Math.min(Math.max((this.#range?.[end] ?? 0) + step, 0), this.#count - 1);
        onChange(withEnd(this.#range, this.#count, end, place));
      });
    }
  }

  /** Show classes by place, and the handles where there is a range. */
  show(marks, range) {
    this.#count = marks.length;
    this.#range = range;
    this.#track.replaceChildren(...marks.map(segment));
    for (const [end, handle] of Object.entries(this.#handles)) {
      handle.hidden = !range;
      if (!range) continue;
      const edge = end === "first" ? range.first : range.last + 1;
      handle.style.left = `${(100 * edge) / this.#count}%`;
      handle.setAttribute("aria-valuemax", this.#count);
      handle.setAttribute("aria-valuenow", range[end] + 1);
      handle.setAttribute("aria-valuetext", `slice ${range[end] + 1} of ${this.#count}`);
    }
  }

  /** The place under a pointer: a handle lies between two slices, and means the one inside. */
  #at(event, end) {
    const { left, width } = this.#track.getBoundingClientRect();
    const edge = Math.round(((event.clientX - left) / width) * this.#count);
    return Math.min(Math.max(end === "first" ? edge : edge - 1, 0), this.#count - 1);
  }
}

function segment(mark) {
  const part = document.createElement("span");
  part.style.background = mark?.colour ?? "transparent";
  part.classList.toggle("draft", Boolean(mark?.draft));
  return part;
}
