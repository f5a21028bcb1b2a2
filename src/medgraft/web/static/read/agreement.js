// How far the readers of a round agree: kappas as dots with whiskers, boundaries as plots of Bland and Altman.
import { ask } from "../label/server.js";
import { blandAltman } from "./bland_altman.js";
import { whiskers } from "./whiskers.js";
import { element } from "./element.js";

const FIGURES = [
  ["agreement", "equal labels", "share of slices"],
  ["kappa", "Cohen's kappa", "beyond chance"],
  ["linear", "weighted, linear", "along the stack"],
  ["quadratic", "weighted, quadratic", "along the stack"],
];

export async function agreementView(round) {
  const page = document.getElementById("page");
  page.replaceChildren(element("p", { class: "note" }, "Resampling patients for the intervals …"), ...[1, 2].map(() => element("div", { class: "skeleton card-wait" })));
  const found = await ask(`/readings/${encodeURIComponent(round.name)}/agreement`);
  return [kappaCard(found), ...found.pairs.flatMap((pair) => pair.boundaries.map((_, at) => boundaryCard(found, pair, at)))];
}

function kappaCard(found) {
  const rows = found.pairs.flatMap((pair) => FIGURES.filter(([key]) => pair[key]).map(([key, name, note]) => ({
    group: pair.readers.join(" and "), name, note, figure: pair[key],
  })));
  if (found.fleiss) rows.unshift({ group: `all ${found.readers.length} readers`, name: "Fleiss' kappa", note: "beyond chance", figure: found.fleiss });
  return element("section", { class: "card" },
    element("header", {}, element("h2", {}, "Agreement"),
      element("span", { class: "dim number" }, `${found.units} slices of ${found.stacks} stacks of ${found.subjects} patients${found.left_out ? `; ${found.left_out} stacks not all were done with are left out` : ""}`)),
    whiskers(rows),
    element("p", { class: "note" }, "Intervals: 95 %, over patients. 0 is what chance gives, 1 is full agreement. Dots without a whisker have no interval: too few patients, or nothing to disagree on."));
}

/** One boundary of one pair: differences against means, and what they come to. */
function boundaryCard(found, pair, at) {
  const { boundary, slices, mm } = pair.boundaries[at];
  const [a, b] = pair.readers;
  const points = found.points.filter(({ changes }) => a in changes && b in changes);
  const drawn = (unit) => {
    const factor = (point) => (unit === "mm" ? point.between : 1);
    const known = points.filter((point) => factor(point) !== null);
    return blandAltman(known.map((point) => pointOf(point, a, b, at, factor(point), found.reading)), unit === "mm" ? mm : slices, { unit, a, b });
  };
  const plot = element("div", { class: "plot" }, drawn("slices"));
  const figures = element("div", { class: "scroll" }, table(slices, mm));
  const [before, after] = boundary.split("|");
  return element("section", { class: "card boundary", data: { boundary } },
    element("header", {}, element("h2", {}, `${before} to ${after}`), element("span", { class: "dim" }, `${a} less ${b}: above 0, ${a} sets it further towards the apex`),
      mm ? units(plot, drawn) : null),
    element("div", { class: "two" }, plot, figures));
}

function pointOf({ stack, subject, phase_name: phase, changes }, a, b, at, factor, reading) {
  const [first, second] = [changes[a][at] * factor, changes[b][at] * factor];
  const way = `/read?${new URLSearchParams({ round: reading, view: "disagreements", stack })}`;
  return { mean: (first + second) / 2, difference: first - second, name: `${subject} ${phase.toUpperCase()}`, way };
}

function units(plot, drawn) {
  const buttons = ["slices", "mm"].map((unit) => element("button", {
    type: "button", "aria-pressed": String(unit === "slices"),
    onclick: ({ currentTarget }) => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button === currentTarget));
      plot.replaceChildren(drawn(unit));
    },
  }, unit));
  return element("span", { class: "tabs", role: "group", "aria-label": "Unit" }, ...buttons);
}

const LINES = [["mean", "mean difference"], ["lower", "lower limit of agreement"], ["upper", "upper limit of agreement"], ["absolute", "mean size of a difference"]];

function table(slices, mm) {
  const head = ["", "slices", mm ? "mm" : null].filter((name) => name !== null);
  return element("table", { class: "figures number" },
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...LINES.map(([key, name]) => element("tr", {}, element("th", { scope: "row" }, name), cell(slices[key], 2), mm ? cell(mm[key], 1) : null))));
}

function cell({ value, low, high }, digits) {
  if (value === null) return element("td", {}, "–");
  const write = (number) => number.toFixed(digits).replace("-", "−");
  return element("td", {}, write(value), low === null ? null : element("small", {}, `${write(low)} to ${write(high)}`));
}
