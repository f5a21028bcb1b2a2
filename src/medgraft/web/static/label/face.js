// A card's face: what is written around its images.
import { inkOn } from "../ink.js";
import { showOpinion, showProgress } from "./side.js";

const $ = (id) => document.getElementById(id);

export class Face {
  #work;
  #sheet;
  #range;
  #pace;
  #clicks;

  /** clicks: what they do: `open(card)`, `label(code)`, `ask()`, `take()`. */
  constructor({ work, sheet, range, pace, clicks }) {
    [this.#work, this.#sheet, this.#range, this.#pace, this.#clicks] = [work, sheet, range, pace, clicks];
  }

  /** A question: its classes as buttons, its changes as handles. */
  ask(task) {
    $("class-keys").replaceChildren(...task.classes.map((item) => this.#classKey(item)));
    this.#range.build(task);
  }

  /** Another card. */
  show(card, place, round) {
    const { stack, task } = card;
    $("position").textContent = `stack ${this.#work.position(card)} / ${this.#work.stacks}`;
    $("subject").textContent = [round && `round ${round}`, stack.subject, stack.site].filter(Boolean).join(" · ");
    $("volume-link").href = `/volumes?${new URLSearchParams({ stack: stack.id, phase: card.phase })}`;
    const unknown = !card.hasBase && task.along_stack.length > 0;
    $("ask-base").hidden = !unknown;
    $("base-end").textContent = unknown ? "first as stored" : "base";
    $("apex-end").textContent = unknown ? "last as stored" : "apex";
    document.querySelector(".contact").style.setProperty("--count", stack.slices);
    this.advise("");
    this.showLabels(card, place);
    this.#sheet.choose(place);
  }

  /** What was said or marked about the card at hand. */
  showLabels(card, place) {
    const classes = new Map(card.task.classes.map((item) => [item.code, item]));
    const draft = card.draft !== null;
    const marks = card.shownCodes.map((code) => (code === null ? null : { ...classes.get(code), draft }));
    this.#sheet.mark(marks);
    this.#range.show(marks, card.changes);
    $("phases").replaceChildren(...this.#work.siblings(card).map((one) => this.#tab(one, one === card)));
    this.showProgress();
    this.showSlice(card, place);
  }

  showSlice(card, place) {
    const { ask, take } = this.#clicks;
    showOpinion($("opinion"), { card, place, hasModel: this.#work.hasModel, ask, take });
  }

  showProgress() {
    const { done, stacks, left } = this.#work;
    $("progress").firstElementChild.style.width = `${(100 * done) / Math.max(stacks, 1)}%`;
    $("progress").setAttribute("aria-valuemax", stacks);
    $("progress").setAttribute("aria-valuenow", done);
    showProgress($("pace"), { done, stacks, left, seconds: this.#pace.seconds });
  }

  advise(text) {
    $("advice").textContent = text;
  }

  #classKey({ key, code, colour }) {
    const root = document.createElement("button");
    Object.assign(root, { type: "button", tabIndex: -1 });
    root.style.setProperty("--class", colour);
    root.style.setProperty("--on-class", inkOn(colour));
    const [digit, name] = ["kbd", "span"].map((tag) => root.appendChild(document.createElement(tag)));
    [digit.textContent, name.textContent, name.className] = [key, code, "chip"];
    root.addEventListener("click", () => this.#clicks.label(code));
    return root;
  }

  #tab(card, chosen) {
    const tab = document.createElement("button");
    Object.assign(tab, { type: "button", role: "tab", tabIndex: -1 });
    tab.append(card.name);
    if (card.isDone) tab.appendChild(document.createElement("span")).className = "tick";
    tab.setAttribute("aria-selected", String(chosen));
    tab.addEventListener("click", () => this.#clicks.open(card));
    return tab;
  }
}
