// A model's opinion of a card: asked for, shown, and accepted.
import { ask } from "./server.js";

/** Ask for it; that it was asked for is recorded first. */
export async function askOpinion(card) {
  const { task, stack, phase } = card;
  card.opinion = await ask(`/tasks/${encodeURIComponent(task.name)}/opinion`, { body: { stack: stack.id, phase } });
}

/** The model's class of each stored slice; null where it has none for one of them, or was not asked. */
export function proposalOf({ opinion, codes }) {
  const best = codes.map((_, stored) => likeliest(opinion?.probabilities[stored] ?? {}));
  return best.includes(null) ? null : best;
}

function likeliest(scores) {
  const [first] = Object.entries(scores).sort(([, a], [, b]) => b - a);
  return first?.[0] ?? null;
}
