// The range bar: a stack from base to apex in the colours of its classes, with a handle at every change.
import { withChange } from "./anatomy.js";

export class RangeBar {
  #root;
  #track;
  #onChange;
  #handles = [];
  #task = null;
  #changes = null;
  #count = 0;

  constructor(root, onChange) {
    this.#root = root;
    this.#track = root.querySelector(".track");
    this.#onChange = onChange;
  }

  /** As many handles as there are changes along the stack. */
  build(task) {
    for (const handle of this.#handles) handle.remove();
    this.#task = task;
    this.#handles = task.along_stack.slice(1).map((after, at) => this.#handle(at, `${task.along_stack[at]} to ${after}`));
    this.#root.hidden = !this.#handles.length;
  }

  /** Show classes by place, and the handles where there are changes. */
  show(marks, changes) {
    this.#count = marks.length;
    this.#changes = changes;
    this.#track.replaceChildren(...marks.map(segment));
    this.#handles.forEach((handle, at) => {
      handle.hidden = !changes;
      if (!changes) return;
      handle.style.left = `${(100 * changes[at]) / this.#count}%`;
      handle.setAttribute("aria-valuemax", this.#count);
      handle.setAttribute("aria-valuenow", changes[at]);
      handle.setAttribute("aria-valuetext", `after slice ${changes[at]} of ${this.#count}`);
    });
  }

  #handle(at, name) {
    const handle = this.#root.appendChild(document.createElement("button"));
    Object.assign(handle, { type: "button", className: "handle", role: "slider", hidden: true });
    handle.dataset.change = at;
    handle.setAttribute("aria-label", name);
    handle.setAttribute("aria-valuemin", 0);
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) this.#move(at, this.#edgeUnder(event));
    });
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.stopPropagation();
      event.preventDefault();
      this.#move(at, this.#changes[at] + step);
    });
    return handle;
  }

  #move(at, edge) {
    this.#onChange(withChange(this.#task, this.#changes, this.#count, at, edge));
  }

  #edgeUnder({ clientX }) {
    const { left, width } = this.#track.getBoundingClientRect();
    return Math.round(((clientX - left) / width) * this.#count);
  }
}

function segment(mark) {
  const part = document.createElement("span");
  part.style.background = mark?.colour ?? "transparent";
  part.classList.toggle("draft", Boolean(mark?.draft));
  return part;
}
