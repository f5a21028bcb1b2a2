// The dialog that opens a round: who reads what.
import { ask } from "../label/server.js";
import { element } from "./element.js";

const $ = (id) => document.getElementById(id);

/** Prepare the dialog; `opened(round)` is called once there is a round. */
export function prepareNewRound(accounts, opened) {
  const form = $("new-round-form");
  let stacks = [];
  let tasks = [];
  $("open-round").addEventListener("click", async () => {
    [{ stacks }, tasks] = await Promise.all([ask("/cohort"), ask("/tasks")]);
    form.task.replaceChildren(...tasks.filter((task) => task.along_stack.length).map(({ name }) => new Option(name, name)));
    form.which.replaceChildren(...choices(stacks));
    readersOf(accounts);
    count();
    $("new-round").showModal();
  });
  $("new-round-cancel").addEventListener("click", () => $("new-round").close());
  form.addEventListener("input", count);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const readers = [...form.querySelectorAll("[name=reader]:checked")].map((box) => box.value);
    try {
      const round = await ask("/readings", { body: { name: form.name.value.trim(), task: form.task.value, readers, stacks: chosen(form, stacks) } });
      $("new-round").close();
      opened(round);
    } catch (error) {
      tell(error.message);
    }
  });

  function count() {
    const usable = matching(form, stacks).length;
    const readable = matching(form, stacks).filter(canBeRead).length;
    const left = usable - readable;
    $("new-round-count").textContent = `${chosen(form, stacks).length} stacks${left ? `; ${left} are left out, as their ED and ES or their base are not known` : ""}`;
    tell("");
  }
}

function tell(text) {
  $("new-round-problem").textContent = text;
  $("new-round-problem").hidden = !text;
}

function readersOf(accounts) {
  const boxes = accounts.map((name) => element("label", {}, element("input", { type: "checkbox", name: "reader", value: name }), name));
  const none = element("p", { class: "dim" }, "Nobody has an account yet. In a terminal: medgraft readers add NAME");
  $("new-round-readers").replaceChildren(...(boxes.length ? boxes : [none]));
}

function choices(stacks) {
  const values = (name) => [...new Set(stacks.map((stack) => stack[name]).filter(Boolean))].sort();
  return [
    new Option("all", "all"),
    ...values("split").map((value) => new Option(`split ${value}`, `split:${value}`)),
    ...values("site").map((value) => new Option(`site ${value}`, `site:${value}`)),
  ];
}

function matching(form, stacks) {
  const [name, value] = form.which.value.split(":");
  return name === "all" ? stacks : stacks.filter((stack) => stack[name] === value);
}

function chosen(form, stacks) {
  const most = form.most.valueAsNumber;
  const ids = matching(form, stacks).filter(canBeRead).map((stack) => stack.id);
  return most > 0 ? ids.slice(0, most) : ids;
}

function canBeRead({ named_phases: phases, base_first: base }) {
  return Object.keys(phases).length > 0 && base !== null;
}
