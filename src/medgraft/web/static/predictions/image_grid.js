// All images that the filters let through, as small pictures; each leads to its stack.
import { chip, element } from "../study/parts.js";
import { answerOf, confidenceOf, isWrong } from "./answers.js";
import { paintMap } from "./cams.js";

const PER_PAGE = 60;

export class ImageGrid {
  #root;
  #watch;
  #options = null;

  /** `mapsOf(row)` gives the Grad-CAM of a row's stack, or null where it is off. */
  constructor(root, onChoose, mapsOf) {
    this.#root = root;
    this.mapsOf = mapsOf;
    root.addEventListener("click", (event) => {
      const card = event.target.closest("[data-row]");
      if (card) onChoose(this.#options.rows[Number(card.dataset.row)]);
      if (event.target.closest("[data-more]")) this.#more();
    });
    this.#watch = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => this.#seen(entry.target)), { rootMargin: "200px" });
  }

  /** Draw rows, the surest errors first. */
  draw(rows, { decision, classes, strength }) {
    const sure = (row) => confidenceOf(row, decision);
    const ordered = [...rows].sort((a, b) => isWrong(b, decision) - isWrong(a, decision) || sure(b) - sure(a));
    this.#options = { rows: ordered, decision, classes, strength };
    this.#watch.disconnect();
    this.#root.replaceChildren();
    this.#more();
  }

  set strength(value) {
    if (this.#options) this.#options.strength = value;
    for (const card of this.#root.querySelectorAll("[data-row]")) if (card.maps) this.#paint(card);
  }

  #more() {
    this.#root.querySelector("[data-more]")?.remove();
    const { rows } = this.#options;
    const first = this.#root.children.length;
    for (let at = first; at < Math.min(first + PER_PAGE, rows.length); at++) {
      const card = this.#card(rows[at], at);
      this.#root.append(card);
      this.#watch.observe(card);
    }
    if (rows.length > this.#root.children.length) {
      const more = element("button", "button more", `Show ${Math.min(PER_PAGE, rows.length - first - PER_PAGE)} more of ${rows.length}`);
      more.type = "button";
      more.dataset.more = "";
      this.#root.append(more);
    }
  }

  #card(row, at) {
    const { decision, classes } = this.#options;
    const answer = answerOf(row, decision);
    const card = element("button", "image-card");
    card.type = "button";
    card.dataset.row = at;
    card.classList.toggle("wrong", isWrong(row, decision));
    const frame = element("span", "picture");
    const picture = element("img", "");
    Object.assign(picture, { alt: "", loading: "lazy", decoding: "async", width: 144, height: 144 });
    if (row.stored >= 0) picture.src = `/api/v1/stacks/${row.stack}/pixels/${row.phase_at}/${row.stored}.png?side=192`;
    frame.append(picture, element("canvas", ""));
    const line = element("span", "chips");
    line.append(chip(classes, row.truth), element("span", "dim", "→"), chip(classes, answer), element("span", "number", confidenceOf(row, decision).toFixed(2)));
    card.append(frame, line, element("span", "dim where", `${row.subject} ${row.phase.toUpperCase()} ${row.slice + 1}/${row.slices}`));
    card.setAttribute("aria-label", `${row.subject} ${row.phase} slice ${row.slice + 1}: truth ${classes[row.truth].code}, answer ${classes[answer].code}`);
    return card;
  }

  async #seen(card) {
    const row = this.#options.rows[Number(card.dataset.row)];
    const coming = row && this.mapsOf(row);
    if (!coming || card.maps) return;
    this.#watch.unobserve(card);
    card.classList.add("waiting");
    // A map over a picture that is still to come would stand alone.
    const [maps] = await Promise.all([coming, card.querySelector("img").decode()].map((each) => each.catch(() => null)));
    card.classList.remove("waiting");
    if (!maps || !card.isConnected) return;
    card.maps = maps;
    card.stored = row.stored;
    this.#paint(card);
  }

  #paint(card) {
    paintMap(card.querySelector("canvas"), card.maps, card.stored, this.#options.strength);
  }
}
