// The Map page: points from the server, what is under the pointer, a selection that becomes a worklist.
import { counted } from "../counted.js";
import { ask } from "../label/server.js";
import { fail, tell } from "../message.js";
import { answerOf, confidenceOf, isWrong, rowsOf } from "../predictions/answers.js";
import { chip, element } from "../study/parts.js";
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
    fail(page, error, "The map cannot be shown");
  }
}

function show(map) {
  if (map.state === "ready") return draw(map);
  if (map.state === "computing") return waitFor(map);
  if (map.state === "failed") return tell(page, "failed", "The map could not be drawn", map.error, ["Try again", compute]);
  const why = `Each of the ${map.images} images goes through the network once, then t‑SNE finds a place for it: from some seconds to a few minutes. It is kept.`;
  tell(page, "absent", "This map is not drawn yet", why, ["Draw the map", compute]);
}

async function compute() {
  try {
    show(await ask(path, { method: "POST" }));
  } catch (error) {
    fail(page, error, "The map cannot be drawn");
  }
}

function waitFor(map) {
  tell(page, "computing", "Drawing the map", `${map.images} images go through the network; this page shows them as soon as they have a place. You may leave it.`, ["Back to the study", `/studies/${encodeURIComponent(study)}`]);
  $("message").querySelector("p").after(element("div", "skeleton wait"));
  setTimeout(load, EVERY);
}

function draw(map) {
  page.dataset.state = "ready";
  $("message").hidden = true;
  classes = map.sets[0].classes;
  const rows = map.sets.flatMap((set) => rowsOf(set).map((row) => ({ ...row, on: set.on })));
  points = rows.map((row, at) => pointOf(row, map.x[at], map.y[at])).filter((point) => point.x !== null);
  scatter.show(points, looksBy($("colour").value, points, classes));
  showLegend();
  const wrong = points.filter((point) => point.wrong).length;
  $("select-errors").disabled = !wrong;
  $("counts").textContent = `${counted(points.length, "image")}, ${wrong} wrong`;
  showSelection();
}

/** An image with its place. Answers of a whole stack count where there are such. */
function pointOf(row, x, y) {
  return { ...row, x, y, answer: answerOf(row, "stack"), wrong: isWrong(row, "stack"), confidence: confidenceOf(row, "stack") };
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
  const picture = element("img");
  Object.assign(picture, { src: `/api/v1/stacks/${point.stack}/pixels/${point.phase_at}/${point.stored}.png?side=288`, alt: "The slice", width: 240, height: 240 });
  const facts = element("p");
  facts.append("truth ", chip(classes, point.truth), " answer ", chip(classes, point.answer), ` ${point.confidence.toFixed(2)}`);
  const words = [point.wrong ? "✕ wrong" : "✓ right", point.on, point.site && `site ${point.site}`].filter(Boolean).join(", ");
  const link = element("a", "", "Open its stack");
  link.href = linkOf(point);
  const name = element("b", "", `${point.subject} ${point.phase.toUpperCase()}, slice ${point.slice + 1} of ${point.slices}`);
  $("hovered").replaceChildren(picture, name, facts, element("p", point.wrong ? "wrong" : "dim", words), link);
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
  $("selected").textContent = stacks.length ? `${counted(scatter.selected.size, "image")} of ${counted(stacks.length, "stack")}, ${wrong} wrong` : "Nothing yet: draw around some points.";
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
    $("made").textContent = `Made: ${made.name}, ${counted(made.stacks.length, "stack")}.`;
    $("list-name").value = "";
    showLists();
  } catch (error) {
    $("made").textContent = error.message;
  }
  offerMaking();
}

async function showLists() {
  const lists = await ask("/worklists").catch(() => []);
  $("lists").replaceChildren(...lists.map(listItem));
  if (!lists.length) $("lists").append(element("li", "dim", "None yet."));
}

function listItem(list) {
  const item = element("li");
  const link = element("a", "", list.name);
  link.href = `/label?worklist=${list.id}`;
  const remove = element("button", "button small", "Remove");
  remove.type = "button";
  remove.setAttribute("aria-label", `Remove the worklist ${list.name}`);
  remove.addEventListener("click", () => ask(`/worklists/${list.id}`, { method: "DELETE" }).then(showLists));
  item.append(link, element("span", "dim number", `${counted(list.stacks.length, "stack")}, by ${list.by}`), remove);
  return item;
}
