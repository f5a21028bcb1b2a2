// The worklist as cards: one stack at one phase each, in the order of work.
import { ask } from "./server.js";
import { Card } from "./card.js";

export class Worklist {
  task = null;
  hasModel = false;
  cards = [];
  #stacks = [];
  #byPlace = new Map();
  #asked = 0;

  /** Fetch the worklist of a task in an order; what is marked on its cards stays. False if it was asked for again. */
  async load(task, order, reading = null, worklist = null) {
    const wanted = new URLSearchParams({ order, ...(reading && { reading }), ...(worklist && { worklist }) });
    const turn = ++this.#asked;
    const found = await ask(`/tasks/${encodeURIComponent(task)}/worklist?${wanted}`);
    if (turn !== this.#asked) return false;
    const before = this.task?.name === found.task.name ? this.cards : [];
    this.task = found.task;
    this.hasModel = found.has_model;
    const items = found.items.filter((item) => item.asked.length);
    this.unnamed = found.items.length - items.length;
    this.#stacks = items.map((item) => item.stack.id);
    this.cards = items.flatMap((item) => item.asked.map((asked) => new Card(this.task, item, asked)));
    this.#byPlace = new Map(this.cards.map((card, at) => [`${card.stack.id}/${card.phase}`, at]));
    for (const { stack, phase, draft, opinion } of before) Object.assign(this.cards[this.indexOf(stack.id, phase)] ?? {}, { draft, opinion });
    return true;
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
    return order.find((index) => !this.cards[index].isDone) ?? -1;
  }

  /** How many cards lack a label. */
  get left() {
    return this.cards.filter((card) => !card.isDone).length;
  }

  /** Stacks of which every phase is labelled. */
  get done() {
    const open = new Set(this.cards.filter((card) => !card.isDone).map((card) => card.stack.id));
    return this.stacks - open.size;
  }
}
