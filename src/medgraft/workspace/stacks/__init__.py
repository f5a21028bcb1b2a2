"""The stacks of a project: brought in, corrected, listed, shown.

Enters: folders of images, and what a user knows about them. Leaves: rows, pixels and planes as a screen needs them,
named lists. Must not know: models, studies.
"""
