// The page of a model's answers: what is shown is in the address, so that a link shows the same.
import { counted } from "../counted.js";
import { ask } from "../label/server.js";
import { PixelCache } from "../label/pixel_cache.js";
import { listen as listenToKeys } from "../keys.js";
import { fail, tell } from "../message.js";
import { answerOf, isWrong, passes, rowsOf, stacksOf } from "./answers.js";
import { Cams } from "./cams.js";
import { ImageGrid } from "./image_grid.js";
import { Review } from "./review.js";
import { StackList } from "./stack_list.js";

const $ = (id) => document.getElementById(id);
const page = $("predictions");
const { study, model } = page.dataset;
const address = new URL(location.href);
const filters = $("filters");
const cache = new PixelCache();
const cams = new Cams(study, model);
const state = {
  on: address.searchParams.get("on") ?? page.dataset.on,
  decision: address.searchParams.get("decision") ?? page.dataset.decision,
  view: address.searchParams.get("view") ?? "stacks",
  cam: address.searchParams.get("cam") === "1",
  camClass: "",
  key: null,
};
let table = { classes: [], rows: [] };
let cohort = new Map();
let shown = { rows: new Set(), stacks: [] };
let camsAsked = 0;

const review = new Review({ slices: $("slices"), large: $("large"), overlay: $("overlay"), facts: $("slice-facts") }, (at) => turn(at));
const list = new StackList($("stack-list"), (key) => open(key));
const grid = new ImageGrid($("images"), (row) => { setView("stacks"); open(keyOf(row), row.slice); }, (row) => (state.cam && row.stored >= 0 ? cams.get(row.stack, row.phase_at, camCode(row)) : null));

const KEYS = [
  ["ArrowUp", () => step(-1)], ["ArrowDown", () => step(1)], ["ArrowLeft", () => turn(review.shown.at - 1)], ["ArrowRight", () => turn(review.shown.at + 1)],
  ["n", nextError], ["g", toggleCam], ["d", otherDecision], ["v", () => setView(state.view === "stacks" ? "images" : "stacks")], ["h", () => review.hide()], ["0", () => setCamClass("")],
];

listen();
load();

async function load() {
  page.dataset.state = "loading";
  const { on } = state;
  try {
    const path = `/studies/${encodeURIComponent(study)}/models/${encodeURIComponent(model)}/answers?on=${encodeURIComponent(on)}`;
    const [answers, found] = await Promise.all([ask(path), cohort.size ? null : ask("/cohort")]);
    if (on !== state.on) return; // another set was asked for meanwhile
    if (found) cohort = new Map(found.stacks.map((stack) => [stack.id, stack]));
    table = { classes: answers.classes, codes: answers.classes.map((item) => item.code), rows: rowsOf(answers) };
  } catch (error) {
    return on === state.on && fail(page, error, "The answers could not be loaded");
  }
  offerSites();
  refresh(true);
}

/** Everything that depends on filters and decision. */
function refresh(first = false) {
  const wanted = readFilters();
  const rows = table.rows.filter((row) => passes(row, wanted, state.decision, table.codes));
  const all = stacksOf(table.rows, state.decision);
  const matches = new Set(rows);
  const stacks = all.filter((stack) => stack.rows.some((row) => matches.has(row)));
  shown = { rows: matches, stacks };
  $("found").textContent = `${rows.length} of ${counted(table.rows.length, "image")}, ${counted(stacks.length, "stack")}`;
  $("confidence-text").textContent = wanted.confidence.toFixed(2);
  showSwitches();
  if (!rows.length) return tell(page, "empty", "No image passes these filters", "Clear them to see all images again.", ["Clear the filters", clearFilters]);
  page.dataset.state = "ready";
  $("message").hidden = true;
  $("review").hidden = state.view !== "stacks";
  $("images").hidden = state.view !== "images";
  list.draw(stacks, matches, state.decision, table.codes);
  if (state.view === "images") grid.draw(rows, { decision: state.decision, classes: table.classes, strength: review.strength });
  const key = first ? wantedKey(stacks) : stacks.some((stack) => stack.key === state.key) ? state.key : stacks[0].key;
  open(key, first && address.searchParams.has("slice") ? Number(address.searchParams.get("slice")) : undefined);
}

/** Open a stack at a slice from the base; at its first image that the filters let through where none is named. */
async function open(key, slice) {
  const stack = shown.stacks.find((one) => one.key === key);
  if (!stack) return;
  const same = state.key === key;
  state.key = key;
  const named = stack.rows.findIndex((row) => row.slice === slice);
  const matching = stack.rows.findIndex((row) => shown.rows.has(row) && (isWrong(row, state.decision) || !stack.errors));
  const at = named >= 0 ? named : same && review.shown ? review.shown.at : Math.max(matching, 0);
  const view = cohort.get(stack.stack);
  review.show({ stack, view, rows: stack.rows, at, decision: state.decision, classes: table.classes, matches: shown.rows, camClass: state.camClass });
  list.choose(key);
  $("stack-name").textContent = `${stack.subject} ${stack.phase.toUpperCase()}`;
  $("stack-facts").textContent = [counted(stack.rows.length, "slice"), stack.errors ? `${stack.errors} wrong` : "all right", stack.site && `site ${stack.site}`].filter(Boolean).join(", ");
  $("to-label").href = `/label?stack=${stack.stack}`;
  remember();
  if (!view || stack.phase_at < 0) return note("The images of this stack are no longer in the project.");
  note("");
  try {
    const images = await cache.phase(stack.stack, stack.phase_at);
    if (state.key !== key) return;
    review.setImages(images);
  } catch (error) {
    if (state.key !== key) return;
    note(error.message);
  }
  await showCams(stack);
  const ahead = shown.stacks.find((one) => one.key === list.beside(key, 1));
  if (ahead && ahead.phase_at >= 0) cache.phase(ahead.stack, ahead.phase_at).catch(() => {});
}

async function showCams(stack) {
  const turn = ++camsAsked;
  const late = () => turn !== camsAsked || state.key !== stack.key; // another stack or class, or none, was asked for
  if (!state.cam) return review.setMaps(null);
  const codes = [...new Set(stack.rows.map((row) => camCode(row)))];
  note("Computing Grad-CAM…");
  try {
    const maps = await Promise.all(codes.map((code) => cams.get(stack.stack, stack.phase_at, code)));
    if (late()) return;
    review.setMaps(Object.fromEntries(codes.map((code, at) => [code, maps[at]])));
    note("");
  } catch (error) {
    if (!late()) note(error.message);
  }
}

function camCode(row) {
  return state.camClass || table.classes[answerOf(row, state.decision)].code;
}

function turn(at) {
  if (!review.shown || at < 0 || at >= review.shown.rows.length) return;
  review.turn(at);
  remember();
}

function step(by) {
  const key = list.beside(state.key, by);
  if (key && key !== state.key) open(key);
}

function nextError() {
  const { rows, at } = review.shown;
  const next = rows.findIndex((row, index) => index > at && isWrong(row, state.decision));
  if (next >= 0) return turn(next);
  const later = shown.stacks.slice(shown.stacks.findIndex((one) => one.key === state.key) + 1).find((one) => one.errors);
  if (later) open(later.key);
}

function toggleCam() {
  state.cam = !state.cam;
  camChanged();
}

function setCamClass(code) {
  state.camClass = code;
  state.cam = true;
  camChanged();
}

function camChanged() {
  $("cam").setAttribute("aria-pressed", String(state.cam));
  $("cam-class").value = state.camClass;
  if (review.shown) review.shown.camClass = state.camClass;
  note("");
  if (state.view === "images") refresh();
  else showCams(shown.stacks.find((one) => one.key === state.key));
  remember();
}

function otherDecision() {
  if ($("decisions")) setDecision(state.decision === "stack" ? "argmax" : "stack");
}

function setDecision(decision) {
  state.decision = decision;
  refresh();
}

function setView(view) {
  state.view = view;
  refresh();
}

function listen() {
  const act = (action) => page.dataset.state === "ready" && review.shown && action();
  listenToKeys(KEYS, act, (key) => act(() => table.codes[key - 1] && setCamClass(table.codes[key - 1])));
  filters.addEventListener("input", (event) => event.target.name && refresh());
  filters.addEventListener("submit", (event) => event.preventDefault());
  $("clear").addEventListener("click", clearFilters);
  $("cam").addEventListener("click", toggleCam);
  $("cam-class").addEventListener("input", ({ target }) => setCamClass(target.value));
  $("strength").addEventListener("input", ({ target }) => {
    review.strength = Number(target.value);
    grid.strength = review.strength;
    review.repaint();
  });
  $("views").addEventListener("click", ({ target }) => target.dataset.view && setView(target.dataset.view));
  $("decisions")?.addEventListener("click", ({ target }) => target.dataset.decision && setDecision(target.dataset.decision));
  $("sets")?.addEventListener("click", ({ target }) => { if (target.dataset.on) { state.on = target.dataset.on; load(); } });
  $("filter-button").addEventListener("click", ({ target }) => {
    const open = page.dataset.filters !== "open";
    page.dataset.filters = open ? "open" : "";
    target.setAttribute("aria-expanded", String(open));
  });
  for (const name of ["errors", "truth", "answer", "site", "confidence"]) {
    const value = address.searchParams.get(name);
    const field = filters.elements[name];
    if (value === null) continue;
    if (name === "errors") field.checked = value === "1";
    else field.value = value;
  }
  $("cam").setAttribute("aria-pressed", String(state.cam));
}

function clearFilters() {
  filters.reset();
  refresh();
}

function readFilters() {
  const { errors, truth, answer, site, confidence } = filters.elements;
  return { errors: errors.checked, truth: truth.value, answer: answer.value, site: site.value, confidence: Number(confidence.value) };
}

function offerSites() {
  const sites = [...new Set(table.rows.map((row) => row.site))].filter(Boolean).sort();
  const field = filters.elements.site;
  field.hidden = sites.length < 2;
  const wanted = field.value || address.searchParams.get("site") || "";
  field.replaceChildren(new Option("any site", ""), ...sites.map((site) => new Option(`site ${site}`, site)));
  field.value = sites.includes(wanted) ? wanted : "";
}

function showSwitches() {
  for (const [id, name] of [["views", "view"], ["decisions", "decision"], ["sets", "on"]]) {
    for (const button of $(id)?.children ?? []) button.setAttribute("aria-pressed", String(button.dataset[name] === state[name]));
  }
}

function wantedKey(stacks) {
  const wanted = address.searchParams.get("stack");
  const phase = address.searchParams.get("phase");
  return (stacks.find((one) => one.stack === wanted && (!phase || one.phase === phase)) ?? stacks[0]).key;
}

function keyOf(row) {
  return `${row.stack}/${row.phase}`;
}

/** What is shown, into the address: a reload or a link shows the same. */
function remember() {
  const stack = shown.stacks.find((one) => one.key === state.key);
  const wanted = readFilters();
  const parts = {
    model, on: state.on, decision: state.decision, view: state.view, errors: wanted.errors ? "1" : "", truth: wanted.truth, answer: wanted.answer, site: wanted.site,
    confidence: wanted.confidence < 1 ? wanted.confidence : "", stack: stack?.stack ?? "", phase: stack?.phase ?? "", slice: review.shown ? review.shown.rows[review.shown.at].slice : "", cam: state.cam ? "1" : "",
  };
  const query = new URLSearchParams(Object.entries(parts).filter(([, value]) => value !== ""));
  history.replaceState(null, "", `?${query}`);
}

function note(text) {
  $("cam-note").textContent = text;
  $("cam-note").hidden = !text;
}
