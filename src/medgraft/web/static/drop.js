// A folder dropped on the page: its files are sent one by one, then imported, then the page is told.
const API = "/api/v1/imports";
const POLL = 500;
const AT_ONCE = 3;
const $ = (id) => document.getElementById(id);
let busy = false;
let depth = 0;
// The import whose files are being sent: one that is not ended keeps a place, and what was sent.
let underWay = null;

addEventListener("dragenter", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  depth++;
  $("drop-here").hidden = false;
});
addEventListener("dragleave", () => {
  depth = Math.max(depth - 1, 0);
  if (!depth) $("drop-here").hidden = true;
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  $("drop-here").hidden = true;
  // A browser forgets what was dropped once this returns; what is in it can be asked for later.
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  if (entries.length) importFiles(() => collectAll(entries));
});
addEventListener("click", (event) => event.target.closest("[data-pick]") && $("pick").click());
addEventListener("change", (event) => {
  if (event.target.id !== "pick" || !event.target.files.length) return;
  const files = [...event.target.files].map((file) => ({ file, path: withoutFirst(file.webkitRelativePath || file.name) }));
  event.target.value = "";
  importFiles(() => files);
});

async function collectAll(entries) {
  const files = [];
  for (const entry of entries) await collect(entry, entries.length === 1 && entry.isDirectory ? "" : entry.name, files);
  return files;
}

/** All files under an entry with their paths; the dropped folder's own name is left out. */
async function collect(entry, path, into) {
  if (entry.isFile) {
    into.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives at most a hundred entries at a time, and none when it is done.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const inner of some) await collect(inner, path ? `${path}/${inner.name}` : inner.name, into);
  }
}

function withoutFirst(path) {
  return path.includes("/") ? path.slice(path.indexOf("/") + 1) : path;
}

/** Import what `list()` gives; one import at a time. */
async function importFiles(list) {
  if (busy) return $("import").scrollIntoView({ block: "nearest" });
  busy = true;
  try {
    show("running", "Reading the folder", 0, 0);
    const asked = { site: $("import-site").value.trim() || null, spacing: spacing() };
    const files = await list();
    if (!files.length) throw new Error("The folder has no files in it.");
    show("running", "Sending", 0, files.length);
    const { id } = await ask(API, posted(asked)); // what nothing can have is refused before anything is sent
    await start(id, files, asked);
    await watch(id);
  } catch (error) {
    show("failed", "The import failed", 0, 0, error.message);
  }
  busy = false;
}

/** What the fields say: millimetres between slices, rows and columns; null where they are empty. */
function spacing() {
  const fields = [...document.querySelectorAll("[data-spacing]")];
  if (!fields.some((field) => field.value || field.validity.badInput)) return null;
  if (fields.every((field) => field.valueAsNumber > 0)) return fields.map((field) => field.valueAsNumber);
  $("import-options").open = true;
  throw new Error("Expected the spacing as three numbers of millimetres, each above 0: between slices, rows and columns. Do: fill in all three, or none.");
}

function clearOptions() {
  for (const field of $("import-options").querySelectorAll("input")) field.value = "";
}

/** Send all files and start the import; whatever comes between, also that the page is closed, gives it up. */
async function start(id, files, asked) {
  underWay = id;
  try {
    await sendAll(id, files);
    await ask(`${API}/${id}/start`, posted(asked));
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    underWay = null;
  }
}

/** outliving: whether it is still to be asked for when the page is gone. */
function giveUp(outliving = false) {
  if (underWay) fetch(`${API}/${underWay}`, { method: "DELETE", keepalive: outliving }).catch(() => {});
}
addEventListener("pagehide", () => giveUp(true));

/** Send all files, some at once; once one is refused no other is begun, and those on their way tell nothing any more. */
async function sendAll(id, files) {
  const waiting = [...files];
  const stop = new AbortController();
  let sent = 0;
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const path = next.path.split("/").map(encodeURIComponent).join("/");
      await ask(`${API}/${id}/files/${path}`, { method: "PUT", body: next.file, signal: stop.signal });
      show("running", "Sending", ++sent, files.length, `${sent} of ${files.length} files`);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } catch (error) {
    waiting.length = 0;
    stop.abort();
    throw error;
  }
}

async function watch(id) {
  for (;;) {
    const now = await ask(`${API}/${id}`);
    if (now.state === "failed") return show("failed", "The import failed", 0, 0, now.error);
    if (now.state === "done") {
      show("done", "Imported", 1, 1, now.text);
      clearOptions(); // they were said of these images, not of those that come next
      return globalThis.emitEvent?.("medgraft-imported");
    }
    show("running", "Importing", now.done, now.total, now.total ? `${now.done} of ${now.total} ${now.stage}` : now.stage);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

function posted(body) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

async function ask(path, options) {
  const response = await fetch(path, options);
  if (response.ok) return response.json();
  throw new Error(await response.json().then((answer) => answer.error, () => response.statusText));
}

function show(state, title, done, total, text = "") {
  $("import").hidden = false;
  $("import").dataset.state = state;
  $("import-title").textContent = title;
  $("import-text").textContent = text;
  const bar = $("import-bar");
  bar.hidden = state === "failed";
  if (total) {
    bar.max = total;
    bar.value = done;
  } else bar.removeAttribute("value");
}
