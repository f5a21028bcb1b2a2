// One bar under the slices: a lane per reader, in the colours of the classes, and what was decided below them.
import { inkOn } from "../ink.js";
import { element } from "./element.js";

/** Draw the lanes of a card. classes: by code. place: the slice at hand, from the base. */
export function drawLanes(root, card, classes, place) {
  const decided = card.draft ?? card.decision?.codes ?? null;
  const lanes = card.said.map(({ reader, codes }, index) => lane(card, classes, place, { name: reader, key: String(index + 1), codes }));
  if (decided) lanes.push(lane(card, classes, place, { name: card.draft ? "unsaved" : "decided", key: "", codes: decided, kind: card.draft ? "draft" : "decision" }));
  root.replaceChildren(...lanes);
  root.setAttribute("aria-label", card.said.map(({ reader, codes }) => `${reader}: ${card.places.map((slice) => codes[slice]).join(" ")}`).join("; "));
}

function lane({ places, differing }, classes, place, { name, key, codes, kind = "said" }) {
  const cells = places.map((slice, at) => {
    const differs = differing.includes(slice);
    const colour = classes.get(codes[slice])?.colour;
    return element("i", {
      class: [differs ? "differs" : "", at === place ? "here" : ""].join(" ").trim() || null,
      title: `slice ${at + 1}: ${codes[slice] ?? "no label"}`,
      vars: { "--class": colour ?? "var(--edge)", "--on-class": colour ? inkOn(colour) : "var(--text)" },
    }, differs || kind !== "said" || isEdge(places, codes, at) ? (codes[slice] ?? "–") : "");
  });
  return element("div", { class: `lane ${kind}` }, element("span", { class: "who" }, key ? element("kbd", {}, key) : null, name), element("div", { class: "cells" }, ...cells));
}

/** Whether a class begins or ends here: a letter goes with each colour, but not with every cell. */
function isEdge(places, codes, at) {
  const code = codes[places[at]];
  return at === 0 || at === places.length - 1 || codes[places[at - 1]] !== code || codes[places[at + 1]] !== code;
}
