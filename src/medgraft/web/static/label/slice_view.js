// One slice on a canvas: true sides, zoom and pan, and what may be written over it.
import { aspectOf, paint } from "./grey.js";

const FONT = "12px system-ui, sans-serif";
const SMALL = 240; // too small for more than a caption
const SCALE_BARS = [100, 50, 20, 10, 5];

export class SliceView {
  #canvas;
  #image = document.createElement("canvas");
  #box = { width: 0, height: 0 };
  zoom = 1;
  pan = { x: 0, y: 0 };
  smooth = true;
  overlays = true;
  stack = null;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(([entry]) => this.#fit(entry.contentRect)).observe(canvas);
  }

  /** Show image `index` of `images`, which belong to `stack`; `caption` is written at the top left. */
  show(stack, images, index, table, caption = "") {
    this.stack = stack;
    this.caption = caption;
    paint(this.#image, images, index, table);
    this.draw();
  }

  clear() {
    this.stack = null;
    this.draw();
  }

  reset() {
    this.zoom = 1;
    this.pan = { x: 0, y: 0 };
    this.draw();
  }

  /** Zoom by a factor about a point of the canvas, in CSS pixels from its centre. */
  zoomAt(factor, x, y) {
    const zoom = Math.min(Math.max(this.zoom * factor, 1), 12);
    const scale = zoom / this.zoom;
    this.pan = { x: x - (x - this.pan.x) * scale, y: y - (y - this.pan.y) * scale };
    if (zoom === 1) this.pan = { x: 0, y: 0 };
    this.zoom = zoom;
    this.draw();
  }

  draw() {
    const { width, height } = this.#box;
    if (!width || !height) return;
    const context = this.#canvas.getContext("2d", { alpha: false });
    const pixel = devicePixelRatio;
    context.setTransform(pixel, 0, 0, pixel, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    if (!this.stack) return;
    const shown = this.#place();
    context.imageSmoothingEnabled = this.smooth;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#image, shown.x, shown.y, shown.width, shown.height);
    if (this.overlays) this.#write(context, shown);
  }

  #fit({ width, height }) {
    this.#box = { width, height };
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.draw();
  }

  /** Where the image lies on the canvas, in CSS pixels. */
  #place() {
    const aspect = aspectOf(this.stack);
    const fitted = Math.min(this.#box.width, this.#box.height * aspect) * this.zoom;
    const [width, height] = [fitted, fitted / aspect];
    const x = (this.#box.width - width) / 2 + this.pan.x;
    return { x, y: (this.#box.height - height) / 2 + this.pan.y, width, height };
  }

  #write(context, shown) {
    const { width, height } = this.#box;
    context.font = FONT;
    context.fillStyle = "#fff";
    context.shadowColor = "#000";
    context.shadowBlur = 3;
    if (this.caption) place(context, this.caption, 10, 18, "left");
    const small = Math.min(width, height) < SMALL;
    if (this.stack.edges && !small) {
      const [top, right, bottom, left] = this.stack.edges;
      const [x0, x1] = [Math.max(shown.x, 0), Math.min(shown.x + shown.width, width)];
      place(context, top, (x0 + x1) / 2, 18, "center");
      place(context, bottom, (x0 + x1) / 2, height - 10, "center");
      place(context, left, x0 + 10, height / 2, "left");
      place(context, right, x1 - 10, height / 2, "right");
    }
    if (this.stack.spacing && !small) this.#writeScale(context, shown);
    context.shadowBlur = 0;
  }

  #writeScale(context, shown) {
    const { width, height } = this.#box;
    const perMm = shown.width / (this.stack.columns * this.stack.spacing[2]);
    const mm = SCALE_BARS.find((length) => length * perMm < width / 3) ?? SCALE_BARS.at(-1);
    const right = Math.min(shown.x + shown.width, width) - 12;
    context.fillRect(right - mm * perMm, height - 14, mm * perMm, 2);
    place(context, `${mm} mm`, right, height - 20, "right");
  }
}

function place(context, text, x, y, align) {
  context.textAlign = align;
  context.fillText(text, x, y);
}
