// Differences of two readers against their means, with limits of agreement (Bland and Altman 1986).
import { svg } from "./element.js";

const [WIDTH, HEIGHT] = [520, 280];
const [LEFT, RIGHT, TOP, BOTTOM] = [48, 76, 12, 40];
const LINES = [["upper", "upper"], ["mean", "mean"], ["lower", "lower"]];

/** points: `{mean, difference, name, way}`; those at one place become one dot, larger. found: mean and limits. */
export function blandAltman(points, found, { unit, a, b }) {
  const x = axis(points.map((point) => point.mean), LEFT, WIDTH - RIGHT);
  const reach = points.map((point) => point.difference).concat(LINES.flatMap(([key]) => [found[key].low, found[key].high, found[key].value]).filter((value) => value !== null), [-1, 1]);
  const most = Math.max(...reach.map(Math.abs));
  const y = axis([-most, most], HEIGHT - BOTTOM, TOP);
  const words = `${points.length} stacks: mean difference ${number(found.mean.value)} ${unit}, limits of agreement ${number(found.lower.value)} to ${number(found.upper.value)}`;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart bland-altman", role: "img", "aria-label": words },
    ...grid(x, y), ...LINES.flatMap(([key, name]) => level(found[key], name, y)), ...dots(points, x, y),
    svg("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle", class: "title" }, `mean of both, ${unit} from the base`),
    svg("text", { transform: `translate(12 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle", class: "title" }, `${a} − ${b}, ${unit}`));
}

function axis(values, from, to) {
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const room = (high - low || 2) * 0.08;
  const [first, last] = [low - room, high + room];
  const step = niceStep((last - first) / 5);
  const ticks = [];
  for (let tick = Math.ceil(first / step) * step; tick <= last; tick += step) ticks.push(Math.round(tick / step) * step);
  return { ticks, place: (value) => from + ((value - first) / (last - first)) * (to - from) };
}

function niceStep(rough) {
  const size = 10 ** Math.floor(Math.log10(rough));
  return size * [1, 2, 5, 10].find((step) => step * size >= rough);
}

function grid(x, y) {
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  return [
    ...y.ticks.map((tick) => svg("line", { x1: LEFT, x2: right, y1: y.place(tick), y2: y.place(tick), class: tick === 0 ? "zero" : "faint" })),
    ...y.ticks.map((tick) => svg("text", { x: LEFT - 8, y: y.place(tick) + 4, "text-anchor": "end" }, number(tick))),
    ...x.ticks.map((tick) => svg("text", { x: x.place(tick), y: bottom + 16, "text-anchor": "middle" }, number(tick))),
    svg("line", { x1: LEFT, x2: right, y1: bottom, y2: bottom, class: "faint" }),
  ];
}

/** A line at the mean or a limit, its interval as a band. */
function level({ value, low, high }, name, y) {
  if (value === null) return [];
  const right = WIDTH - RIGHT;
  const band = low === null ? [] : [svg("rect", { x: LEFT, width: right - LEFT, y: y.place(high), height: Math.max(y.place(low) - y.place(high), 0), class: "band" })];
  return [
    ...band,
    svg("line", { x1: LEFT, x2: right, y1: y.place(value), y2: y.place(value), class: name === "mean" ? "mean" : "limit" }),
    svg("text", { x: right + 6, y: y.place(value) + 4 }, `${name} ${number(value)}`),
  ];
}

function dots(points, x, y) {
  const groups = Map.groupBy(points, ({ mean, difference }) => `${mean.toFixed(3)} ${difference.toFixed(3)}`);
  return [...groups.values()].map((group) => {
    const [{ mean, difference, way }] = group;
    const names = group.slice(0, 12).map((point) => point.name).join(", ");
    const dot = svg("circle", { cx: x.place(mean), cy: y.place(difference), r: 3.5 * Math.sqrt(group.length), class: "dot" }, svg("title", {}, `${names}${group.length > 12 ? " …" : ""}: ${number(difference)}`));
    return difference === 0 ? dot : svg("a", { href: way, "aria-label": `${names}: ${number(difference)}` }, dot);
  });
}

function number(value) {
  return value === null ? "–" : Number(value.toFixed(2)).toString().replace("-", "−");
}
