// A card: one stack at one phase, with what was said about it, and what is marked but not sent yet.
import { changesOf, codesOf, marked, places, wholeOf } from "./anatomy.js";

export class Card {
  opinion = null;
  /** Changes along the stack that are not sent yet. */
  draft = null;

  /** codes: by stored slice, as the server has them. */
  constructor(task, { stack, uncertainty }, { phase, name, codes }) {
    Object.assign(this, { task, stack, uncertainty, phase, name, codes, places: places(stack) });
  }

  get count() {
    return this.stack.slices;
  }

  get isDone() {
    return this.codes.every((code) => code !== null);
  }

  /** Whether marks along the stack mean anything: its base must be known for that. */
  get hasBase() {
    return this.stack.base_first !== null;
  }

  /** Codes by place, a draft before what was said. */
  get shownCodes() {
    return this.draft ? codesOf(this.task, this.count, this.draft) : this.places.map((slice) => this.codes[slice]);
  }

  get changes() {
    return this.draft ?? changesOf(this.task, this.shownCodes);
  }

  mark(end, place) {
    this.draft = marked(this.task, this.changes, this.count, end, place);
  }

  markWhole() {
    this.draft = wholeOf(this.task, this.count);
  }

  /** Say what is marked; gives the changes to send. */
  takeDraft() {
    const changes = this.draft;
    const along = this.shownCodes;
    this.codes = this.codes.map((_, slice) => along[this.places.indexOf(slice)]);
    this.draft = null;
    return changes;
  }
}
