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
  const ends = volume.ends ?? [null, null, null];
  const side = (axis, pixels, mm, at) => ({ axis, pixels, mm: pixels * mm, turned: volume.turned[at], ends: volume.turned[at] ? (ends[at]?.toReversed() ?? null) : ends[at] });
  const x = side("x", stack.columns, column, 0);
  const y = side("y", stack.rows, row, 1);
  const z = side("z", depth, fine, 2);
  return [
    { name: volume.names[0], across: "z", count: stack.slices, wide: x, high: y },
    { name: volume.names[1], across: "y", count: stack.rows, wide: x, high: z },
    { name: volume.names[2], across: "x", count: stack.columns, wide: y, high: z },
  ];
}

/** Where a point of the volume is drawn along a side, 0 to 1. */
export function shareOf(geometry, side, point) {
  const share = side.axis === "z" ? depthOf(geometry, point.z) : (point[side.axis] + 0.5) / side.pixels;
  return side.turned ? 1 - share : share;
}

/** Which pixel or slice lies at a place along a side, 0 to 1. */
export function indexAt(geometry, side, place) {
  const share = side.turned ? 1 - place : place;
  if (side.axis !== "z") return Math.min(Math.floor(share * side.pixels), side.pixels - 1);
  const distances = geometry.positions.map((_, z) => Math.abs(depthOf(geometry, z) - share));
  return distances.indexOf(Math.min(...distances));
}

/** Where a slice lies, 0 to 1 from the first to the last as stored. */
function depthOf({ positions, step, stack }, z) {
  return (positions[z] - positions[0] + step / 2) / (step * stack.slices);
}

/** Cut `values` at a point `{x, y, z}`; between slices linearly where `smooth`, else the nearest slice. */
export function cut(geometry, plane, values, point, smooth, out) {
  const { rows, columns } = geometry.stack;
  const page = rows * columns;
  if (plane.across === "z") {
    copy(plane, values, point.z * page, columns, out);
    return out;
  }
  const alongRow = plane.across === "y";
  const [first, stride] = from(plane.wide, alongRow ? point.y * columns : point.x, alongRow ? 1 : columns);
  for (let line = 0, at = 0; line < geometry.depth; line++) {
    const [lower, upper, share] = between(geometry, plane.high.turned ? geometry.depth - 1 - line : line);
    const [a, b] = [lower * page + first, upper * page + first];
    if (!smooth || share === 0) {
      const nearest = share < 0.5 ? a : b;
      for (let i = 0; i < plane.wide.pixels; i++) out[at++] = values[nearest + i * stride];
    } else {
      for (let i = 0; i < plane.wide.pixels; i++) out[at++] = values[a + i * stride] * (1 - share) + values[b + i * stride] * share + 0.5;
    }
  }
  return out;
}

/** A slice as it is stored, or turned. */
function copy({ wide, high }, values, page, columns, out) {
  const [first, stride] = from(wide, 0, 1);
  const [top, down] = from(high, 0, columns);
  for (let line = 0, at = 0; line < high.pixels; line++) {
    const start = page + top + line * down + first;
    for (let i = 0; i < wide.pixels; i++) out[at++] = values[start + i * stride];
  }
}

/** Where a side begins among stored values, and the step from each pixel to the next. */
function from({ turned, pixels }, first, stride) {
  return turned ? [first + (pixels - 1) * stride, -stride] : [first, stride];
}

/** Between which slices a line across slices lies, and how far from the first of them, 0 to 1. */
function between({ positions, step, fine }, line) {
  const mm = positions[0] - step / 2 + (line + 0.5) * fine;
  let upper = positions.findIndex((position) => position >= mm);
  if (upper < 0) upper = positions.length - 1;
  const lower = Math.max(upper - 1, 0);
  const gap = positions[upper] - positions[lower];
  return [lower, upper, gap > 0 ? Math.min(Math.max((mm - positions[lower]) / gap, 0), 1) : 0];
}
