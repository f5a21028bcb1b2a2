// The phases of a stack as a slider, with marks where one has a name or a mask.

export class Timeline {
  #marks;
  #slider;
  #text;
  #choose;
  #stack = null;

  constructor(marks, slider, text, choose) {
    [this.#marks, this.#slider, this.#text, this.#choose] = [marks, slider, text, choose];
    slider.addEventListener("input", () => choose(slider.valueAsNumber));
  }

  build(stack, volume) {
    this.#stack = stack;
    this.#slider.max = stack.phases - 1;
    this.#slider.disabled = stack.phases < 2;
    const names = new Map(Object.entries(stack.named_phases).map(([name, phase]) => [phase, name.toUpperCase()]));
    const marked = [...new Set([...names.keys(), ...Object.keys(volume.masks).map(Number)])].sort((a, b) => a - b);
    // Where every phase has a mask, a mark for each says nothing.
    const shown = marked.filter((phase) => names.has(phase) || marked.length <= 6);
    this.#marks.replaceChildren(...shown.map((phase) => this.#mark(phase, names.get(phase) ?? String(phase + 1), phase in volume.masks)));
  }

  choose(phase) {
    this.#slider.value = phase;
    this.#text.textContent = `phase ${phase + 1} / ${this.#stack.phases}`;
    for (const mark of this.#marks.children) mark.setAttribute("aria-current", String(Number(mark.dataset.phase) === phase));
  }

  #mark(phase, name, masked) {
    const mark = document.createElement("button");
    mark.type = "button";
    mark.textContent = name;
    mark.dataset.phase = phase;
    mark.classList.toggle("masked", masked);
    mark.title = masked ? `${name}, with a mask` : name;
    mark.style.left = `${(100 * phase) / Math.max(this.#stack.phases - 1, 1)}%`;
    mark.addEventListener("click", () => this.#choose(phase));
    return mark;
  }
}
