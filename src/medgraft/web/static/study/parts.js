// Parts of the pages about studies.

export function element(name, className = "", text = undefined) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A class as its letters on its colour, which the page's `classes.css` knows. */
export function chip(classes, index) {
  return element("span", `chip k${index}`, classes[index].code);
}
