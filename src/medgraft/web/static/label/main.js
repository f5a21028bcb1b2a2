// The Label page: the worklist's cards one by one, keys to acts, acts to the outbox.
import { codesOfRange, innerCode, rangeOfCodes, withEnd } from "./anatomy.js";
import { Desk } from "./desk.js";
import { describeKeys, listen } from "./keys.js";
import { Outbox } from "./outbox.js";
import { PixelCache } from "./pixel_cache.js";
import { RangeBar } from "./range_bar.js";
import { ask } from "./server.js";
import { Sheet } from "./sheet.js";
import { proposalOf, showOpinion, showPace } from "./side.js";
import { Worklist, isDone } from "./worklist.js";

const AHEAD = 6;
const MOST_UNDO = 200;
const LONGEST_PAUSE = 300;
const UNSAVED = "Not saved yet: Enter accepts.";
const PLACEHOLDER = { slices: 10, rows: 1, columns: 1 };

const $ = (id) => document.getElementById(id);
const cache = new PixelCache();
const work = new Worklist();
const sheet = new Sheet($("sheet"), (place) => turn(place));
const range = new RangeBar($("range"), (changed) => setDraft(changed));
const desk = new Desk(cache, sheet, { large: $("large"), before: $("before"), after: $("after") }, $("pair"));
const times = [];
const wanted = new URLSearchParams(location.search);
const reading = wanted.get("reading");
const named = wanted.get("worklist");

let me;
let outbox;
let at = 0;
let place = 0;
let shownStack = null;
let began = performance.now();

const card = () => work.cards[at];
const stored = () => card().places[place];



const ACTIONS = {
  first: () => setEnd("first"),
  last: () => setEnd("last"),
  all: () => setDraft({ first: 0, last: card().stack.slices - 1 }),
  accept,
  nextUnlabelled,
  undo,
  unlabel: () => label(null),
  left: () => turn(place - 1),
  right: () => turn(place + 1),
  previous: () => open(at - 1),
  next: () => open(at + 1),
  otherPhase,
  cine,
  opinion,
  takeOpinion,
  invert: () => desk.invert(),
  hide: () => desk.hide(),
  smooth: () => desk.smooth(),
  reset: () => desk.reset(),
  zoomIn: () => desk.zoom(1.25),
  zoomOut: () => desk.zoom(0.8),
  baseLeft: () => setBase("left"),
  baseRight: () => setBase("right"),
  panel: togglePanel,
  help: () => $("help").showModal(),
};

function act(name) {
  if (card() || name === "help") ACTIONS[name]();
}

function setEnd(end) {
  setDraft(withEnd(card().draft ?? rangeOfCodes(work.task, shownCodes()), card().stack.slices, end, place));
}

function setDraft(changed) {
  if (!innerCode(work.task)) return advise("This question has more than three classes: label with the digits.");
  if (card().stack.base_first === null) return advise("Say first which end is the base: [ or ].");
  card().draft = changed;
  showLabels();
  advise(UNSAVED);
}

/** Enter: what is marked is sent, and the next card comes; a card that is labelled already is only left. */
function accept() {
  const { draft, stack, phase, places } = card();
  if (draft) {
    const [first, last] = [places[draft.first], places[draft.last]];
    card().codes = byStored(codesOfRange(work.task, stack.slices, draft));
    send("labels", { kind: "range", act: newId(), stack: stack.id, phase, first, last }, first);
    card().draft = null;
  } else if (!isDone(card())) {
    return advise("Mark the first (f) or the last (l) IN slice, or all of them (a).");
  }
  advance();
}

function label(code) {
  const { stack, phase, codes } = card();
  const slice = stored();
  card().draft = null;
  card().codes = codes.with(slice, code);
  send("labels", { kind: "slice", act: newId(), stack: stack.id, phase, slice, code }, slice);
  showLabels();
  if (code !== null && place < stack.slices - 1) turn(place + 1);
  else if (code !== null && isDone(card())) advise("All slices are labelled: Enter goes on.");
}

function advance() {
  pace();
  const { stack } = card();
  if (reading && work.siblings(card()).every(isDone)) {
    outbox.post(`/readings/${encodeURIComponent(reading)}/done`, { act: newId(), stack: stack.id });
  }
  if (at < work.cards.length - 1) return open(at + 1);
  showLabels();
  const open_ = work.nextUnlabelled(at);
  advise(open_ < 0 ? "That was the last one: every stack is labelled." : "This is the end of the list; n goes to what is unlabelled.");
}

function nextUnlabelled() {
  const next = work.nextUnlabelled(at);
  if (next < 0) advise("Every stack is labelled.");
  else open(next);
}

function undo() {
  const acts = history();
  const last = acts.pop();
  if (!last) return advise("Nothing was labelled in this browser that could be undone.");
  keepHistory(acts);
  outbox.post(`/tasks/${encodeURIComponent(last.task)}/undo`, last.undo);
}

function otherPhase() {
  const cards = work.siblings(card());
  const next = cards[(cards.indexOf(card()) + 1) % cards.length];
  open(work.cards.indexOf(next), place);
}

async function cine() {
  if (desk.playing) return desk.stop();
  if (card().stack.phases < 2) return advise("This stack has one phase: there is no cine.");
  await desk.play().catch((error) => advise(error.message));
}

async function opinion() {
  const asked = card();
  if (!work.hasModel || asked.opinion) return;
  advise("Asking the model …");
  try {
    asked.opinion = await ask(`${work.path}/opinion`, { body: { stack: asked.stack.id, phase: asked.phase } });
  } catch (error) {
    return advise(`The model could not be asked: ${error.message}`);
  }
  advise(card().draft ? UNSAVED : "");
  if (asked === card()) showSide();
}

function takeOpinion() {
  const { stack, phase, opinion: shown } = card();
  const codes = shown ? proposalOf(card()) : [];
  if (!codes.length || codes.includes(null)) return advise("Ask for the model's opinion first (m).");
  card().draft = null;
  card().codes = codes;
  send("labels", { kind: "proposal", act: newId(), stack: stack.id, phase, codes, model: shown.model }, 0);
  advance();
}

async function setBase(end) {
  const { stack } = card();
  if (stack.base_first !== null) return;
  try {
    await ask(`/stacks/${stack.id}/base`, { method: "PUT", body: { base_first: end === "left" } });
    await reload(stack.id);
  } catch (error) {
    advise(error.message);
  }
}

function togglePanel() {
  const isOpen = $("reading").dataset.panel === "open";
  $("reading").dataset.panel = isOpen ? "closed" : "open";
  $("panel-button").setAttribute("aria-expanded", String(!isOpen));
}



function send(what, body, slice) {
  const { act: id, stack, phase } = body;
  keepHistory([...history(), { task: work.task.name, undo: { act: id, stack, phase, slice } }]);
  outbox.post(`${work.path}/${what}`, body);
}

function newId() {
  return crypto.randomUUID();
}

const historyName = () => `medgraft-acts-${me.project_id}-${me.reader}`;
const history = () => JSON.parse(localStorage.getItem(historyName()) ?? "[]");
const keepHistory = (acts) => localStorage.setItem(historyName(), JSON.stringify(acts.slice(-MOST_UNDO)));

function listenToOutbox() {
  outbox.addEventListener("waiting", () => status("waiting", "saving …"));
  outbox.addEventListener("saved", ({ detail: { act: sent, answer } }) => saved(sent, answer));
  outbox.addEventListener("kept", ({ detail: { signedOut } }) => {
    const count = outbox.waiting.length;
    status("kept", signedOut ? `signed out, ${count} kept here` : `offline, ${count} kept here`);
    if (signedOut) advise("Your session has ended. Sign in again in another tab: what you did is kept here and sent then.");
  });
  outbox.addEventListener("refused", ({ detail: { error } }) => {
    status("kept", "not saved");
    advise(error.message);
    reload(card()?.stack.id);
  });
}

function saved(sent, answer) {
  if (sent.path.endsWith("/done")) return status("saved", `done with ${answer.done} of ${answer.stacks}`);
  const undone = sent.path.endsWith("/undo");
  const result = undone ? answer.saved : answer;
  if (outbox.waiting.length) status("waiting", "saving …");
  else if (result) status("saved", `saved ${new Date(result.at).toLocaleTimeString([], { hour12: false })}`);
  else status("idle", "nothing to undo");
  if (!result) return;
  const index = work.indexOf(result.stack, result.phase);
  if (index < 0 || (!undone && outbox.waiting.length)) return;
  work.cards[index].codes = result.codes;
  if (undone) {
    work.cards[index].draft = null;
    open(index);
    advise("Undone.");
  } else if (index === at) showLabels();
  showProgress();
}

function status(state, text) {
  $("saved").dataset.state = state;
  $("saved").textContent = text;
}



function open(index, toPlace) {
  if (index < 0 || index >= work.cards.length) return;
  const { stack } = work.cards[index];
  place = Math.min(toPlace ?? (shownStack === stack.id ? place : Math.floor(stack.slices / 2)), stack.slices - 1);
  at = index;
  shownStack = stack.id;
  began = performance.now();
  desk.open(card(), place);
  showCard();
  prefetch();
}

function turn(to) {
  if (!card() || to < 0 || to >= card().stack.slices) return;
  place = to;
  sheet.choose(place);
  desk.turn(place);
  showSide();
}

function showCard() {
  const { stack } = card();
  $("position").textContent = `stack ${work.position(card())} / ${work.stacks}`;
  $("subject").textContent = [reading && `round ${reading}`, stack.subject, stack.site].filter(Boolean).join(" · ");
  const unknown = stack.base_first === null && work.task.along_stack.length > 0;
  $("ask-base").hidden = !unknown;
  $("base-end").textContent = unknown ? "first as stored" : "base";
  $("apex-end").textContent = unknown ? "last as stored" : "apex";
  document.querySelector(".contact").style.setProperty("--count", stack.slices);
  $("phases").replaceChildren(...work.siblings(card()).map(phaseTab));
  advise("");
  showLabels();
  sheet.choose(place);
}

function phaseTab(one) {
  const tab = document.createElement("button");
  tab.type = "button";
  tab.role = "tab";
  tab.tabIndex = -1;
  tab.append(one.name);
  if (isDone(one)) tab.appendChild(document.createElement("span")).className = "tick";
  tab.setAttribute("aria-selected", String(one === card()));
  tab.addEventListener("click", () => open(work.cards.indexOf(one), place));
  return tab;
}

/** Codes by place, a draft before what was said. */
function shownCodes() {
  const { draft, places, codes, stack } = card();
  return draft ? codesOfRange(work.task, stack.slices, draft) : places.map((slice) => codes[slice]);
}

function byStored(codes) {
  const byPlace = card().places;
  return codes.map((_, slice) => codes[byPlace.indexOf(slice)]);
}

function showLabels() {
  const codes = shownCodes();
  const classes = new Map(work.task.classes.map((item) => [item.code, item]));
  const draft = card().draft !== null;
  const marks = codes.map((code) => (code === null ? null : { ...classes.get(code), draft }));
  sheet.mark(marks);
  $("range").hidden = !work.task.along_stack.length;
  range.show(marks, innerCode(work.task) ? rangeOfCodes(work.task, codes) : null);
  $("phases").replaceChildren(...work.siblings(card()).map(phaseTab));
  showProgress();
  showSide();
}

function showProgress() {
  const [done, total] = [work.done, work.stacks];
  $("progress").firstElementChild.style.width = `${(100 * done) / Math.max(total, 1)}%`;
  $("progress").setAttribute("aria-valuemax", total);
  $("progress").setAttribute("aria-valuenow", done);
  showPace($("pace"), { done, total, times });
}

function showSide() {
  showOpinion($("opinion"), { card: card(), task: work.task, place, hasModel: work.hasModel, ask: opinion, take: takeOpinion });
}

function advise(text) {
  $("advice").textContent = text;
}

function showWindow([dark, bright], inverted) {
  const level = Math.round((dark + bright) / 2);
  $("window-text").textContent = `W ${Math.round(bright - dark)}  L ${level}${inverted ? "  inverted" : ""}`;
}

/** The time that a stack took, pauses left out. */
function pace() {
  const seconds = (performance.now() - began) / 1000;
  if (seconds < LONGEST_PAUSE) times.push(seconds);
}

/** Fetch the next cards, and this stack's other phases, one after the other. */
async function prefetch() {
  const from = at;
  for (const next of [...work.siblings(card()), ...work.cards.slice(from + 1, from + 1 + AHEAD)]) {
    if (at !== from) return;
    await cache.phase(next.stack.id, next.phase).catch(() => {});
  }
}



/** The worklist as it is asked for; without a model there is no order by what it is unsure of. */
async function load() {
  try {
    await work.load($("task").value, $("order").value, reading, named);
  } catch (error) {
    if (error.status !== 400 || $("order").value !== "uncertain") throw error;
    $("order").value = "listed";
    await work.load($("task").value, "listed", reading, named);
  }
  $("order").querySelector("[value=uncertain]").disabled = !work.hasModel;
}

async function reload(stack) {
  await load();
  const before = work.cards.findIndex((one) => one.stack.id === stack);
  show(before);
}

function show(index = 0) {
  if (!work.cards.length) return showEmpty();
  $("reading").dataset.state = "ready";
  $("message").hidden = true;
  describeKeys($("help-keys"), work.task.classes);
  $("class-keys").replaceChildren(...work.task.classes.map(classKey));
  open(Math.max(index, 0));
}

function classKey({ key, code, colour }) {
  const root = document.createElement("button");
  root.type = "button";
  root.tabIndex = -1;
  root.style.setProperty("--class", colour);
  root.append(...["kbd", "i", "span"].map((name) => document.createElement(name)));
  [root.firstChild.textContent, root.lastChild.textContent] = [key, code];
  root.addEventListener("click", () => label(code));
  return root;
}

function showEmpty() {
  $("position").textContent = "";
  const unnamed = work.unnamed > 0;
  tell(
    "empty",
    unnamed ? "No stack names its ED and ES" : "No stacks to label yet",
    unnamed
      ? `${work.unnamed} stacks are here, but this question asks about ED and ES. Name their phases: medgraft correct.`
      : "Import a folder of images first: drop it on the Cohort page, or run medgraft import.",
    ["Go to the cohort", () => location.assign("/cohort")],
  );
}

function tell(state, title, text, [words, click]) {
  $("reading").dataset.state = state;
  const parts = ["h2", "p", "button"].map((name) => document.createElement(name));
  [title, text, words].forEach((part, index) => (parts[index].textContent = part));
  parts[2].className = "button primary";
  parts[2].addEventListener("click", click);
  $("message").replaceChildren(...parts);
  $("message").hidden = false;
}

function fail(error) {
  const text = error.status === 401 ? "Your session has ended: sign in again." : `${error.message} Is the server running?`;
  tell("failed", "This page could not be loaded", text, ["Try again", () => location.reload()]);
}

/** The label of a digit key; keys of the task, not of the page. */
function labelByKey(key) {
  const found = work.task?.classes.find((item) => item.key === key);
  if (card() && found) label(found.code);
}

function remember(id) {
  const known = localStorage.getItem(`medgraft-${id}`);
  if (known && [...$(id).options].some((option) => option.value === known)) $(id).value = known;
  $(id).addEventListener("change", async () => {
    localStorage.setItem(`medgraft-${id}`, $(id).value);
    $(id).blur();
    await reload(undefined).catch(fail);
  });
}

async function begin() {
  desk.onWindow = showWindow;
  desk.onFailed = (error) => advise(`The images could not be fetched: ${error.message}`);
  desk.onDrawn = (drawn) => dispatchEvent(new CustomEvent("medgraft-drawn", { detail: { stack: drawn.stack.id, phase: drawn.phase } }));
  listen(act, labelByKey);
  sheet.build(PLACEHOLDER);
  describeKeys($("help-keys"), []);
  $("help-button").addEventListener("click", () => act("help"));
  $("panel-button").addEventListener("click", togglePanel);
  for (const button of document.querySelectorAll("[data-base]")) button.addEventListener("click", () => setBase(button.dataset.base));
  const [who, tasks] = await Promise.all([ask("/me"), ask("/tasks")]);
  me = who;
  $("reader").textContent = me.reader;
  $("task").replaceChildren(...tasks.map(({ name }) => new Option(name, name)));
  remember("task");
  remember("order");
  if (reading) $("task").closest("label").hidden = true; // a round asks one question
  outbox = new Outbox(`${me.project_id}-${me.reader}`);
  listenToOutbox();
  if (outbox.waiting.length) await outbox.run();
  await load();
  const stack = wanted.get("stack");
  show(stack ? work.cards.findIndex((one) => one.stack.id === stack) : Math.max(work.nextUnlabelled(-1), 0));
}

begin().catch(fail);
