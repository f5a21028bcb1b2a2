// The list of disagreements: which are decided, which is at hand.
import { element } from "./element.js";

export function drawQueue(root, cards, at, open) {
  const decided = cards.filter((card) => card.decision).length;
  const items = cards.map((card, index) => element("button", {
    type: "button", "aria-current": index === at ? "true" : null, data: { decided: String(Boolean(card.decision)) }, onclick: () => open(index),
  }, element("b", { title: card.stack.subject }, card.stack.subject), element("span", { class: "phase" }, card.phase_name.toUpperCase()),
    element("span", { class: "dim number" }, `${card.differing.length} slice${card.differing.length > 1 ? "s" : ""}`),
    element("span", { class: "mark", title: card.decision ? `decided by ${card.decision.by}` : "to decide" }, card.decision ? "✓" : "")));
  root.replaceChildren(
    element("p", { class: "count number" }, element("b", {}, `${decided} of ${cards.length}`), " decided"),
    element("progress", { max: cards.length, value: decided, "aria-label": "Disagreements decided" }),
    ...items);
  root.children[at + 2]?.scrollIntoView({ block: "nearest" });
}
