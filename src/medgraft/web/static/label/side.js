// The side panel: what the model thinks, once asked, and how far the reader is.

/** Probabilities by place as stacked bars; a button where it was not asked. */
export function showOpinion(root, { card, place, hasModel, ask, take }) {
  if (!hasModel) return root.replaceChildren(text("p", "No study has ended in this project, so no model has one.", "dim"));
  if (!card.opinion) return root.replaceChildren(text("p", "Hidden until you ask. Asking is recorded.", "dim"), button("m", "Show", ask));
  const { task, opinion: { model, probabilities } } = card;
  if (!Object.keys(probabilities).length) return root.replaceChildren(text("p", `${model} has no answer for this stack.`, "dim"));
  const bars = document.createElement("div");
  bars.className = "bars";
  bars.style.setProperty("--count", card.stack.slices);
  bars.append(...card.places.map((stored, at) => bar(probabilities[stored] ?? {}, task, at === place)));
  const legend = document.createElement("div");
  legend.className = "legend";
  legend.append(...task.classes.map(({ code, colour }) => coloured(text("span", code), colour)));
  root.replaceChildren(text("p", `${model}, which has not trained on this patient`, "dim"), bars, legend, button("M", "Accept as mine", take));
}

/** left: phases without all labels. seconds: what one takes, null where that is not known yet. */
export function showProgress(root, { done, stacks, left, seconds }) {
  const known = seconds !== null;
  const lines = [
    ["labelled", `${done} of ${stacks} stacks`],
    ["a phase takes", known ? `${seconds.toFixed(1)} s` : "–"],
    ["time left", known ? minutes(seconds * left) : "–"],
  ];
  root.replaceChildren(...lines.flatMap(([name, value]) => [text("dt", name), text("dd", value)]));
}

function minutes(seconds) {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function bar(scores, task, current) {
  const column = document.createElement("div");
  column.setAttribute("aria-current", String(current));
  column.title = task.classes.map(({ code }) => `${code} ${(100 * (scores[code] ?? 0)).toFixed(0)} %`).join("\n");
  for (const { code, colour } of task.classes) {
    const part = coloured(column.appendChild(document.createElement("i")), colour);
    part.style.flexGrow = scores[code] ?? 0;
  }
  return column;
}

function text(tag, words, name = "") {
  const element = document.createElement(tag);
  element.textContent = words;
  element.className = name;
  return element;
}

function button(key, words, click) {
  const element = text("button", "", "button");
  element.type = "button";
  element.append(text("kbd", key), words);
  element.addEventListener("click", click);
  return element;
}

function coloured(element, colour) {
  element.style.setProperty("--class", colour);
  return element;
}
