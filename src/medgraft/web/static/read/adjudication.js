// What readers disagree on, one after the other: both ranges on one bar under the slices, decided with one key.
import { describe, listen, showHelp } from "../keys.js";
import { ActHistory } from "../label/act_history.js";
import { changesOf, codesOf, innerCode, marked, places } from "../label/anatomy.js";
import { Desk } from "../label/desk.js";
import { windowText } from "../label/grey.js";
import { Outbox } from "../label/outbox.js";
import { PixelCache } from "../label/pixel_cache.js";
import { showOutbox } from "../label/saved_light.js";
import { ask } from "../label/server.js";
import { Sheet } from "../label/sheet.js";
import { tell } from "../message.js";
import { element } from "./element.js";
import { KEYS, keysOf } from "./keys.js";
import { drawLanes } from "./lanes.js";
import { drawQueue } from "./queue.js";

const $ = (id) => document.getElementById(id);
const UNSAVED = "Not saved yet: Enter saves it.";

export class Adjudication {
  #round;
  #me;
  #mayDecide;
  #cache = new PixelCache();
  #sheet = new Sheet($("sheet"), (place) => this.#turn(place));
  #desk = new Desk(this.#cache, this.#sheet, { large: $("large"), before: $("before"), after: $("after") }, $("pair"));
  #outbox = null;
  #history = null;
  #task = null;
  #cards = [];
  #at = 0;
  #place = 0;

  constructor({ round, me, mayDecide }) {
    this.#round = round;
    this.#me = me;
    this.#mayDecide = mayDecide;
  }

  get #path() {
    return `/readings/${encodeURIComponent(this.#round.name)}`;
  }

  get #card() {
    return this.#cards[this.#at];
  }

  async begin() {
    const found = await ask(`${this.#path}/disagreements`);
    this.#task = found;
    this.#cards = found.items.map(cardOf);
    if (!this.#cards.length) return this.#nothingToDecide();
    this.#wire();
    const wanted = new URLSearchParams(location.search).get("stack");
    const first = wanted ? this.#cards.findIndex((card) => card.stack.id === wanted) : this.#cards.findIndex((card) => !card.decision);
    $("adjudicate").hidden = false;
    $("read").dataset.state = "ready";
    this.#open(Math.max(first, 0));
  }

  #nothingToDecide() {
    const way = `/read?${new URLSearchParams({ round: this.#round.name, view: "agreement" })}`;
    tell($("read"), "empty", "No disagreement", "All readers labelled every slice alike. There is nothing to decide.", ["See the agreement", way]);
  }

  #wire() {
    $("saved").hidden = $("help-button").hidden = false;
    $("help-button").addEventListener("click", () => showHelp($("help")));
    describe($("help-keys"), keysOf(this.#task));
    listen(KEYS, (name) => this.#actions[name](), (digit) => this.#take(Number(digit) - 1));
    this.#desk.onWindow = (window, inverted) => ($("window-text").textContent = windowText(window, inverted));
    this.#desk.onFailed = (error) => advise(`The images could not be fetched: ${error.message}`);
    const mine = `decisions-${this.#me.project_id}-${this.#me.reader}`;
    this.#history = new ActHistory(`${mine}-${this.#round.name}`);
    this.#outbox = new Outbox(mine);
    showOutbox($("saved"), this.#outbox);
    this.#outbox.addEventListener("saved", ({ detail: { act, answer } }) => this.#saved(act, answer));
    this.#outbox.addEventListener("refused", ({ detail: { error } }) => advise(error.message));
    if (this.#outbox.waiting.length) this.#outbox.run();
  }

  #actions = {
    first: () => this.#setEnd("first"),
    last: () => this.#setEnd("last"),
    accept: () => this.#accept(),
    undo: () => this.#undo(),
    left: () => this.#turn(this.#place - 1),
    right: () => this.#turn(this.#place + 1),
    previous: () => this.#open(this.#at - 1),
    next: () => this.#open(this.#at + 1),
    nextUndecided: () => this.#nextUndecided(),
    cine: () => this.#cine(),
    invert: () => this.#desk.invert(),
    hide: () => this.#desk.hide(),
    smooth: () => this.#desk.smooth(),
    reset: () => this.#desk.reset(),
    zoomIn: () => this.#desk.zoom(1.25),
    zoomOut: () => this.#desk.zoom(0.8),
    help: () => showHelp($("help")),
  };

  /** As a reader said, at once. */
  #take(index) {
    const said = this.#card.said[index];
    if (!said) return advise(`There are ${this.#card.said.length} readers: ${this.#card.said.map(({ reader }, at) => `${at + 1} is ${reader}`).join(", ")}.`);
    this.#decide(said.codes);
  }

  #setEnd(end) {
    const card = this.#card;
    const codes = this.#byPlace(card.draft ?? card.decision?.codes ?? card.said[0].codes);
    const changes = marked(this.#task, changesOf(this.#task, codes), codes.length, end, this.#place);
    const along = codesOf(this.#task, codes.length, changes);
    card.draft = codes.map((_, slice) => along[card.places.indexOf(slice)]);
    this.#show();
    advise(UNSAVED);
  }

  #accept() {
    const { draft, decision } = this.#card;
    if (draft) this.#decide(draft);
    else if (decision) this.#nextUndecided();
    else advise("Decide first: a digit takes what that reader said, f and l set the range.");
  }

  #decide(codes) {
    if (!this.#mayDecide) return advise("Deciding is an adjudicator's act, and your account is not one's.");
    const card = this.#card;
    const act = crypto.randomUUID();
    const body = { act, stack: card.stack.id, phase: card.phase, codes };
    card.draft = null;
    this.#history.push({ act, stack: body.stack, phase: body.phase, slice: card.differing[0] });
    this.#outbox.post(`${this.#path}/decisions`, body);
  }

  #undo() {
    if (this.#card.draft) {
      this.#card.draft = null;
      this.#show();
      return advise("The range that was not saved is gone.");
    }
    const last = this.#history.pop();
    if (last) this.#outbox.post(`${this.#path}/decisions/undo`, last);
    else advise("Nothing was decided in this browser that could be undone.");
  }

  /** The server has it: show it, and go on. */
  #saved(sent, answer) {
    const undone = sent.path.endsWith("/undo");
    const result = undone ? answer.saved : answer;
    const index = this.#cards.findIndex(({ stack, phase }) => stack.id === sent.body.stack && phase === sent.body.phase);
    if (!result || index < 0) return;
    const decided = result.codes.some((code) => code !== null);
    this.#cards[index].decision = decided ? { by: this.#me.reader, at: result.at, codes: result.codes } : null;
    if (undone) {
      this.#open(index);
      return advise("Undone.");
    }
    if (index === this.#at) this.#nextUndecided();
    else this.#show();
  }

  #nextUndecided() {
    const order = this.#cards.map((_, step) => (this.#at + 1 + step) % this.#cards.length);
    const next = order.find((index) => !this.#cards[index].decision);
    if (next !== undefined) return this.#open(next);
    this.#show();
    advise("That was the last one: every disagreement is decided.");
  }

  async #cine() {
    if (this.#desk.playing) return this.#desk.stop();
    if (this.#card.stack.phases < 2) return advise("This stack has one phase: there is no cine.");
    await this.#desk.play().catch((error) => advise(error.message));
  }

  #open(index) {
    if (index < 0 || index >= this.#cards.length) return;
    this.#at = index;
    const card = this.#card;
    this.#place = Math.min(...card.differing.map((slice) => card.places.indexOf(slice)));
    this.#desk.open(card, this.#place);
    document.querySelector(".adjudicate .contact").style.setProperty("--count", card.stack.slices);
    advise("");
    this.#show();
    this.#cache.prefetch(this.#cards.slice(index + 1, index + 2), () => this.#at === index);
  }

  #turn(to) {
    if (to < 0 || to >= this.#card.stack.slices) return;
    this.#place = to;
    this.#desk.turn(to);
    this.#show();
  }

  #show() {
    const card = this.#card;
    const classes = new Map(this.#task.classes.map((item) => [item.code, item]));
    const now = card.draft ?? card.decision?.codes ?? null;
    const marks = card.places.map((slice) => (now ? { ...classes.get(now[slice]), draft: Boolean(card.draft) } : null));
    this.#sheet.mark(marks);
    this.#sheet.choose(this.#place);
    drawLanes($("lanes"), card, classes, this.#place);
    drawQueue($("queue"), this.#cards, this.#at, (index) => this.#open(index));
    $("verdicts").replaceChildren(...this.#verdicts());
    $("slice-said").replaceChildren(...this.#saidOfSlice());
  }

  #verdicts() {
    const { said, decision } = this.#card;
    const buttons = said.map(({ reader }, index) => element("button", { type: "button", class: "button", disabled: !this.#mayDecide, onclick: () => this.#take(index) }, element("kbd", {}, String(index + 1)), `as ${reader} said`));
    const set = element("span", { class: "dim" }, element("kbd", {}, "f"), " ", element("kbd", {}, "l"), ` set the ${innerCode(this.#task) ? "range" : "levels"}, `, element("kbd", {}, "Enter"), " saves it");
    const undo = element("button", { type: "button", class: "button", disabled: !this.#mayDecide, onclick: () => this.#undo() }, element("kbd", {}, "u"), "undo");
    const done = element("span", { class: "dim decided" }, decision ? `✓ decided by ${decision.by}` : this.#mayDecide ? "to decide" : "an adjudicator decides");
    return [...buttons, ...(this.#mayDecide ? [set, undo] : []), done];
  }

  #saidOfSlice() {
    const { said, decision, draft, places: along } = this.#card;
    const slice = along[this.#place];
    const lines = said.map(({ reader, codes }) => [reader, codes[slice]]);
    const decided = draft ?? decision?.codes;
    lines.push([draft ? "not saved yet" : "decided", decided?.[slice] ?? "–"]);
    return lines.flatMap(([name, code]) => [element("dt", {}, name), element("dd", {}, code)]);
  }

  #byPlace(stored) {
    return this.#card.places.map((slice) => stored[slice]);
  }
}

function cardOf(item) {
  return { ...item, name: item.phase_name, places: places(item.stack), draft: null };
}

function advise(text) {
  $("advice").textContent = text;
}
