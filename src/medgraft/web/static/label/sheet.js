// The contact sheet: every slice from base to apex, its class above it.
import { inkOn } from "../ink.js";
import { aspectOf, paint } from "./grey.js";

export class Sheet {
  #root;
  #scroller;
  #cells = [];

  constructor(root, onChoose) {
    this.#root = root;
    this.#scroller = root.parentElement;
    root.addEventListener("click", (event) => {
      const cell = event.target.closest(".cell");
      if (cell) onChoose(Number(cell.dataset.place));
    });
  }

  /** As many cells as slices, empty until painted. */
  build(stack) {
    while (this.#cells.length > stack.slices) this.#cells.pop().root.remove();
    while (this.#cells.length < stack.slices) this.#cells.push(this.#cell(this.#cells.length));
    this.#root.style.setProperty("--count", stack.slices);
    this.#root.style.setProperty("--aspect", aspectOf(stack));
    for (const { canvas } of this.#cells) canvas.classList.add("skeleton");
  }

  paint(images, stored, table) {
    this.#cells.forEach(({ canvas }, place) => {
      paint(canvas, images, stored[place], table);
      canvas.classList.remove("skeleton");
    });
  }

  /** Classes by place: `{code, colour, name, draft}` or null. */
  mark(marks) {
    this.#cells.forEach(({ root, chip }, place) => {
      const mark = marks[place];
      chip.textContent = mark?.code ?? "–";
      chip.classList.toggle("draft", Boolean(mark?.draft));
      root.classList.toggle("labelled", Boolean(mark));
      root.style.setProperty("--class", mark?.colour ?? "var(--edge-strong)");
      root.style.setProperty("--on-class", mark ? inkOn(mark.colour) : "var(--text)");
      root.setAttribute("aria-label", `Slice ${place + 1}, ${mark?.name ?? "no label"}`);
    });
  }

  choose(place) {
    this.#cells.forEach(({ root }, at) => root.setAttribute("aria-current", String(at === place)));
    const { offsetLeft, offsetWidth } = this.#cells[place].root;
    const { scrollLeft, clientWidth } = this.#scroller;
    if (offsetLeft < scrollLeft || offsetLeft + offsetWidth > scrollLeft + clientWidth) {
      this.#scroller.scrollLeft = offsetLeft - clientWidth / 2;
    }
  }

  #cell(place) {
    const root = document.createElement("button");
    root.className = "cell";
    root.type = "button";
    root.tabIndex = -1; // the arrows move along the sheet
    root.dataset.place = place;
    const [chip, canvas, number] = ["span", "canvas", "span"].map((name) => root.appendChild(document.createElement(name)));
    chip.className = "chip";
    number.className = "dim";
    number.textContent = place + 1;
    this.#root.append(root);
    return { root, chip, canvas };
  }
}
