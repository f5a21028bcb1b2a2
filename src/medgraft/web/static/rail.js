// The rail's own buttons: the theme, and the way out.
const root = document.documentElement;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-rail]");
  if (button?.dataset.rail === "theme") switchTheme();
  if (button?.dataset.rail === "leave") leave();
});

function switchTheme() {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("medgraft-theme", root.dataset.theme);
  dispatchEvent(new CustomEvent("medgraft-theme"));
}

async function leave() {
  await fetch("/sign-out", { method: "POST" });
  location.assign("/");
}
