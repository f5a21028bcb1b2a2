// What a reader does, on its way to the server, and back again where it is undone.
import { ActHistory } from "./act_history.js";
import { Outbox } from "./outbox.js";

export class Acts {
  outbox;
  #history;

  constructor({ project_id: project, reader }) {
    this.outbox = new Outbox(`${project}-${reader}`);
    this.#history = new ActHistory(`${project}-${reader}`);
  }

  slice(card, slice, code) {
    this.#post(card, { kind: "slice", slice, code }, slice);
  }

  boundaries(card, changes) {
    this.#post(card, { kind: "boundaries", changes }, 0);
  }

  proposal(card, codes, model) {
    this.#post(card, { kind: "proposal", codes, model }, 0);
  }

  /** The reader is done with a stack in a round. */
  done(reading, stack) {
    this.outbox.post(`/readings/${encodeURIComponent(reading)}/done`, { act: crypto.randomUUID(), stack });
  }

  /** Take the latest act back; false where this browser knows none. */
  undo() {
    const last = this.#history.pop();
    if (last) this.outbox.post(`${pathOf(last.task)}/undo`, last.undo);
    return Boolean(last);
  }

  #post({ task, stack, phase }, what, slice) {
    const where = { act: crypto.randomUUID(), stack: stack.id, phase };
    this.#history.push({ task: task.name, undo: { ...where, slice } });
    this.outbox.post(`${pathOf(task.name)}/labels`, { ...what, ...where });
  }
}

function pathOf(task) {
  return `/tasks/${encodeURIComponent(task)}`;
}
