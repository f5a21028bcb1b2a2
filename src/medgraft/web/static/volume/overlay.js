// A mask over an image: filled, and as a contour along the borders of its pixels.

/** The screen's 32 bits of each mask value; 0 is clear, and so is what is not shown. */
export function maskTable(classes, hidden) {
  const table = new Uint32Array(256);
  for (const { value, colour } of classes) {
    if (hidden.has(value)) continue;
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    table[value] = (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return table;
}

export function paintMask(canvas, mask, width, height, table) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const out = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = table[mask[i]];
  context.putImageData(picture, 0, 0);
}

/** The borders of each class as one path per class, in pixels of the mask; neighbours along a line are joined. */
export function contours(mask, width, height, classes, hidden) {
  return classes
    .filter(({ value }) => !hidden.has(value))
    .map(({ value, colour }) => ({ colour, path: border(mask, width, height, value) }));
}

function border(mask, width, height, value) {
  const path = new Path2D();
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === value;
  for (let y = 0; y <= height; y++) {
    runs(width, (x) => inside(x, y) !== inside(x, y - 1), (from, to) => (path.moveTo(from, y), path.lineTo(to, y)));
  }
  for (let x = 0; x <= width; x++) {
    runs(height, (y) => inside(x, y) !== inside(x - 1, y), (from, to) => (path.moveTo(x, from), path.lineTo(x, to)));
  }
  return path;
}

function runs(length, is, draw) {
  for (let at = 0; at < length; at++) {
    if (!is(at)) continue;
    const from = at;
    while (at < length && is(at)) at++;
    draw(from, at);
  }
}
