// The Studies page: progress of what runs, stop and resume, a new study, two to compare.
import { ask } from "../label/server.js";

const BUSY = ["running", "starting"];
const EVERY = 1000;
const RARELY = 5000; // a study may be started in a terminal

const $ = (id) => document.getElementById(id);
const states = () => Object.fromEntries([...document.querySelectorAll("[data-study]")].map((card) => [card.dataset.study, card.dataset.state]));

document.addEventListener("click", ({ target }) => {
  const act = target.closest("[data-act]");
  if (act) perform(act);
  if (target.closest("#new-study, [data-open=new-study]")) $("new-study-dialog").showModal();
});
document.addEventListener("change", ({ target }) => target.name === "compare" && chooseTwo());
$("study-start").addEventListener("click", begin);
chooseTwo();
watch();

async function watch() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, Object.values(states()).some((state) => BUSY.includes(state)) ? EVERY : RARELY));
    if (document.hidden) continue;
    const found = await ask("/studies").catch(() => null); // a server that is away is asked again
    if (found) show(found);
  }
}

function show(found) {
  const known = states();
  const same = found.length === Object.keys(known).length && found.every(({ name, state }) => known[name] === state);
  if (!same) return redraw();
  for (const study of found) if (BUSY.includes(study.state)) drawBars(study);
}

/** The list as the server draws it now; nothing else on the page moves. */
async function redraw() {
  const response = await fetch("/studies").catch(() => null);
  if (!response?.ok) return; // a server that is away, or a session that has ended, is met again at the next look
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const chosen = new Set([...document.querySelectorAll("[name=compare]:checked")].map((box) => box.value));
  for (const box of fresh.querySelectorAll("[name=compare]")) box.toggleAttribute("checked", chosen.has(box.value));
  $("studies").replaceWith(document.importNode(fresh.getElementById("studies"), true));
  document.querySelector(".bar .number").textContent = fresh.querySelector(".bar .number").textContent;
  chooseTwo();
}

function drawBars({ name, bars, seconds_left }) {
  const box = document.querySelector(`[data-bars="${CSS.escape(name)}"]`);
  if (!box || !bars.length) return;
  if (box.querySelectorAll("progress").length !== bars.length) box.replaceChildren(...bars.flatMap(() => [make("span"), make("progress"), make("span", "number"), make("span", "dim detail")]));
  bars.forEach((bar, at) => {
    const [title, line, count, detail] = [...box.children].slice(at * 4, at * 4 + 4);
    title.textContent = bar.stage === "study" ? "all trainings" : bar.stage;
    line.max = bar.total || 1;
    if (bar.total) line.value = bar.done;
    line.setAttribute("aria-label", bar.stage);
    count.textContent = bar.total ? `${bar.done} / ${bar.total}` : bar.done;
    detail.textContent = bar.stage === "study" && seconds_left !== null ? `about ${duration(seconds_left)} left` : bar.detail;
  });
}

async function perform(button) {
  const card = button.closest("[data-study]");
  const words = button.textContent;
  button.disabled = true;
  button.textContent = button.dataset.act === "stop" ? "Stopping…" : "Starting…";
  try {
    await ask(`/studies/${encodeURIComponent(card.dataset.study)}/${button.dataset.act}`, { method: "POST" });
  } catch (error) {
    [button.disabled, button.textContent] = [false, words];
    return complain(card, error.message);
  }
  redraw();
}

async function begin() {
  const [button, problem] = [$("study-start"), $("study-problem")];
  button.disabled = true;
  button.textContent = "Checking…";
  problem.hidden = true;
  try {
    await ask("/studies", { body: { text: $("study-text").value } });
    $("new-study-dialog").close();
    await redraw();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
  button.disabled = false;
  button.textContent = "Start";
}

function complain(card, text) {
  const note = make("p", "note warn");
  note.setAttribute("role", "alert");
  note.textContent = text;
  card.append(note);
}

/** Two marked studies can be compared; the form carries them. */
function chooseTwo() {
  const form = $("compare");
  if (!form) return;
  const chosen = [...document.querySelectorAll("[name=compare]:checked")].map((box) => box.value);
  for (const box of document.querySelectorAll("[name=compare]")) box.disabled = chosen.length >= 2 && !box.checked;
  form.querySelectorAll("input").forEach((input) => input.remove());
  chosen.forEach((name, at) => {
    const input = make("input");
    Object.assign(input, { type: "hidden", name: "ab"[at], value: name });
    form.append(input);
  });
  form.querySelector("button").disabled = chosen.length !== 2;
}

function make(name, className = "") {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
