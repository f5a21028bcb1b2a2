// Grad-CAM: asked for once per stack, phase and class, and painted with a strength.

const MOST = 64;
// Inferno, dark to bright: its brightness rises evenly, so it reads without colour too.
const STOPS = [[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]];

export class Cams {
  #base;
  #known = new Map();

  constructor(study, model) {
    this.#base = `/studies/${encodeURIComponent(study)}/models/${encodeURIComponent(model)}/gradcam`;
  }

  /** The maps of a stack: `{values, count, rows, columns}` in 0..255, slices as stored. */
  get(stack, phase, code) {
    const path = `${this.#base}/${stack}/${phase}/${encodeURIComponent(code)}`;
    if (!this.#known.has(path)) {
      const coming = fetchMaps(path);
      coming.catch(() => this.#known.delete(path)); // so that it is asked for again
      this.#known.set(path, coming);
      if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value);
    }
    return this.#known.get(path);
  }
}

async function fetchMaps(path) {
  const response = await fetch(`/api/v1${path}`);
  if (!response.ok) throw new Error(await response.json().then((answer) => answer.error, () => response.statusText));
  const [count, rows, columns] = response.headers.get("Medgraft-Shape").split(",").map(Number);
  return { values: new Uint8Array(await response.arrayBuffer()), count, rows, columns };
}

/** Paint map `index` on a canvas at its own size: opaque where the evidence is, clear where there is none. */
export function paintMap(canvas, maps, index, strength) {
  const { rows, columns, values } = maps;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  const first = index * rows * columns;
  const table = tableOf(strength);
  const out = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = table[values[first + i]];
  context.putImageData(picture, 0, 0);
}

function tableOf(strength) {
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const place = (value / 255) * (STOPS.length - 1);
    const below = Math.min(Math.floor(place), STOPS.length - 2);
    const [r, g, b] = STOPS[below].map((part, at) => Math.round(part + (STOPS[below + 1][at] - part) * (place - below)));
    const alpha = Math.round(255 * strength * (value / 255) ** 1.5); // weak evidence lets the anatomy through
    return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}
