// The Volumes page: which stack, phase and point are looked at, and how; the planes draw themselves.
import { Cine } from "../cine.js";
import { describe, listen, showHelp } from "../keys.js";
import { PixelCache } from "../label/pixel_cache.js";
import { ask } from "../label/server.js";
import { fail, tell } from "../message.js";
import { togglePanel } from "../panel.js";
import { KEYS } from "./keys.js";
import { MaskCache } from "./mask_cache.js";
import { Scene } from "./scene.js";
import { Side } from "./side.js";
import { Steering } from "./steering.js";
import { Timeline } from "./timeline.js";

const $ = (id) => document.getElementById(id);
const cache = new PixelCache();
const masks = new MaskCache();
const scene = new Scene([...document.querySelectorAll("[data-plane]")]);
const cine = new Cine((phase) => showPhase(phase, { keepPlaying: true }));
const timeline = new Timeline($("marks"), $("phase"), $("phase-text"), (phase) => showPhase(phase));
const side = new Side({ scene, toPhase: (phase) => showPhase(phase) });

let stacks = [];
let at = 0;
let volume = null;
let phase = 0;
let asked = 0;
// Which look at a phase it is, and the latest that was shown: one that comes after it is late.
let phasesAsked = 0;
let phaseShown = 0;

const stack = () => stacks[at];

const ACTIONS = {
  left: () => scene.nudge(-1, 0),
  right: () => scene.nudge(1, 0),
  up: () => scene.nudge(0, -1),
  down: () => scene.nudge(0, 1),
  back: () => scene.turn(-1),
  forth: () => scene.turn(1),
  first: () => scene.enlarge(0),
  second: () => scene.enlarge(1),
  third: () => scene.enlarge(2),
  phaseBefore: () => showPhase((phase + stack().phases - 1) % stack().phases),
  phaseAfter: () => showPhase((phase + 1) % stack().phases),
  cine: play,
  named: nextNamed,
  hide: () => scene.change({ overlays: !scene.look.overlays }),
  style: () => side.nextStyle(),
  less: () => side.moreOpaque(-0.1),
  more: () => side.moreOpaque(0.1),
  invert: () => scene.change({ inverted: !scene.look.inverted }),
  smooth: () => scene.change({ smooth: !scene.look.smooth }),
  zoomIn: () => scene.zoom(1.25),
  zoomOut: () => scene.zoom(0.8),
  reset: () => scene.reset(),
  nextStack: () => open(at + 1),
  stackBefore: () => open(at - 1),
  panel: () => togglePanel($("volumes")),
  help: () => showHelp($("help")),
};

function act(name) {
  if (volume || name === "help") ACTIONS[name]();
}

async function open(index) {
  if (index < 0 || index >= stacks.length) return;
  at = index;
  const turn = ++asked;
  cine.stop();
  advise("");
  showChoice();
  scene.clear();
  try {
    const found = await ask(`/stacks/${stack().id}/volume`);
    if (turn !== asked) return;
    volume = found;
    timeline.build(stack(), volume);
    scene.open(stack(), volume);
    side.open(stack(), volume);
    await showPhase(firstPhase());
  } catch (error) {
    if (turn === asked) advise(`This stack could not be shown: ${error.message}`);
  }
}

/** The wanted phase, else a named one that has a mask, else any with a mask, else ED, else the first. */
function firstPhase() {
  const wanted = new URLSearchParams(location.search);
  if (wanted.get("stack") === stack().id && wanted.has("phase")) return Math.min(Number(wanted.get("phase")) || 0, stack().phases - 1);
  const named = Object.values(stack().named_phases).sort((a, b) => a - b);
  return named.find((one) => one in volume.masks) ?? Number(Object.keys(volume.masks)[0] ?? named[0] ?? 0);
}

async function showPhase(wanted, { keepPlaying = false } = {}) {
  if (!keepPlaying) stopCine();
  const shown = stack();
  const turn = ++phasesAsked;
  const late = () => shown !== stack() || turn < phaseShown;
  let parts;
  try {
    parts = await Promise.all([cache.phase(shown.id, wanted), masks.phase(shown.id, wanted, volume.masks)]);
  } catch (error) {
    if (late()) return;
    stopCine();
    return advise(`Phase ${wanted + 1} could not be fetched: ${error.message}`);
  }
  if (late()) return;
  phaseShown = turn;
  const [images, mask] = parts;
  phase = wanted;
  scene.show(images, mask);
  timeline.choose(phase);
  side.choose(phase, Boolean(mask));
  $("volumes").dataset.state = "ready";
  if (!keepPlaying) history.replaceState(null, "", `?stack=${shown.id}&phase=${phase}`);
}

function nextNamed() {
  const named = [...new Set(Object.values(stack().named_phases))].sort((a, b) => a - b);
  if (!named.length) return advise("This stack names no phase.");
  showPhase(named.find((one) => one > phase) ?? named[0]);
}

async function play() {
  if (cine.playing) return stopCine();
  if (stack().phases < 2) return advise("This stack has one phase: there is no cine.");
  const shown = stack();
  advise("Fetching the phases …");
  $("cine").setAttribute("aria-pressed", "true");
  try {
    for (let one = 0; one < shown.phases; one++) {
      await cache.phase(shown.id, one);
      if (shown !== stack() || $("cine").getAttribute("aria-pressed") !== "true") return;
    }
    advise("");
    cine.play(shown.phases, phase);
  } catch (error) {
    stopCine();
    advise(`The phases could not be fetched: ${error.message}`);
  }
}

function stopCine() {
  cine.stop();
  $("cine").setAttribute("aria-pressed", "false");
  advise("");
}

function showChoice() {
  const { rows, columns, slices, phases, spacing, site } = stack();
  $("stack").value = stack().id;
  $("label-link").href = `/label?stack=${stack().id}`;
  $("stack-before").disabled = at === 0;
  $("next-stack").disabled = at === stacks.length - 1;
  $("cine").disabled = phases < 2;
  const mm = spacing ? `${spacing.map((length) => length.toFixed(2).replace(/\.?0+$/, "")).join(" × ")} mm` : "spacing unknown";
  const facts = [`${slices} × ${rows} × ${columns}`, mm, phases > 1 && `${phases} phases`, site && `site ${site}`];
  $("facts").textContent = facts.filter(Boolean).join("  ·  ");
}

function advise(text) {
  $("advice").textContent = text;
}

function option({ id, subject, series, masks: masked }) {
  return new Option([subject, series, masked && "◆ mask"].filter(Boolean).join("  ·  "), id);
}

function wire() {
  new Steering(scene);
  listen(KEYS, act);
  describe($("help-keys"), KEYS);
  scene.onChange = () => side.update();
  const clicks = { "stack-before": "stackBefore", "next-stack": "nextStack", cine: "cine", invert: "invert", reset: "reset", "panel-button": "panel", "help-button": "help" };
  for (const [id, name] of Object.entries(clicks)) $(id).addEventListener("click", () => act(name));
  $("stack").addEventListener("change", () => {
    $("stack").blur();
    open(stacks.findIndex((one) => one.id === $("stack").value));
  });
}

async function begin() {
  wire();
  stacks = (await ask("/cohort")).stacks;
  if (!stacks.length) {
    return tell($("volumes"), "empty", "No volumes yet", "Import a folder of images first: drop it on the Cohort page, or run medgraft import.", ["Go to the cohort", "/cohort"]);
  }
  $("stack").replaceChildren(...stacks.map(option));
  const wanted = new URLSearchParams(location.search).get("stack");
  const masked = stacks.findIndex((one) => one.masks);
  const index = wanted ? stacks.findIndex((one) => one.id === wanted) : Math.max(masked, 0);
  if (index < 0) return tell($("volumes"), "failed", "There is no such stack", `No stack of this project has the id “${wanted}”.`, ["Show the first", "/volumes"]);
  await open(index);
}

begin().catch((error) => fail($("volumes"), error));
