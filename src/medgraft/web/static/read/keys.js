// Keys of adjudication, as one table: what is pressed, what it does, what the help says.

export const KEYS = [
  ["f", "first", "first IN slice is this one"],
  ["l", "last", "last IN slice is this one"],
  ["Enter", "accept", "save the range, or go to the next undecided"],
  ["u", "undo", "undo the last decision, again for the one before"],
  ["n", "nextUndecided", "next undecided"],
  ["ArrowLeft", "left", "slice towards the base"],
  ["ArrowRight", "right", "slice towards the apex"],
  ["ArrowUp", "previous", "disagreement before"],
  ["ArrowDown", "next", "disagreement after"],
  [" ", "cine", "play or stop the cine"],
  ["i", "invert", "invert"],
  ["h", "hide", "hide what is written over the image"],
  ["s", "smooth", "smooth or plain pixels"],
  ["r", "reset", "window, zoom and place as at first"],
  ["+", "zoomIn", "zoom in"],
  ["-", "zoomOut", "zoom out"],
  ["?", "help", "these keys"],
];

const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "Enter ⏎" };

/** Call `act(name)` or `take(number)` for keys pressed while nothing else takes them. */
export function listen(act, take) {
  const actions = new Map(KEYS.map(([key, name]) => [key, name]));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, select, textarea, dialog[open]")) return;
    if (event.target.closest("a, button") && (event.key === "Enter" || event.key === " ")) return;
    if (event.key >= "1" && event.key <= "9") take(Number(event.key));
    else if (actions.has(event.key)) act(actions.get(event.key));
    else return;
    event.preventDefault();
  });
}

export function describeKeys(root) {
  const digits = [["1", "", "decide as the first reader said"], ["2", "", "decide as the second reader said, and so on"]];
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
