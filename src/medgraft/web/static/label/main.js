// The Label page: the worklist's cards one by one, keys to acts.
import { describe, listen, showHelp } from "../keys.js";
import { fail, tell } from "../message.js";
import { togglePanel } from "../panel.js";
import { Acts } from "./acts.js";
import { innerCode } from "./anatomy.js";
import { remember } from "./choice.js";
import { Desk } from "./desk.js";
import { Face } from "./face.js";
import { windowText } from "./grey.js";
import { KEYS, keysOf } from "./keys.js";
import { askOpinion, proposalOf } from "./opinion.js";
import { Pace } from "./pace.js";
import { PixelCache } from "./pixel_cache.js";
import { RangeBar } from "./range_bar.js";
import { showOutbox } from "./saved_light.js";
import { ask } from "./server.js";
import { Sheet } from "./sheet.js";
import { Worklist } from "./worklist.js";

const AHEAD = 6;
const UNSAVED = "Not saved yet: Enter accepts.";
const PLACEHOLDER = { slices: 10, rows: 1, columns: 1 };

const $ = (id) => document.getElementById(id);
const wanted = new URLSearchParams(location.search);
const reading = wanted.get("reading");

const cache = new PixelCache();
const work = new Worklist();
const pace = new Pace();
const sheet = new Sheet($("sheet"), turn);
const range = new RangeBar($("range"), setDraft);
const desk = new Desk(cache, sheet, { large: $("large"), before: $("before"), after: $("after") }, $("pair"));
const clicks = { open: (one) => open(work.cards.indexOf(one), place), label, ask: opinion, take: takeOpinion };
const face = new Face({ work, sheet, range, pace, clicks });

let acts;
let at = 0;
let place = 0;
let shown = null; // the card at hand

const card = () => work.cards[at];

const ACTIONS = {
  first: () => mark("first"),
  last: () => mark("last"),
  whole,
  accept,
  nextUnlabelled,
  undo,
  unlabel: () => label(null),
  left: () => turn(place - 1),
  right: () => turn(place + 1),
  toBase: () => turn(0),
  toApex: () => turn(card().count - 1),
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
  panel: () => togglePanel($("reading")),
  help: () => showHelp($("help")),
};

function act(name) {
  if (card() || name === "help") ACTIONS[name]();
}

/** The label of a digit key; keys of the task, not of the page. */
function labelByKey(key) {
  const found = work.task?.classes.find((item) => item.key === key);
  if (card() && found) label(found.code);
}

function mark(end) {
  if (!canBeMarked()) return;
  card().mark(end, place);
  showDraft();
}

function whole() {
  if (!innerCode(work.task)) return advise(howToMark(work.task));
  if (!canBeMarked()) return;
  card().markWhole();
  showDraft();
}

function setDraft(changes) {
  card().draft = changes;
  showDraft();
}

function canBeMarked() {
  if (!card().task.along_stack.length) advise("The classes of this question have no order along the stack: label with the digits.");
  else if (!card().hasBase) advise("Say first which end is the base: [ or ].");
  else return true;
  return false;
}

function showDraft() {
  face.showLabels(card(), place);
  advise(UNSAVED);
}

/** Enter: what is marked is sent, and the next card comes; a card that is labelled already is only left. */
function accept() {
  if (card().draft) acts.boundaries(card(), card().takeDraft());
  else if (!card().isDone) return advise(howToMark(work.task));
  advance();
}

function howToMark(task) {
  const inner = innerCode(task);
  if (inner) return `Mark the first (f) or the last (l) ${inner} slice, or all of them (a).`;
  return task.along_stack.length ? "Mark where each class begins (f), from base to apex." : "Label every slice with the digits.";
}

function label(code) {
  const slice = card().places[place];
  card().draft = null;
  card().codes = card().codes.with(slice, code);
  acts.slice(card(), slice, code);
  face.showLabels(card(), place);
  if (code !== null && place < card().count - 1) turn(place + 1);
  else if (code !== null && card().isDone) advise("All slices are labelled: Enter goes on.");
}

function advance() {
  pace.end();
  if (reading && work.siblings(card()).every((one) => one.isDone)) acts.done(reading, card().stack.id);
  if (at < work.cards.length - 1) return open(at + 1);
  face.showLabels(card(), place);
  advise(work.left ? "This is the end of the list; n goes to what is unlabelled." : "That was the last one: every stack is labelled.");
}

function nextUnlabelled() {
  const next = work.nextUnlabelled(at);
  if (next < 0) advise("Every stack is labelled.");
  else open(next);
}

function undo() {
  if (card().draft) {
    card().draft = null;
    face.showLabels(card(), place);
    advise("What was not saved is gone.");
  } else if (!acts.undo()) advise("Nothing was labelled in this browser that could be undone.");
}

function otherPhase() {
  const cards = work.siblings(card());
  clicks.open(cards[(cards.indexOf(card()) + 1) % cards.length]);
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
    await askOpinion(asked);
  } catch (error) {
    return asked === card() && advise(`The model could not be asked: ${error.message}`);
  }
  if (asked !== card()) return;
  advise(card().draft ? UNSAVED : "");
  face.showSlice(asked, place);
}

function takeOpinion() {
  const codes = proposalOf(card());
  if (!codes) return advise("Ask for the model's opinion first (m).");
  card().draft = null;
  card().codes = codes;
  acts.proposal(card(), codes, card().opinion.model);
  advance();
}

async function setBase(end) {
  const { stack } = card();
  if (stack.base_first !== null) return;
  try {
    await ask(`/stacks/${stack.id}/base`, { method: "PUT", body: { base_first: end === "left" } });
    await reload(atHand);
  } catch (error) {
    advise(error.message);
  }
}

function open(index, toPlace) {
  if (index < 0 || index >= work.cards.length) return;
  const { stack, count } = work.cards[index];
  place = Math.min(toPlace ?? (shown?.stack.id === stack.id ? place : Math.floor(count / 2)), count - 1);
  at = index;
  shown = card();
  pace.begin();
  desk.open(card(), place);
  face.show(card(), place, reading);
  const ahead = work.cards.slice(at + 1, at + 1 + AHEAD);
  cache.prefetch([...work.siblings(card()), ...ahead], () => at === index);
}

function turn(to) {
  if (!card() || to < 0 || to >= card().count) return;
  place = to;
  sheet.choose(place);
  desk.turn(place);
  face.showSlice(card(), place);
}

function advise(text) {
  face.advise(text);
}

/** What the server says about the acts that were sent. */
function listenToOutbox({ outbox }) {
  showOutbox($("saved"), outbox);
  outbox.addEventListener("saved", ({ detail: { act: sent, answer } }) => saved(sent, answer));
  outbox.addEventListener("kept", ({ detail: { signedOut, error } }) => {
    if (signedOut) advise("Your session has ended. Sign in again in another tab: what you did is kept here and sent then.");
    else if (error.status) advise(`Kept here and sent again: ${error.message}`);
  });
  outbox.addEventListener("refused", ({ detail: { error } }) => {
    reload(atHand).then(() => advise(error.message), failed);
  });
}

function saved(sent, answer) {
  const undone = sent.path.endsWith("/undo");
  const result = undone ? answer.saved : answer;
  const index = result?.codes ? work.indexOf(result.stack, result.phase) : -1;
  // What is on its way still is newer than this answer.
  if (index < 0 || (!undone && acts.outbox.waiting.length)) return;
  work.cards[index].codes = result.codes;
  if (undone) {
    work.cards[index].draft = null;
    open(index);
    advise("Undone.");
  } else if (index === at) face.showLabels(card(), place);
  face.showProgress();
}

/** The worklist as it is asked for; without a model there is no order by what it is unsure of. False as `Worklist.load`. */
async function load() {
  const named = wanted.get("worklist");
  let isLast;
  try {
    isLast = await work.load($("task").value, $("order").value, reading, named);
  } catch (error) {
    if (error.status !== 400 || $("order").value !== "uncertain") throw error;
    $("order").value = "listed";
    isLast = await work.load($("task").value, "listed", reading, named);
  }
  $("order").querySelector("[value=uncertain]").disabled = !work.hasModel;
  return isLast;
}

/** The worklist anew, and the card that `which()` names then: the reader may have gone on meanwhile. */
async function reload(which = () => 0) {
  if (await load()) show(which());
}

function atHand() {
  return shown ? work.indexOf(shown.stack.id, shown.phase) : 0;
}

function placeOf(stack) {
  return work.cards.findIndex((one) => one.stack.id === stack);
}

/** Show a card of the worklist, the first where it is not there. */
function show(index) {
  if (!work.cards.length) return showEmpty();
  $("reading").dataset.state = "ready";
  $("message").hidden = true;
  describe($("help-keys"), keysOf(work.task));
  face.ask(work.task);
  open(Math.max(index, 0));
}

function showEmpty() {
  $("position").textContent = "";
  const [title, text] = work.unnamed
    ? ["No stack names its ED and ES", `${work.unnamed} stacks are here, but this question asks about ED and ES. Name their phases: medgraft correct.`]
    : ["No stacks to label yet", "Import a folder of images first: drop it on the Cohort page, or run medgraft import."];
  tell($("reading"), "empty", title, text, ["Go to the cohort", "/cohort"]);
}

function wire() {
  desk.onWindow = (window, inverted) => ($("window-text").textContent = windowText(window, inverted));
  desk.onFailed = (error) => advise(`The images could not be fetched: ${error.message}`);
  desk.onDrawn = ({ stack, phase }) => dispatchEvent(new CustomEvent("medgraft-drawn", { detail: { stack: stack.id, phase } }));
  listen(KEYS, act, labelByKey);
  describe($("help-keys"), KEYS);
  sheet.build(PLACEHOLDER);
  $("help-button").addEventListener("click", () => act("help"));
  $("panel-button").addEventListener("click", () => act("panel"));
  for (const button of document.querySelectorAll("[data-base]")) button.addEventListener("click", () => setBase(button.dataset.base));
}

async function begin() {
  wire();
  const [me, tasks] = await Promise.all([ask("/me"), ask("/tasks")]);
  $("reader").textContent = me.reader;
  $("task").replaceChildren(...tasks.map(({ name }) => new Option(name, name)));
  for (const id of ["task", "order"]) remember($(id), () => reload().catch(failed));
  if (reading) $("task").closest("label").hidden = true; // a round asks one question
  acts = new Acts(me);
  listenToOutbox(acts);
  if (acts.outbox.waiting.length) await acts.outbox.run();
  await load();
  show(wanted.has("stack") ? placeOf(wanted.get("stack")) : work.nextUnlabelled(-1));
}

function failed(error) {
  fail($("reading"), error);
}

begin().catch(failed);
