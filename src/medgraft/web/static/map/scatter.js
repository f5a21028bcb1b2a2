// Points on a canvas: zoom and pan, the nearest to the pointer, a lasso.
import { trace } from "./colours.js";
import { inside } from "./lasso.js";

const NEAR = 14;
const MARGIN = 28;

export class Scatter {
  #canvas;
  #box = { width: 0, height: 0 };
  #points = [];
  #looks = null;
  #fit = { scale: 1, x: 0, y: 0 };
  #zoom = 1;
  #pan = { x: 0, y: 0 };
  #lasso = null;
  #drag = null;
  hovered = -1;
  selected = new Set();

  /** `on`: {hover(index), open(index), select()}. */
  constructor(canvas, on) {
    this.#canvas = canvas;
    this.on = on;
    new ResizeObserver(([entry]) => this.#resize(entry.contentRect)).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", () => this.#forget());
    canvas.addEventListener("pointerleave", () => !this.#drag && this.#hover(-1));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("medgraft-theme", () => this.draw());
  }

  /** points: {x, y, ...}; looks: how they are drawn. */
  show(points, looks) {
    this.#points = points;
    this.#looks = looks;
    this.#measure();
    this.draw();
  }

  colour(looks) {
    this.#looks = looks;
    this.draw();
  }

  draw() {
    const { width, height } = this.#box;
    if (!width || !this.#looks) return;
    const context = this.#canvas.getContext("2d");
    const pixel = devicePixelRatio;
    context.setTransform(pixel, 0, 0, pixel, 0, 0);
    context.clearRect(0, 0, width, height);
    const ink = getComputedStyle(this.#canvas).color;
    const chosen = this.selected.size > 0;
    this.#points.forEach((point, at) => {
      const look = this.#looks.of(point);
      const [x, y] = this.place(at);
      context.globalAlpha = chosen && !this.selected.has(at) ? 0.22 : 0.88;
      context.fillStyle = look.colour;
      context.beginPath();
      trace(context, look.shape, x, y, 4);
      context.fill();
      if (!this.selected.has(at)) return;
      context.strokeStyle = ink;
      context.lineWidth = 1;
      context.stroke();
    });
    context.globalAlpha = 1;
    context.strokeStyle = ink;
    if (this.hovered >= 0) this.#ring(context, this.hovered);
    if (this.#lasso) this.#drawLasso(context);
  }

  /** Where a point is on the canvas, in CSS pixels. */
  place(at) {
    const { scale, x, y } = this.#fit;
    const { width, height } = this.#box;
    const point = this.#points[at];
    return [(point.x - x) * scale * this.#zoom + width / 2 + this.#pan.x, (point.y - y) * scale * this.#zoom + height / 2 + this.#pan.y];
  }

  clear() {
    this.selected.clear();
    this.on.select();
    this.draw();
  }

  select(indices) {
    for (const at of indices) this.selected.add(at);
    this.on.select();
    this.draw();
  }

  #resize({ width, height }) {
    this.#box = { width, height };
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.#measure();
    this.draw();
  }

  #measure() {
    if (!this.#points.length || !this.#box.width) return;
    const [xs, ys] = [this.#points.map((point) => point.x), this.#points.map((point) => point.y)];
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const room = [this.#box.width - 2 * MARGIN, this.#box.height - 2 * MARGIN];
    this.#fit = { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale: Math.min(room[0] / (x1 - x0 || 1), room[1] / (y1 - y0 || 1)) };
  }

  #nearest(x, y, most = NEAR) {
    let best = -1;
    let least = most ** 2;
    for (let at = 0; at < this.#points.length; at++) {
      const [px, py] = this.place(at);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) [best, least] = [at, distance];
    }
    return best;
  }

  #hover(at) {
    if (at === this.hovered) return;
    this.hovered = at;
    this.#canvas.style.cursor = at >= 0 ? "pointer" : "crosshair";
    this.on.hover(at);
    this.draw();
  }

  #press(event) {
    const from = [event.offsetX, event.offsetY];
    this.#canvas.setPointerCapture(event.pointerId);
    this.#drag = { from, last: from, moves: event.button !== 0, adds: event.shiftKey, far: false };
    if (!this.#drag.moves) this.#lasso = [from];
  }

  #move(event) {
    const now = [event.offsetX, event.offsetY];
    if (!this.#drag) return this.#hover(this.#nearest(...now));
    this.#drag.far ||= Math.hypot(now[0] - this.#drag.from[0], now[1] - this.#drag.from[1]) > 5;
    if (this.#drag.moves) this.#pan = { x: this.#pan.x + now[0] - this.#drag.last[0], y: this.#pan.y + now[1] - this.#drag.last[1] };
    else this.#lasso.push(now);
    this.#drag.last = now;
    this.draw();
  }

  #release() {
    const drag = this.#drag;
    const lasso = this.#lasso;
    this.#forget();
    if (!drag || drag.moves) return;
    if (!drag.far) {
      const at = this.#nearest(...drag.from);
      if (at >= 0) this.on.open(at);
      return;
    }
    if (!drag.adds) this.selected.clear();
    this.select([...this.#points.keys()].filter((at) => inside(lasso, ...this.place(at))));
  }

  #forget() {
    this.#drag = null;
    this.#lasso = null;
    this.draw();
  }

  #wheel(event) {
    event.preventDefault();
    const zoom = Math.min(Math.max(this.#zoom * 2 ** (-event.deltaY / 400), 1), 40);
    const [x, y] = [event.offsetX - this.#box.width / 2, event.offsetY - this.#box.height / 2];
    const ratio = zoom / this.#zoom;
    this.#pan = zoom === 1 ? { x: 0, y: 0 } : { x: x - (x - this.#pan.x) * ratio, y: y - (y - this.#pan.y) * ratio };
    this.#zoom = zoom;
    this.draw();
  }

  #key(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) this.#hover(this.#beside(way));
    else if (event.key === "Enter" && this.hovered >= 0) this.on.open(this.hovered);
    else if (event.key === "s" && this.hovered >= 0) this.#toggle(this.hovered);
    else if (event.key === "Escape") this.clear();
    else return;
    event.preventDefault();
  }

  #toggle(at) {
    if (!this.selected.delete(at)) this.selected.add(at);
    this.on.select();
    this.draw();
  }

  /** The nearest point in a direction; the one nearest to the middle to begin with. */
  #beside([dx, dy]) {
    if (this.hovered < 0) return this.#nearest(this.#box.width / 2, this.#box.height / 2, Infinity);
    const [x, y] = this.place(this.hovered);
    let best = this.hovered;
    let least = Infinity;
    for (let at = 0; at < this.#points.length; at++) {
      const [px, py] = this.place(at);
      const along = (px - x) * dx + (py - y) * dy;
      const across = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      if (along < 2 || across > along * 1.5) continue;
      if (along + 2 * across < least) [best, least] = [at, along + 2 * across];
    }
    return best;
  }

  #ring(context, at) {
    const [x, y] = this.place(at);
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.stroke();
  }

  #drawLasso(context) {
    context.lineWidth = 1.5;
    context.setLineDash([5, 4]);
    context.beginPath();
    this.#lasso.forEach(([x, y], at) => context[at ? "lineTo" : "moveTo"](x, y));
    context.closePath();
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 0.08;
    context.fillStyle = context.strokeStyle;
    context.fill();
    context.globalAlpha = 1;
  }
}
