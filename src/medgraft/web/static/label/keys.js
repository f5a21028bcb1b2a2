// Keys, as a table: what is pressed, what it does, what the help says.
import { innerCode } from "./anatomy.js";

const ALONG = [
  ["f", "first", "the next class begins at this slice; again, the one after"],
  ["l", "last", "the class before reaches to this slice"],
];
const REST = [
  ["Enter", "accept", "accept and go to the next"],
  ["n", "nextUnlabelled", "next unlabelled"],
  ["u", "undo", "undo the last act, again for the one before"],
  ["Backspace", "unlabel", "take this slice's label back"],
  ["ArrowLeft", "left", "slice towards the base"],
  ["ArrowRight", "right", "slice towards the apex"],
  ["Home", "toBase", "slice at the base"],
  ["End", "toApex", "slice at the apex"],
  ["ArrowUp", "previous", "stack or phase before"],
  ["ArrowDown", "next", "stack or phase after"],
  ["e", "otherPhase", "ED or ES"],
  [" ", "cine", "play or stop the cine"],
  ["m", "opinion", "the model's opinion (asking is recorded)"],
  ["M", "takeOpinion", "accept the model's opinion, once shown"],
  ["i", "invert", "invert"],
  ["h", "hide", "hide what is written over the image"],
  ["s", "smooth", "smooth or plain pixels"],
  ["r", "reset", "window, zoom and place as at first"],
  ["+", "zoomIn", "zoom in"],
  ["-", "zoomOut", "zoom out"],
  ["[", "baseLeft", "the base is at the left end, where unknown"],
  ["]", "baseRight", "the base is at the right end, where unknown"],
  ["p", "panel", "side panel, on a narrow screen"],
  ["?", "help", "these keys"],
];

export const KEYS = [...rangeOf("IN"), ...REST];

/** The same for a question, with its digits, and what marks its classes along the stack. */
export function keysOf(task) {
  const digits = task.classes.map(({ key, code, name }) => [key, "", `this slice is ${code}, ${name}`]);
  return [...digits, ...alongOf(task), ...REST];
}

export function alongOf(task) {
  if (innerCode(task)) return rangeOf(innerCode(task));
  return task.along_stack.length ? ALONG : [];
}

function rangeOf(inner) {
  return [
    ["f", "first", `first ${inner} slice is this one`],
    ["l", "last", `last ${inner} slice is this one`],
    ["a", "whole", `all slices are ${inner}`],
  ];
}
