// The images of a card: contact sheet, large slice, ED beside ES, neighbours; window and level, cine.
import { Cine } from "../cine.js";
import { draggedWindow, greyTable } from "./grey.js";
import { SliceView } from "./slice_view.js";

export class Desk {
  #cache;
  #sheet;
  #views;
  #card = null;
  #place = 0;
  #window = null;
  #first = null;
  #inverted = false;
  #tables = new Map();
  #moving = null;
  #cine = new Cine((phase) => this.#drawMoving(phase));
  #frame = 0;
  onWindow = () => {};
  onDrawn = () => {};
  onFailed = () => {};

  /** views: canvases by name: large, before, after. pair: where ED and ES go. */
  constructor(cache, sheet, canvases, pair) {
    this.#cache = cache;
    this.#sheet = sheet;
    this.#views = Object.fromEntries(Object.entries(canvases).map(([name, canvas]) => [name, new SliceView(canvas)]));
    this.pair = new PhasePair(pair);
    this.#steer(canvases.large);
  }

  get playing() {
    return this.#moving !== null;
  }

  /** Show a card; at once if its images are here. */
  open(card, place) {
    const another = this.#card?.stack.id !== card.stack.id;
    this.stop();
    this.#card = card;
    this.#place = place;
    if (another) {
      this.#window = null;
      this.#sheet.build(card.stack);
      this.pair.build(card.stack);
      this.#views.large.reset();
    }
    if (this.#images(card.phase)) this.#drawAll();
    else this.#fetch(card);
  }

  /** Show another slice of the card. */
  turn(place) {
    this.#place = place;
    if (this.playing) this.play();
    this.#drawSlice();
  }

  invert() {
    this.#inverted = !this.#inverted;
    this.#drawAll();
  }

  hide() {
    this.#eachView((view) => (view.overlays = !view.overlays));
  }

  smooth() {
    this.#eachView((view) => (view.smooth = !view.smooth));
  }

  zoom(factor) {
    this.#views.large.zoomAt(factor, 0, 0);
  }

  reset() {
    this.#window = this.#first;
    this.#inverted = false;
    this.#views.large.reset();
    this.#drawAll();
  }

  /** Play the phases of the slice at hand, about one heartbeat a second. */
  async play() {
    const { stack, places, phase } = this.#card;
    const moving = (this.#moving = { images: null });
    this.#cine.stop();
    try {
      moving.images = await this.#cache.cine(stack.id, places[this.#place]);
    } catch (error) {
      this.stop();
      throw error;
    }
    if (this.#moving === moving) this.#cine.play(moving.images.count, phase);
  }

  stop() {
    if (!this.playing) return;
    this.#cine.stop();
    this.#moving = null;
    if (this.#card) this.#drawSlice();
  }

  async #fetch(card) {
    this.#eachView((view) => view.clear());
    try {
      await this.#cache.phase(card.stack.id, card.phase);
      if (this.#card === card) this.#drawAll();
    } catch (error) {
      if (this.#card === card) this.onFailed(error);
    }
  }

  #images(phase) {
    return this.#cache.now(this.#card.stack.id, phase);
  }

  #drawAll() {
    const images = this.#images(this.#card.phase);
    if (!images) return;
    if (!this.#window) this.#first = this.#window = images.window;
    this.#tables.clear();
    this.#sheet.paint(images, this.#card.places, this.#table(images));
    this.#drawSlice();
    this.onWindow(this.#window, this.#inverted);
    this.onDrawn(this.#card);
  }

  #drawSlice() {
    const images = this.#images(this.#card.phase);
    if (!images) return;
    const { stack } = this.#card;
    if (!this.playing) this.#show("large", images, this.#place, this.#caption());
    this.#show("before", images, this.#place - 1, `slice ${this.#place}`);
    this.#show("after", images, this.#place + 1, `slice ${this.#place + 2}`);
    for (const { phase, view, name } of this.pair.phases) {
      const its = this.#images(phase);
      if (its) view.show(stack, its, this.#stored(this.#place), this.#table(its), name);
      else this.#cache.phase(stack.id, phase).then(() => this.#card?.stack === stack && this.#drawSlice(), () => {});
    }
    this.pair.choose(this.#card.phase);
  }

  #drawMoving(phase) {
    const { images } = this.#moving;
    const caption = `${this.#caption()}  phase ${phase + 1} / ${images.count}`;
    this.#views.large.show(this.#card.stack, images, phase, this.#table(images), caption);
  }

  #show(name, images, place, caption) {
    const view = this.#views[name];
    if (place < 0 || place >= this.#card.stack.slices) view.clear();
    else view.show(this.#card.stack, images, this.#stored(place), this.#table(images), caption);
  }

  #stored(place) {
    return this.#card.places[place];
  }

  #caption() {
    const { stack, name } = this.#card;
    return `${name.toUpperCase()}  slice ${this.#place + 1} / ${stack.slices}`;
  }

  /** One table for all images of one scale: those of a stack's phases nearly always are. */
  #table(images) {
    const key = `${images.slope} ${images.intercept}`;
    if (!this.#tables.has(key)) this.#tables.set(key, greyTable(this.#window, images, this.#inverted));
    return this.#tables.get(key);
  }

  #eachView(change) {
    for (const view of [...Object.values(this.#views), ...this.pair.phases.map((phase) => phase.view)]) {
      change(view);
      view.draw();
    }
  }

  /** Drag: pan, or window and level with the right button or Shift. Wheel: zoom. */
  #steer(canvas) {
    let from = null;
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.#window) return;
      canvas.setPointerCapture(event.pointerId);
      const level = event.button === 2 || event.shiftKey;
      from = { x: event.clientX, y: event.clientY, level, window: this.#window, pan: this.#views.large.pan };
    });
    canvas.addEventListener("pointerup", () => (from = null));
    canvas.addEventListener("pointermove", (event) => {
      if (!from || !canvas.hasPointerCapture(event.pointerId)) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (from.level) this.#setWindow(draggedWindow(from.window, dx, dy, this.#first));
      else {
        this.#views.large.pan = { x: from.pan.x + dx, y: from.pan.y + dy };
        this.#views.large.draw();
      }
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { left, top, width, height } = canvas.getBoundingClientRect();
      this.#views.large.zoomAt(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientX - left - width / 2, event.clientY - top - height / 2);
    }, { passive: false });
  }

  #setWindow(window) {
    this.#window = window;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawAll();
    });
  }
}

/** ED beside ES, of stacks that name them. */
class PhasePair {
  phases = [];
  #root;

  constructor(root) {
    this.#root = root;
  }

  build(stack) {
    const names = Object.entries(stack.named_phases).sort(([, a], [, b]) => a - b).slice(0, 2);
    const { overlays = true, smooth = true } = this.phases[0]?.view ?? {};
    while (this.phases.length > names.length) this.phases.pop().figure.remove();
    names.forEach(([name, phase], at) => {
      this.phases[at] ??= this.#figure();
      Object.assign(this.phases[at], { name: name.toUpperCase(), phase });
      Object.assign(this.phases[at].view, { overlays, smooth });
      this.phases[at].view.clear();
    });
    this.#root.closest("section").hidden = !names.length;
  }

  choose(phase) {
    for (const one of this.phases) one.figure.setAttribute("aria-current", String(one.phase === phase));
  }

  #figure() {
    const figure = this.#root.appendChild(document.createElement("figure"));
    return { figure, view: new SliceView(figure.appendChild(document.createElement("canvas"))) };
  }
}
