// One stack: every slice from base to apex with truth, answer and probabilities, one of them large, Grad-CAM over both.
import { aspectOf, greyTable, paint } from "../label/grey.js";
import { SliceView } from "../label/slice_view.js";
import { chip, element } from "../study/parts.js";
import { answerOf, isWrong } from "./answers.js";
import { paintMap } from "./cams.js";

export class Review {
  #parts;
  #cells = [];
  #view;
  #overlay = document.createElement("canvas");
  #images = null;
  #maps = null;
  #table = null;
  shown = null; // {stack, view, rows, at, decision, classes, matches}
  strength = 0.6;

  constructor(parts, onTurn) {
    this.#parts = parts;
    this.#view = new SliceView(parts.large);
    parts.slices.addEventListener("click", (event) => {
      const cell = event.target.closest(".slice");
      if (cell) onTurn(Number(cell.dataset.at));
    });
    new ResizeObserver(() => this.#drawOverlay()).observe(parts.large);
  }

  /** Show a stack's facts; its pixels and maps come later. */
  show(shown) {
    const changed = shown.stack.key !== this.shown?.stack.key;
    this.shown = shown;
    if (changed) {
      this.#images = null;
      this.#maps = null;
      this.#view.clear();
    }
    this.#build();
    this.#drawFacts();
  }

  setImages(images) {
    this.#images = images;
    this.#table = greyTable(images.window, images, false);
    this.#paintAll();
  }

  /** Maps by class code, or null for none. */
  setMaps(maps) {
    this.#maps = maps;
    this.#paintAll();
    this.#drawFacts();
  }

  turn(at) {
    this.shown.at = at;
    this.#mark();
    this.#drawFacts();
    this.#drawLarge();
  }

  hide() {
    this.#view.overlays = !this.#view.overlays;
    this.#view.draw();
  }

  repaint() {
    this.#paintAll();
  }

  #build() {
    const { rows, classes, decision, matches, view } = this.shown;
    this.#parts.slices.style.setProperty("--count", rows.length);
    this.#parts.slices.style.setProperty("--aspect", view ? aspectOf(view) : 1);
    this.#cells = rows.map((row, at) => sliceCell(row, at, classes, decision, matches));
    this.#parts.slices.replaceChildren(...this.#cells.map((cell) => cell.root));
    this.#mark();
    if (this.#images) this.#paintAll();
  }

  #mark() {
    this.#cells.forEach(({ root }, at) => root.setAttribute("aria-current", String(at === this.shown.at)));
    this.#cells[this.shown.at]?.root.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #paintAll() {
    if (!this.#images || !this.shown) return;
    this.shown.rows.forEach((row, at) => {
      const { canvas } = this.#cells[at];
      canvas.classList.remove("skeleton");
      paint(canvas, this.#images, row.stored, this.#table);
      const maps = this.#mapsOf(row);
      if (!maps) return;
      paintMap(this.#overlay, maps, row.stored, this.strength);
      canvas.getContext("2d").drawImage(this.#overlay, 0, 0);
    });
    this.#drawLarge();
  }

  #mapsOf(row) {
    if (!this.#maps) return null;
    const { classes, decision } = this.shown;
    return this.#maps[this.shown.camClass || classes[answerOf(row, decision)].code] ?? null;
  }

  #drawLarge() {
    const { rows, at, view, stack } = this.shown;
    if (!this.#images || !view) return;
    this.#view.show(view, this.#images, rows[at].stored, this.#table, `${stack.subject} ${stack.phase.toUpperCase()}  ${rows[at].slice + 1} / ${rows[at].slices}`);
    this.#drawOverlay();
  }

  /** The map lies where the slice lies: fitted into the figure, its sides true. */
  #drawOverlay() {
    const canvas = this.#parts.overlay;
    const box = this.#parts.large.getBoundingClientRect();
    const maps = this.shown && this.#images ? this.#mapsOf(this.shown.rows[this.shown.at]) : null;
    canvas.hidden = !maps;
    if (!maps || !this.shown.view) return;
    paintMap(canvas, maps, this.shown.rows[this.shown.at].stored, this.strength);
    const aspect = aspectOf(this.shown.view);
    const width = Math.min(box.width, box.height * aspect);
    const place = { width, height: width / aspect, left: (box.width - width) / 2, top: (box.height - width / aspect) / 2 };
    for (const [name, value] of Object.entries(place)) canvas.style[name] = `${value}px`;
  }

  #drawFacts() {
    const { rows, at, classes, decision } = this.shown;
    const row = rows[at];
    this.#parts.facts.replaceChildren(heading(row, classes, decision), bars(row, classes), verdict(row, classes, decision));
    if (this.#maps && !hasEvidence(this.#mapsOf(row), row.stored)) this.#parts.facts.append(element("p", "", "No evidence for this class in this slice: its map is empty."));
    if (this.#maps && row.fold >= 0) this.#parts.facts.append(element("p", "dim", "Grad-CAM is of the study's final model, which was trained on all training subjects, this one among them."));
  }
}

function sliceCell(row, at, classes, decision, matches) {
  const root = element("button", "slice");
  root.type = "button";
  root.tabIndex = -1; // the arrows move along the stack
  root.dataset.at = at;
  root.classList.toggle("wrong", isWrong(row, decision));
  root.classList.toggle("out", !matches.has(row));
  const answer = answerOf(row, decision);
  const chips = element("span", "chips");
  chips.append(chip(classes, row.truth), chip(classes, answer));
  const canvas = element("canvas", "skeleton");
  const bar = element("span", "tiny-bars");
  row.scores.forEach((score, index) => bar.append(tinyBar(score, index)));
  root.append(chips, canvas, bar, element("span", "dim number", String(row.slice + 1)));
  root.setAttribute("aria-label", `Slice ${row.slice + 1}: truth ${classes[row.truth].name}, answer ${classes[answer].name}`);
  return { root, canvas };
}

function tinyBar(score, index) {
  const bar = element("i", `k${index}`);
  bar.style.height = `${Math.max(score * 100, 2)}%`;
  return bar;
}

function heading(row, classes, decision) {
  const root = element("div", "truth-answer");
  const answer = answerOf(row, decision);
  for (const [title, index] of [["truth", row.truth], ["answer", answer]]) {
    const part = element("p", "");
    part.append(element("span", "dim", title), chip(classes, index), element("span", "", classes[index].name));
    root.append(part);
  }
  root.append(element("p", row.truth === answer ? "right" : "wrong", row.truth === answer ? "✓ right" : "✕ wrong"));
  return root;
}

function bars(row, classes) {
  const root = element("div", "score-bars");
  row.scores.forEach((score, index) => {
    const track = element("span", "track");
    const fill = element("i", `k${index}`);
    fill.style.width = `${score * 100}%`;
    track.append(fill);
    root.append(chip(classes, index), track, element("span", "number", score.toFixed(2)));
  });
  return root;
}

function verdict(row, classes, decision) {
  const other = decision === "stack" ? row.plain : row.joint;
  const name = decision === "stack" ? "Each slice alone" : "The whole stack";
  const said = other === answerOf(row, decision) ? "says the same" : `says ${classes[other].code}`;
  const fold = row.fold >= 0 ? `Answered by the model of fold ${row.fold + 1}, which has not seen this subject.` : "A held-out subject.";
  return element("p", "dim", `${name} ${said}. ${fold}`);
}

function hasEvidence(maps, index) {
  const size = maps ? maps.rows * maps.columns : 0;
  return Boolean(maps?.values.subarray(index * size, (index + 1) * size).some((value) => value > 0));
}
