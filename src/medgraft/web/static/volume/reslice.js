// A volume cut along its own three axes: an image with true sides, of values or of a mask.

/**
 * What the three planes need to know of a stack. positions: mm of each slice along the stack, rising.
 * A stack whose place is unknown has square pixels and slices one pixel apart.
 */
export function geometryOf(stack, volume) {
  const [between, row, column] = stack.spacing ?? [1, 1, 1];
  const positions = volume.positions ?? Array.from({ length: stack.slices }, (_, at) => at * between);
  const step = stack.slices > 1 ? (positions.at(-1) - positions[0]) / (stack.slices - 1) || between : between;
  const fine = Math.min(row, column);
  return { stack, volume, row, column, positions, step, fine, depth: Math.max(Math.round((step * stack.slices) / fine), 1) };
}

/** The three planes: which axis each cuts across, what runs along its sides, and their length in mm and pixels. */
export function planesOf(geometry) {
  const { stack, volume, row, column, fine, depth } = geometry;
  const [columnEnds, rowEnds, sliceEnds] = volume.ends ?? [null, null, null];
  const down = volume.top === 0 ? sliceEnds : sliceEnds?.toReversed();
  const side = (axis, pixels, mm, ends) => ({ axis, pixels, mm: pixels * mm, ends });
  const x = side("x", stack.columns, column, columnEnds);
  const y = side("y", stack.rows, row, rowEnds);
  const z = side("z", depth, fine, down);
  return [
    { name: volume.names[0], across: "z", count: stack.slices, wide: x, high: y },
    { name: volume.names[1], across: "y", count: stack.rows, wide: x, high: z },
    { name: volume.names[2], across: "x", count: stack.columns, wide: y, high: z },
  ];
}

/** Where a slice is drawn, 0 to 1 from the top, in the planes across slices. */
export function heightOf(geometry, z) {
  const { positions, step, stack, volume } = geometry;
  const share = (positions[z] - positions[0] + step / 2) / (step * stack.slices);
  return volume.top === 0 ? share : 1 - share;
}

/** The slice that is nearest to a height. */
export function sliceAt(geometry, share) {
  const distances = geometry.positions.map((_, z) => Math.abs(heightOf(geometry, z) - share));
  return distances.indexOf(Math.min(...distances));
}

/** Cut `values` at a point `{x, y, z}`; between slices linearly where `smooth`, else the nearest slice. */
export function cut(geometry, plane, values, point, smooth, out) {
  const { rows, columns } = geometry.stack;
  const page = rows * columns;
  if (plane.across === "z") {
    out.set(values.subarray(point.z * page, (point.z + 1) * page));
    return out;
  }
  const alongRow = plane.across === "y";
  const [first, stride] = alongRow ? [point.y * columns, 1] : [point.x, columns];
  for (let line = 0, at = 0; line < geometry.depth; line++) {
    const [lower, upper, share] = between(geometry, line);
    const [a, b] = [lower * page + first, upper * page + first];
    if (!smooth || share === 0) {
      const from = share < 0.5 ? a : b;
      for (let i = 0; i < plane.wide.pixels; i++) out[at++] = values[from + i * stride];
    } else {
      for (let i = 0; i < plane.wide.pixels; i++) out[at++] = values[a + i * stride] * (1 - share) + values[b + i * stride] * share + 0.5;
    }
  }
  return out;
}

/** Between which slices a line of a plane across slices lies, and how far from the first of them, 0 to 1. */
function between({ positions, step, fine, depth, volume }, line) {
  const from = volume.top === 0 ? line : depth - 1 - line;
  const mm = positions[0] - step / 2 + (from + 0.5) * fine;
  let upper = positions.findIndex((position) => position >= mm);
  if (upper < 0) upper = positions.length - 1;
  const lower = Math.max(upper - 1, 0);
  const gap = positions[upper] - positions[lower];
  return [lower, upper, gap > 0 ? Math.min(Math.max((mm - positions[lower]) / gap, 0), 1) : 0];
}
