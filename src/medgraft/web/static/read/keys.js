// Keys of adjudication, as a table: what is pressed, what it does, what the help says.
import { alongOf } from "../label/keys.js";

const REST = [
  ["Enter", "accept", "save the range, or go to the next undecided"],
  ["u", "undo", "undo the last decision, again for the one before"],
  ["n", "nextUndecided", "next undecided"],
  ["ArrowLeft", "left", "slice towards the base"],
  ["ArrowRight", "right", "slice towards the apex"],
  ["ArrowUp", "previous", "disagreement before"],
  ["ArrowDown", "next", "disagreement after"],
  [" ", "cine", "play or stop the cine"],
  ["i", "invert", "invert"],
  ["h", "hide", "hide what is written over the image"],
  ["s", "smooth", "smooth or plain pixels"],
  ["r", "reset", "window, zoom and place as at first"],
  ["+", "zoomIn", "zoom in"],
  ["-", "zoomOut", "zoom out"],
  ["?", "help", "these keys"],
];

export const KEYS = [["f", "first"], ["l", "last"], ...REST];

/** The same for a question, with its digits. */
export function keysOf(task) {
  const digits = [["1", "", "decide as the first reader said"], ["2", "", "decide as the second reader said, and so on"]];
  const marks = alongOf(task).filter(([, action]) => action !== "whole");
  return [...digits, ...marks, ...REST];
}
