// The side panel, which a narrow screen folds away.

/** Open or close it; the page's style sheet says what that means. */
export function togglePanel(page) {
  const isOpen = page.dataset.panel === "open";
  page.dataset.panel = isOpen ? "closed" : "open";
  page.querySelector("#panel-button").setAttribute("aria-expanded", String(!isOpen));
}
