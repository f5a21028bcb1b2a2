// Three planes of one volume at one phase, linked by a cross-hair, drawn alike.
import { greyTable } from "../label/grey.js";
import { maskTable } from "./overlay.js";
import { PlaneView } from "./plane_view.js";
import { cut, geometryOf, indexAt, planesOf, shareOf } from "./reslice.js";

const AXES = { x: "columns", y: "rows", z: "slices" };

export class Scene {
  views;
  point = { x: 0, y: 0, z: 0 };
  active = 0;
  look = { overlays: true, inverted: false, smooth: true, opacity: 0.35, style: "both", hidden: new Set() };
  window = null;
  images = null;
  mask = null;
  onChange = () => {};
  #figures;
  #geometry = null;
  #planes = [];
  #cuts = [];
  #first = null;
  #frame = 0;

  constructor(figures) {
    this.#figures = figures;
    this.views = figures.map((figure) => new PlaneView(figure.querySelector("canvas")));
    this.enlarge(0, { focus: false });
  }

  get planes() {
    return this.#planes;
  }

  /** The window that the stack came with. */
  get firstWindow() {
    return this.#first;
  }

  clear() {
    this.images = this.mask = this.window = null;
    for (const figure of this.#figures) figure.classList.add("skeleton");
  }

  open(stack, volume) {
    this.#geometry = geometryOf(stack, volume);
    this.#planes = planesOf(this.#geometry);
    this.#cuts = this.#planes.map(({ wide, high }) => ({ values: new Uint16Array(wide.pixels * high.pixels), mask: new Uint8Array(wide.pixels * high.pixels) }));
    this.point = { x: stack.columns >> 1, y: stack.rows >> 1, z: stack.slices >> 1 };
    this.volume = volume;
    for (const view of this.views) view.reset();
  }

  show(images, mask) {
    const first = !this.images;
    [this.images, this.mask] = [images, mask];
    if (first) {
      this.window = this.#first = images.window;
      if (mask) this.#lookAt(mask);
    }
    for (const figure of this.#figures) figure.classList.remove("skeleton");
    this.draw();
  }

  change(look) {
    Object.assign(this.look, look);
    this.draw();
  }

  setWindow(window) {
    this.window = window;
    this.draw();
  }

  reset() {
    this.window = this.#first;
    this.look.inverted = false;
    const { columns, rows, slices } = this.#geometry.stack;
    this.point = { x: columns >> 1, y: rows >> 1, z: slices >> 1 };
    if (this.mask) this.#lookAt(this.mask);
    for (const view of this.views) view.reset();
    this.draw();
  }

  zoom(factor) {
    this.views[this.active].zoomAt(factor, 0, 0);
  }

  activate(index) {
    this.active = index;
    this.#figures.forEach((figure, at) => (figure.dataset.active = String(at === index)));
  }

  /** Make a plane the large one, and work in it. */
  enlarge(index, { focus = true } = {}) {
    this.#figures.forEach((figure, at) => figure.classList.toggle("large", at === index));
    this.activate(index);
    if (focus) this.views[index].canvas.focus({ preventScroll: true });
  }

  /** Move the cross-hair within the active plane, in pixels or slices. */
  nudge(right, down) {
    const { wide, high } = this.#planes[this.active];
    if (right) this.#move(wide.axis, wide.turned ? -right : right);
    if (down) this.#move(high.axis, high.turned ? -down : down);
  }

  /** Move across the active plane. */
  turn(step) {
    this.#move(this.#planes[this.active].across, step);
  }

  /** Put the cross-hair at a place on a plane, 0 to 1 from the left and the top. */
  pick(index, share) {
    const { wide, high } = this.#planes[index];
    this.#moveTo({ [wide.axis]: indexAt(this.#geometry, wide, share.x), [high.axis]: indexAt(this.#geometry, high, share.y) });
  }

  /** What is under the cross-hair: value in the scanner's unit, mask value, and the point, from 1. */
  under() {
    const { rows, columns } = this.#geometry.stack;
    const { x, y, z } = this.point;
    const at = (z * rows + y) * columns + x;
    return { value: this.images.values[at] * this.images.slope + this.images.intercept, mask: this.mask?.[at] ?? 0, x, y, z };
  }

  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawAll();
    });
  }

  #drawAll() {
    if (!this.images) return;
    const table = greyTable(this.window, this.images, this.look.inverted);
    const { classes } = this.volume;
    const colours = maskTable(classes, this.look.hidden);
    this.#planes.forEach((plane, index) => {
      const { values, mask } = this.#cuts[index];
      this.views[index].show(plane, {
        ...this.look,
        values: cut(this.#geometry, plane, this.images.values, this.point, this.look.smooth, values),
        mask: this.mask && cut(this.#geometry, plane, this.mask, this.point, false, mask),
        table,
        maskTable: colours,
        classes,
        point: this.#crossHair(plane),
        caption: this.#caption(plane),
        hasScale: Boolean(this.#geometry.stack.spacing),
      });
      this.views[index].canvas.setAttribute("aria-label", `${this.#caption(plane)}${this.mask ? ", with mask" : ""}`);
    });
    this.onChange();
    dispatchEvent(new CustomEvent("medgraft-planes"));
  }

  #caption(plane) {
    const unit = plane.across === "z" ? "slice" : AXES[plane.across].slice(0, -1);
    return `${plane.name}   ${unit} ${this.point[plane.across] + 1} / ${plane.count}`;
  }

  #crossHair({ wide, high }) {
    return { x: shareOf(this.#geometry, wide, this.point), y: shareOf(this.#geometry, high, this.point) };
  }

  #move(axis, step) {
    this.#moveTo({ [axis]: this.point[axis] + step });
  }

  #moveTo(wanted) {
    const { columns, rows, slices } = this.#geometry.stack;
    const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
    const { x, y, z } = { ...this.point, ...wanted };
    this.point = { x: within(x, columns), y: within(y, rows), z: within(z, slices) };
    this.draw();
  }

  /** The cross-hair at the middle of what a mask marks. */
  #lookAt(mask) {
    const { columns, rows } = this.#geometry.stack;
    let [n, x, y, z] = [0, 0, 0, 0];
    for (let at = 0; at < mask.length; at++) {
      if (!mask[at]) continue;
      n += 1;
      x += at % columns;
      y += Math.floor(at / columns) % rows;
      z += Math.floor(at / (columns * rows));
    }
    if (n) this.point = { x: Math.round(x / n), y: Math.round(y / n), z: Math.round(z / n) };
  }
}
