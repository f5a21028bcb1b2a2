// A surface coloured by thickness that turns: drawn triangle by triangle into an image with a depth buffer, so that it
// needs neither a graphics card nor a library. Without scripts the picture from four sides stays.
for (const figure of document.querySelectorAll("[data-turning]")) turning(figure);

function turning(figure) {
  const colours = bytes(figure.dataset.colours);
  const surfaces = [...figure.querySelectorAll("[data-surface]")].map(read);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const start = { turn: 0, tilt: 0.26, zoom: 1 };
  const view = { ...start };
  let spinning = !still.matches;
  const canvases = surfaces.map((surface) => canvasOf(surface, figure));
  const button = document.createElement("button");
  button.type = "button";
  button.className = "spin";
  const stage = document.createElement("div");
  stage.className = "stage";
  stage.append(...canvases.map((canvas) => framed(canvas)));
  const paper = figure.querySelector(".paper");
  paper.replaceChildren(stage, scale(colours, figure.dataset), button);
  figure.querySelector("[data-help]").hidden = false;

  const draw = () => surfaces.forEach((surface, i) => paint(canvases[i], surface, colours, view));
  const spin = (on) => {
    spinning = on;
    button.textContent = on ? "Stop turning" : "Turn";
    if (on) requestAnimationFrame(step);
  };
  let before = null;
  let seen = true;
  const step = (now) => {
    if (!spinning || !seen) { before = null; return; }
    view.turn += before === null ? 0 : (now - before) * 0.0004;
    before = now;
    draw();
    requestAnimationFrame(step);
  };
  button.addEventListener("click", () => spin(!spinning));
  // Nothing is computed for what is out of sight.
  new IntersectionObserver(([entry]) => {
    const came = entry.isIntersecting && !seen;
    seen = entry.isIntersecting;
    if (came && spinning) requestAnimationFrame(step);
  }).observe(figure);
  for (const canvas of canvases) {
    let last = null;
    canvas.addEventListener("pointerdown", (event) => {
      last = [event.clientX, event.clientY];
      canvas.setPointerCapture(event.pointerId);
      spin(false);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (last === null) return;
      turnBy((event.clientX - last[0]) * 0.01, (event.clientY - last[1]) * 0.01);
      last = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
    canvas.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      spin(false);
      act();
      draw();
    });
  }
  const keys = {
    ArrowLeft: () => { view.turn -= 0.15; },
    ArrowRight: () => { view.turn += 0.15; },
    ArrowUp: () => { view.tilt = limited(view.tilt - 0.15); },
    ArrowDown: () => { view.tilt = limited(view.tilt + 0.15); },
    "+": () => { view.zoom = Math.min(view.zoom * 1.15, 4); },
    "=": () => { view.zoom = Math.min(view.zoom * 1.15, 4); },
    "-": () => { view.zoom = Math.max(view.zoom / 1.15, 0.5); },
    Home: () => { Object.assign(view, start); },
  };
  const turnBy = (turn, tilt) => {
    view.turn += turn;
    view.tilt = limited(view.tilt + tilt);
    draw();
  };
  const limited = (tilt) => Math.min(Math.max(tilt, -Math.PI / 2), Math.PI / 2);
  draw();
  spin(spinning);
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function read(span) {
  const places = new Uint16Array(bytes(span.dataset.vertices).buffer);
  return {
    title: span.dataset.surface,
    vertices: Float32Array.from(places, (value) => value / 65535 - 0.5),
    triangles: new Uint32Array(bytes(span.dataset.triangles).buffer),
    levels: bytes(span.dataset.levels),
  };
}

function canvasOf(surface, figure) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 460;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${surface.title}: ${figure.querySelector("img").alt} Arrow keys turn it.`);
  canvas.dataset.title = surface.title;
  return canvas;
}

function framed(canvas) {
  const frame = document.createElement("div");
  const name = document.createElement("p");
  name.textContent = canvas.dataset.title;
  frame.append(name, canvas);
  return frame;
}

function scale(colours, { low, high }) {
  const bar = document.createElement("canvas");
  bar.width = 255;
  bar.height = 1;
  bar.className = "scale";
  const pixels = new ImageData(255, 1);
  for (let i = 0; i < 255; i += 1) pixels.data.set([...colours.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  bar.getContext("2d").putImageData(pixels, 0, 0);
  const line = document.createElement("p");
  line.className = "scale";
  line.append(`${Number(low).toFixed(1)} mm`, bar, `${Number(high).toFixed(1)} mm`);
  return line;
}

// Vertices are turned about the vertical axis, then tilted towards the viewer; every face is shaded by its slope.
function paint(canvas, surface, colours, view) {
  const side = canvas.width;
  const [st, ct, sx, cx] = [Math.sin(view.turn), Math.cos(view.turn), Math.sin(view.tilt), Math.cos(view.tilt)];
  const size = 0.96 * side * view.zoom;
  const { vertices, triangles, levels } = surface;
  const at = new Float32Array(vertices.length);
  for (let i = 0; i < vertices.length; i += 3) {
    const [x, y, z] = [vertices[i], vertices[i + 1], vertices[i + 2]];
    const back = -st * x + ct * z;
    at[i] = side / 2 + size * (ct * x + st * z);
    at[i + 1] = side / 2 - size * (cx * y - sx * back);
    at[i + 2] = size * (sx * y + cx * back);
  }
  const depth = new Float32Array(side * side).fill(-Infinity);
  const image = new ImageData(side, side);
  const out = new Uint32Array(image.data.buffer);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]];
    fill(at, 3 * a, 3 * b, 3 * c, [levels[a], levels[b], levels[c]], colours, side, depth, out);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function fill(at, a, b, c, level, colours, side, depth, out) {
  const [ax, ay, az, bx, by, bz, cx, cy, cz] =
    [at[a], at[a + 1], at[a + 2], at[b], at[b + 1], at[b + 2], at[c], at[c + 1], at[c + 2]];
  const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  if (area === 0) return;
  const nx = (by - ay) * (cz - az) - (bz - az) * (cy - ay);
  const ny = (bz - az) * (cx - ax) - (bx - ax) * (cz - az);
  const shade = 0.45 + 0.55 * Math.abs(area) / Math.hypot(nx, ny, area);
  const known = level[0] < 255 && level[1] < 255 && level[2] < 255;
  const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx))), right = Math.min(side - 1, Math.floor(Math.max(ax, bx, cx)));
  const top = Math.max(0, Math.ceil(Math.min(ay, by, cy))), bottom = Math.min(side - 1, Math.floor(Math.max(ay, by, cy)));
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area;
      const v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area;
      const w = 1 - u - v;
      if (u < 0 || v < 0 || w < 0) continue;
      const z = u * az + v * bz + w * cz;
      const place = y * side + x;
      if (z <= depth[place]) continue;
      depth[place] = z;
      const i = 3 * Math.round(u * level[0] + v * level[1] + w * level[2]);
      const [r, g, s] = known ? [colours[i], colours[i + 1], colours[i + 2]] : [191, 196, 204];
      out[place] = 0xff000000 | (shade * s) << 16 | (shade * g) << 8 | (shade * r);
    }
  }
}
