"""Several readers: who they are, rounds read blind, how far they agree, what was decided.

Enters: accounts, rounds, labels by reader. Leaves: kappas and boundaries with intervals, disagreements, decisions.
Must not know: models, studies.
"""
