"""Two institutions: the rules by which each draws, and how far their masks agree.

Enters: questionnaires, masks of the same cases. Leaves: differences by rule. Must not know: models, studies.
"""
