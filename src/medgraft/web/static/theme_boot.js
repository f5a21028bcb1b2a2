// Before anything is drawn, so that no page flashes in the wrong theme.
document.documentElement.dataset.theme = localStorage.getItem("medgraft-theme") ?? "dark";
