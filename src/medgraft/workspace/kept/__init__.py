"""What studies and learning curves keep in a project: who runs them and where, how far they are, what they left.

Enters: names. Leaves: progress, results, models by name. Must not know: how any of it is computed; torch is loaded for
whole outcomes alone.
"""
