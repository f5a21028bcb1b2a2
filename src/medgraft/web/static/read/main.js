// The Read page: all rounds, or one of them in one of its views; the address says which.
import { ask } from "../label/server.js";
import { fail, tell } from "../message.js";
import { Adjudication } from "./adjudication.js";
import { agreementView } from "./agreement.js";
import { element } from "./element.js";
import { prepareNewRound } from "./new_round.js";
import { progressView } from "./round.js";
import { roundCards, stateTag } from "./rounds.js";

const $ = (id) => document.getElementById(id);
const LOOK_AGAIN = 5000;
const VIEWS = { progress: "Progress", agreement: "Agreement", disagreements: "Disagreements" };

const wanted = new URLSearchParams(location.search);
const name = wanted.get("round");
const view = name ? (wanted.get("view") in VIEWS ? wanted.get("view") : "progress") : "rounds";

let me = null;
let shown = "";
let timer = 0;

async function draw() {
  const found = await ask("/readings");
  const round = found.rounds.find((one) => one.name === name);
  if (name && !round) return tell($("read"), "failed", "There is no such round", `No round of this project is called “${name}”.`, ["See all rounds", "/read"]);
  $("open-round").hidden = !found.may_open || Boolean(name);
  if (view === "rounds") return drawRounds(found);
  head(round);
  if (view === "progress") return drawProgress(round, found);
  if (round.state === "blinded") return stillBlinded(round);
  if (view === "agreement") return place(await agreementView(round));
  $("page").hidden = true;
  await new Adjudication({ round, me, mayDecide: found.may_decide }).begin();
}

function drawRounds(found) {
  if (!found.rounds.length) return noRounds(found);
  place(roundCards(found, me.reader), JSON.stringify(found));
  again(found.rounds);
}

async function drawProgress(round, found) {
  const parts = await progressView(round, me.reader, { mayOpen: found.may_open, again: draw, fail: failed });
  place(parts, JSON.stringify([round, parts.map((part) => part.textContent)]));
  again([round]);
}

/** What others do shows while one looks; nothing is drawn anew if nothing has changed. */
function again(rounds) {
  clearTimeout(timer);
  if (rounds.some((round) => round.state === "blinded")) timer = setTimeout(() => draw().catch(failed), LOOK_AGAIN);
}

function place(parts, key = "") {
  if (key && key === shown) return;
  shown = key;
  $("page").replaceChildren(...parts.filter(Boolean));
  $("page").hidden = false;
  $("message").hidden = true;
  $("read").dataset.state = "ready";
}

function head(round) {
  document.title = `${round.name} - medgraft`;
  $("round-name").textContent = `› ${round.name}`;
  $("round-state").replaceWith(Object.assign(stateTag(round.state), { id: "round-state" }));
  const path = `/read?round=${encodeURIComponent(round.name)}`;
  $("views").replaceChildren(...Object.entries(VIEWS).map(([id, title]) => element("a", { href: `${path}&view=${id}`, "aria-current": id === view ? "page" : null }, title)));
  $("views").hidden = false;
}

function noRounds({ may_open: mayOpen, accounts }) {
  const text = "A round lets two or more readers label the same stacks, blind to each other, and then shows where they agree.";
  if (!mayOpen) return tell($("read"), "empty", "No round of reading yet", `${text} An admin opens one.`, ["Go to Label", "/label"]);
  tell($("read"), "empty", "No round of reading yet", accounts.length < 2 ? `${text} Give two readers an account first, in a terminal: medgraft readers add NAME` : text, ["Open a round", () => $("open-round").click()]);
}

function stillBlinded(round) {
  const waiting = round.readers.filter((one) => !one.finished).map((one) => `${one.reader} (${one.stacks - one.done} left)`);
  tell($("read"), "empty", "This round is blinded", `Nobody sees what another said until all are done. Waiting for ${waiting.join(" and ")}.`, ["See the progress", `/read?round=${encodeURIComponent(round.name)}`]);
}

const failed = (error) => fail($("read"), error, "This could not be done");

async function begin() {
  $("read").dataset.view = view;
  me = await ask("/me");
  $("reader").textContent = me.reader;
  const { accounts, may_open: mayOpen } = await ask("/readings");
  if (mayOpen) prepareNewRound(accounts, (round) => location.assign(`/read?round=${encodeURIComponent(round.name)}`));
  await draw();
}

begin().catch(failed);
