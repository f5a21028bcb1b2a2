// A choice on a page that the server draws: into the address, and there.
document.addEventListener("change", ({ target }) => {
  const name = target.dataset?.choose;
  if (!name) return;
  const address = new URL(location.href);
  address.searchParams.set(name, target.value);
  if (target.dataset.forget) address.searchParams.delete(target.dataset.forget);
  location.assign(address);
});
