// The stacks that the filters let through, each with its answers as a row of cells.
import { answerOf, isWrong } from "./answers.js";

export class StackList {
  #root;
  #stacks = [];

  constructor(root, onChoose) {
    this.#root = root;
    root.addEventListener("click", (event) => {
      const item = event.target.closest("[data-key]");
      if (item) onChoose(item.dataset.key);
    });
  }

  /** Draw stacks; `matches` are the rows that the filters let through. */
  draw(stacks, matches, decision, codes) {
    this.#stacks = stacks;
    this.#root.replaceChildren(...stacks.map((stack) => item(stack, matches, decision, codes)));
  }

  choose(key) {
    for (const child of this.#root.children) {
      const here = child.dataset.key === key;
      child.toggleAttribute("data-here", here);
      child.setAttribute("aria-current", String(here));
      if (here) child.scrollIntoView({ block: "nearest" });
    }
  }

  /** The key `step` places on from a stack. */
  beside(key, step) {
    const at = this.#stacks.findIndex((stack) => stack.key === key);
    return this.#stacks[Math.min(Math.max(at + step, 0), this.#stacks.length - 1)]?.key;
  }
}

function item(stack, matches, decision, codes) {
  const root = document.createElement("button");
  root.type = "button";
  root.className = "stack-item";
  root.dataset.key = stack.key;
  root.tabIndex = -1; // the arrows move along the list
  const name = root.appendChild(document.createElement("span"));
  name.className = "who";
  for (const text of [stack.subject, stack.phase.toUpperCase()]) name.appendChild(document.createElement("span")).textContent = text;
  const errors = root.appendChild(document.createElement("span"));
  errors.className = stack.errors ? "wrong-count" : "right-count dim";
  errors.textContent = stack.errors ? `${stack.errors} wrong` : "right";
  const cells = root.appendChild(document.createElement("span"));
  cells.className = "cells";
  for (const row of stack.rows) {
    const cell = cells.appendChild(document.createElement("i"));
    cell.className = `k${answerOf(row, decision)}`;
    cell.classList.toggle("wrong", isWrong(row, decision));
    cell.classList.toggle("out", !matches.has(row));
    cell.title = `slice ${row.slice + 1}: ${codes[answerOf(row, decision)]}, truth ${codes[row.truth]}`;
  }
  return root;
}
