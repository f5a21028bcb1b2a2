// Choices on a page that the server draws: into the address, and there. A second choice may come before the page of the
// first, so both are kept.
let address = null;

addEventListener("pageshow", () => (address = null));
document.addEventListener("change", ({ target }) => {
  const name = target.dataset?.choose;
  if (!name) return;
  address ??= new URL(location.href);
  address.searchParams.set(name, target.value);
  if (target.dataset.forget) address.searchParams.delete(target.dataset.forget);
  location.assign(address);
});
