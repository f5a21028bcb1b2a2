// Figures as dots with their intervals as whiskers, on one scale.
import { element, svg } from "./element.js";

const [WIDTH, HEIGHT, MARGIN] = [360, 28, 8];

/** rows: `{group, name, note, figure}`; a group's name is written once. */
export function whiskers(rows) {
  const scale = scaleOf(rows.map(({ figure }) => figure));
  let group = null;
  const lines = rows.map((row) => {
    const first = row.group !== group;
    group = row.group;
    return line(row, first, scale);
  });
  const axis = element("tr", { class: "axis", "aria-hidden": "true" }, element("td"), element("td"), element("td"), element("td", {}, axisOf(scale)));
  return element("div", { class: "scroll" }, element("table", { class: "whiskers number" }, element("tbody", {}, ...lines, axis)));
}

function line({ group, name, note, figure }, first, scale) {
  const { value, low, high } = figure;
  const text = value === null ? "–" : value.toFixed(2);
  const interval = low === null || value === null ? null : element("span", { class: "dim" }, ` ${low.toFixed(2)} to ${high.toFixed(2)}`);
  return element("tr", { class: first ? "first" : null },
    element("th", { scope: "row" }, first ? group : ""),
    element("td", {}, name, element("small", {}, note)),
    element("td", {}, text, interval),
    element("td", {}, drawing(figure, scale)));
}

function scaleOf(figures) {
  const least = Math.min(0, ...figures.flatMap(({ value, low }) => [value ?? 0, low ?? 0]));
  const from = Math.floor(least * 5) / 5;
  const place = (value) => MARGIN + ((value - from) / (1 - from)) * (WIDTH - 2 * MARGIN);
  const ticks = [];
  for (let at = Math.round(from * 5); at <= 5; at++) ticks.push(at / 5);
  return { place, ticks };
}

function drawing({ value, low, high }, { place, ticks }) {
  const grid = ticks.map((tick) => svg("line", { x1: place(tick), x2: place(tick), y1: 0, y2: HEIGHT, class: tick === 0 ? "zero" : "faint" }));
  const middle = HEIGHT / 2;
  const whisker = low === null ? [] : [svg("line", { x1: place(low), x2: place(high), y1: middle, y2: middle, class: "line" })];
  const dot = value === null ? [] : [svg("circle", { cx: place(value), cy: middle, r: 5, class: "dot" })];
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, class: "chart", "aria-hidden": "true" }, ...grid, ...whisker, ...dot);
}

function axisOf({ place, ticks }) {
  const texts = ticks.map((tick) => svg("text", { x: place(tick), y: 12, "text-anchor": "middle" }, tick.toFixed(1).replace("-", "−")));
  return svg("svg", { viewBox: `0 0 ${WIDTH} 16`, width: WIDTH, height: 16, class: "chart" }, ...texts);
}
