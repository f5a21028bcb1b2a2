"use strict";
// Sortable tables: a click on a column's head sorts by the cells' exact values, a second click turns the order round.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, heads, column));
  });
}

function sort(table, heads, column) {
  const numeric = heads[column].classList.contains("num");
  const first = numeric ? "descending" : "ascending";
  const now = heads[column].getAttribute("aria-sort");
  const order = now === null ? first : now === "ascending" ? "descending" : "ascending";
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const value = (row) => row.cells[column].dataset.value;
  const compare = (a, b) => {
    // Cells without a value stay at the end in both orders.
    if (value(a) === "" || value(b) === "") return (value(a) === "") - (value(b) === "");
    return sign * (numeric ? value(a) - value(b) : value(a).localeCompare(value(b)));
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
}

// On paper nothing can be unfolded.
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
});
