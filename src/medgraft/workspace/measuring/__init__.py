"""The left ventricle of a project in ml, g and mm, and how far a model agrees with the reference.

Enters: masks of the project, or a model's. Leaves: figures of phases, stacks and subjects, tables and pictures.
Must not know: how models were trained.
"""
