"""From scores to answers: the best class of each slice alone, or of a whole stack at once.

Enters: `Predictions` or score arrays, and a `Task` that may order its classes along a stack. Leaves: class
indices. Must not know: networks, images, how answers are judged.

"N ranges are N - 1 boundaries": where anatomy orders the classes, deciding a stack as one is deciding where the
boundaries lie, and no slice can contradict its neighbours.
"""

from medgraft.decoding.answer import RULES, Rule, decode
from medgraft.decoding.ordered import decode_stack

__all__ = ["RULES", "Rule", "decode", "decode_stack"]
