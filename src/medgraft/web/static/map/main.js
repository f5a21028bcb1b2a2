// The Map page: points from the server, what is under the pointer, a selection that becomes a worklist.
import { ask } from "../label/server.js";
import { looksBy, trace } from "./colours.js";
import { Scatter } from "./scatter.js";

const EVERY = 1500;

const $ = (id) => document.getElementById(id);
const page = $("map");
const { study, model } = page.dataset;
const path = `/studies/${encodeURIComponent(study)}/models/${encodeURIComponent(model)}/map`;
const scatter = new Scatter($("field"), { hover: showHovered, open: (at) => location.assign(linkOf(points[at])), select: showSelection });
let points = [];
let classes = [];

$("colour").addEventListener("change", recolour);
$("clear").addEventListener("click", () => scatter.clear());
$("select-errors").addEventListener("click", () => scatter.select([...points.keys()].filter((at) => points[at].wrong)));
$("list-name").addEventListener("input", offerMaking);
$("make").addEventListener("submit", make);
load();
showLists();

async function load() {
  try {
    show(await ask(path));
  } catch (error) {
    say("The map cannot be shown", error.message);
  }
}

function show(map) {
  page.dataset.state = map.state;
  if (map.state === "ready") return draw(map);
  if (map.state === "computing") return waitFor(map);
  const why = map.state === "failed" ? map.error : `Each of the ${map.images} images goes through the network once, then t-SNE finds a place for it: from some seconds to a few minutes. It is kept.`;
  say(map.state === "failed" ? "The map could not be drawn" : "This map is not drawn yet", why, map.state === "failed" ? "Try again" : "Draw the map", compute);
}

async function compute() {
  try {
    show(await ask(path, { method: "POST" }));
  } catch (error) {
    say("The map cannot be drawn", error.message);
  }
}

function waitFor(map) {
  say("Drawing the map", `${map.images} images go through the network; this page shows them as soon as they have a place. You may leave it.`);
  const line = document.createElement("div");
  line.className = "skeleton wait";
  $("message").append(line);
  setTimeout(load, EVERY);
}

function draw(map) {
  $("message").hidden = true;
  classes = map.sets[0].classes;
  const rows = map.sets.flatMap(rowsOf);
  points = rows.map((row, at) => ({ ...row, x: map.x[at], y: map.y[at] })).filter((point) => point.x !== null);
  scatter.show(points, looksBy($("colour").value, points, classes));
  showLegend();
  const wrong = points.filter((point) => point.wrong).length;
  $("select-errors").disabled = !wrong;
  $("counts").textContent = `${points.length} images, ${wrong} wrong`;
  showSelection();
}

/** One point per image. Answers of a whole stack count where there are such. */
function rowsOf(set) {
  return set.stack.map((stack, at) => {
    const answer = (set.joint ?? set.plain)[at];
    return {
      stack, on: set.on, subject: set.subject[at], site: set.site[at], phase: set.phase[at], phaseAt: set.phase_at[at], slice: set.slice[at], slices: set.slices[at],
      stored: set.stored[at], truth: set.truth[at], answer, wrong: answer !== set.truth[at], confidence: set.scores[at][answer],
    };
  });
}

function recolour() {
  scatter.colour(looksBy($("colour").value, points, classes));
  showLegend();
}

function showLegend() {
  const { key } = looksBy($("colour").value, points, classes);
  $("legend").replaceChildren(...key.map(({ colour, shape, text }) => {
    const line = document.createElement("span");
    const mark = document.createElement("canvas");
    [mark.width, mark.height] = [28, 28];
    const context = mark.getContext("2d");
    context.fillStyle = colour;
    context.beginPath();
    trace(context, shape, 14, 14, 9);
    context.fill();
    line.append(mark, text);
    return line;
  }));
}

function showHovered(at) {
  const point = points[at];
  if (!point) return;
  const picture = document.createElement("img");
  Object.assign(picture, { src: `/api/v1/stacks/${point.stack}/pixels/${point.phaseAt}/${point.stored}.png?side=288`, alt: "The slice", width: 240, height: 240 });
  const name = document.createElement("b");
  name.textContent = `${point.subject} ${point.phase.toUpperCase()}, slice ${point.slice + 1} of ${point.slices}`;
  const [truth, answer] = [classes[point.truth], classes[point.answer]];
  const facts = document.createElement("p");
  facts.append("truth ", chip(truth), " answer ", chip(answer), ` ${point.confidence.toFixed(2)}`);
  const more = document.createElement("p");
  more.className = point.wrong ? "wrong" : "dim";
  more.textContent = [point.wrong ? "✕ wrong" : "✓ right", point.on, point.site && `site ${point.site}`].filter(Boolean).join(", ");
  const link = document.createElement("a");
  Object.assign(link, { href: linkOf(point), textContent: "Open its stack" });
  $("hovered").replaceChildren(picture, name, facts, more, link);
}

function chip({ code, colour }) {
  const made = document.createElement("span");
  made.className = "chip";
  made.style.setProperty("--class", colour);
  made.style.setProperty("--on-class", "#000");
  made.textContent = code;
  return made;
}

function linkOf(point) {
  const query = new URLSearchParams({ model, on: point.on, stack: point.stack, phase: point.phase, slice: point.slice });
  return `/studies/${encodeURIComponent(study)}/predictions?${query}`;
}

/** Stacks of the selection, those with the most chosen images first. */
function chosenStacks() {
  const counts = new Map();
  for (const at of scatter.selected) counts.set(points[at].stack, (counts.get(points[at].stack) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([stack]) => stack);
}

function showSelection() {
  const stacks = chosenStacks();
  const wrong = [...scatter.selected].filter((at) => points[at].wrong).length;
  $("selected").textContent = stacks.length ? `${scatter.selected.size} images of ${stacks.length} stack${stacks.length > 1 ? "s" : ""}, ${wrong} wrong` : "Nothing yet: draw around some points.";
  $("clear").disabled = !stacks.length;
  offerMaking();
}

function offerMaking() {
  $("make-button").disabled = !scatter.selected.size || !$("list-name").value.trim();
}

async function make(event) {
  event.preventDefault();
  const name = $("list-name").value.trim();
  $("make-button").disabled = true;
  try {
    const made = await ask("/worklists", { body: { name, stacks: chosenStacks(), why: `Lasso on the map of ${study}, ${model}` } });
    $("made").textContent = `Made: ${made.name}, ${made.stacks.length} stack${made.stacks.length > 1 ? "s" : ""}.`;
    $("list-name").value = "";
    showLists();
  } catch (error) {
    $("made").textContent = error.message;
  }
  offerMaking();
}

async function showLists() {
  const lists = await ask("/worklists").catch(() => []);
  $("lists").replaceChildren(...lists.map((list) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    Object.assign(link, { href: `/label?worklist=${list.id}`, textContent: list.name });
    const facts = document.createElement("span");
    facts.className = "dim number";
    facts.textContent = `${list.stacks.length} stacks, by ${list.by}`;
    const remove = document.createElement("button");
    Object.assign(remove, { type: "button", className: "button small", textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove the worklist ${list.name}`);
    remove.addEventListener("click", () => ask(`/worklists/${list.id}`, { method: "DELETE" }).then(showLists));
    item.append(link, facts, remove);
    return item;
  }));
  if (!lists.length) $("lists").append(Object.assign(document.createElement("li"), { className: "dim", textContent: "None yet." }));
}

function say(title, text, action = "", act = null) {
  const heading = document.createElement("h2");
  heading.textContent = title;
  const line = document.createElement("p");
  line.textContent = text;
  const parts = [heading, line];
  if (act) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button primary", textContent: action });
    button.addEventListener("click", act);
    parts.push(button);
  }
  $("message").replaceChildren(...parts);
  $("message").hidden = false;
}
