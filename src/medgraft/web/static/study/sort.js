// Tables that sort by a click on a column's head; numbers by `data-value`, the rest as text.
for (const table of document.querySelectorAll("[data-sortable]")) {
  table.tHead.addEventListener("click", ({ target }) => {
    const head = target.closest("th");
    if (target.closest("button") && head) sortBy(table, head);
  });
}

function sortBy(table, head) {
  const column = head.cellIndex;
  const numeric = [...table.tBodies[0].rows].some((row) => "value" in row.cells[column].dataset);
  // The highest figures first, names from A.
  const first = numeric ? "descending" : "ascending";
  const now = head.getAttribute("aria-sort");
  const order = now === null ? first : now === "ascending" ? "descending" : "ascending";
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].sort((a, b) => sign * compare(a.cells[column], b.cells[column]));
  for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  table.tBodies[0].append(...rows);
}

function compare(a, b) {
  if ("value" in a.dataset) return number(a) - number(b);
  return a.textContent.localeCompare(b.textContent, undefined, { numeric: true });
}

function number(cell) {
  return cell.dataset.value === "" ? -Infinity : Number(cell.dataset.value);
}
