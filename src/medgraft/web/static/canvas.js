// A canvas that fills its box at the screen's own pixels, with zoom and pan; words and a scale bar over an image.

const FONT = "12px system-ui, sans-serif";
const SCALE_BARS = [100, 50, 20, 10, 5];
const MOST_ZOOM = 12;

/** Subclasses say in `drawOn(context)` what is drawn; sizes are in CSS pixels. */
export class FittedCanvas {
  canvas;
  box = { width: 0, height: 0 };
  zoom = 1;
  pan = { x: 0, y: 0 };

  constructor(canvas) {
    this.canvas = canvas;
    new ResizeObserver(([entry]) => this.#fit(entry.contentRect)).observe(canvas);
  }

  reset() {
    this.zoom = 1;
    this.pan = { x: 0, y: 0 };
    this.draw();
  }

  /** Zoom by a factor about a point of the canvas, from its centre. */
  zoomAt(factor, x, y) {
    const zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM);
    const scale = zoom / this.zoom;
    this.pan = zoom === 1 ? { x: 0, y: 0 } : { x: x - (x - this.pan.x) * scale, y: y - (y - this.pan.y) * scale };
    this.zoom = zoom;
    this.draw();
  }

  draw() {
    const { width, height } = this.box;
    if (!width || !height) return;
    const context = this.canvas.getContext("2d", { alpha: false });
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    context.imageSmoothingQuality = "high";
    this.drawOn(context);
  }

  #fit({ width, height }) {
    this.box = { width, height };
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.draw();
  }
}

/** Draw with ink that reads on any image. */
export function withInk(context, draw) {
  Object.assign(context, { font: FONT, fillStyle: "#fff", shadowColor: "#000", shadowBlur: 3 });
  draw();
  context.shadowBlur = 0;
}

export function write(context, text, x, y, align) {
  context.textAlign = align;
  context.fillText(text, x, y);
}

/** A bar of a round length, at most `most` pixels, that ends at `right`. */
export function writeScale(context, perMm, right, bottom, most) {
  const mm = SCALE_BARS.find((length) => length * perMm < most) ?? SCALE_BARS.at(-1);
  context.fillRect(right - mm * perMm, bottom, mm * perMm, 2);
  write(context, `${mm} mm`, right, bottom - 6, "right");
}
