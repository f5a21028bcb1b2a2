// What the page asks the server, and what comes back.
const API = "/api/v1";

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export async function ask(path, { body, method, signal } = {}) {
  const response = await fetch(API + path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw await refusal(response);
  return response.json();
}

/** Raw 16-bit images: `{values, count, rows, columns, slope, intercept, window}`, `window` in the scanner's unit. */
export async function askPixels(path) {
  const response = await fetch(API + path);
  if (!response.ok) throw await refusal(response);
  const numbers = (name) => response.headers.get(name).split(",").map(Number);
  const [count, rows, columns] = numbers("Medgraft-Shape");
  const [slope] = numbers("Medgraft-Slope");
  const [intercept] = numbers("Medgraft-Intercept");
  const values = new Uint16Array(await response.arrayBuffer());
  return { values, count, rows, columns, slope, intercept, window: numbers("Medgraft-Window") };
}

async function refusal(response) {
  const text = await response.json().then((answer) => answer.error, () => response.statusText);
  return new Refused(response.status, text);
}
