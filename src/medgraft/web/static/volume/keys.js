// Keys of the Volumes page, as one table: what is pressed, what it does, what the help says.

export const KEYS = [
  ["ArrowLeft", "left", "cross-hair to the left"],
  ["ArrowRight", "right", "cross-hair to the right"],
  ["ArrowUp", "up", "cross-hair up"],
  ["ArrowDown", "down", "cross-hair down"],
  ["PageUp", "back", "one plane back"],
  ["PageDown", "forth", "one plane forth"],
  ["1", "first", "work in the first plane, and make it the large one"],
  ["2", "second", "work in the second plane"],
  ["3", "third", "work in the third plane"],
  [",", "phaseBefore", "phase before"],
  [".", "phaseAfter", "phase after"],
  [" ", "cine", "play or stop the cine"],
  ["e", "named", "next named phase: ED, ES"],
  ["h", "hide", "hide everything that lies over the images"],
  ["m", "style", "mask filled, as a contour, or both"],
  ["o", "less", "mask less opaque"],
  ["O", "more", "mask more opaque"],
  ["i", "invert", "invert"],
  ["s", "smooth", "smooth or plain pixels"],
  ["+", "zoomIn", "zoom in"],
  ["-", "zoomOut", "zoom out"],
  ["r", "reset", "window, zoom and cross-hair as at first"],
  ["n", "nextStack", "next stack"],
  ["b", "stackBefore", "stack before"],
  ["p", "panel", "side panel, on a narrow screen"],
  ["?", "help", "these keys"],
];

const NAMES = {
  " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", PageUp: "Page ↑", PageDown: "Page ↓",
};

/** Call `act(name)` for keys pressed while nothing else takes them; a focused slider keeps its arrows. */
export function listen(act) {
  const actions = new Map(KEYS.map(([key, name]) => [key, name]));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !actions.has(event.key)) return;
    if (event.target.closest("select, textarea, dialog[open]")) return;
    if (event.target.closest("input, button, a") && /^(Arrow|Page| )/.test(event.key)) return;
    act(actions.get(event.key));
    event.preventDefault();
  });
}

export function describeKeys(root) {
  root.replaceChildren(
    ...KEYS.map(([key, , text]) => {
      const line = document.createElement("div");
      const [left, right] = [line.appendChild(document.createElement("span")), line.appendChild(document.createElement("span"))];
      left.appendChild(document.createElement("kbd")).textContent = NAMES[key] ?? key;
      right.textContent = text;
      return line;
    }),
  );
}
