"""Studies of a project: asked, run, compared, reported.

Enters: study files, labelled slices, machines. Leaves: results and models in the project's folder, reports.
Must not know: pages, command lines.
"""
