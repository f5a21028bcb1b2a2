// The light that says whether what was done is on disk.

/** Let the light show an outbox. */
export function showOutbox(light, outbox) {
  const show = (state, text) => {
    light.dataset.state = state;
    light.textContent = text;
  };
  const kept = ({ signedOut, error }) => `${signedOut ? "signed out" : error.status ? "not saved" : "offline"}, ${outbox.waiting.length} kept here`;
  outbox.addEventListener("waiting", () => show("waiting", "saving …"));
  outbox.addEventListener("kept", ({ detail }) => show("kept", kept(detail)));
  outbox.addEventListener("refused", () => show("kept", "not saved"));
  outbox.addEventListener("saved", ({ detail: { act, answer } }) => {
    if (outbox.waiting.length) show("waiting", "saving …");
    else show(...outcome(act, answer));
  });
}

/** State and words once the server has answered. */
function outcome({ path }, answer) {
  if (path.endsWith("/done")) return ["saved", `done with ${answer.done} of ${answer.stacks}`];
  const { at } = (path.endsWith("/undo") ? answer.saved : answer) ?? {};
  return at ? ["saved", `saved ${new Date(at).toLocaleTimeString([], { hour12: false })}`] : ["idle", "nothing to undo"];
}
