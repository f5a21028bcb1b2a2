// Keys of a page as a table of rows [key, action, what the help says].

const NAMES = {
  " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", PageUp: "Page ↑", PageDown: "Page ↓", Enter: "Enter ⏎",
};

/** What takes keys itself when it has the focus, and which. */
const TAKEN = [
  ["select, textarea, dialog[open], input:not([type=range], [type=checkbox])", /./],
  ["input", /^(Arrow|Page|Home|End| )/],
  ["a, button:not([tabindex='-1'], [role=slider])", /^(Enter| )$/],
];

/** Call `act(action)` for the keys of a table, and `digit(key)` for 1 to 9, while nothing else takes them. */
export function listen(table, act, digit = null) {
  const actions = new Map(table.map(([key, action]) => [key, action]));
  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (TAKEN.some(([selector, keys]) => keys.test(key) && target.closest(selector))) return;
    if (actions.has(key)) act(actions.get(key));
    else if (digit && /^[1-9]$/.test(key)) digit(key);
    else return;
    event.preventDefault();
  });
}

/** Write a table as the help shows it. */
export function describe(root, table) {
  root.replaceChildren(...table.map(line));
}

/** Show the help; once it is closed, keys are the page's again, not those of the button that opened it. */
export function showHelp(dialog) {
  dialog.addEventListener("close", () => document.activeElement.blur(), { once: true });
  dialog.showModal();
}

function line([key, , text]) {
  const root = document.createElement("div");
  const [left, right] = ["span", "span"].map((tag) => root.appendChild(document.createElement(tag)));
  left.appendChild(document.createElement("kbd")).textContent = NAMES[key] ?? key;
  right.textContent = text;
  return root;
}
