// The side panel: legend and look of the mask, window and level, what is under the cross-hair.

const $ = (id) => document.getElementById(id);
const STEPS = 1000;
const STYLES = ["both", "fill", "contour"];

export class Side {
  #scene;
  #toPhase;
  #stack = null;
  #volume = null;
  #counted = undefined;

  constructor({ scene, toPhase }) {
    this.#scene = scene;
    this.#toPhase = toPhase;
    $("opacity").addEventListener("input", () => scene.change({ opacity: $("opacity").valueAsNumber / 100 }));
    for (const id of ["width", "level"]) $(id).addEventListener("input", () => this.#window());
    for (const button of $("styles").children) button.addEventListener("click", () => this.#style(button.dataset.style));
  }

  open(stack, volume) {
    [this.#stack, this.#volume] = [stack, volume];
    $("legend").replaceChildren(...volume.classes.map((one) => this.#line(one)));
  }

  /** A phase is shown, with a mask or without. */
  choose(phase, masked) {
    const phases = Object.keys(this.#volume.masks).map(Number);
    $("mask-controls").hidden = !phases.length;
    $("legend").hidden = !phases.length;
    const where = $("mask-where");
    where.hidden = masked;
    if (masked) return;
    if (this.#volume.hidden) return where.replaceChildren("Hidden while you read this stack blind: labels follow from masks.");
    if (!phases.length) return where.replaceChildren("No mask came with this stack. Masks are imported with the images.");
    where.replaceChildren("No mask at this phase. There is one at ", ...phases.slice(0, 6).flatMap((one, at) => [at ? ", " : "", this.#way(one)]), phases.length > 6 ? " …" : ".");
  }

  nextStyle() {
    this.#style(STYLES[(STYLES.indexOf(this.#scene.look.style) + 1) % STYLES.length]);
  }

  moreOpaque(step) {
    this.#scene.change({ opacity: Math.min(Math.max(this.#scene.look.opacity + step, 0), 1) });
  }

  /** The scene was drawn: show where it stands. */
  update() {
    const { look, window: [dark, bright], firstWindow } = this.#scene;
    const [width, level] = [bright - dark, (dark + bright) / 2];
    const range = rangeOf(firstWindow);
    $("opacity").value = Math.round(look.opacity * 100);
    $("opacity-text").textContent = `${Math.round(look.opacity * 100)} %`;
    $("width").value = (STEPS * width) / range.width;
    $("level").value = (STEPS * (level - range.low)) / (range.high - range.low);
    $("width-text").textContent = Math.round(width);
    $("level-text").textContent = Math.round(level);
    $("invert").setAttribute("aria-pressed", String(look.inverted));
    this.#showPresent();
    this.#showUnder();
  }

  #line({ value, name, letter, colour }) {
    const line = document.createElement("label");
    const [box, mark, text] = ["input", "i", "span"].map((tag) => line.appendChild(document.createElement(tag)));
    Object.assign(box, { type: "checkbox", checked: !this.#scene.look.hidden.has(value) });
    line.style.setProperty("--class", colour);
    line.dataset.value = value;
    mark.textContent = letter;
    text.textContent = name;
    box.addEventListener("change", () => {
      const { hidden } = this.#scene.look;
      if (box.checked) hidden.delete(value);
      else hidden.add(value);
      this.#scene.draw();
    });
    return line;
  }

  #way(phase) {
    const name = Object.entries(this.#stack.named_phases).find(([, at]) => at === phase)?.[0].toUpperCase() ?? `phase ${phase + 1}`;
    const way = document.createElement("button");
    way.type = "button";
    way.className = "where";
    way.textContent = name;
    way.addEventListener("click", () => this.#toPhase(phase));
    return way;
  }

  #style(style) {
    for (const button of $("styles").children) button.setAttribute("aria-pressed", String(button.dataset.style === style));
    this.#scene.change({ style });
  }

  #window() {
    const range = rangeOf(this.#scene.firstWindow);
    const half = Math.max(($("width").valueAsNumber * range.width) / STEPS / 2, range.width / STEPS);
    const level = range.low + ($("level").valueAsNumber * (range.high - range.low)) / STEPS;
    this.#scene.setWindow([level - half, level + half]);
  }

  #showPresent() {
    const { mask } = this.#scene;
    if (this.#counted === mask) return;
    this.#counted = mask;
    const present = new Set(mask ?? []);
    for (const line of $("legend").children) line.classList.toggle("absent", Boolean(mask) && !present.has(Number(line.dataset.value)));
  }

  #showUnder() {
    const { value, mask, x, y, z } = this.#scene.under();
    const found = this.#volume.classes.find((one) => one.value === mask);
    const mm = this.#volume.positions?.[z];
    const lines = [
      ["slice", `${z + 1} of ${this.#stack.slices}`],
      ["row", `${y + 1} of ${this.#stack.rows}`],
      ["column", `${x + 1} of ${this.#stack.columns}`],
      ["along the stack", mm === undefined ? "unknown" : `${mm.toFixed(1)} mm`],
      ["value", Number.isInteger(value) ? String(value) : value.toPrecision(5)],
      ["mask", found ? found.name : this.#scene.mask ? "none" : "–"],
    ];
    $("under").replaceChildren(...lines.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  }
}

/** What the sliders reach: three times the first window's width, and its levels as far again to either side. */
function rangeOf([dark, bright]) {
  const width = bright - dark;
  return { width: 3 * width, low: dark - width, high: bright + width };
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
