// What the points' colours say: class, answer, error, confidence or site; a shape goes with each class.
const OTHER = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#cc79a7", "#999999"];
const CONFIDENCE = [[0.5, "#d55e00", "below 0.5"], [0.7, "#e69f00", "0.5 to 0.7"], [0.9, "#56b4e9", "0.7 to 0.9"], [Infinity, "#009e73", "0.9 and above"]];

/** `{of(point), key}`: the look `{colour, shape}` of a point, and the legend as `{colour, shape, text}`. */
export function looksBy(kind, points, classes) {
  return LOOKS[kind](points, classes);
}

const LOOKS = {
  truth: (_, classes) => byClass(classes, (point) => point.truth),
  answer: (_, classes) => byClass(classes, (point) => point.answer),
  error: () => {
    const key = [{ colour: "#9aa4b0", shape: 0, text: "right" }, { colour: "#d55e00", shape: 3, text: "wrong" }];
    return { of: (point) => key[point.wrong ? 1 : 0], key };
  },
  confidence: () => {
    const key = CONFIDENCE.map(([, colour, text], shape) => ({ colour, shape, text }));
    return { of: (point) => key[CONFIDENCE.findIndex(([below]) => point.confidence < below)], key };
  },
  site: (points) => {
    const sites = [...new Set(points.map((point) => point.site))].sort();
    const key = sites.map((site, at) => ({ colour: OTHER[at % OTHER.length], shape: at % 5, text: site || "site unknown" }));
    return { of: (point) => key[sites.indexOf(point.site)], key };
  },
};

function byClass(classes, index) {
  const key = classes.map((item, shape) => ({ colour: item.colour, shape: shape % 5, text: `${item.code}, ${item.name}` }));
  return { of: (point) => key[index(point)], key };
}

/** Trace a shape about a place: circle, triangle, square, cross, diamond. */
export function trace(context, shape, x, y, size) {
  if (shape === 0) context.arc(x, y, size, 0, 2 * Math.PI);
  else for (const [index, [dx, dy]] of SHAPES[shape].entries()) context[index ? "lineTo" : "moveTo"](x + dx * size, y + dy * size);
  context.closePath();
}

const SHAPES = {
  1: [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]],
  2: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  3: [[-1.2, -0.7], [-0.7, -1.2], [0, -0.5], [0.7, -1.2], [1.2, -0.7], [0.5, 0], [1.2, 0.7], [0.7, 1.2], [0, 0.5], [-0.7, 1.2], [-1.2, 0.7], [-0.5, 0]],
  4: [[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]],
};
