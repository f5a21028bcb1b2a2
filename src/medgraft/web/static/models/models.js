// The Models page: whether weights are intact, and whether other stacks fit, when asked.
import { counted } from "../counted.js";
import { ask } from "../label/server.js";
import { element } from "../study/parts.js";

for (const card of document.querySelectorAll("[data-model]")) {
  const path = `/models/${encodeURIComponent(card.dataset.study)}/${encodeURIComponent(card.dataset.model)}`;
  card.querySelector('[data-act="check"]')?.addEventListener("click", ({ currentTarget }) => check(path, currentTarget));
  const fit = card.querySelector(".fit");
  const site = fit?.querySelector("select");
  fit?.addEventListener("toggle", () => fit.open && showFit(path, fit, site.value));
  site?.addEventListener("change", () => showFit(path, fit, site.value));
}

async function check(path, button) {
  const verdict = button.parentElement.querySelector("output");
  button.disabled = true;
  verdict.dataset.state = "";
  verdict.textContent = "Reading …";
  try {
    const { intact, found } = await ask(`${path}/check`, { method: "POST" });
    verdict.dataset.state = intact ? "good" : "bad";
    verdict.textContent = intact ? "those that were packed" : found ? "altered or damaged: do not use it" : "missing";
  } catch (error) {
    verdict.dataset.state = "bad";
    verdict.textContent = error.message;
  }
  button.disabled = false;
}

async function showFit(path, fit, site) {
  const root = fit.querySelector(".fit-result");
  const show = (parts) => fit.querySelector("select").value === site && root.replaceChildren(...parts); // else it comes late
  try {
    show(fitParts(await ask(`${path}/fit${site ? `?site=${encodeURIComponent(site)}` : ""}`)));
  } catch (error) {
    show([element("p", "warn", error.message)]);
  }
}

function fitParts({ trained, others, ranges, doubts }) {
  if (!others) return [element("p", "dim", `It was trained on all stacks that are here (${trained}). Import others to compare them.`)];
  const verdict = `Unlike the ${trained} it was trained on: ${doubts.length || "none"} of ${counted(others, "stack")}.`;
  return [element("p", "", verdict), table(ranges, others), ...(doubts.length ? [list(doubts)] : [])];
}

function table(ranges, others) {
  const root = element("table", "ranges number");
  const head = root.createTHead().insertRow();
  for (const name of ["", "trained on", "these", "outside"]) head.append(element("th", "", name));
  const body = root.createTBody();
  for (const one of ranges) {
    const row = body.insertRow();
    const cells = [one.name, span(one.low, one.high, one.unit), span(one.new_low, one.new_high, one.unit)];
    row.append(...cells.map((text) => element("td", "", text)));
    row.append(element("td", one.outside ? "out" : "dim", one.outside ? `${one.outside} of ${others}` : "none"));
  }
  return root;
}

function span(low, high, unit) {
  if (low === null) return "unknown";
  const write = (value) => Number(value.toPrecision(3)).toString();
  return `${low === high ? write(low) : `${write(low)} to ${write(high)}`} ${unit}`.trim();
}

const MOST = 24;

function list(doubts) {
  const root = element("ul", "doubts");
  for (const { stack, subject, site, reasons } of doubts.slice(0, MOST)) {
    const line = root.appendChild(document.createElement("li"));
    const way = line.appendChild(element("a", "", subject));
    way.href = `/volumes?stack=${encodeURIComponent(stack)}`;
    line.append(`${site ? ` (site ${site})` : ""}: ${reasons.join(", ")}`);
  }
  if (doubts.length > MOST) root.append(element("li", "dim", `and ${doubts.length - MOST} more`));
  return root;
}
