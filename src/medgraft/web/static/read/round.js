// One round: its readers, and my worklist in it, stack by stack.
import { ask } from "../label/server.js";
import { element } from "./element.js";
import { readersTable, readOn } from "./rounds.js";

/** The view of a round's progress. `again` draws it anew after an act. */
export async function progressView(round, me, { mayOpen, again, fail }) {
  const mine = round.readers.find((one) => one.reader === me);
  const path = `/readings/${encodeURIComponent(round.name)}`;
  const act = (what, body = {}) => ask(`${path}/${what}`, { method: "POST", body }).then(again, fail);
  const items = mine ? await ask(`${path}/worklist`) : [];
  return [
    element("section", { class: "card" },
      element("header", {}, element("h2", {}, "Readers"), element("span", { class: "dim" }, opened(round))),
      readersTable(round, me),
      round.state === "closed" ? null : closing(round, mayOpen, act)),
    mine ? worklistCard(round, mine, items, act) : element("p", { class: "note" }, "You do not read in this round."),
  ];
}

function opened({ opened_at: at, opened_by: by, closed_at: closed, stacks, task }) {
  const day = (text) => new Date(text).toLocaleDateString([], { dateStyle: "medium" });
  return `${stacks} stacks, ${task}, opened ${day(at)}${by ? ` by ${by}` : ""}${closed ? `, closed ${day(closed)}` : ""}`;
}

/** Closing cannot be taken back, so the button asks first. */
function closing(round, mayOpen, act) {
  if (!mayOpen) return null;
  const early = round.state === "blinded";
  const sure = element("span", { class: "actions", hidden: true },
    element("span", { class: "warn" }, early ? "Not all are done: what is there becomes visible, and nobody can go on." : "Nothing can be decided or reopened after that."),
    element("button", { type: "button", class: "button", onclick: () => act("close") }, "Close it"),
    element("button", { type: "button", class: "button", onclick: () => swap(false) }, "Keep it open"));
  const first = element("button", { type: "button", class: "button", onclick: () => swap(true) }, "Close the round");
  const swap = (asking) => {
    [first.hidden, sure.hidden] = [asking, !asking];
    (asking ? sure.lastElementChild : first).focus();
  };
  return element("div", { class: "actions" }, first, sure);
}

function worklistCard(round, mine, items, act) {
  const blinded = round.state === "blinded";
  const ready = items.filter((item) => !item.done && item.labelled === item.units).length;
  return element("section", { class: "card" },
    element("header", {}, element("h2", {}, "My worklist"), element("span", { class: "dim number" }, `${mine.done} of ${mine.stacks} done`),
      element("span", { class: "actions" },
        blinded && ready ? element("button", { type: "button", class: "button", onclick: () => act("done-labelled") }, `Done with ${ready} labelled`) : null,
        blinded && !mine.finished ? readOn(round, mine) : null)),
    blinded && mine.finished ? element("p", { class: "note" }, "You are done with every stack. Until the others are too, one can be reopened.") : null,
    element("ul", { class: "worklist" }, ...items.map((item) => workItem(round, mine, item, blinded, act))));
}

function workItem(round, mine, item, blinded, act) {
  const state = item.done ? "done" : item.labelled === item.units ? "labelled, not done" : item.labelled ? `${item.labelled} of ${item.units} slices` : "to read";
  return element("li", { data: { done: String(item.done), stack: item.stack } },
    element("img", { src: `/api/v1/stacks/${item.stack}/thumbnail.png?side=96`, width: "48", height: "48", alt: "", loading: "lazy" }),
    element("span", { class: "what" }, element("b", {}, item.subject), element("span", { class: "dim number" }, [item.site && `site ${item.site}`, `${item.slices} slices`].filter(Boolean).join(", "))),
    element("span", { class: "stage" }, item.done ? "✓ " : "", state),
    !blinded ? null : item.done
      ? element("button", { type: "button", class: "button small", onclick: () => act("reopen", { stack: item.stack }) }, "Reopen")
      : element("a", { class: "button small", href: `/label?${new URLSearchParams({ reading: round.name, stack: item.stack })}` }, "Read"));
}
