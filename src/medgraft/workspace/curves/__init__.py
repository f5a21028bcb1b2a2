"""Learning curves of a project: run, watched, reported.

Enters: curve files, masks, a model that travels. Leaves: a verdict, figures and models in the project's folder,
reports. Must not know: pages, command lines. What only reads findings loads no torch.
"""
