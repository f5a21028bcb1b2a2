// A message in place of a page's content: what, why, and what to do.

/** Show it. state: of the page, "empty" or "failed". next: `[words, way]`, way an address or what a click does. */
export function tell(page, state, title, text, [words, way]) {
  page.dataset.state = state;
  const parts = ["h2", "p", typeof way === "string" ? "a" : "button"].map((tag) => document.createElement(tag));
  [title, text, words].forEach((part, at) => (parts[at].textContent = part));
  parts[2].className = "button primary";
  if (typeof way === "string") parts[2].href = way;
  else parts[2].addEventListener("click", way);
  const root = page.querySelector("#message");
  root.setAttribute("role", state === "failed" ? "alert" : "status");
  root.replaceChildren(...parts);
  root.hidden = false;
}

/** What the server refused, or that it is not there. */
export function fail(page, error, title = "This page could not be loaded") {
  const text = error.status === 401 ? "Your session has ended: sign in again." : error.status === undefined ? "The server does not answer. Is it running?" : error.message;
  tell(page, "failed", title, text, ["Try again", () => location.reload()]);
}
