// Keys, as one table: what is pressed, what it does, what the help says.

export const KEYS = [
  ["f", "first", "first IN slice is this one"],
  ["l", "last", "last IN slice is this one"],
  ["a", "all", "all slices are IN"],
  ["Enter", "accept", "accept and go to the next"],
  ["n", "nextUnlabelled", "next unlabelled"],
  ["u", "undo", "undo the last act, again for the one before"],
  ["Backspace", "unlabel", "take this slice's label back"],
  ["ArrowLeft", "left", "slice towards the base"],
  ["ArrowRight", "right", "slice towards the apex"],
  ["ArrowUp", "previous", "stack or phase before"],
  ["ArrowDown", "next", "stack or phase after"],
  ["e", "otherPhase", "ED or ES"],
  [" ", "cine", "play or stop the cine"],
  ["m", "opinion", "the model's opinion (asking is recorded)"],
  ["M", "takeOpinion", "accept the model's opinion, once shown"],
  ["i", "invert", "invert"],
  ["h", "hide", "hide what is written over the image"],
  ["s", "smooth", "smooth or plain pixels"],
  ["r", "reset", "window, zoom and place as at first"],
  ["+", "zoomIn", "zoom in"],
  ["-", "zoomOut", "zoom out"],
  ["[", "baseLeft", "the base is at the left end, where unknown"],
  ["]", "baseRight", "the base is at the right end, where unknown"],
  ["p", "panel", "side panel, on a narrow screen"],
  ["?", "help", "these keys"],
];

const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "Enter ⏎" };

/** Call `act(name)` or `label(key)` for keys pressed while nothing else takes them. */
export function listen(act, label) {
  const actions = new Map(KEYS.map(([key, name]) => [key, name]));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea, dialog[open]")) return;
    if (event.key >= "1" && event.key <= "9") label(event.key);
    else if (actions.has(event.key)) act(actions.get(event.key));
    else return;
    event.preventDefault();
  });
}

export function describeKeys(root, classes) {
  const digits = classes.map(({ key, code, name }) => [key, "", `this slice is ${code}, ${name}`]);
  root.replaceChildren(
    ...[...digits, ...KEYS].map(([key, , text]) => {
      const line = document.createElement("div");
      const [left, right] = [line.appendChild(document.createElement("span")), line.appendChild(document.createElement("span"))];
      left.appendChild(document.createElement("kbd")).textContent = NAMES[key] ?? key;
      right.textContent = text;
      return line;
    }),
  );
}
