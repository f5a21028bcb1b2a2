// A model's answers as rows, and which of them the filters let through.

/** Rows of the columns that the server sends: one per image. */
export function rowsOf(table) {
  const names = ["stack", "subject", "site", "phase", "phase_at", "slice", "slices", "stored", "fold", "truth", "plain", "scores"];
  return table.stack.map((_, at) => {
    const row = { joint: table.joint ? table.joint[at] : table.plain[at] };
    for (const name of names) row[name] = table[name][at];
    return row;
  });
}

/** The class a row is answered with, by a way of deciding. */
export function answerOf(row, decision) {
  return decision === "stack" ? row.joint : row.plain;
}

/** How sure the model is of its answer, 0..1. */
export function confidenceOf(row, decision) {
  return row.scores[answerOf(row, decision)];
}

export function isWrong(row, decision) {
  return answerOf(row, decision) !== row.truth;
}

/** Whether a row passes the filters: `{errors, truth, answer, site, confidence}`, each "" or absent for any. */
export function passes(row, filters, decision, codes) {
  if (filters.errors && !isWrong(row, decision)) return false;
  if (filters.truth && codes[row.truth] !== filters.truth) return false;
  if (filters.answer && codes[answerOf(row, decision)] !== filters.answer) return false;
  if (filters.site && row.site !== filters.site) return false;
  return confidenceOf(row, decision) <= filters.confidence;
}

/** Rows by stack and phase, slices from the base; those with the most errors first. */
export function stacksOf(rows, decision) {
  const groups = new Map();
  for (const row of rows) {
    const key = `${row.stack}/${row.phase}`;
    if (!groups.has(key)) groups.set(key, { key, stack: row.stack, phase: row.phase, phase_at: row.phase_at, subject: row.subject, site: row.site, rows: [] });
    groups.get(key).rows.push(row);
  }
  const stacks = [...groups.values()];
  for (const stack of stacks) {
    stack.rows.sort((a, b) => a.slice - b.slice);
    stack.errors = stack.rows.filter((row) => isWrong(row, decision)).length;
  }
  return stacks.sort((a, b) => b.errors - a.errors || a.subject.localeCompare(b.subject, undefined, { numeric: true }) || a.phase.localeCompare(b.phase));
}
