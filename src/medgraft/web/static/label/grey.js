// 16-bit pixels to grey on a canvas: one table look-up per pixel.

const LEVELS = 2 ** 16;

/** A table from a stored 16-bit value to the screen's 32 bits. window: [dark, bright] in the scanner's unit. */
export function greyTable(window, images, inverted, table = new Uint32Array(LEVELS)) {
  const [dark, bright] = window.map((edge) => (edge - images.intercept) / images.slope);
  const gain = 255 / Math.max(bright - dark, 1e-9);
  for (let value = 0; value < LEVELS; value++) {
    let grey = Math.round((value - dark) * gain);
    grey = grey < 0 ? 0 : grey > 255 ? 255 : grey;
    if (inverted) grey = 255 - grey;
    table[value] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

/** Paint image `index` of `images` on `canvas` at its own size. */
export function paint(canvas, images, index, table) {
  const { rows, columns, values } = images;
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d", { alpha: false });
  const picture = context.createImageData(columns, rows);
  const out = new Uint32Array(picture.data.buffer);
  const first = index * rows * columns;
  for (let i = 0; i < out.length; i++) out[i] = table[values[first + i]];
  context.putImageData(picture, 0, 0);
}

/** Width over height of a slice in the patient. */
export function aspectOf(stack) {
  const [, row, column] = stack.spacing ?? [1, 1, 1];
  return (stack.columns * column) / (stack.rows * row);
}

/** A window after a drag from where it was: sideways its width, up and down its level. first: the one it came with. */
export function draggedWindow([dark, bright], dx, dy, [first, last]) {
  const unit = (last - first) / 400;
  const level = (dark + bright) / 2 + dy * unit;
  const half = Math.max((bright - dark) / 2 + dx * unit, unit);
  return [level - half, level + half];
}

/** A window in words. */
export function windowText([dark, bright], inverted) {
  return `W ${Math.round(bright - dark)}  L ${Math.round((dark + bright) / 2)}${inverted ? "  inverted" : ""}`;
}
