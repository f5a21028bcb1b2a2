// One plane on a canvas: image and mask with true sides, cross-hair, letters, scale bar.
import { FittedCanvas, withInk, write, writeScale } from "../canvas.js";
import { paint } from "../label/grey.js";
import { contours, paintMask } from "./overlay.js";

const GAP = 14; // of the cross-hair about its centre
const MARGIN = 28; // for the letters

export class PlaneView extends FittedCanvas {
  plane = null;
  #image = document.createElement("canvas");
  #mask = document.createElement("canvas");
  #shown = null;
  #paths = [];

  /**
   * Show a cut. shown: `{values, mask, table, maskTable, classes, hidden, point, caption, smooth, overlays, opacity,
   * style}`; point: the cross-hair, 0 to 1 from the left and the top; mask: null where there is none.
   */
  show(plane, shown) {
    const { wide, high } = plane;
    this.plane = plane;
    this.#shown = shown;
    paint(this.#image, { rows: high.pixels, columns: wide.pixels, values: shown.values }, 0, shown.table);
    this.#paths = [];
    if (shown.mask) {
      paintMask(this.#mask, shown.mask, wide.pixels, high.pixels, shown.maskTable);
      this.#paths = contours(shown.mask, wide.pixels, high.pixels, shown.classes, shown.hidden);
    }
    this.draw();
  }

  clear() {
    this.#shown = null;
    this.draw();
  }

  /** Where on the image a point of the canvas is, 0 to 1 from the left and the top; within the image. */
  shareAt(x, y) {
    const place = this.#place();
    const share = (at, first, length) => Math.min(Math.max((at - first) / length, 0), 1 - 1e-9);
    return { x: share(x, place.x, place.width), y: share(y, place.y, place.height) };
  }

  drawOn(context) {
    if (!this.#shown) return;
    const place = this.#place();
    context.imageSmoothingEnabled = this.#shown.smooth;
    context.drawImage(this.#image, place.x, place.y, place.width, place.height);
    if (!this.#shown.overlays) return;
    if (this.#shown.mask) this.#drawMask(context, place);
    this.#drawCrossHair(context, place);
    withInk(context, () => this.#write(context, place));
  }

  #place() {
    const { wide, high } = this.plane;
    const room = { width: this.box.width - 2 * MARGIN, height: this.box.height - 2 * MARGIN };
    const scale = Math.min(room.width / wide.mm, room.height / high.mm) * this.zoom;
    const [width, height] = [wide.mm * scale, high.mm * scale];
    const x = (this.box.width - width) / 2 + this.pan.x;
    return { x, y: (this.box.height - height) / 2 + this.pan.y, width, height, scale };
  }

  #drawMask(context, place) {
    const { opacity, style } = this.#shown;
    const { wide, high } = this.plane;
    if (style !== "contour") {
      context.imageSmoothingEnabled = false;
      context.globalAlpha = opacity;
      context.drawImage(this.#mask, place.x, place.y, place.width, place.height);
      context.globalAlpha = 1;
    }
    if (style === "fill") return;
    const [across, down] = [place.width / wide.pixels, place.height / high.pixels];
    const scaling = new DOMMatrix([across, 0, 0, down, place.x, place.y]);
    context.lineWidth = 1.5;
    for (const { colour, path } of this.#paths) {
      const placed = new Path2D();
      placed.addPath(path, scaling);
      context.strokeStyle = colour;
      context.stroke(placed);
    }
  }

  #drawCrossHair(context, place) {
    const x = place.x + this.#shown.point.x * place.width;
    const y = place.y + this.#shown.point.y * place.height;
    const lines = [
      [place.x, y, x - GAP, y], [x + GAP, y, place.x + place.width, y],
      [x, place.y, x, y - GAP], [x, y + GAP, x, place.y + place.height],
    ];
    context.beginPath();
    for (const [x0, y0, x1, y1] of lines) {
      if (x1 < x0 || y1 < y0) continue;
      context.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
      context.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
    }
    context.lineWidth = 3;
    context.strokeStyle = "rgb(0 0 0 / 45%)";
    context.stroke();
    context.lineWidth = 1;
    context.strokeStyle = "rgb(255 255 255 / 75%)";
    context.stroke();
  }

  #write(context, place) {
    const { width, height } = this.box;
    write(context, this.#shown.caption, 10, 18, "left");
    const { wide, high } = this.plane;
    const [x0, x1] = [Math.max(place.x, MARGIN), Math.min(place.x + place.width, width - MARGIN)];
    const [y0, y1] = [Math.max(place.y, MARGIN), Math.min(place.y + place.height, height - MARGIN)];
    if (wide.ends) {
      write(context, wide.ends[0], x0 - 8, (y0 + y1) / 2 + 4, "right");
      write(context, wide.ends[1], x1 + 8, (y0 + y1) / 2 + 4, "left");
    }
    if (high.ends) {
      write(context, high.ends[0], (x0 + x1) / 2, y0 - 8, "center");
      write(context, high.ends[1], (x0 + x1) / 2, y1 + 18, "center");
    }
    if (this.#shown.hasScale) writeScale(context, place.scale, width - 12, height - 12, width / 4);
  }
}
