// The worklist as cards: one stack at one phase each, in the order of work.
import { ask } from "./server.js";
import { places } from "./anatomy.js";

export class Worklist {
  task = null;
  hasModel = false;
  cards = [];
  #stacks = [];
  #byPlace = new Map();

  /** Fetch the worklist of a task in an order. */
  async load(task, order, reading = null, worklist = null) {
    const wanted = new URLSearchParams({ order, ...(reading && { reading }), ...(worklist && { worklist }) });
    const found = await ask(`/tasks/${encodeURIComponent(task)}/worklist?${wanted}`);
    this.task = found.task;
    this.hasModel = found.has_model;
    const items = found.items.filter((item) => item.asked.length);
    this.unnamed = found.items.length - items.length;
    this.#stacks = items.map((item) => item.stack.id);
    this.cards = items.flatMap((item) => item.asked.map((asked) => cardOf(item, asked)));
    this.#byPlace = new Map(this.cards.map((card, at) => [`${card.stack.id}/${card.phase}`, at]));
  }

  get path() {
    return `/tasks/${encodeURIComponent(this.task.name)}`;
  }

  get stacks() {
    return this.#stacks.length;
  }

  /** Which stack of how many a card belongs to, from 1. */
  position(card) {
    return this.#stacks.indexOf(card.stack.id) + 1;
  }

  indexOf(stack, phase) {
    return this.#byPlace.get(`${stack}/${phase}`) ?? -1;
  }

  /** The other phases asked about of a card's stack, the card itself among them. */
  siblings(card) {
    return this.cards.filter((other) => other.stack.id === card.stack.id);
  }

  /** The next card after `at` that lacks a label, around the end; -1 if none does. */
  nextUnlabelled(at) {
    const order = [...this.cards.keys()].map((step) => (at + 1 + step) % this.cards.length);
    return order.find((index) => !isDone(this.cards[index])) ?? -1;
  }

  /** Stacks of which every phase is labelled. */
  get done() {
    const open = new Set(this.cards.filter((card) => !isDone(card)).map((card) => card.stack.id));
    return this.stacks - open.size;
  }
}

export function isDone(card) {
  return card.codes.every((code) => code !== null);
}

/** codes are by stored slice, as the server has them; draft is a range of places, not sent yet. */
function cardOf({ stack, uncertainty }, { phase, name, codes }) {
  return { stack, phase, name, codes, uncertainty, places: places(stack), draft: null, opinion: null };
}
