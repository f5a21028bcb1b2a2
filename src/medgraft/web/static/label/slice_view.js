// One slice on a canvas: true sides, and what may be written over it.
import { FittedCanvas, withInk, write, writeScale } from "../canvas.js";
import { aspectOf, paint } from "./grey.js";

const SMALL = 240; // too small for more than a caption

export class SliceView extends FittedCanvas {
  #image = document.createElement("canvas");
  smooth = true;
  overlays = true;
  stack = null;

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

  drawOn(context) {
    if (!this.stack) return;
    const shown = this.#place();
    context.imageSmoothingEnabled = this.smooth;
    context.drawImage(this.#image, shown.x, shown.y, shown.width, shown.height);
    if (this.overlays) withInk(context, () => this.#write(context, shown));
  }

  /** Where the image lies on the canvas. */
  #place() {
    const aspect = aspectOf(this.stack);
    const fitted = Math.min(this.box.width, this.box.height * aspect) * this.zoom;
    const [width, height] = [fitted, fitted / aspect];
    const x = (this.box.width - width) / 2 + this.pan.x;
    return { x, y: (this.box.height - height) / 2 + this.pan.y, width, height };
  }

  #write(context, shown) {
    const { width, height } = this.box;
    if (this.caption) write(context, this.caption, 10, 18, "left");
    if (Math.min(width, height) < SMALL) return;
    const [left, right] = [Math.max(shown.x, 0), Math.min(shown.x + shown.width, width)];
    if (this.stack.edges) this.#writeEdges(context, left, right);
    if (!this.stack.spacing) return;
    const perMm = shown.width / (this.stack.columns * this.stack.spacing[2]);
    writeScale(context, perMm, right - 12, height - 14, width / 3);
  }

  #writeEdges(context, x0, x1) {
    const [top, right, bottom, left] = this.stack.edges;
    const { height } = this.box;
    write(context, top, (x0 + x1) / 2, 18, "center");
    write(context, bottom, (x0 + x1) / 2, height - 10, "center");
    write(context, left, x0 + 10, height / 2, "left");
    write(context, right, x1 - 10, height / 2, "right");
  }
}
