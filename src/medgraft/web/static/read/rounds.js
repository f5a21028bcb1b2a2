// All rounds as cards: how far each reader is, what is left for me, what comes next.
import { element } from "./element.js";

export function roundCards(found, me) {
  return found.rounds.toReversed().map((round) => card(round, me, found));
}

function card(round, me, found) {
  const path = `/read?round=${encodeURIComponent(round.name)}`;
  return element("article", { class: "card", data: { round: round.name } },
    element("header", {}, element("h2", {}, element("a", { href: path }, round.name)), stateTag(round.state),
      element("span", { class: "dim number" }, `${round.stacks} stacks, ${round.task}`)),
    readersTable(round, me),
    nextStep(round, me, found));
}

export function stateTag(state) {
  return element("span", { class: "tag", data: { state } }, state);
}

/** Who reads, who is done, who is slow: the slowest pace is marked once three stacks or more were timed by all. */
export function readersTable(round, me) {
  const paces = round.readers.map((one) => one.seconds_per_stack).filter((pace) => pace !== null);
  const slowest = paces.length > 1 && Math.max(...paces) > 1.5 * Math.min(...paces) ? Math.max(...paces) : null;
  const head = ["reader", "", "done", "a stack takes", "left", "asked the model", "last label"];
  return element("div", { class: "scroll" }, element("table", { class: "readers number" },
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...round.readers.map((one) => line(one, one.reader === me, slowest !== null && one.seconds_per_stack === slowest)))));
}

function line(one, mine, slow) {
  const left = one.seconds_per_stack === null ? null : one.seconds_per_stack * (one.stacks - one.done);
  const bar = element("progress", { max: Math.max(one.stacks, 1), value: one.done, "aria-label": `${one.reader} is done with ${one.done} of ${one.stacks}` });
  const pace = one.seconds_per_stack === null ? "–" : `${one.seconds_per_stack.toFixed(1)} s`;
  return element("tr", { class: mine ? "mine" : null },
    element("th", { scope: "row" }, one.reader, mine ? element("span", { class: "dim" }, " (you)") : null),
    element("td", {}, bar),
    element("td", {}, one.finished ? element("b", { class: "finished" }, "✓ ", `${one.done} / ${one.stacks}`) : `${one.done} / ${one.stacks}`),
    element("td", {}, pace, slow ? element("span", { class: "tag slow" }, "slowest") : null),
    element("td", {}, one.finished ? "–" : left === null ? "not known yet" : `about ${minutes(left)}`),
    element("td", {}, one.asked ? `${one.asked} stacks` : "never"),
    element("td", { class: "dim" }, one.last_at ? ago(one.last_at) : "–"));
}

function nextStep(round, me, { may_decide: mayDecide }) {
  const path = `/read?round=${encodeURIComponent(round.name)}`;
  const mine = round.readers.find((one) => one.reader === me);
  if (round.state === "blinded" && mine && !mine.finished) {
    return element("div", { class: "actions" }, readOn(round, mine), element("a", { class: "button", href: path }, "My worklist"));
  }
  if (round.state === "blinded") {
    const waiting = round.readers.filter((one) => !one.finished).map((one) => one.reader);
    return element("p", { class: "note" }, `${mine ? "You are done. " : ""}Waiting for ${waiting.join(" and ")}; until then nobody's labels are shown.`);
  }
  return element("div", { class: "actions" },
    element("a", { class: "button primary", href: `${path}&view=agreement` }, "Agreement"),
    element("a", { class: "button", href: `${path}&view=disagreements` }, mayDecide ? "Decide the disagreements" : "Disagreements"));
}

/** The way to the Label page, within the round. */
export function readOn(round, mine, stack = null) {
  const path = `/label?${new URLSearchParams(stack ? { reading: round.name, stack } : { reading: round.name })}`;
  return element("a", { class: "button primary", href: path }, stack ? "Read" : `Read on: ${mine.stacks - mine.done} left`);
}

export function minutes(seconds) {
  return seconds < 90 ? `${Math.round(seconds)} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function ago(at) {
  const seconds = Math.max((Date.now() - Date.parse(at)) / 1000, 0);
  return seconds < 60 ? "just now" : seconds < 36 * 3600 ? `${minutes(seconds)} ago` : new Date(at).toLocaleDateString();
}
