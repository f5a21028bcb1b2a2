// A choice that this browser remembers.

/** Set a select to what was chosen last, and call `changed()` when it is chosen anew. */
export function remember(select, changed) {
  const name = `medgraft-${select.id}`;
  const known = localStorage.getItem(name);
  if (known && [...select.options].some((option) => option.value === known)) select.value = known;
  select.addEventListener("change", () => {
    localStorage.setItem(name, select.value);
    select.blur(); // keys are the page's again
    changed();
  });
}
